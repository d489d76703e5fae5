"""QLC+, a lighting desk that nobody here wrote, turns the lights profile into DMX that follows.

In a network of its own. Skipped where QLC+ is missing or such a network is not allowed.
"""

import json
import subprocess
import sys

import pytest

from live.outputs.levels import LEVELS
from live.outputs.lights import PRESETS
from tests.helpers.own_network import NAMESPACE, ROOT, has_own_network
from tests.helpers.qlc_room import channel_of


def test_qlc_plus_hashes_no_two_cues_to_one_channel():
    paths = PRESETS["qlcplus"].addresses.values()
    assert len({channel_of(path) for path in paths}) == len(paths) == len(LEVELS) + 48


def test_qlc_plus_follows_the_dance(tmp_path):
    if not has_own_network("qlcplus"):
        pytest.skip("QLC+ is missing, or a network of one's own is not allowed here")
    done = subprocess.run(
        [*NAMESPACE, sys.executable, "-m", "tests.helpers.qlc_room", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    assert min(result["correlation"].values()) >= 0.99, result
    assert result["off_mean"] < 0.01, result
