"""A clip in the eyes of AIST++: 72 numbers of how its joints move, 32 of what the body does.

Enters: joints float [T, 19, 3] in metres at 30 fps, y up. Leaves: 24 joints of SMPL at 60 fps, and
of those the kinetic (Onuma et al., 2008) and geometric features (Mueller et al., 2005) as
fairmotion and the code of AIST++ (Li et al., 2021) compute them, with what is odd in them, since
every published number contains it. Here written anew from the formulas, over all frames at once.
"""

import numpy as np
from scipy.interpolate import CubicSpline

from live.body.skeleton import JOINT, N_JOINTS
from model.data.capture.smpl import NAMES

FPS = 60
Body = dict[str, np.ndarray]

# SMPL's joints of ours, by weights that sum to 1. Of those that are not here: the three of the
# spine and the one at the skull lie on the way from pelvis to head, within 2 cm of SMPL's heights;
# collars are set off from the spine towards the shoulders; a hand goes on 8 cm in the forearm's
# direction, so that a bent wrist does not show; SMPL's foot is the toe. The hips are 18 cm apart,
# SMPL's 12.
_ONE_SIDE = {
    "Hip": {"hip": 1.0},
    "Knee": {"knee": 1.0},
    "Ankle": {"ankle": 1.0},
    "Foot": {"toe": 1.0},
    "Collar": {"chest": 0.31, "neck": 0.24, "shoulder": 0.45},
    "Shoulder": {"shoulder": 1.0},
    "Elbow": {"elbow": 1.0},
    "Wrist": {"wrist": 1.0},
    "Hand": {"wrist": 1.32, "elbow": -0.32},
}
_MIDDLE = {
    "Pelvis": {"pelvis": 1.0},
    "Spine1": {"pelvis": 0.4, "spine": 0.6},
    "Spine2": {"spine": 0.6, "chest": 0.4},
    "Spine3": {"chest": 1.0},
    "Neck": {"neck": 1.0},
    "Head": {"neck": 0.5, "head": 0.5},
}

# Of the body of SMPL, metres: the thresholds of the geometric features are multiples of them, the
# same for every dancer.
_HUMERUS_M = 0.25684
_SHOULDERS_M = 0.39085
_HIPS_M = 0.11925
_UP = np.array([0.0, 1.0, 0.0])
_SPEED_FPS = 120  # the published code takes frames of the geometric features for 1/120 s


def smpl_at_60_fps(joints: np.ndarray) -> np.ndarray:
    """The 24 joints of SMPL, in its order, at 60 fps: float64 [2 T - 1, 24, 3] of [T, 19, 3].

    A cubic spline through the frames of 30 fps. What moves faster than 15 times a second was lost
    before and does not come back, so jerks and tremor count less than at 60 fps by the camera.
    """
    frames = np.asarray(joints, np.float64)
    between = CubicSpline(np.arange(len(frames)), frames)
    return _SMPL_OF_OURS @ between(np.arange(2 * len(frames) - 1) / 2)


def kinetic(joints: np.ndarray) -> np.ndarray:
    """Three numbers of each of J joints, joints float [T, J, 3] at 60 fps: float64 [3 J].

    With v the mean velocity over five steps around a frame (at the ends those there are), the means
    over frames of |v horizontal|^2, of (v vertical)^2, and of the energy spent, |a|. For that last
    one the published code divides one position too few by the time step dt = 1/60 s:
    a = (p[t + 1] - (1 + dt) p[t] + p[t - 1]) / dt^2, five of them averaged as vectors. It is mostly
    the distance from the origin, times 3540 / s^2: so a clip has to begin at the origin.
    """
    velocity = _means_around(np.diff(joints, axis=0) * FPS, len(joints))
    bend = joints[2:] - (1 + 1 / FPS) * joints[1:-1] + joints[:-2]
    spent = np.linalg.norm(_means_around(bend * FPS**2, len(joints)), axis=-1)
    squares = velocity**2
    energies = [squares[..., 0] + squares[..., 2], squares[..., 1], spent]
    return np.stack([e.mean(axis=0) for e in energies], axis=-1).ravel()


