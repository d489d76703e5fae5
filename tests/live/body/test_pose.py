"""Bodies and pose vectors: there and back, which way is left, and bones of the right length."""

import numpy as np
import pytest

from live.body.pose import FRAME_RATE, POSE_DIM, ROOT, decode, encode, heading_of, rotate_y, split
from live.body.skeleton import (
    BONE_LENGTHS,
    BONES,
    JOINT,
    JOINT_NAMES,
    MIRROR,
    N_JOINTS,
    PARENTS,
    REST_POSE,
    mirrored,
    with_bone_lengths,
)
from model.data.windows import mirrored_vectors

FRONT = np.array([0.0, 0.0, 1.0])


def walk(seconds=6.0, turn_rad_s=0.8, seed=1):
    """Joints [T, 19, 3] of a body that wriggles, walks and turns; starts off the origin."""
    t = np.arange(int(seconds * FRAME_RATE)) / FRAME_RATE
    rng = np.random.default_rng(seed)
    swing = rng.normal(0, 0.08, (N_JOINTS, 3)) * np.sin(
        2 * np.pi * rng.uniform(0.3, 1.5, (N_JOINTS, 3)) * t[:, None, None] + 1.0
    )
    swing[:, 0, [0, 2]] = 0.0
    heading = 0.4 + turn_rad_s * t
    place = np.stack([1.5 + 0.7 * t, 0 * t, -2.0 + 0.5 * np.sin(t)], axis=1)
    return (rotate_y(REST_POSE + swing, heading[:, None]) + place[:, None]).astype(np.float32)


def bone_lengths(joints):
    return np.linalg.norm(joints[..., 1:, :] - joints[..., PARENTS[1:], :], axis=-1)


def test_decoding_brings_back_the_joints_on_the_stage():
    joints = walk()
    vectors = encode(joints)
    assert vectors.shape == (len(joints), POSE_DIM)
    assert vectors.dtype == np.float32
    back = decode(vectors, joints[0, 0, [0, 2]], heading_of(joints)[0])
    # Measured: no difference at all; six seconds of steps lose less than float32 shows.
    np.testing.assert_allclose(back, joints, atol=1e-6)


def test_without_a_start_the_dance_is_the_same_but_for_place_and_heading():
    joints = walk()
    back = decode(encode(joints))
    turned = rotate_y(joints - joints[0, 0] * [1, 0, 1], -heading_of(joints)[0])
    np.testing.assert_allclose(back, turned, atol=2e-5)


def test_a_pose_vector_does_not_know_where_it_is():
    joints = walk()
    moved = rotate_y(joints, 1.1) + np.array([4.0, 0.0, -3.0])
    np.testing.assert_allclose(encode(moved), encode(joints), atol=1e-4)


def test_the_pelvis_is_over_the_origin_of_its_frame():
    local, _ = split(encode(walk()))
    np.testing.assert_allclose(local[:, 0, [0, 2]], 0.0, atol=1e-6)


def test_velocities_lead_from_the_frame_before():
    joints = np.repeat(REST_POSE[None], 40, axis=0)
    joints[20:, :, 2] += 0.1  # one step forwards between frames 19 and 20
    root = encode(joints)[:, ROOT]
    np.testing.assert_allclose(root[20], [0.0, 0.1 * FRAME_RATE, 0.0], atol=1e-4)
    assert np.abs(np.delete(root, 20, axis=0)).max() < 1e-6


def test_walking_forwards_is_positive_whichever_way_one_faces():
    for heading in (0.0, 2.0, -1.2):
        ahead = rotate_y(FRONT, np.asarray(heading)) * 0.02
        joints = rotate_y(REST_POSE, np.asarray(heading)) + np.arange(30)[:, None, None] * ahead
        np.testing.assert_allclose(encode(joints)[1:, ROOT], [[0.0, 0.6, 0.0]] * 29, atol=1e-4)


def test_at_rest_the_dancer_faces_the_audience_with_the_left_at_plus_x():
    assert heading_of(REST_POSE[None])[0] == 0.0
    for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "toe"):
        assert REST_POSE[JOINT["l_" + name], 0] > 0 > REST_POSE[JOINT["r_" + name], 0]
    for side in "lr":
        assert REST_POSE[JOINT[side + "_toe"], 2] > REST_POSE[JOINT[side + "_ankle"], 2]
    assert REST_POSE[..., 1].min() == 0.0
    assert REST_POSE[JOINT["head"], 1] == REST_POSE[:, 1].max()


