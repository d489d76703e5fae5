"""BlazePose's 33 landmarks to measurements of our 19 joints, 30 a second.

Enters: `Followed`. Leaves: `Measured`, one for every stretch in which the person was seen without a
long gap, with left and right the same way round all through.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from live.body.pose import FRAME_RATE
from live.body.skeleton import JOINT, MIRROR, N_JOINTS
from model.data.capture.video.follow import Followed
from model.data.capture.video.networks import N_LANDMARKS

MAX_GAP_S = 0.25
_MIN_S = 2.0  # of a stretch
_MIN_PRESENCE = 0.5
_UNSEEN = 0.05  # confidence of what is behind something, and of a filled gap
_SWAP = 0.004  # m: what it costs for a frame to have left and right swapped against the network

_EARS, _SHOULDERS, _HIPS = (7, 8), (11, 12), (23, 24)
_DIRECT = {
    "l_shoulder": 11, "l_elbow": 13, "l_wrist": 15, "r_shoulder": 12, "r_elbow": 14, "r_wrist": 16,
    "l_hip": 23, "l_knee": 25, "l_ankle": 27, "l_toe": 31,
    "r_hip": 24, "r_knee": 26, "r_ankle": 28, "r_toe": 32,
}  # fmt: skip
# Along the middle of the body, as in the clips that dances are learned from: from the hips' middle
# to the shoulders', then from there to the ears' middle.
_SPINE = {"pelvis": 0.0, "spine": 0.37, "chest": 0.62}
_HIPS_IN, _TOES_BACK = 0.12, 0.15
_HEAD = {"neck": 0.10, "head": 1.0}


@dataclass(frozen=True)
class Measured:
    """A stretch without gaps at 30 frames a second.

    start_s: in the film. rays: [T, 19, 2], pixels from the picture's middle, right and up.
    world: [T, 19, 3], metres around the pelvis (x right, y up, z towards the camera).
    confidence: [T, 19], 0 to 1. size: the picture's width and height.
    """

    start_s: float
    rays: np.ndarray
    world: np.ndarray
    confidence: np.ndarray
    size: tuple[int, int]


def stretches(followed: Followed) -> Iterator[Measured]:
    """The parts of a film in which the person is seen."""
    seen = np.flatnonzero(followed.presence >= _MIN_PRESENCE)
    if not len(seen):
        return
    breaks = np.flatnonzero(np.diff(followed.times_s[seen]) > MAX_GAP_S + 1.5 / FRAME_RATE)
    for part in np.split(seen, breaks + 1):
        if followed.times_s[part[-1]] - followed.times_s[part[0]] >= _MIN_S:
            yield _measured(followed, part)


def _measured(followed: Followed, rows: np.ndarray) -> Measured:
    times = followed.times_s[rows]
    first = int(np.ceil(times[0] * FRAME_RATE - 1e-6))
    last = int(np.floor(times[-1] * FRAME_RATE + 1e-6))
    at = np.arange(first, last + 1) / FRAME_RATE
    pixels = _at(at, times, _steadied(followed)[rows])
    world = _at(at, times, followed.world[rows].astype(float))
    visible = _at(at, times, followed.visibility[rows].astype(float))
    visible[_between(at, times)] *= _UNSEEN
    rays = pixels * (1, -1)
    joints = np.einsum("jl,tlk->tjk", _JOINTS_OF, world) * (1, -1, -1)
    joints -= joints[:, :1]
    confidence = np.clip(visible @ _SEEN_BY.T, _UNSEEN, 1.0)
    rays = np.einsum("jl,tlk->tjk", _JOINTS_OF, rays)
    swapped = _swapped(joints)
    for values in (rays, joints, confidence):
        values[swapped] = values[swapped][:, MIRROR]
    return Measured(float(at[0]), rays, joints, confidence, followed.size)


def _between(at: np.ndarray, times: np.ndarray) -> np.ndarray:
    """bool: moments between two pictures that are farther apart than this film's usually are."""
    steps = np.diff(times)
    i = np.clip(np.searchsorted(times, at) - 1, 0, len(steps) - 1)
    near = np.minimum(np.abs(at - times[i]), np.abs(at - times[i + 1])) < 0.5 / FRAME_RATE
    return (steps[i] > max(1.8 * float(np.median(steps)), 2.5 / FRAME_RATE)) & ~near


