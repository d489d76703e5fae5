"""Feet that stand stay where they stand: the walk gives way, and the legs bend for it, which stay
legs: whole bones, hips where they were, and a knee between."""

import numpy as np
import pytest

from live.body.footing import locked, with_feet_shifted
from live.body.pose import FRAME_RATE
from live.body.safe_motion import SafeMotion
from live.body.skeleton import BONE_LENGTHS, FEET, JOINT, PARENTS, REST_POSE
from tests.live.body.test_safe_motion import HOP_M_S, dance, hopping, vector, warm

LEFT = [JOINT["l_ankle"], JOINT["l_toe"]]
LEGS = [JOINT[f"{side}_{name}"] for side in "lr" for name in ("knee", "ankle", "toe")]
ON_THE_FLOOR = np.zeros((1, 4))
IN_THE_AIR = np.full((1, 4), 0.3)


def feet_move(left=(0.0, 0.0), right=(0.0, 0.0)):
    """Metres a frame of ankle, toe, ankle, toe."""
    return np.array([[left, left, right, right]])


def bone_errors(joints):
    bones = joints[:, 1:] - joints[:, list(PARENTS[1:])]
    return np.abs(np.linalg.norm(bones, axis=-1) - BONE_LENGTHS[1:])


def crouching():
    """Knees bent, feet where they rest: one dancer's joints."""
    joints = REST_POSE.copy()
    joints[:, 1] -= 0.1
    joints[list(FEET)] = REST_POSE[list(FEET)]
    for hip in (JOINT["l_hip"], JOINT["r_hip"]):
        joints[hip + 1] = (joints[hip] + joints[hip + 2]) / 2 + (
            0,
            0,
            0.1,
        )  # forward; not yet whole
    return with_feet_shifted(joints[None], np.zeros((1, 2, 2)))[0]


def test_a_foot_that_stands_is_kept_from_sliding():
    shift, slid = np.zeros((1, 2, 2)), feet_move(left=(0.002, 0.0), right=(0.0, -0.002))
    for _ in range(30):  # 6 cm/s
        shift = locked(shift, slid, ON_THE_FLOOR)
    kept = -30 * np.array([[slid[0, 0], slid[0, 2]]])
    np.testing.assert_allclose(shift, kept, rtol=0.1, atol=1e-12)


def test_a_foot_is_kept_so_far_and_no_farther():
    shift = np.zeros((1, 2, 2))
    for _ in range(300):
        shift = locked(shift, feet_move(left=(0.005, 0.005)), ON_THE_FLOOR)
    assert 0.05 < np.linalg.norm(shift[0, 0]) <= 0.08


def test_a_foot_that_is_raised_or_slides_fast_is_not_kept():
    nothing = np.zeros((1, 2, 2))
    slowly, fast = feet_move(left=(0.01, 0.0)), feet_move(left=(3.0 / FRAME_RATE, 0.0))
    assert np.abs(locked(nothing, slowly, ON_THE_FLOOR)).max() > 0.005
    assert np.abs(locked(nothing, slowly, IN_THE_AIR)).max() < 1e-4
    assert np.abs(locked(nothing, fast, ON_THE_FLOOR)).max() < 1e-4


def test_a_foot_that_steps_gives_back_what_it_was_kept_and_one_that_is_held_does_not():
    kept = np.array([[[0.05, 0.0], [0.0, 0.05]]])
    shift = kept
    for _ in range(15):
        shift = locked(shift, feet_move(left=(0.03, 0.0)), IN_THE_AIR)
    assert np.linalg.norm(shift[0, 0]) < 0.1 * 0.05
    np.testing.assert_array_equal(shift[0, 1], kept[0, 1])


