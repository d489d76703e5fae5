"""Does a long dance loop?

Enters: an hour of one dancer. Leaves: its longest stretch that was danced before, to within 2 cm.
"""

import numpy as np

from live.body.pose import FRAME_RATE, encode, split
from model.data.accents import still_frames

_EVERY = 6  # frames: five moments a second are looked up among all of them
_SAME_M = 0.02
_APART_S = 8.0  # what follows at once on itself is one movement


def longest_return_s(joints: np.ndarray, reference_m_s: float) -> float:
    """Seconds of the longest stretch of a dance [T, 19, 3] at 30 fps that goes the way an earlier
    stretch went, joints within 2 cm (root mean square, in the heading frame), 8 s or more apart.
    Stillness, as of `range_of_motion` with the same `reference_m_s`, is no return."""
    poses = split(encode(joints))[0].reshape(len(joints), -1).astype(np.float32)
    moves = np.append(~still_frames(joints, reference_m_s), False)
    squares = (poses**2).sum(axis=1)
    limit = _SAME_M**2 * poses.shape[1] / 3
    run = np.zeros(len(poses), np.int32)
    most = 0
    for now in range(0, len(poses), _EVERY):
        earlier = now - round(_APART_S * FRAME_RATE)
        shifted = np.zeros_like(run)
        shifted[_EVERY:] = run[:-_EVERY]
        if earlier <= 0 or not moves[now]:
            run = np.zeros_like(run)
            continue
        apart = squares[now] - 2 * poses[:earlier] @ poses[now] + squares[:earlier]
        run = np.zeros_like(run)
        run[:earlier] = np.where(apart < limit, shifted[:earlier] + 1, 0)
        most = max(most, int(run.max()))
    return most * _EVERY / FRAME_RATE
