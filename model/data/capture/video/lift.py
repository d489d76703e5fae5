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
    PARENTS,
    REST_POSE,
    with_bone_lengths,
)  # fmt: skip
from model.data.capture.video.measure import Measured
from model.data.capture.video.solve import Ground, solve

FIELD_OF_VIEW_DEG = 65.0
"""Along the picture's long side: phones' main camera, filming (60 to 70)."""

CAMERA_HEIGHT_M = 1.3
"""Of a phone in the hand or on a shelf."""

_OWN_PROPORTIONS = 0.5  # the rest is the canonical body's: the network knows proportions so so
_STEADY_SPEED_M_S = 0.35  # of a foot that stands, before its place is held
_LOW_M = 0.05
# How far bodies are from upright on the whole, and cameras from level (roll), radians; and feet
# from a floor; and cameras from the usual height, metres.
_UPRIGHT, _ROLL, _ON_FLOOR_M, _CAMERA_HEIGHT_OFF_M = 0.10, 0.02, 0.03, 0.3
_STEEPEST = 0.5
_FEET = tuple(JOINT[n] for n in ("l_ankle", "l_toe", "r_ankle", "r_toe"))
_LEGS = tuple(JOINT[n] for n in ("l_knee", "l_ankle", "r_knee", "r_ankle"))
_TRUNK = tuple(JOINT[n] for n in ("l_shoulder", "r_shoulder", "l_hip", "r_hip"))


@dataclass(frozen=True)
class Lifted:
    """joints: float32 [T, 19, 3]; confidence: float32 [T, 19], 0 to 1; start_s: in the film."""

    joints: np.ndarray
    confidence: np.ndarray
    start_s: float


def lift(
    seen: Measured, height_m: float = BODY_HEIGHT_M, field_of_view_deg: float = FIELD_OF_VIEW_DEG
) -> Lifted:
    """The dance of a stretch of film."""
    focal = max(seen.size) / 2 / np.tan(np.radians(field_of_view_deg) / 2)
    lengths = bone_lengths(seen, height_m)
    world = seen.world * _scale(seen.world, lengths)
    start = world + _roots(seen.rays / focal, world, seen.confidence)[:, None]
    given = (seen.rays, world, seen.confidence, lengths, focal)
    joints = solve(*given, start)
    ground = find_ground(joints, lengths, None)
    joints = solve(*given, joints, ground, rounds=3)
    ground = find_ground(joints, lengths, ground)
    joints = solve(*given, joints, ground, rounds=3)
    return Lifted(
        _on_floor(joints, ground, lengths), seen.confidence.astype(np.float32), seen.start_s
    )


def bone_lengths(seen: Measured, height_m: float) -> np.ndarray:
    """[19] of the person: between what was seen and the canonical body; left as right."""
    canonical = BONE_LENGTHS * (height_m / BODY_HEIGHT_M)
    sure = seen.confidence > 0.5
    own = canonical.astype(float).copy()
    for i in range(1, N_JOINTS):
        both = sure[:, i] & sure[:, PARENTS[i]]
        if both.sum() > FRAME_RATE:
            bones = seen.world[both, i] - seen.world[both, PARENTS[i]]
            own[i] = np.median(np.linalg.norm(bones, axis=-1))
    own = (own + own[MIRROR]) / 2
    own[1:] *= np.exp(np.mean(np.log(canonical[list(_LEGS)] / own[list(_LEGS)])))
    own = np.clip(own, 0.75 * canonical, 1.33 * canonical)
    return _OWN_PROPORTIONS * own + (1 - _OWN_PROPORTIONS) * canonical


def _scale(world: np.ndarray, lengths: np.ndarray) -> float:
    legs = list(_LEGS)
    bones = np.linalg.norm(world[:, legs] - world[:, np.array(PARENTS)[legs]], axis=-1)
    return float(lengths[legs].sum() / np.median(bones, axis=0).sum())


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
        slope = _upright_slope(joints)
        up = feet[..., 1] - feet[..., [0, 2]] @ slope - soles
        before = Ground(float(np.percentile(up.min(axis=1), 20)), slope, up, above)
    standing = _standing(joints, before.slope, before.height, above)
    on = standing[:, _FEET] > 0.5
    points = (feet - np.outer(soles, (0, 1, 0)))[on]
    slope, height = _plane(points, _upright_slope(joints), before)
    return Ground(height, slope, _standing(joints, slope, height, above), above)


def _plane(points: np.ndarray, upright: np.ndarray, before: Ground) -> tuple[np.ndarray, float]:
    """y = height + slope . (x, z): through where feet stood, level as bodies are upright on the
    whole, and as far below the camera as people film. Slope and height together: least squares."""
    told = np.diag([1 / _ROLL**2, 1 / _UPRIGHT**2, 1 / _CAMERA_HEIGHT_OFF_M**2])
    aim = np.array([0.0, upright[1], -CAMERA_HEIGHT_M])
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


def _upright_slope(joints: np.ndarray) -> np.ndarray:
    """The floor's slope [2] along x and z if this body was upright on the whole."""
    ankles = joints[:, [JOINT["l_ankle"], JOINT["r_ankle"]]].mean(axis=1)
    up = np.median(joints[:, JOINT["neck"]] - ankles, axis=0)
    return np.clip(-up[[0, 2]] / up[1], -_STEEPEST, _STEEPEST) * (0.2, 1.0)


def _standing(
    joints: np.ndarray, slope: np.ndarray, height: float, above: np.ndarray
) -> np.ndarray:
    """[T, 19], 0 to 1: which joints of the feet stand."""
    out = np.zeros(joints.shape[:2])
    feet = joints[:, _FEET]
    speed = np.linalg.norm(np.gradient(feet, axis=0), axis=-1) * FRAME_RATE
    up = feet[..., 1] - feet[..., [0, 2]] @ slope - height - above[list(_FEET)]
    out[:, _FEET] = _falling(speed / _STEADY_SPEED_M_S) * _falling(up / _LOW_M)
    return out


def _falling(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(np.clip(8 * (x - 1), -50, 50)))


def _above(lengths: np.ndarray) -> np.ndarray:
    """[19]: how high ankles and toes are when a foot stands."""
    scale = lengths[list(_LEGS)].sum() / BONE_LENGTHS[list(_LEGS)].sum()
    return REST_POSE[:, 1] * scale


def _on_floor(joints: np.ndarray, ground: Ground, lengths: np.ndarray) -> np.ndarray:
    """Turned so that the floor is level at 0, and exact bones."""
    up = np.array([-ground.slope[0], 1.0, -ground.slope[1]])
    up /= np.linalg.norm(up)
    towards = np.array([0.0, 0.0, 1.0])
    towards -= up * (towards @ up)
    towards /= np.linalg.norm(towards)
    axes = np.stack([np.cross(up, towards), up, towards])
    origin = np.array([0.0, ground.height, 0.0])
    out = with_bone_lengths((joints - origin) @ axes.T, lengths.astype(np.float32))
    middle = np.median(out[:, 0], axis=0) * (1, 0, 1)
    return (out - middle).astype(np.float32)
