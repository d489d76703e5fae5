"""The socket that the stream arrives at.

Enters: UDP datagrams. Leaves: the view of any moment, the controls of the picture. One thread of
its own drains the socket as fast as packets come; whoever draws asks from another one.
"""

import socket
import threading

from live.errors import DeviceError
from live.monotonic import monotonic_s
from live.osc.schema import DEFAULT_PORT
from live.osc.values import Value
from live.supervised_thread import SupervisedThread
from visuals.feed.timeline import Timeline
from visuals.feed.view import View


class Feed:
    """A UDP port, the thread that drains it, and the view of it at any time.

    port 0 takes a free one; `port` says which. Raises DeviceError if the port is taken.
    """

    def __init__(self, port: int = DEFAULT_PORT, host: str = "127.0.0.1"):
        self._timeline = Timeline()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._socket = _bound_socket(host, port)
        self.port: int = self._socket.getsockname()[1]
        self._thread = SupervisedThread("osc-in", self._drain, self._closing)
        self._thread.start()

    def view(self, now_s: float) -> View:
        with self._lock:
            return self._timeline.view(now_s)

    def take_controls(self) -> list[tuple[str, Value]]:
        """As `Timeline.take_controls`."""
        with self._lock:
            return self._timeline.take_controls()

    def playing(self, now_s: float) -> float:
        """The stream's own time, in s, that is shown at now_s."""
        with self._lock:
            return self._timeline.playing(now_s)

    @property
    def received(self) -> int:
        return self._timeline.received

    @property
    def malformed(self) -> int:
        return self._timeline.malformed

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._socket.close()

    def __enter__(self) -> "Feed":
        return self

    def __exit__(self, *exc) -> None:
        self.close()

    def _drain(self) -> None:
        while not self._closing.is_set():
            try:
                datagram = self._socket.recv(65_536)
            except TimeoutError:
                continue
            except OSError:  # a network that went away; it may come back
                self._closing.wait(0.01)
                continue
            now_s = monotonic_s()
            with self._lock:
                self._receive(datagram, now_s)

    def _receive(self, datagram: bytes, now_s: float) -> None:
        """Whatever a packet does to the parser: without this thread the picture stops."""
        try:
            self._timeline.receive(datagram, now_s)
        except Exception:
            self._timeline.malformed += 1


def _bound_socket(host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.bind((host, port))
    except (OSError, OverflowError) as error:
        sock.close()
        raise DeviceError(
            f"cannot listen on {host}:{port} ({error}); is another visualizer running? "
            "choose another port with --port"
        ) from error
    sock.settimeout(0.1)  # how soon `close` is noticed
    return sock
