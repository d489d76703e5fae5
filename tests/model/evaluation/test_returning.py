"""A loop is found, however it is cut; a dance that goes on is none."""

import numpy as np
import pytest

from live.body.pose import FRAME_RATE
from live.body.skeleton import JOINT, REST_POSE
from model.evaluation.returning import longest_return_s


def wandering(seconds, seed):
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * FRAME_RATE)) / FRAME_RATE
    joints = np.repeat(REST_POSE[None], len(t), axis=0).astype(np.float64)
    for name in ("l_wrist", "r_wrist", "l_ankle", "r_ankle", "l_elbow", "r_elbow"):
        for axis in range(3):
            goals = rng.uniform(-0.4, 0.4, int(2 * seconds) + 2)
            joints[:, JOINT[name], axis] += np.interp(2 * t, np.arange(len(goals)), goals)
    return joints.astype(np.float32)


def test_a_stretch_danced_again_is_found_with_its_length():
    joints = wandering(60.0, 1)
    joints[1211 : 1211 + 300] = joints[100:400]
    assert longest_return_s(joints, 0.5) == pytest.approx(10.0, abs=0.5)


def test_a_dance_that_goes_on_does_not_return():
    assert longest_return_s(wandering(60.0, 2), 0.5) < 1.0


def test_standing_still_is_no_loop():
    joints = np.repeat(REST_POSE[None], 60 * FRAME_RATE, axis=0).astype(np.float32)
    assert longest_return_s(joints, 0.5) == 0.0
