"""A copied clip is known at any tempo and mirrored; a dance of its own is not."""

import numpy as np
import pytest

from live.body.pose import FRAME_RATE
from live.body.skeleton import JOINT, REST_POSE, mirrored
from model.evaluation.copying import RealWindows, copying
from model.evaluation.take import Take


def dance(seed, seconds=40.0, tempo_bpm=120.0):
    """Hands and feet go somewhere else on every beat."""
    rng = np.random.default_rng(seed)
    beats = np.arange(round(seconds * FRAME_RATE)) / FRAME_RATE * tempo_bpm / 60
    places = np.arange(200)
    joints = np.repeat(REST_POSE[None], len(beats), axis=0).astype(np.float64)
    for name in ("l_wrist", "r_wrist", "l_ankle", "r_ankle"):
        for axis in range(3):
            goals = rng.uniform(-0.4, 0.4, len(places))
            joints[:, JOINT[name], axis] += np.interp(beats, places, goals)
    return Take(str(seed), "street", tempo_bpm, joints.astype(np.float32), beats)


@pytest.fixture(scope="module")
def real():
    return RealWindows([dance(1), dance(2), dance(3)], "street", 120.0)


def test_a_dance_of_its_own_is_no_nearer_than_real_ones_are_to_each_other(real):
    figures = copying([dance(9)], real)
    assert figures["copy_p50"] == pytest.approx(real.figures()["copy_p50"], rel=0.2)
    assert figures["copy_beats"] <= 8


def test_a_copied_clip_is_known_for_as_long_as_it_lasts(real):
    own, copied = dance(9), dance(2)
    joints = np.concatenate([own.joints[:300], copied.joints[300:600], own.joints[600:]])
    figures = copying([Take("part", "street", 120.0, joints, own.beats)], real)
    assert figures["copy_p5"] < 0.01
    assert figures["copy_beats"] == pytest.approx(20, abs=3)


@pytest.mark.parametrize("tempo_bpm", [100.0, 120.0, 140.0])
def test_bent_and_mirrored_copies_are_known_too(real, tempo_bpm):
    copied = dance(2, seconds=30.0, tempo_bpm=tempo_bpm)
    other = Take("mirrored", "street", tempo_bpm, mirrored(copied.joints), copied.beats)
    figures = copying([other], real)
    assert figures["copy_p50"] < 0.1 * real.figures()["copy_p50"]
    assert figures["copy_beats"] > 30


def test_clips_that_hold_no_other_two_seconds_tell_nothing():
    alone = RealWindows([dance(1, seconds=10.0)], "street", 120.0)
    assert len(alone.apart) == 0
    assert alone.figures() == {}
    assert copying([dance(4, seconds=10.0)], alone)["copy_beats"] == 0.0
