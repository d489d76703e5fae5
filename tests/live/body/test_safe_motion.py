"""Safe motion: whatever the network says, whole bodies stand on the floor and stay on their place.

Speeds are measured on what leaves `SafeMotion.step`, joint by joint, from frame to frame.
"""

from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest

from live.body.pose import FRAME_RATE, POSE_DIM
from live.body.safe_motion import (
    Body,
    DancerStates,
    SafeMotion,
    idle_sway,
    interpolate,
    line_up,
)
from live.body.skeleton import BONE_LENGTHS, FEET, MIRROR, PARENTS, REST_POSE

BAD = {
    "nan": np.nan,
    "infinite": np.inf,
    "minus infinite": -np.inf,
    "far away": 5.0,
    "huge": 1e30,
}
# The dance below moves at 1.6 m/s; half a second of blending adds the way it has to make up for.
DANCE_M_S = 1.6
TOP_SPEED_M_S = 5.0


def vector(joints, root=(0.0, 0.0, 0.0)):
    """Local joints [N, 19, 3] and a root velocity (x, z, heading) to pose vectors [N, 60]."""
    pose = np.empty((len(joints), POSE_DIM), np.float32)
    pose[:, :-3] = joints.reshape(len(joints), -1)
    pose[:, -3:] = root
    return pose


def dance(frame, dancers=1):
    """A pose that swings: arms, knees and trunk, once every two seconds, no two dancers alike."""
    t = 2 * np.pi * (frame / FRAME_RATE / 2 + np.arange(dancers) / 7)
    joints = np.repeat(REST_POSE[None], dancers, axis=0).astype(np.float64)
    joints[:, 5:11, 1] += 0.4 * (1 + np.sin(t))[:, None]
    joints[:, 2:11, 0] += 0.2 * np.sin(t)[:, None]
    joints[:, [12, 16], 2] += 0.15 * np.cos(t)[:, None]
    return joints


def assert_same_dance(one, other, atol=0.0):
    """Of two dancers who came to stand elsewhere: their feet are kept there until they step."""
    legs = [*range(12, 15), *range(16, 19)]
    others = [j for j in range(len(PARENTS)) if j not in legs]
    np.testing.assert_allclose(one[..., others, :], other[..., others, :], atol=atol, rtol=0)
    np.testing.assert_allclose(one[..., legs, :], other[..., legs, :], atol=1e-3, rtol=0)


FLYING_M = 0.5  # who walks on no foot goes where the root goes


def flying(joints):
    """The same joints [N, 19, 3], high above the floor: nothing of it stands, so nothing holds."""
    return joints + np.array([0.0, FLYING_M, 0.0])


def bone_errors(joints):
    bones = joints[..., 1:, :] - joints[..., PARENTS[1:], :]
    return np.abs(np.linalg.norm(bones, axis=-1) - BONE_LENGTHS[1:])


def joint_speeds(poses):
    """Metres a second of the fastest joint, from frame to frame."""
    steps = np.diff(np.asarray(poses, np.float64), axis=0)
    return np.linalg.norm(steps, axis=-1).reshape(len(steps), -1).max(axis=1) * FRAME_RATE


def run(motion, frames, *, idle=False, mirror=False, freeze=False, start=0, root=(0.0, 0.0, 0.0)):
    """Steps of the dance; the local poses [frames, N, 19, 3]."""
    dancers = len(motion.body.local)
    high = flying if np.any(root) else np.asarray
    return np.array(
        [
            motion.step(vector(high(dance(start + i, dancers)), root), idle, mirror, freeze).local
            for i in range(frames)
        ]
    )


def warm(dancers=1):
    """In the middle of the dance: two seconds in, when nothing is left of the first stand."""
    motion = SafeMotion(dancers)
    run(motion, 60)
    return motion


# Bodies ---------------------------------------------------------------------------------------


def test_bones_are_whole_whatever_the_network_says():
    rng = np.random.default_rng(0)
    motion = SafeMotion(5)
    for frame in range(300):
        scale = 10 ** rng.uniform(-3, 0.4, (5, 1))
        pose = (rng.normal(size=(5, POSE_DIM)) * scale).astype(np.float32)
        pose[rng.integers(5), rng.integers(POSE_DIM)] = rng.choice([np.nan, np.inf, 1e9, 0.0])
        body = motion.step(pose, frame % 90 > 60, frame % 40 > 20, frame % 70 > 65)
        assert np.isfinite(body.on_stage()).all()
        assert bone_errors(body.on_stage()).max() < 1e-5


def test_a_collapsed_body_stands_up():
    body = warm().step(np.zeros((1, POSE_DIM), np.float32), False, False, False)
    assert bone_errors(body.local).max() < 1e-5
    assert body.local[0, 4, 1] > body.local[0, 0, 1]  # the head above the pelvis


