"""The most likely motion of a body with fixed bones that was seen as it was seen.

Enters: what was measured, bone lengths, the focal length, and where feet stand. Leaves: joints
[T, 19, 3] in the camera's axes (x right, y up, z towards the camera, the camera at the origin).

All frames at once: least squares over every joint of every frame, with what the picture says (on
which ray a joint lies), what the network guesses (how far it is before or behind the pelvis), what
bodies are (bones keep their length), how they move (bounded acceleration) and where feet stand.
This is a Kalman smoother written as one banded system; bones and outliers are linearised anew in
each of a few rounds (Gauss-Newton, iteratively reweighted). Nothing in it has a lag.
"""

from dataclasses import dataclass

import numpy as np

from live.body.pose import FRAME_RATE
from live.body.skeleton import JOINT, N_JOINTS, PARENTS
from model.data.capture.video.measure import Measured

_RAY_M = 0.02  # how well a joint's place in the picture is known
_DEPTH_M = 0.07  # and how far it is before or behind the pelvis
_BONE_M = 0.004
_STANDING_M = 0.003  # how far a standing foot moves from frame to frame
_FLOOR_M = 0.012  # how far it is from the floor
_OUTLIER = 2.0  # of these sizes: what is further off counts less and less (Cauchy)
_ACCELERATION = 9.0  # m/s^2, of the trunk
_PELVIS = (5.0, 9.0, 3.0)  # of the pelvis: sideways, up, to and from the camera
_LIMBS = {"elbow": 1.6, "wrist": 2.4, "knee": 1.5, "ankle": 2.0, "toe": 2.2, "head": 1.2}
_AXES = 3
_WINDOW, _OVERLAP = 60 * FRAME_RATE, 2 * FRAME_RATE  # frames
_PER_FRAME = N_JOINTS * _AXES
_CHILDREN = np.arange(1, N_JOINTS)
# What keeps its length: bones, and struts across hips and shoulders with what they give, metres. By
# struts, how wide a trunk looks says how far it is turned.
_STRUTS = {
    ("l_hip", "r_hip"): 0.01, ("spine", "l_hip"): 0.02, ("spine", "r_hip"): 0.02,
    ("l_shoulder", "r_shoulder"): 0.03, ("neck", "l_shoulder"): 0.03, ("neck", "r_shoulder"): 0.03,
}  # fmt: skip
_FROM = np.array([*PARENTS[1:], *(JOINT[a] for a, _ in _STRUTS)])
_TO = np.array([*range(1, N_JOINTS), *(JOINT[b] for _, b in _STRUTS)])
_GIVE_M = np.array([_BONE_M] * (N_JOINTS - 1) + list(_STRUTS.values()))


@dataclass(frozen=True)
class Ground:
    """A floor y = height + slope . (x, z), and which joints stand on it when.

    standing: [T, 19], 0 to 1. above_m: [19], how high each joint is when its foot stands.
    """

    height: float
    slope: np.ndarray
    standing: np.ndarray
    above_m: np.ndarray


class _Rows:
    """Weighted linear equations in the joints' coordinates, gathered into a banded system."""

    def __init__(self, n_frames: int) -> None:
        self._size = n_frames * _PER_FRAME
        self._band = 2 * _PER_FRAME + 3
        self._matrix = np.zeros((self._band + 1, self._size))
        self._right = np.zeros(self._size)

    def add(
        self, columns: np.ndarray, factors: np.ndarray, values: np.ndarray, weights: np.ndarray
    ):
        """n equations of k terms: columns int [k, n], factors [k, n]; weights [n], 1 / variance."""
        for i in range(len(columns)):
            np.add.at(self._right, columns[i], weights * factors[i] * values)
            for k in range(len(columns)):
                upper = columns[i] <= columns[k]
                row, column = columns[i][upper], columns[k][upper]
                value = (weights * factors[i] * factors[k])[upper]
                np.add.at(self._matrix, (self._band + row - column, column), value)

    def solution(self) -> np.ndarray:
        from scipy.linalg import solveh_banded

        self._matrix[self._band] += 1e-6
        flat = solveh_banded(self._matrix, self._right, overwrite_ab=True, check_finite=False)
        return flat.reshape(-1, N_JOINTS, _AXES)


def solve(
    seen: Measured,
    world: np.ndarray,
    lengths: np.ndarray,
    focal: float,
    start: np.ndarray,
    ground: Ground | None = None,
    rounds: int = 4,
) -> np.ndarray:
    """Joints [T, 19, 3].

    world: `seen.world` at the person's size; lengths: of `rods`; focal: pixels; start: joints to
    begin from. A long film is solved a minute at a time: two seconds further on, what was seen
    makes no difference.
    """
    out = np.empty_like(start)
    for first in range(0, len(start), _WINDOW):
        low, high = max(0, first - _OVERLAP), min(len(start), first + _WINDOW + _OVERLAP)
        part = slice(low, high)
        joints = start[part]
        slopes, confidence = seen.rays[part] / focal, seen.confidence[part]
        for _ in range(rounds):
            rows = _Rows(high - low)
            _add_rays(rows, joints, slopes, confidence)
            _add_depths(rows, joints, world[part], confidence)
            _add_bones(rows, joints, lengths)
            _add_smoothness(rows, high - low)
            if ground is not None:
                _add_ground(rows, joints, ground, ground.standing[part])
            joints = rows.solution()
        out[first : first + _WINDOW] = joints[first - low : first - low + _WINDOW]
    return out


