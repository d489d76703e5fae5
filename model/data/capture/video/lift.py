"""From what was seen in a film to a dance on a floor.

Enters: `Measured`, the dancer's height, the camera's field of view. Leaves: `Lifted`: joints
[T, 19, 3] in metres, y up, the floor at 0, +Z towards the camera; the dancer travels and jumps.
"""

from dataclasses import dataclass

import numpy as np

from live.body.pose import FRAME_RATE
from live.body.skeleton import (
    BODY_HEIGHT_M,
    BONE_LENGTHS,
    JOINT,
    MIRROR,
    N_JOINTS,
    REST_POSE,
    with_bone_lengths,
)  # fmt: skip
from model.data.capture.captured import Filmed
from model.data.capture.video.measure import Measured
from model.data.capture.video.solve import Ground, rods, solve

CAMERA_HEIGHT_M = 1.3
"""Of a phone in the hand or on a shelf."""

_ROUNDS = 3  # of floor and motion in turn
_STEADY_SPEED_M_S = 0.6  # of a foot that stands, before its place is held
_LOW_M = 0.1
_DEPTH_COUNTS = 0.5
# How far cameras are from level (roll) and bodies from upright, radians; feet from a floor; cameras
# from the usual height, metres.
_ROLL, _UPRIGHT, _ON_FLOOR_M, _CAMERA_HEIGHT_OFF_M = 0.02, 0.15, 0.05, 0.3
_STEEPEST = 0.5
_FEET = tuple(JOINT[n] for n in ("l_ankle", "l_toe", "r_ankle", "r_toe"))
_LEGS = tuple(JOINT[n] for n in ("l_knee", "l_ankle", "r_knee", "r_ankle"))


@dataclass(frozen=True)
class Lifted:
    """joints: float32 [T, 19, 3]; confidence: float32 [T, 19], 0 to 1; start_s: in the film."""

    joints: np.ndarray
    confidence: np.ndarray
    start_s: float


def lift(
    seen: Measured, height_m: float = Filmed.height_m, view_deg: float = Filmed.view_deg
) -> Lifted:
    """The dance of a stretch of film."""
    focal = max(seen.size) / 2 / np.tan(np.radians(view_deg) / 2)
    lengths = rod_lengths(seen, height_m)
    world = seen.world * (lengths.sum() / np.median(rods(seen.world), axis=0).sum())
    start = world + _roots(seen.rays / focal, world, seen.confidence)[:, None]
    joints, ground = start, find_ground(start, lengths, None)
    for _ in range(_ROUNDS):
        joints = solve(seen, world, lengths, focal, joints, ground, rounds=3)
        ground = find_ground(joints, lengths, ground)
    return Lifted(
        _on_floor(joints, ground, lengths), seen.confidence.astype(np.float32), seen.start_s
    )


def rod_lengths(seen: Measured, height_m: float) -> np.ndarray:
    """[24] of the person, as `rods` has them: as seen where seen well, left as right; as long in
    all as the canonical body of that height."""
    clear = seen.confidence.min(axis=1) > 0.5
    own = np.median(rods(seen.world[clear] if clear.sum() > FRAME_RATE else seen.world), axis=0)
    bones = own[: N_JOINTS - 1]
    bones[:] = (bones + bones[MIRROR[1:] - 1]) / 2
    whole = height_m / BODY_HEIGHT_M * BONE_LENGTHS[1:].sum()
    return own * whole / bones.sum()