def test_feet_are_never_under_the_floor():
    rng = np.random.default_rng(1)
    motion = SafeMotion(4)
    for frame in range(200):
        joints = dance(frame, 4) + rng.normal(scale=0.3, size=(4, 19, 3))
        joints[..., 1] -= rng.uniform(0, 1.0)
        body = motion.step(vector(joints), frame > 150, False, False)
        assert body.on_stage()[:, list(FEET), 1].min() > -1e-6


def test_a_body_above_the_floor_is_not_pulled_down():
    joints = dance(10) + np.array([0, 0.3, 0])
    motion = warm()
    body = motion.step(vector(joints), False, False, False)
    assert body.local[0, list(FEET), 1].min() > 0.25


# Bad poses ------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("index", [0, 30, POSE_DIM - 3, POSE_DIM - 1], ids=str)
def test_a_bad_row_holds_its_dancer_and_leaves_the_others_alone(index, value):
    value = 13.0 if value == 5.0 and index >= POSE_DIM - 3 else value  # absurd as a speed, too
    motion, untouched = warm(3), warm(3)
    held = motion.body.on_stage()[1].copy()
    for frame in range(60, 80):
        pose = vector(dance(frame, 3))
        expected = untouched.step(pose.copy(), False, False, False)
        pose[1, index] = value
        body = motion.step(pose, False, False, False)
        np.testing.assert_array_equal(motion.bad_frames, [0, frame - 59, 0])
        np.testing.assert_allclose(body.on_stage()[1], held, atol=1e-5)
        for d in (0, 2):
            np.testing.assert_array_equal(body.on_stage()[d], expected.on_stage()[d])


def test_after_a_bad_stretch_the_dancer_blends_back():
    motion = warm()
    broken = vector(dance(0)) * np.nan
    poses = [motion.body.local]
    poses += [motion.step(broken, False, False, False).local for _ in range(30)]
    assert motion.bad_frames[0] == 30
    poses += list(run(motion, 30, start=90))
    assert motion.bad_frames[0] == 0
    assert joint_speeds(poses).max() < TOP_SPEED_M_S
    assert_same_dance(poses[-1], run(warm(), 60, start=60)[-1])


@pytest.mark.parametrize("period", [2, 3, 7])
def test_poses_that_flicker_do_not_make_the_dancer_jump(period):
    motion = warm()
    poses = [motion.body.local]
    for frame in range(60, 180):
        pose = vector(dance(frame))
        if frame % period == 0:
            pose[:] = np.nan
        poses.append(motion.step(pose, False, False, False).local)
    assert joint_speeds(poses).max() < TOP_SPEED_M_S


def test_bad_poses_while_settling_do_not_make_the_dancer_jump():
    motion = warm()
    poses = [motion.body.local]
    for frame in range(60, 120):
        pose = vector(dance(frame))
        if 75 <= frame < 90:
            pose[:] = np.nan
        poses.append(motion.step(pose, True, False, False).local)
    assert joint_speeds(poses).max() < TOP_SPEED_M_S


# On the stage ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("speed", "farthest"), [(0.5, 1.5), (1.4, 1.5), (3.0, 1.8), (7.0, 1.9)])
def test_dancers_stay_at_their_place_when_the_network_walks_away(speed, farthest):
    directions = np.array([0.0, 1.0, 2.5, 4.0])
    roots = speed * np.stack([np.cos(directions), np.sin(directions), 0 * directions], axis=1)
    motion = SafeMotion(4)
    pose = vector(flying(dance(0, 4)), roots)
    for _ in range(2 * 60 * FRAME_RATE):
        body = motion.step(pose, False, False, False)
    away = np.linalg.norm(body.position - line_up(4), axis=1)
    assert (away > 0.3).all()  # they do move
    assert (away < farthest).all()  # 1.5 m, and who stands in somebody's way gives way


def test_a_dancer_who_was_away_comes_home():
    motion = warm()
    run(motion, 30, root=(1.4, 0.0, 0.0))
    assert np.linalg.norm(motion.body.position) > 1.0
    run(motion, 330)
    assert np.linalg.norm(motion.body.position) < 0.75


HOP_M_S, STANDS_S, FLIES_S = 0.8, 0.3, 0.2


def hopping(frame):
    """One who stands, and hops to the front: the body goes back under the root, which moves on."""
    t = frame / FRAME_RATE % (STANDS_S + FLIES_S)
    stands = t < STANDS_S
    joints = REST_POSE.copy()
    joints[:, 2] -= HOP_M_S * (t if stands else STANDS_S * (1 - (t - STANDS_S) / FLIES_S))
    joints[:, 1] += 0.0 if stands else 0.2
    return joints[None], stands


