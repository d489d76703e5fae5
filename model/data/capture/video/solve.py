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

_RAY_M = 0.02  # how well a joint's place in the picture is known
_DEPTH_M = 0.10  # and how far it is before or behind the pelvis
_BONE_M = 0.004
_STANDING_M = 0.003  # how far a standing foot moves from frame to frame
_FLOOR_M = 0.012  # how far it is from the floor
_OUTLIER = 3.0  # of these sizes: what is further off counts less and less (Cauchy)
_ACCELERATION = 9.0  # m/s^2, of the trunk
_LIMBS = {"elbow": 1.6, "wrist": 2.4, "knee": 1.5, "ankle": 2.0, "toe": 2.2, "head": 1.2}
_AXES = 3
_PER_FRAME = N_JOINTS * _AXES
_CHILDREN = np.arange(1, N_JOINTS)
_ABOVE = np.array(PARENTS[1:])


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
    rays: np.ndarray,
    world: np.ndarray,
    confidence: np.ndarray,
    lengths: np.ndarray,
    focal: float,
    start: np.ndarray,
    ground: Ground | None = None,
    rounds: int = 4,
) -> np.ndarray:
    """Joints [T, 19, 3]. rays: [T, 19, 2], pixels; focal: pixels; start: joints to begin from."""
    joints = start
    slopes = rays / focal
    for _ in range(rounds):
        rows = _Rows(len(joints))
        _add_rays(rows, joints, slopes, confidence)
        _add_depths(rows, joints, world, confidence)
        _add_bones(rows, joints, lengths)
        _add_smoothness(rows, len(joints))
        if ground is not None:
            _add_ground(rows, joints, ground)
        joints = rows.solution()
    return joints


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
    bones = joints[:, 1:] - joints[:, _ABOVE]
    directions = bones / (np.linalg.norm(bones, axis=-1, keepdims=True) + 1e-6)
    columns = [_index(n, _CHILDREN, k).ravel() for k in range(3)]
    columns += [_index(n, _ABOVE, k).ravel() for k in range(3)]
    along = [directions[..., k].ravel() for k in range(3)]
    values = np.broadcast_to(lengths[1:], bones.shape[:2]).ravel()
    weights = np.full(values.shape, 1 / _BONE_M**2)
    rows.add(np.stack(columns), np.stack([*along, *(-a for a in along)]), values, weights)


def _add_smoothness(rows: _Rows, n: int) -> None:
    weights = np.broadcast_to(1 / (_PER_JOINT / FRAME_RATE**2) ** 2, (n - 2, N_JOINTS)).ravel()
    for axis in range(_AXES):
        columns = _index(n, np.arange(N_JOINTS), axis)
        three = np.stack([columns[:-2].ravel(), columns[1:-1].ravel(), columns[2:].ravel()])
        factors = np.array([[1.0], [-2.0], [1.0]]) * np.ones(len(weights))
        rows.add(three, factors, np.zeros(len(weights)), weights)


def _add_ground(rows: _Rows, joints: np.ndarray, ground: Ground) -> None:
    n, every = len(joints), np.arange(N_JOINTS)
    both = np.minimum(ground.standing[:-1], ground.standing[1:]).ravel()
    used = both > 0.01
    for axis in range(_AXES):
        columns = _index(n, every, axis)
        pairs = np.stack([columns[1:].ravel(), columns[:-1].ravel()])[:, used]
        rows.add(pairs, _difference(used.sum()), np.zeros(used.sum()), both[used] / _STANDING_M**2)
    stands = ground.standing.ravel()
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
    return _ACCELERATION * np.array(shares)


_PER_JOINT = _per_joint()