def _roots(slopes: np.ndarray, world: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Where the pelvis has to be [T, 3] for the body to be seen on its rays: least squares."""
    weights = confidence[..., None] ** 2
    x, z = world[..., :2], world[..., 2:]
    # x + root_x + slope (z + root_z) = 0, likewise y.
    off = x + slopes * z
    total, ws = weights.sum(axis=1), weights * slopes
    a = ws.sum(axis=1)
    b, c = (ws * slopes).sum(axis=(1, 2)), (weights * off).sum(axis=1)
    d = (ws * off).sum(axis=(1, 2))
    depth = (np.sum(a * c, axis=1) / total[:, 0] - d) / (b - np.sum(a * a, axis=1) / total[:, 0])
    side = -(c + a * depth[:, None]) / total
    return np.concatenate([side, depth[:, None]], axis=1)


def find_ground(joints: np.ndarray, lengths: np.ndarray, before: Ground | None) -> Ground:
    """The floor under a dance in the camera's axes, and when which foot stands."""
    above = _above(lengths)
    feet, soles = joints[:, _FEET], above[list(_FEET)]
    if before is None:
        up = feet[..., 1] - soles
        before = Ground(float(np.percentile(up.min(axis=1), 20)), np.zeros(2), up, above)
    standing = _standing(joints, before.slope, before.height, above)
    on = standing[:, _FEET] > 0.5
    points = (feet - np.outer(soles, (0, 1, 0)))[on]
    slope, height = _plane(points, _upright_slope(joints), before)
    return Ground(height, slope, _standing(joints, slope, height, above), above)


def _plane(points: np.ndarray, upright: float, before: Ground) -> tuple[np.ndarray, float]:
    """y = height + slope . (x, z): through where feet stood, level as bodies are upright on the
    whole, and as far below the camera as people film. Slope and height together: least squares."""
    told = np.diag([1 / _ROLL**2, 1 / _UPRIGHT**2, 1 / _CAMERA_HEIGHT_OFF_M**2])
    aim = np.array([0.0, upright, -CAMERA_HEIGHT_M])
    if not len(points):
        points = np.array([[0.0, before.height, 0.0]])
    rows = np.column_stack([points[:, 0], points[:, 2], np.ones(len(points))])
    steps = max(1.0, len(points) / FRAME_RATE * 2)  # a foot stands in one place for a while
    found = np.array([*before.slope, before.height])
    for _ in range(4):
        off = points[:, 1] - rows @ found
        weights = 1 / (1 + np.square(off / _ON_FLOOR_M))
        weights *= steps / weights.sum() / _ON_FLOOR_M**2
        normal = (rows * weights[:, None]).T @ rows + told
        found = np.linalg.solve(normal, (rows * weights[:, None]).T @ points[:, 1] + told @ aim)
    return found[:2], float(found[2])


def _upright_slope(joints: np.ndarray) -> float:
    """The floor's slope to and from the camera if this body was upright on the whole."""
    ankles = joints[:, [JOINT["l_ankle"], JOINT["r_ankle"]]].mean(axis=1)
    up = np.median(joints[:, JOINT["neck"]] - ankles, axis=0)
    return float(np.clip(-up[2] / up[1], -_STEEPEST, _STEEPEST))


def _standing(
    joints: np.ndarray, slope: np.ndarray, height: float, above: np.ndarray
) -> np.ndarray:
    """[T, 19], 0 to 1: which joints of the feet stand."""
    out = np.zeros(joints.shape[:2])
    feet = joints[:, _FEET]
    # What the picture shows well counts; depth is known worse.
    velocity = np.gradient(feet, axis=0) * (FRAME_RATE, FRAME_RATE, FRAME_RATE * _DEPTH_COUNTS)
    speed = np.linalg.norm(velocity, axis=-1)
    up = feet[..., 1] - feet[..., [0, 2]] @ slope - height - above[list(_FEET)]
    out[:, _FEET] = _falling(speed / _STEADY_SPEED_M_S) * _falling(up / _LOW_M)
    return out


def _falling(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(np.clip(8 * (x - 1), -50, 50)))


def _above(lengths: np.ndarray) -> np.ndarray:
    """[19]: how high ankles and toes are when a foot stands."""
    scale = lengths[np.array(_LEGS) - 1].sum() / BONE_LENGTHS[list(_LEGS)].sum()
    return REST_POSE[:, 1] * scale


def level_axes(slope: np.ndarray) -> np.ndarray:
    """[3, 3]: rows are the camera's x, y and z once it is made level on a floor of that slope."""
    up = np.array([-slope[0], 1.0, -slope[1]])
    up /= np.linalg.norm(up)
    towards = np.array([0.0, 0.0, 1.0])
    towards -= up * (towards @ up)
    towards /= np.linalg.norm(towards)
    return np.stack([np.cross(up, towards), up, towards])


def _on_floor(joints: np.ndarray, ground: Ground, lengths: np.ndarray) -> np.ndarray:
    """Turned so that the floor is level at 0, and exact bones."""
    axes = level_axes(ground.slope)
    origin = np.array([0.0, ground.height, 0.0])
    bones = np.concatenate([[0.0], lengths[: N_JOINTS - 1]]).astype(np.float32)
    out = with_bone_lengths((joints - origin) @ axes.T, bones)
    middle = np.median(out[:, 0], axis=0) * (1, 0, 1)
    return (out - middle).astype(np.float32)