@pytest.mark.parametrize("far", [0.0, 0.02, 0.08])
@pytest.mark.parametrize("stance", ["crouching", "upright"])
def test_a_leg_that_bends_for_its_foot_stays_a_leg(stance, far):
    joints = crouching() if stance == "crouching" else REST_POSE[None].copy()
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    joints = np.repeat(joints, len(angles), axis=0)
    shift = far * np.stack([np.cos(angles), np.sin(angles)], axis=1)[:, None] * [[1.0], [-1.0]]
    bent, share = with_feet_shifted(joints, shift)
    assert bone_errors(bent).max() < 1e-5
    others = [j for j in range(len(PARENTS)) if j not in LEGS]
    np.testing.assert_array_equal(bent[:, others], joints[:, others])
    assert ((share >= 0) & (share <= 1)).all()
    if stance == "crouching":
        assert (share == 1).all()
    moved = (bent - joints)[:, list(FEET)].reshape(len(angles), 2, 2, 3)
    np.testing.assert_allclose(moved[..., 1], 0.0, atol=1e-6)  # along the floor
    for joint in range(2):
        np.testing.assert_allclose(moved[:, :, joint, 0::2], share * shift, atol=1e-6)
    knees = bent[:, [JOINT["l_knee"], JOINT["r_knee"]]]
    before = joints[:, [JOINT["l_knee"], JOINT["r_knee"]]]
    assert np.linalg.norm(knees - before, axis=-1).max() < 0.15  # not turned to the other side


def test_a_straight_leg_does_not_reach_farther_than_it_is_long():
    joints = REST_POSE[None].copy()
    hip, knee, ankle, toe = (JOINT[f"l_{n}"] for n in ("hip", "knee", "ankle", "toe"))
    for joint, below in ((knee, 0.42), (ankle, 0.84)):
        joints[0, joint] = joints[0, hip] - (0, below, 0)
    joints[0, toe] = joints[0, ankle] + (0, 0, BONE_LENGTHS[toe])
    bent, share = with_feet_shifted(joints, np.full((1, 2, 2), 0.05))
    assert share[0, 0, 0] < 1e-3
    np.testing.assert_allclose(
        bent[0, [knee, ankle, toe]], joints[0, [knee, ankle, toe]], atol=0.01
    )
    assert bone_errors(bent).max() < 1e-5


def test_dancers_whose_feet_slide_apart_stand():
    """Half a metre a second one against the other, to and fro: the walk can hold neither."""
    motion, slides, danced = SafeMotion(1), [], []
    base = crouching()[0]
    before = None
    for frame in range(150):
        swing = 0.03 * np.sin(2 * np.pi * frame / FRAME_RATE)
        joints, _ = with_feet_shifted(base[None], np.array([[[swing, 0.0], [-swing, 0.0]]]))
        feet = motion.step(vector(joints), 0.0, False, False).on_stage()[0, list(FEET)]
        if before is not None and frame > 60:  # out of the sway
            slides.append(np.linalg.norm(feet - before[0], axis=-1).max())
            danced.append(np.linalg.norm(joints[0, list(FEET)] - before[1], axis=-1).max())
        before = feet, joints[0, list(FEET)]
    assert FRAME_RATE * np.percentile(danced, 90) > 0.15
    assert np.percentile(slides, 90) < 0.3 * np.percentile(danced, 90)


def test_who_stands_does_not_slide_however_the_root_walks():
    motion = warm()
    before = motion.body.on_stage()[0, FEET]
    for frame in range(30):
        motion.step(vector(dance(60 + frame), (0.3, 0.2, 0.0)), 0.0, False, False)
    moved = np.linalg.norm(motion.body.on_stage()[0, FEET] - before, axis=1)
    assert moved.max() < 0.08  # the root walked 0.36 m, and the dance lifts a foot a little


def test_a_foot_that_swings_back_carries_the_body_forward():
    motion = SafeMotion(1)
    joints = [hopping(frame)[0] for frame in range(8)]
    for pose in [joints[0]] * 60:
        motion.step(vector(pose), 0.0, False, False)
    start = motion.body.position[0].copy()
    for pose in joints:
        motion.step(vector(pose), 0.0, False, False)  # the root says that nobody walks
    walked = (motion.body.position[0] - start)[1]
    assert walked == pytest.approx(7 / FRAME_RATE * HOP_M_S, rel=0.2)  # a frame later


def test_who_slides_on_purpose_slides():
    motion = warm()
    start = motion.body.position[0].copy()
    for frame in range(15):
        motion.step(vector(dance(60 + frame), (3.0, 0.0, 0.0)), 0.0, False, False)
    assert np.linalg.norm(motion.body.position[0] - start) > 0.8 * 1.5
