"""A dance from what was seen of it: here the network is known, and the truth too."""

import numpy as np
import pytest

pytest.importorskip("scipy")

from live.body.pose import FRAME_RATE
from live.body.skeleton import JOINT, REST_POSE
from model.data.capture.video.lift import lift
from model.data.capture.video.measure import Measured

FRAMES = 90
SIZE = (800, 450)
FOCAL = 400 / np.tan(np.radians(65 / 2))
CAMERA = np.array([0.2, 1.3, 4.0])


def jumper() -> np.ndarray:
    """Somebody who walks 1.5 m to the left, waves, and jumps 0.4 m at half time: [T, 19, 3]."""
    t = np.arange(FRAMES) / FRAME_RATE
    joints = np.repeat(REST_POSE[None], FRAMES, axis=0).astype(float)
    joints[..., 0] += (0.75 * np.clip(t - 2.0, 0, None) * 2)[:, None]
    joints[..., 1] += (0.4 * np.clip(1 - np.square((t - 1.3) / 0.28), 0, None))[:, None]
    angle = np.sin(2 * np.pi * t)
    for side, sign in (("l", 1), ("r", -1)):
        shoulder, elbow, wrist = (JOINT[f"{side}_{n}"] for n in ("shoulder", "elbow", "wrist"))
        up = np.stack([sign * np.cos(angle), np.sin(angle), 0.3 + 0 * t], axis=1) / np.hypot(1, 0.3)
        joints[:, elbow] = joints[:, shoulder] + 0.28 * up
        joints[:, wrist] = joints[:, elbow] + 0.25 * up
    return joints


def seen(truth: np.ndarray, noise: float = 0.0, pitch: float = 0.1) -> Measured:
    """What a camera that looks down by `pitch` radians would show; noise: metres."""
    rng = np.random.default_rng(1)
    c, s = np.cos(pitch), np.sin(pitch)
    axes = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    local = (truth - CAMERA) @ axes.T
    rays = FOCAL * local[..., :2] / -local[..., 2:] + rng.normal(0, 1, (*truth.shape[:2], 2)) * (
        noise * FOCAL / 4
    )
    world = local - local[:, :1] + rng.normal(0, 2, truth.shape) * noise
    return Measured(0.0, rays, world, np.ones(truth.shape[:2]), SIZE)


def off_m(joints: np.ndarray, truth: np.ndarray) -> np.ndarray:
    shift = np.median(joints[:, 0] - truth[:, 0], axis=0) * (1, 0, 1)
    return np.linalg.norm(joints - shift - truth, axis=-1)


@pytest.mark.parametrize(("noise", "allowed_m"), [(0.0, 0.05), (0.02, 0.08)])
def test_travel_jump_and_floor_are_those_of_the_dancer(noise: float, allowed_m: float):
    truth = jumper()
    found = lift(seen(truth, noise)).joints
    assert off_m(found, truth).mean() < allowed_m  # .03 and .05 were measured
    assert found[-1, 0, 0] - found[0, 0, 0] == pytest.approx(1.5, abs=0.2)
    lowest = found[..., 1].min(axis=1)
    assert np.median(lowest) == pytest.approx(0.0, abs=0.04)
    assert lowest.max() == pytest.approx(0.4, abs=0.08)


def test_standing_feet_stay_where_they_are():
    truth = jumper()
    feet = lift(seen(truth, 0.02)).joints[:24, [JOINT["l_ankle"], JOINT["r_toe"]]]
    speed = np.linalg.norm(np.diff(feet, axis=0), axis=-1) * FRAME_RATE
    assert np.median(speed) < 0.05  # m/s; 0.4 as measured


def test_bones_keep_their_length_and_nothing_trembles():
    truth = jumper()
    found = lift(seen(truth, 0.02)).joints
    bone = np.linalg.norm(found[:, JOINT["l_knee"]] - found[:, JOINT["l_hip"]], axis=-1)
    assert np.ptp(bone) < 1e-3
    tremble, real = (np.square(np.diff(j[:40], 2, axis=0)).mean() ** 0.5 for j in (found, truth))
    assert tremble < 1.3 * real


def test_a_hidden_arm_and_a_wild_guess_do_not_move_the_body():
    truth = jumper()
    measured = seen(truth, 0.01)
    arm = [JOINT["r_elbow"], JOINT["r_wrist"]]
    measured.confidence[30:40, arm] = 0.05
    measured.rays[30:40, arm] += 80
    measured.rays[60, JOINT["head"]] += 200
    found = lift(measured).joints
    assert off_m(found, truth)[28:42, :5].mean() < 0.08
    assert off_m(found, truth)[60, JOINT["head"]] < 0.15
