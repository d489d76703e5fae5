"""OLA, a lighting server that nobody here wrote, reads our sACN and Art-Net universes back exactly.

In a network of its own, for multicast and broadcast belong in no network but one of ours. Skipped
where OLA is missing or a network of one's own is not allowed.
"""

import json
import os
import subprocess
import sys
import tempfile

import pytest

from tests.helpers.own_network import NAMESPACE, ROOT, has_own_network


def test_ola_reads_every_universe_back_exactly():
    if not has_own_network("olad", "ola_recorder", "setpriv"):
        pytest.skip("OLA is missing, or a network of one's own is not allowed here")
    # Not tmp_path: OLA, which refuses to be root, could not enter it.
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        done = subprocess.run(
            [*NAMESPACE, sys.executable, "-m", "tests.helpers.ola_room", folder],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    universes = json.loads(done.stdout)
    assert len(universes) == 3  # sACN by multicast and to a host, Art-Net
    for number, seen in universes.items():
        assert seen["frames"] >= 10, number
        assert seen["foreign"] == 0, number
        assert seen["looks"] >= 9, number  # OLA's recorder may miss a short one on a busy machine
        assert seen["dark_at_the_end"], number
