"""The beats of a dance from its motion alone: tempo, phase and metre."""

import numpy as np
import pytest

from live.body.skeleton import JOINT, REST_POSE
from model.data.motion_beats import beats_of_motion


def stepping(tempo_bpm, phase, frames=900):
    """Wrists and ankles swing and stop on every beat: float32 [T, 19, 3]."""
    beats = np.arange(frames) / 30 * tempo_bpm / 60 + phase
    # Speed is highest just before a beat, and none after it.
    swing = np.floor(beats) % 2 + (-1.0) ** np.floor(beats) * (beats % 1) ** 2
    joints = np.repeat(REST_POSE[None], frames, axis=0)
    for name in ("l_wrist", "r_wrist", "l_ankle"):
        joints[:, JOINT[name], 2] += 0.3 * swing.astype(np.float32)
    return joints


def waltzing(tempo_bpm, first_beat_s, frames=900):
    """A body that is lowest on each first beat, and travels and steps most while it rises."""
    bars = (np.arange(frames) / 30 - first_beat_s) * tempo_bpm / 180
    joints = np.repeat(REST_POSE[None], frames, axis=0)
    joints[..., 1] -= 0.05 * np.cos(2 * np.pi * bars)[:, None].astype(np.float32)
    forward = bars + np.sin(2 * np.pi * bars) / 8
    joints[..., 2] += 0.5 * forward[:, None].astype(np.float32)
    return joints


@pytest.mark.parametrize(("tempo_bpm", "phase"), [(96.0, 0.3), (121.0, 0.0), (140.0, 0.75)])
def test_the_tempo_and_the_beat_of_steps_are_found(tempo_bpm, phase):
    beats = beats_of_motion(stepping(tempo_bpm, phase))
    assert beats.tempo_bpm == pytest.approx(tempo_bpm, rel=0.005)
    assert abs((beats.phase - phase + 0.5) % 1 - 0.5) < 0.12
    assert beats.metre == 4
    assert beats.consistency > 0.9


def test_a_waltz_is_in_three_with_its_first_beat_where_the_body_is_lowest():
    beats = beats_of_motion(waltzing(88.0, 0.5))
    assert beats.metre == 3
    assert beats.has_bars
    assert beats.tempo_bpm == pytest.approx(88.0, rel=0.005)
    beat = 0.5 * beats.tempo_bpm / 60 + beats.phase
    assert abs((beat + 1.5) % 3 - 1.5) < 0.2


def test_what_is_known_is_kept():
    beats = beats_of_motion(stepping(140.0, 0.0), tempo_bpm=70.0, metre=2)
    assert beats.tempo_bpm == pytest.approx(70.0, rel=0.02)
    assert beats.metre == 2


def test_a_body_that_stands_still_has_some_beat():
    beats = beats_of_motion(np.repeat(REST_POSE[None], 300, axis=0))
    assert 60 < beats.tempo_bpm < 170
    assert np.isfinite([beats.phase, beats.strength, beats.consistency]).all()
