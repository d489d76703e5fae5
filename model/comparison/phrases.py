"""Does a dance come back to what it danced before, phrase by phrase, as choreographies do?

Enters: takes. Leaves: distances between their phrases of 8 beats, in metres.
"""

from collections.abc import Sequence

import numpy as np

from live.body.pose import encode, split
from model.evaluation.take import Take

_BEATS = 8
_MOMENTS = 6  # a beat
_PHRASES = 4  # in a row that are compared with each other, so that lengths of takes do not matter


def phrases(takes: Sequence[Take]) -> dict[str, float]:
    """Mean distance of the joints, in the heading frame, at the same moment of a phrase of 8 beats:
    of the nearest of three neighbours, phrase_nearest_m, and of all three, phrase_other_m; and the
    one over the other, phrase_again: 0 where a phrase comes back as it was, 1 where none is like
    another. Of takes of four phrases and more; NaN without such a take.
    """
    nearest, other = [], []
    for take in takes:
        poses = _phrases(take)
        for first in range(0, len(poses) - _PHRASES + 1, _PHRASES):
            row = poses[first : first + _PHRASES]
            apart = np.linalg.norm(row[:, None] - row[None], axis=-1).mean(axis=(2, 3))
            distances = apart[~np.eye(_PHRASES, dtype=bool)].reshape(_PHRASES, -1)
            nearest.append(distances.min(axis=1).mean())
            other.append(distances.mean())
    if not nearest:
        return dict.fromkeys(("phrase_nearest_m", "phrase_other_m", "phrase_again"), np.nan)
    near, far = float(np.mean(nearest)), float(np.mean(other))
    return {
        "phrase_nearest_m": near,
        "phrase_other_m": far,
        "phrase_again": near / far if far > 1e-6 else 0.0,
    }


def _phrases(take: Take) -> np.ndarray:
    """[phrases, moments, 19, 3]."""
    joints = split(encode(take.joints))[0]
    first = np.ceil(take.beats[0])
    count = int((take.beats[len(joints) - 1] - first) // _BEATS)
    moments = first + np.arange(count * _BEATS * _MOMENTS) / _MOMENTS
    frames = np.searchsorted(take.beats[: len(joints)], moments).clip(0, len(joints) - 1)
    return joints[frames].reshape(count, _BEATS * _MOMENTS, *joints.shape[1:])