def test_who_goes_away_turns_on_the_foot_that_stands_and_comes_home():
    motion = SafeMotion(1)
    bodies, stood = [], []
    for frame in range(60 * FRAME_RATE):
        joints, stands = hopping(frame)
        bodies.append(motion.step(vector(joints, (0.0, HOP_M_S, 0.0)), 0.0, False, False))
        stood.append(stands)
    away = np.linalg.norm([body.position[0] for body in bodies], axis=1)[10 * FRAME_RATE :]
    feet = np.array([body.on_stage()[0, FEET] for body in bodies])
    slides = np.linalg.norm(np.diff(feet[..., [0, 2]], axis=0), axis=2).min(axis=1) * FRAME_RATE
    stood = np.array(stood)
    slides = slides[stood[1:] & stood[:-1]]
    assert away.max() < 1.45  # never held at the edge
    assert away.min() < 0.7
    assert np.percentile(slides, 95) < 0.2
    assert np.median(slides) < 0.1


def test_small_steps_are_the_dancers_own():
    motion = warm()
    run(motion, 30, root=(0.4, 0.2, 0.0))
    np.testing.assert_allclose(motion.body.position, [[0.4, 0.2]], atol=0.01)


@pytest.mark.parametrize("turn", [-3.0, -1.0, 0.5, 6.0])
def test_heading_comes_back_to_the_audience(turn):
    motion = warm()
    run(motion, 90, root=(0.0, 0.0, turn))
    assert abs(motion.body.heading[0]) > 1.0
    before = motion.body.heading.copy()
    headings = []
    for frame in range(30 * FRAME_RATE):
        headings.append(motion.step(vector(dance(frame)), False, False, False).heading[0])
    facing = np.abs((np.array(headings) + np.pi) % (2 * np.pi) - np.pi)
    assert facing[-1] < 0.95
    assert np.abs(np.diff([*before, *headings])).max() * FRAME_RATE < 1.0  # it turns, not snaps


def test_places_are_apart_and_the_first_row_is_centred():
    for dancers in range(1, 17):
        places = line_up(dancers)
        gaps = np.linalg.norm(places[:, None] - places[None], axis=2) + 9 * np.eye(dancers)
        assert places.shape == (dancers, 2)
        assert gaps.min() >= 1.4
        assert places[: min(dancers, 6), 0].mean() == pytest.approx(0)


# Idle -----------------------------------------------------------------------------------------


def test_idle_sway_moves_but_little():
    poses = idle_sway(np.arange(0, 30, 1 / FRAME_RATE))
    reach = np.linalg.norm(poses - REST_POSE, axis=-1)
    assert 0.01 < reach.max() < 0.12
    assert 0.005 < joint_speeds(poses).max() < 0.12
    assert bone_errors(poses).max() < 1e-5


def test_settles_into_the_sway_and_out_of_it_without_a_jump():
    motion = warm()
    into = [motion.body.local, *run(motion, 90, start=60, idle=True)]
    assert joint_speeds(into).max() < TOP_SPEED_M_S
    assert joint_speeds(into[-30:]).max() < 0.12  # nothing of the dance is left
    out = [motion.body.local, *run(motion, 90, start=150)]
    assert joint_speeds(out).max() < TOP_SPEED_M_S
    assert joint_speeds(out[-45:]).max() > 0.5 * DANCE_M_S
    assert_same_dance(out[-1], run(warm(), 180, start=60)[-1], atol=1e-6)


def test_an_idle_dancer_does_not_walk():
    motion = SafeMotion(2)
    run(motion, 300, idle=True, root=(1.0, 1.0, 1.0))
    np.testing.assert_allclose(motion.body.position, line_up(2), atol=0.005)  # it sways
    np.testing.assert_array_equal(motion.body.heading, [0, 0])


# Mirror, freeze, dancers ----------------------------------------------------------------------


def test_mirror_is_the_mirror_image():
    plain, mirrored = SafeMotion(1), SafeMotion(1)
    for frame in range(200):
        pose = vector(dance(frame), (0.4, 0.3, 0.2))
        a = plain.step(pose, False, False, False)
        b = mirrored.step(pose, False, True, False)
    expected = a.on_stage()[:, MIRROR] * np.array([-1, 1, 1], np.float32)
    # The sway of the beginning is not mirrored.
    np.testing.assert_allclose(b.on_stage(), expected, atol=1e-3)
    assert np.abs(a.on_stage() - b.on_stage()).max() > 0.1  # the dance is not symmetric
    assert a.heading[0] > 0.1
    assert b.heading[0] == pytest.approx(-a.heading[0])


def test_freeze_holds_exactly():
    motion = warm(2)
    held = motion.body.on_stage().copy()
    for frame in range(60, 150):
        pose = vector(dance(frame, 2), (1.0, 1.0, 1.0))
        body = motion.step(pose, frame > 100, frame > 120, True)
        np.testing.assert_array_equal(body.on_stage(), held)


