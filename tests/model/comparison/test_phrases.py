"""Whether a dance comes back to its phrases is told from its joints and its beat."""

import numpy as np
import pytest

pytest.importorskip("torch")

from live.body.pose import FRAME_RATE
from live.body.skeleton import JOINT, REST_POSE
from model.comparison.phrases import phrases
from model.evaluation.take import Take

TEMPO = 120.0
PHRASE = 8 * 60 * FRAME_RATE / TEMPO  # frames


def take(heights, beats_late=0.0):
    """A wrist that is held at another height in each phrase of 8 beats."""
    frame = np.arange(round(len(heights) * PHRASE) + 2)
    beats = frame / FRAME_RATE * TEMPO / 60 - beats_late
    joints = np.repeat(REST_POSE[None], len(frame), axis=0).astype(np.float32)
    phrase = np.clip(np.floor(beats / 8).astype(int), 0, len(heights) - 1)
    joints[:, JOINT["l_wrist"], 1] += np.asarray(heights, np.float32)[phrase]
    return Take("", "street", TEMPO, joints, beats)


def test_a_phrase_that_comes_back_is_found():
    found = phrases([take([0.1, 0.4, 0.1, 0.4])])
    assert found["phrase_again"] == pytest.approx(0.0, abs=1e-3)
    assert found["phrase_other_m"] == pytest.approx(0.2 / 19, rel=0.05)  # two of 3 are 30 cm off


def test_phrases_that_never_come_back_are_as_far_as_they_are():
    found = phrases([take([0.1, 0.2, 0.4, 0.8])])
    assert found["phrase_nearest_m"] == pytest.approx(np.mean([0.1, 0.1, 0.2, 0.4]) / 19, rel=0.05)


def test_a_longer_dance_comes_back_no_sooner():
    once = phrases([take([0.1, 0.2, 0.4, 0.8])])
    twice = phrases([take([0.1, 0.2, 0.4, 0.8] * 2)])
    assert twice["phrase_again"] == pytest.approx(once["phrase_again"], rel=0.01)


def test_a_dance_of_three_phrases_tells_nothing():
    assert np.isnan(phrases([take([0.1, 0.2, 0.4])])["phrase_again"])