@pytest.mark.parametrize("angle", [-3.0, -0.5, 0.3, 1.5])
def test_a_positive_heading_turns_the_front_towards_plus_x(angle):
    turned = rotate_y(REST_POSE, np.asarray(angle))
    assert np.isclose(heading_of(turned[None])[0], angle, atol=1e-6)
    front = rotate_y(FRONT, np.asarray(angle))
    np.testing.assert_allclose(front, [np.sin(angle), 0.0, np.cos(angle)], atol=1e-12)


def test_a_positive_heading_velocity_turns_the_same_way():
    vectors = np.zeros((FRAME_RATE, POSE_DIM), np.float32)
    vectors[:, : N_JOINTS * 3] = REST_POSE.ravel()
    vectors[:, ROOT.start + 2] = np.pi / 2
    last = decode(vectors)[-1]
    assert np.isclose(heading_of(last[None])[0], np.pi / 2, atol=1e-5)
    toes = last[JOINT["l_toe"]] - last[JOINT["l_ankle"]]
    assert toes[0] > 0.1


def test_a_heading_that_goes_round_and_round_does_not_jump():
    heading = heading_of(walk(seconds=12.0, turn_rad_s=2.5))
    assert heading[-1] - heading[0] > 4 * np.pi
    assert np.diff(heading).min() > 0.0


def test_a_twist_of_the_hips_stays_in_the_pose():
    twist = 0.5 * np.sin(2 * np.pi * 2.5 * np.arange(90) / FRAME_RATE)
    joints = rotate_y(np.repeat(REST_POSE[None], 90, axis=0), twist[:, None])
    assert np.abs(heading_of(joints)[20:-20]).max() < 0.05


def test_bones_get_their_lengths_and_keep_their_directions():
    joints = walk()
    whole = with_bone_lengths(joints)
    lengths = np.broadcast_to(BONE_LENGTHS[1:], (len(joints), N_JOINTS - 1))
    np.testing.assert_allclose(bone_lengths(whole), lengths, atol=1e-6)
    np.testing.assert_array_equal(whole[:, 0], joints[:, 0])
    for parent, child in BONES:
        before, after = (j[:, child] - j[:, parent] for j in (joints, whole))
        cosine = (before * after).sum(-1) / np.linalg.norm(before, axis=-1) / BONE_LENGTHS[child]
        np.testing.assert_allclose(cosine, 1.0, atol=1e-4)
    np.testing.assert_allclose(with_bone_lengths(whole), whole, atol=1e-6)
    np.testing.assert_allclose(
        bone_lengths(with_bone_lengths(joints, 2 * BONE_LENGTHS)), 2 * lengths, atol=1e-5
    )


def test_a_collapsed_body_stands_up():
    body = with_bone_lengths(np.zeros((2, N_JOINTS, 3)))
    np.testing.assert_allclose(body, np.repeat((REST_POSE - REST_POSE[0])[None], 2, 0), atol=1e-6)


def test_the_rest_pose_has_the_lengths_of_the_body():
    np.testing.assert_allclose(bone_lengths(REST_POSE), BONE_LENGTHS[1:], atol=1e-6)


def test_mirrored_twice_is_the_same():
    joints = walk()
    np.testing.assert_array_equal(mirrored(mirrored(joints)), joints)
    vectors = encode(joints)
    np.testing.assert_array_equal(mirrored_vectors(mirrored_vectors(vectors)), vectors)


def test_mirrored_lifts_the_other_hand():
    joints = REST_POSE.copy()
    joints[JOINT["l_wrist"]] += [0.1, 0.5, 0.2]
    other = mirrored(joints)
    wrist = joints[JOINT["l_wrist"]] * [-1, 1, 1]
    np.testing.assert_array_equal(other[JOINT["r_wrist"]], wrist)
    np.testing.assert_allclose(mirrored(REST_POSE), REST_POSE, atol=1e-6)


def test_mirroring_vectors_is_mirroring_the_stage():
    joints = walk()
    np.testing.assert_allclose(
        mirrored_vectors(encode(joints)), encode(mirrored(joints)), atol=2e-5
    )


def test_the_tree_of_joints_is_one_and_alike_on_both_sides():
    assert PARENTS[0] == -1
    assert all(0 <= PARENTS[i] < i for i in range(1, N_JOINTS))
    np.testing.assert_array_equal(BONE_LENGTHS[MIRROR], BONE_LENGTHS)
    swap = {"l": "r", "r": "l"}
    for name, other in zip(JOINT_NAMES, MIRROR, strict=True):
        expected = swap[name[0]] + name[1:] if name[1] == "_" else name
        assert JOINT_NAMES[other] == expected