@pytest.mark.parametrize("idle", [False, True])
def test_after_a_freeze_the_dancer_blends_back(idle):
    motion = warm()
    run(motion, 60, start=60, idle=idle)
    poses = [motion.body.local]
    poses += list(run(motion, 45, start=120, idle=idle, freeze=True))
    poses += list(run(motion, 45, start=165, idle=idle))
    assert joint_speeds(poses).max() < (0.12 if idle else TOP_SPEED_M_S)
    assert joint_speeds(poses[-20:]).max() > 0.01


def test_those_who_stay_dance_on_when_others_come_and_go():
    motion = warm(3)
    before = motion.body
    motion.set_dancers(5)
    np.testing.assert_array_equal(motion.body.local[:3], before.local)
    np.testing.assert_array_equal(motion.body.position[:3], before.position)
    # Where those who stay still stand, nobody appears.
    np.testing.assert_array_equal(motion.body.position[3:], [[1.5, -1.0], [3.0, 0.0]])
    poses = [motion.body.on_stage(), *_on_stage(motion, 180, 5)]
    assert joint_speeds(poses).max() < TOP_SPEED_M_S
    assert np.linalg.norm(motion.body.position - line_up(5), axis=1).max() < 0.75
    kept = motion.body
    motion.set_dancers(2)
    np.testing.assert_array_equal(motion.body.on_stage(), kept.on_stage()[:2])


def _on_stage(motion, frames, dancers):
    return [
        motion.step(vector(dance(60 + i, dancers)), False, False, False).on_stage()
        for i in range(frames)
    ]


# Between two frames ---------------------------------------------------------------------------


@pytest.mark.parametrize("after", [1, 3, 5])
def test_nothing_of_a_dancers_state_is_forgotten_when_others_come_and_go(after):
    rng, before = np.random.default_rng(1), 3
    states = DancerStates.standing(line_up(before))
    for field in fields(states):  # also one that is added later
        rows = getattr(states, field.name)
        assert len(rows) == before
        rows[:] = (100 * rng.random(rows.shape)).astype(rows.dtype)
    resized, new = states.resized(line_up(after)), DancerStates.standing(line_up(after))
    stay = min(before, after)
    for field in fields(states):
        rows = getattr(resized, field.name)
        np.testing.assert_array_equal(rows[:stay], getattr(states, field.name)[:stay])
        np.testing.assert_array_equal(rows[stay:], getattr(new, field.name)[stay:])


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_interpolation_keeps_bones_and_floor(share):
    rng = np.random.default_rng(2)
    motion = SafeMotion(3)
    bodies = []
    for frame in range(60):
        joints = dance(frame, 3) + rng.normal(scale=0.2, size=(3, 19, 3))
        bodies.append(motion.step(vector(joints, (0.3, 0.1, 1.0)), False, False, False))
    for a, b in pairwise(bodies):
        between = interpolate(a, b, share).on_stage()
        assert bone_errors(between).max() < 1e-5
        assert between[:, list(FEET), 1].min() > -1e-6


def test_interpolation_meets_its_ends_and_stays_between():
    motion = warm(2)
    a = motion.body
    run(motion, 1, start=60, root=(1.0, 0.0, 1.0))
    b = motion.body
    np.testing.assert_allclose(interpolate(a, b, 0.0).on_stage(), a.on_stage(), atol=1e-6)
    np.testing.assert_allclose(interpolate(a, b, 1.0).on_stage(), b.on_stage(), atol=1e-6)
    middle = interpolate(a, b, 0.5)
    np.testing.assert_allclose(middle.position, (a.position + b.position) / 2)
    np.testing.assert_allclose(middle.heading, (a.heading + b.heading) / 2)


def test_interpolation_shows_those_who_are_in_both():
    three, one = warm(3).body, warm(1).body
    assert len(interpolate(three, one, 0.5).local) == 1
    assert len(interpolate(one, three, 0.5).local) == 1


def test_turning_a_body_keeps_its_shape():
    local = np.repeat(REST_POSE[None], 4, axis=0)
    body = Body(local, np.ones((4, 2)), np.arange(4) * np.pi / 2)
    joints = body.on_stage()
    assert joints.dtype == np.float32
    assert bone_errors(joints).max() < 1e-5
    np.testing.assert_allclose(joints[..., 1], local[..., 1], atol=1e-6)
    front = joints[:, 14] - joints[:, 13]  # the left toe ahead of its ankle
    heading = np.arctan2(front[:, 0], front[:, 2])
    turned = (heading - heading[0] - body.heading + np.pi) % (2 * np.pi) - np.pi
    np.testing.assert_allclose(turned, 0, atol=1e-5)
