"""Rotations of body and avatar against SciPy's, which nobody here has written."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from live.body import humanoid, unity
from live.body.humanoid import BONE, BONES, global_rotations, local_rotations
from live.body.pose import rotate_y
from live.body.safe_motion import idle_sway
from live.body.skeleton import JOINT, REST_POSE, with_bone_lengths


@pytest.fixture
def some():
    """Rotations of every kind: at random, by half turns, by next to nothing, and none."""
    axes = np.concatenate([np.eye(3), -np.eye(3), [[1, 1, 0], [0, -1, 1]]]).astype(float)
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    angles = [np.pi, np.pi - 1e-7, np.pi / 2, 1e-9, 0.0]
    turns = np.concatenate([axes * angle for angle in angles])
    return Rotation.concatenate([Rotation.random(500, rng=3), Rotation.from_rotvec(turns)])


@pytest.fixture
def bodies():
    """Joints [N, 19, 3] of dancers who sway, bend every joint at random, and face all ways."""
    rng = np.random.default_rng(7)
    joints = np.concatenate([idle_sway(np.arange(0, 20, 0.5)), np.repeat(REST_POSE[None], 200, 0)])
    joints = with_bone_lengths(joints + rng.normal(0, 0.15, joints.shape))
    return rotate_y(joints, rng.uniform(-np.pi, np.pi, len(joints))[:, None])


def test_turning_about_the_vertical():
    rng = np.random.default_rng(1)
    points, headings = rng.normal(size=(40, 3)), rng.uniform(-9, 9, 40)
    expected = Rotation.from_rotvec(headings[:, None] * [0, 1, 0]).apply(points)
    np.testing.assert_allclose(rotate_y(points, headings), expected, atol=1e-12)


def test_quaternions(some):
    found = humanoid.quaternions(some.as_matrix())
    assert (found[:, 3] >= 0).all()
    assert ((Rotation.from_quat(found) * some.inv()).magnitude() < 1e-7).all()
    sure = some.magnitude() < 3.1  # at half a turn both signs are the same rotation
    np.testing.assert_allclose(found[sure], some.as_quat(canonical=True)[sure], atol=1e-7)


def test_theshortest_turn():
    rng = np.random.default_rng(2)
    start, end = (
        v / np.linalg.norm(v, axis=1, keepdims=True) for v in rng.normal(size=(2, 300, 3))
    )
    found = Rotation.from_matrix(humanoid.shortest_turn(start, end))
    np.testing.assert_allclose(found.apply(start), end, atol=1e-6)
    angles = np.arccos(np.clip((start * end).sum(axis=1), -1, 1))
    np.testing.assert_allclose(found.magnitude(), angles, atol=1e-6)  # no turn is shorter


def test_unitys_angles(some):
    """About z, then x, then y, all seen in a mirror at x = 0."""
    mirror = np.diag([-1.0, 1.0, 1.0])
    angles = unity.euler_degrees(some.as_matrix())
    found = Rotation.from_euler("YXZ", angles[:, [1, 0, 2]], degrees=True).as_matrix()
    np.testing.assert_allclose(found, mirror @ some.as_matrix() @ mirror, atol=1e-6)
    mirrored = Rotation.from_quat(unity.quaternions(some.as_quat())).as_matrix()
    np.testing.assert_allclose(mirrored, mirror @ some.as_matrix() @ mirror, atol=1e-12)


def test_an_avatars_bones_turn_without_being_bent(bodies):
    found = global_rotations(bodies).reshape(-1, 3, 3)
    np.testing.assert_allclose(Rotation.from_matrix(found).as_matrix(), found, atol=1e-6)


def test_an_avatars_limbs_point_where_the_dancers_do(bodies):
    rotations = global_rotations(bodies)
    for bone, end in (
        ("LeftUpperArm", "l_elbow"), ("LeftLowerArm", "l_wrist"), ("RightUpperArm", "r_elbow"),
        ("RightLowerArm", "r_wrist"), ("LeftUpperLeg", "l_knee"), ("LeftLowerLeg", "l_ankle"),
        ("RightUpperLeg", "r_knee"), ("RightLowerLeg", "r_ankle"), ("LeftFoot", "l_toe"),
        ("RightFoot", "r_toe"), ("Spine", "chest"), ("Chest", "neck"), ("Neck", "head"),
    ):  # fmt: skip
        rest = humanoid._REST[end]
        turned = Rotation.from_matrix(rotations[:, BONE[bone]]).apply(rest)
        points = bodies[:, JOINT[end]] - bodies[:, JOINT[BONES[BONE[bone]].joint]]
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        np.testing.assert_allclose(turned, points, atol=1e-5, err_msg=bone)


def test_local_rotations_multiplied_along_the_tree_are_the_global_ones(bodies):
    rotations = global_rotations(bodies)
    local = local_rotations(rotations)
    walked = []
    for i, bone in enumerate(BONES):
        own = Rotation.from_matrix(local[:, i])
        walked.append(own if bone.parent < 0 else walked[bone.parent] * own)
        assert ((walked[i].inv() * Rotation.from_matrix(rotations[:, i])).magnitude() < 1e-6).all()
