"""How far a dance goes, on bodies whose range is known."""

import numpy as np
import pytest

from live.body.pose import FRAME_RATE, rotate_y
from live.body.skeleton import JOINT, REST_POSE
from model.data.accents import still_frames
from model.evaluation.range_of_motion import range_of_motion
from model.evaluation.take import Take


def standing(seconds):
    return np.repeat(REST_POSE[None], round(seconds * FRAME_RATE), axis=0).astype(np.float32)


def take(joints):
    return Take("one", "street", 120.0, joints, np.arange(len(joints)) / 15.0)


def shaking(joints):
    """Every joint at about 1 m/s, to and fro."""
    joints = joints.copy()
    joints[1::2, :, 0] += 1.0 / FRAME_RATE
    return joints


def test_a_raised_hand_counts_for_as_long_as_it_is_raised():
    joints = standing(10.0)
    joints[:75, JOINT["r_wrist"], 1] = joints[0, JOINT["head"], 1] + 0.05
    assert range_of_motion([take(joints)], 1.0)["wrist_up"] == pytest.approx(0.25)
    assert range_of_motion([take(standing(4.0))], 1.0)["wrist_up"] == 0.0


def test_takes_count_by_their_frames():
    up, down = standing(4.0), standing(12.0)
    up[:, JOINT["l_wrist"], 1] = 2.0
    assert range_of_motion([take(up), take(down)], 1.0)["wrist_up"] == pytest.approx(0.25)


def test_a_kick_shows_in_height_and_speed_of_the_foot():
    joints = standing(10.0)
    joints[::10, JOINT["l_ankle"], 1] += 0.6
    kicked, still = (range_of_motion([take(j)], 1.0) for j in (joints, standing(10.0)))
    assert kicked["ankle_p99"] == pytest.approx(still["ankle_p99"] + 0.6, abs=0.01)
    assert kicked["foot_speed_p95"] == pytest.approx(0.6 * FRAME_RATE, rel=0.01)
    assert kicked["hand_speed_p95"] == 0.0


def test_turning_and_travelling_are_told_apart():
    joints = standing(10.0)
    t = np.arange(len(joints)) / FRAME_RATE
    turning = rotate_y(joints, 0.5 * t[:, None])
    walking = joints + np.array([0.0, 0.0, 1.0]) * t[:, None, None]
    turned, walked = (range_of_motion([take(j)], 1.0) for j in (turning, walking))
    assert turned["turn_rate"] == pytest.approx(0.5, rel=0.05)
    assert turned["travel"] == pytest.approx(0.0, abs=1e-6)
    assert walked["turn_rate"] == pytest.approx(0.0, abs=1e-6)
    assert walked["travel"] == pytest.approx(2.0, rel=1e-3)


def test_only_an_opened_elbow_is_a_straight_arm():
    joints = standing(2.0)
    shoulder = joints[:, JOINT["l_shoulder"]]
    joints[:, JOINT["l_elbow"]] = shoulder + np.array([0.28, 0, 0])
    joints[:, JOINT["l_wrist"]] = shoulder + np.array([0.53, 0, 0])
    joints[:, JOINT["r_elbow"]] = joints[:, JOINT["r_shoulder"]] - np.array([0.28, 0, 0])
    joints[:, JOINT["r_wrist"]] = joints[:, JOINT["r_elbow"]] + np.array([0, 0.25, 0])
    assert range_of_motion([take(joints)], 1.0)["straight_arms"] == pytest.approx(0.5)


def test_half_a_second_is_stillness_and_a_pause_between_two_steps_is_not():
    moving = shaking(standing(4.0))
    long, short = np.concatenate([moving, standing(2.0), moving]), moving.copy()
    short[60:66] = short[60]
    assert still_frames(long, 1.0).mean() == pytest.approx(2.0 / 10.0, abs=0.03)
    assert not still_frames(short, 1.0).any()
    assert range_of_motion([take(long)], 1.0)["stillness"] > 0.15
    assert not still_frames(long, 0.0).any()


def test_a_clip_shorter_than_two_seconds_has_no_travel_and_does_no_harm():
    figures = range_of_motion([take(standing(1.5))], 1.0)
    assert figures["travel"] == 0.0
    assert all(np.isfinite(v) for v in figures.values())
