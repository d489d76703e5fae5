"""A receiver that nobody here wrote: liblo's oscdump, printing what it is sent."""

import socket
import subprocess
from contextlib import contextmanager


@contextmanager
def oscdump(tmp_path):
    """A running oscdump: (its port, a function that returns its lines so far)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "oscdump.txt"
    with open(log, "w") as output:
        process = subprocess.Popen(["oscdump", "-L", str(port)], stdout=output)
        try:
            yield port, lambda: log.read_text().splitlines()
        finally:
            process.terminate()
            process.wait(10)
