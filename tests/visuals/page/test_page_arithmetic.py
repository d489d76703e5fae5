"""What the pages compute, beside what the window and the avatars' output compute; needs node."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from live.body.humanoid import BONES, global_rotations, hips_positions, quaternions
from live.body.skeleton import REST_POSE, with_bone_lengths
from live.osc.schema import SAMPLE_WRAP
from tests.helpers.sound_server import ROOT
from visuals.feed.parse import Music
from visuals.feed.stream_clock import StreamClock
from visuals.feed.timeline import blend
from visuals.page.files import STATIC
from visuals.page.relay import _frame
from visuals.page.words import module_text

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="no node (apt-get install nodejs)")
SHARES = (0.0, 0.3, 1.0, 1.4)
LATER_S = 0.010  # a page waits so much longer for late frames than a window


def poses():
    rng = np.random.default_rng(4)
    moved = REST_POSE + rng.normal(0, 0.12, (12, 19, 3))
    return with_bone_lengths(moved.astype(np.float32))


def arrivals():
    """(sample, when) of a stream that jitters, stalls, wraps, and begins anew."""
    rng = np.random.default_rng(5)
    samples = (np.arange(400) * 400 + SAMPLE_WRAP - 40_000) % SAMPLE_WRAP
    times = 10.0 + np.arange(400) / 60 + rng.uniform(0, 0.02, 400)
    times[150:165] = times[165]  # held back, and then all at once
    samples[300:] -= samples[300]
    return list(zip(samples.tolist(), times.tolist(), strict=True))


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """What node makes of the pages' modules."""
    folder = tmp_path_factory.mktemp("pages")
    shutil.copytree(STATIC, folder / "static")
    (folder / "words.js").write_text(module_text(), "utf-8")
    (folder / "package.json").write_text('{"type": "module"}')
    music = Music((0.1, 0.2, 120.0, 0.9), (0, 0, 0), 0.5, np.zeros(0, np.float32), "drop")
    good = _frame(2400, {1: REST_POSE, 3: REST_POSE + 1}, music, 1)
    asked = {
        "arrivals": arrivals(),
        "poses": poses().reshape(12, 57).tolist(),
        "shares": SHARES,
        "frames": [frame.hex() for frame in (b"", good[:-1], b"\2" + good[1:], good + b"x", good)],
    }
    command = [NODE, str(ROOT / "tests" / "helpers" / "pages.mjs"), str(folder)]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_page_keeps_the_windows_time(page):
    clock = StreamClock()
    for (sample, now_s), (time_s, is_anew, playing_s) in zip(
        arrivals(), page["placed"], strict=True
    ):
        assert [time_s, is_anew] == pytest.approx(list(clock.receive(sample, now_s)))
        assert playing_s == pytest.approx(clock.playing(now_s) - LATER_S, abs=1e-9)


def test_poses_are_blended_as_in_the_window(page):
    a, b, *_ = poses()
    for u, blended in zip(SHARES, page["blended"], strict=True):
        np.testing.assert_allclose(np.reshape(blended, (19, 3)), blend(a, b, u), atol=2e-6)


def test_avatars_turn_their_bones_as_over_vmc(page):
    turned = quaternions(global_rotations(poses()))
    names = {bone.name[0].lower() + bone.name[1:]: k for k, bone in enumerate(BONES)}
    for pose, quaternion in zip(page["turned"], turned, strict=True):
        for name, found in pose["bones"].items():
            assert abs(np.dot(found, quaternion[names[name]])) > 1 - 1e-6, name
    hips = [pose["hips"] for pose in page["turned"]]
    np.testing.assert_allclose(hips, hips_positions(poses()), atol=1e-6)


def test_damaged_frames_are_left_out(page):
    assert page["accepted"] == [False, False, False, False, True]
    numbers = [number for number, *_ in page["seen"]]
    assert numbers == [1, 3]
    np.testing.assert_allclose(np.reshape(page["seen"][1][1:], (19, 3)), REST_POSE + 1, atol=1e-6)