def rods(joints: np.ndarray) -> np.ndarray:
    """float [T, 24]: the distances that a body keeps: to each joint but the first from its parent,
    then across hips and shoulders."""
    return np.linalg.norm(joints[:, _TO] - joints[:, _FROM], axis=-1)


def _index(n_frames: int, joint: np.ndarray, axis: int) -> np.ndarray:
    """Columns [n_frames, len(joint)] of one axis."""
    return np.arange(n_frames)[:, None] * _PER_FRAME + np.asarray(joint) * _AXES + axis


def _add_rays(rows: _Rows, joints: np.ndarray, slopes: np.ndarray, confidence: np.ndarray) -> None:
    every = np.arange(N_JOINTS)
    depth = _index(len(joints), every, 2)
    off = joints[..., :2] + slopes * joints[..., 2:]
    robust = _robust(np.linalg.norm(off, axis=-1) / _RAY_M)
    weights = (confidence**2 * robust / _RAY_M**2).ravel()
    for axis in (0, 1):
        columns = np.stack([_index(len(joints), every, axis).ravel(), depth.ravel()])
        factors = np.stack([np.ones(len(weights)), slopes[..., axis].ravel()])
        rows.add(columns, factors, np.zeros(len(weights)), weights)


def _add_depths(rows: _Rows, joints: np.ndarray, world: np.ndarray, confidence: np.ndarray) -> None:
    n = len(joints)
    off = joints[:, 1:, 2] - joints[:, :1, 2] - world[:, 1:, 2]
    weights = (np.sqrt(confidence[:, 1:]) * _robust(off / _DEPTH_M) / _DEPTH_M**2).ravel()
    pelvis = np.zeros(N_JOINTS - 1, int)
    columns = np.stack([_index(n, _CHILDREN, 2).ravel(), _index(n, pelvis, 2).ravel()])
    rows.add(columns, _difference(len(weights)), world[:, 1:, 2].ravel(), weights)


def _add_bones(rows: _Rows, joints: np.ndarray, lengths: np.ndarray) -> None:
    n = len(joints)
    bones = joints[:, _TO] - joints[:, _FROM]
    directions = bones / (np.linalg.norm(bones, axis=-1, keepdims=True) + 1e-6)
    columns = [_index(n, _TO, k).ravel() for k in range(3)]
    columns += [_index(n, _FROM, k).ravel() for k in range(3)]
    along = [directions[..., k].ravel() for k in range(3)]
    values = np.broadcast_to(lengths, bones.shape[:2]).ravel()
    weights = np.broadcast_to(1 / _GIVE_M**2, bones.shape[:2]).ravel()
    rows.add(np.stack(columns), np.stack([*along, *(-a for a in along)]), values, weights)


def _add_smoothness(rows: _Rows, n: int) -> None:
    for axis in range(_AXES):
        per_frame = _PER_JOINT[:, axis] / FRAME_RATE**2
        weights = np.broadcast_to(1 / per_frame**2, (n - 2, N_JOINTS)).ravel()
        columns = _index(n, np.arange(N_JOINTS), axis)
        three = np.stack([columns[:-2].ravel(), columns[1:-1].ravel(), columns[2:].ravel()])
        factors = np.array([[1.0], [-2.0], [1.0]]) * np.ones(len(weights))
        rows.add(three, factors, np.zeros(len(weights)), weights)


def _add_ground(rows: _Rows, joints: np.ndarray, ground: Ground, standing: np.ndarray) -> None:
    n, every = len(joints), np.arange(N_JOINTS)
    both = np.minimum(standing[:-1], standing[1:]).ravel()
    used = both > 0.01
    for axis in range(_AXES):
        columns = _index(n, every, axis)
        pairs = np.stack([columns[1:].ravel(), columns[:-1].ravel()])[:, used]
        rows.add(pairs, _difference(used.sum()), np.zeros(used.sum()), both[used] / _STANDING_M**2)
    stands = standing.ravel()
    used = stands > 0.01
    columns = np.stack([_index(n, every, k).ravel()[used] for k in range(3)])
    factors = np.array([[-ground.slope[0]], [1.0], [-ground.slope[1]]]) * np.ones(used.sum())
    values = np.broadcast_to(ground.height + ground.above_m, joints.shape[:2]).ravel()[used]
    rows.add(columns, factors, values, stands[used] / _FLOOR_M**2)


def _difference(n: int) -> np.ndarray:
    return np.array([[1.0], [-1.0]]) * np.ones(n)


def _robust(off: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.square(off / _OUTLIER))


def _per_joint() -> np.ndarray:
    shares = [_LIMBS.get(name.partition("_")[2] or name, 1.0) for name in JOINT]
    out = _ACCELERATION * np.repeat(np.array(shares)[:, None], _AXES, axis=1)
    out[JOINT["pelvis"]] = _PELVIS
    return out


_PER_JOINT = _per_joint()