def geometric(joints: np.ndarray) -> dict[str, float]:
    """What the body does, as the share of frames in which it does it: 32 shares by name.

    joints: float [T, 24, 3] of SMPL at 60 fps; frames from the second on. Each is one of: a length
    u . d / |d| over a threshold, where u is a place or a velocity relative to another joint and the
    direction d a bone, a line or the normal of three joints; a height over the lowest joint; a
    speed |v|; or the angle of two vectors between two bounds. Thresholds are multiples of SMPL's
    humerus and distances of shoulders and hips. Velocities are p[t] - p[t - 1] over 1/120 s, which
    is twice what they are. As published the normals of one side look forward and of the other back,
    and the rise of the chest counts twice.
    """
    at: Body = dict(zip(NAMES, np.moveaxis(joints[1:], 1, 0), strict=True))
    velocity = np.diff(joints, axis=0) * _SPEED_FPS
    step: Body = dict(zip(NAMES, np.moveaxis(velocity, 1, 0), strict=True))
    neck, root, chest = at["Neck"], at["Pelvis"], at["Spine3"]
    floor = joints[1:, :, 1].min(axis=1)
    left_to_right = at["R_Wrist"] - at["L_Wrist"]
    down = root - neck
    rise = _along(step["Spine3"] - step["Spine1"], chest - at["Spine1"]) > 1.8 * _HUMERUS_M
    stance = np.cross(at["L_Ankle"] - at["R_Ankle"], neck - at["R_Ankle"])
    does = {
        "hands wide": _along(left_to_right, at["R_Shoulder"] - at["L_Shoulder"])
        > 2.5 * _SHOULDERS_M,
        "hands part": _along(step["R_Wrist"] - step["L_Wrist"], left_to_right) > 1.4 * _HUMERUS_M,
        "feet wide": _along(at["R_Ankle"] - at["L_Ankle"], at["R_Hip"] - at["L_Hip"])
        > 2.1 * _HIPS_M,
        "pelvis off the stance": _along(root - at["R_Ankle"], stance) > 0.5 * _HUMERUS_M,
        "trunk level": _between(down, _UP, 70, 110),
        "pelvis fast": np.linalg.norm(step["Pelvis"], axis=-1) > 2.3 * _HUMERUS_M,
    }
    for s, o in ("RL", "LR"):  # the side and the other
        hip, knee, ankle = at[f"{s}_Hip"], at[f"{s}_Knee"], at[f"{s}_Ankle"]
        shoulder, elbow, wrist = at[f"{s}_Shoulder"], at[f"{s}_Elbow"], at[f"{s}_Wrist"]
        trunk = np.cross(at[f"{o}_Hip"] - neck, hip - neck)
        leg = np.cross(at[f"{o}_Foot"] - root, at[f"{o}_Hip"] - root)
        hand_speed, foot_speed = step[f"{s}_Wrist"], step[f"{s}_Ankle"]
        leaves = _along(step[f"{o}_Wrist"] - hand_speed, root - wrist)
        own = {
            "hand leaves the trunk": _along(hand_speed - step["Neck"], trunk) > 1.8 * _HUMERUS_M,
            "hand raised": _along(wrist - neck, neck - chest) > 0.2 * _HUMERUS_M,
            "chest rises": rise,
            "elbow bent": _between(shoulder - elbow, wrist - elbow, 0, 110),
            "other hand leaves pelviswards": leaves > 1.4 * _HUMERUS_M,
            "hand fast": np.linalg.norm(hand_speed, axis=-1) > 2.5 * _HUMERUS_M,
            "foot before the other leg": _along(ankle - root, leg) > 0.38 * _HUMERUS_M,
            "foot raised": ankle[:, 1] - floor > 1.2 * _HUMERUS_M,
            "knee bent": _between(hip - knee, ankle - knee, 0, 110),
            "foot fast": np.linalg.norm(foot_speed, axis=-1) > 2.5 * _HUMERUS_M,
            "arm off the trunk": _between(down, elbow - shoulder, 25, 180),
            "thigh off the trunk": _between(down, knee - hip, 50, 180),
            "hand low": wrist[:, 1] - floor < 1.2 * _HUMERUS_M,
        }
        does |= {f"{s} {name}": holds for name, holds in own.items()}
    return {name: float(holds.mean()) for name, holds in does.items()}


def _means_around(values: np.ndarray, frames: int) -> np.ndarray:
    """For frames 1, 2, .. the mean of up to five values around it, values [n, ...] of which the
    first belongs to frame 1: [frames - 1, ...]."""
    frame = np.arange(1, frames)
    start, stop = np.maximum(frame - 3, 0), np.minimum(frame + 2, len(values))
    total = np.concatenate([np.zeros_like(values[:1]), values.cumsum(axis=0)])
    return (total[stop] - total[start]) / (stop - start)[:, None, None]


def _along(vectors: np.ndarray, direction: np.ndarray) -> np.ndarray:
    length = np.maximum(np.linalg.norm(direction, axis=-1), 1e-12)
    return (vectors * direction).sum(axis=-1) / length


def _between(first: np.ndarray, second: np.ndarray, above: float, below: float) -> np.ndarray:
    """Whether the angle of two vectors lies between two angles, degrees."""
    size = np.maximum(np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1), 1e-12)
    angle = np.degrees(np.arccos(np.clip((first * second).sum(axis=-1) / size, -1.0, 1.0)))
    return (angle > above) & (angle < below)


def _weights() -> np.ndarray:
    weights = np.zeros((len(NAMES), N_JOINTS))
    for row, name in zip(weights, NAMES, strict=True):
        side = f"{name[0].lower()}_" if name[1] == "_" else ""
        for part, weight in (_ONE_SIDE[name[2:]] if side else _MIDDLE[name]).items():
            row[JOINT.get(side + part, JOINT.get(part, -1))] = weight
    return weights


_SMPL_OF_OURS = _weights()
"""float64 [24, 19]: SMPL's joints of ours."""