def _steadied(followed: Followed) -> np.ndarray:
    """Landmarks [n, 33, 2] from the picture's middle, as if the camera had not turned."""
    right, down, turn = followed.moved.T
    pixels = followed.picture.astype(float) - np.array(followed.size) / 2
    pixels -= np.stack([right, down], axis=1)[:, None]
    c, s = np.cos(turn)[:, None], np.sin(turn)[:, None]
    x, y = pixels[..., 0], pixels[..., 1]
    return np.stack([c * x + s * y, c * y - s * x], axis=-1)


def _at(at: np.ndarray, times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values [n, ...] at other times, in straight lines."""
    i = np.clip(np.searchsorted(times, at), 1, len(times) - 1)
    share = np.clip((at - times[i - 1]) / (times[i] - times[i - 1]), 0, 1)
    share = share.reshape(-1, *[1] * (values.ndim - 1))
    return (1 - share) * values[i - 1] + share * values[i]


def _swapped(joints: np.ndarray) -> np.ndarray:
    """bool [T]: frames whose left is another frame's right, by the cheapest way through (Viterbi).

    Whoever turns around does so over many frames; a network that mistakes a back for a front swaps
    all the body's sides from one frame to the next.
    """
    sides = np.flatnonzero(np.arange(N_JOINTS) != MIRROR)
    same = np.linalg.norm(np.diff(joints[:, sides], axis=0), axis=-1).mean(axis=1)
    other = joints[1:, sides] - joints[:-1, MIRROR[sides]]
    change = np.linalg.norm(other, axis=-1).mean(axis=1)
    cost, back = np.array([0.0, _SWAP]), []
    for t in range(len(joints) - 1):
        stay, flip = cost + same[t], cost[::-1] + change[t]
        back.append(flip < stay)
        cost = np.minimum(stay, flip) + np.array([0.0, _SWAP])
    state = int(cost[1] < cost[0])
    states = [state]
    for step in reversed(back):
        state = 1 - state if step[state] else state
        states.append(state)
    return np.array(states[::-1], bool)


def _joint_matrices() -> tuple[np.ndarray, np.ndarray]:
    """[19, 33]: joints as sums of landmarks; and whose visibility counts for each."""
    joints, seen = np.zeros((2, N_JOINTS, N_LANDMARKS))
    for name, landmark in _DIRECT.items():
        joints[JOINT[name], landmark] = seen[JOINT[name], landmark] = 1
    for side, other in ("lr", "rl"):  # the network's hips are wide, its toes are tips
        joints[JOINT[f"{side}_hip"], _DIRECT[f"{other}_hip"]] = _HIPS_IN
        joints[JOINT[f"{side}_hip"], _DIRECT[f"{side}_hip"]] = 1 - _HIPS_IN
        joints[JOINT[f"{side}_toe"], _DIRECT[f"{side}_ankle"]] = _TOES_BACK
        joints[JOINT[f"{side}_toe"], _DIRECT[f"{side}_toe"]] = 1 - _TOES_BACK
    for low, high, along in ((_HIPS, _SHOULDERS, _SPINE), (_SHOULDERS, _EARS, _HEAD)):
        for name, share in along.items():
            joints[JOINT[name], list(low)] += (1 - share) / 2
            joints[JOINT[name], list(high)] += share / 2
            seen[JOINT[name], list(low + high)] = 0.25
    return joints, seen


_JOINTS_OF, _SEEN_BY = _joint_matrices()
