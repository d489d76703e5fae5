"""How dancers stay near their places: who walks away turns until the walk leads home.

Enters: where the dancers are, seen from their places, and how they go. Leaves: turns and offsets, a
frame at a time, for rows of dancers. Engine's thread.

A body that is moved sideways slides on the foot it stands on. A turn on that foot does not, so
dancers are steered, as walkers in a virtual room are (redirected walking: Razzaque et al., 2001);
what is left is drawn so slowly that nobody sees it, and only at the edge with force.
"""

import numpy as np

from live.body.pose import FRAME_RATE

_DT = 1.0 / FRAME_RATE
_TURNS_FROM_M, _TURNS_FULLY_M = 0.4, 1.0
_RADIUS_M, _TURN_RAD_S = 0.6, 3.0  # of the curve that leads home; and no faster than that
_DRIFT_S = 0.5  # over which a walk is told from a step to and fro
_FREE_M, _DRAWN_S, _DRAWN_M_S = 0.6, 3.0, 0.15  # half of the speed at which a foot slides
_EDGE_M, _FARTHEST_M = 1.2, 1.5  # from the dancer's place, however fast the network walks
_WALK_M_S = 1.5


def drifting(drift: np.ndarray, velocity: np.ndarray) -> np.ndarray:
    """The mean velocity [N, 2] of the last half second or so, m/s, from the one of a frame ago."""
    return drift + (velocity - drift) * (_DT / _DRIFT_S)


def homeward_turn(offset: np.ndarray, drift: np.ndarray) -> np.ndarray:
    """How far each turns in this frame, radians [N]: not at all near the place, or on the way home.

    offset: metres from their places, drift: m/s; [N, 2] each, (x, z).
    """
    wide = np.clip((_length(offset) - _TURNS_FROM_M) / (_TURNS_FULLY_M - _TURNS_FROM_M), 0.0, 1.0)
    rate = np.minimum(_length(drift) / _RADIUS_M, _TURN_RAD_S)
    away = np.arctan2(-offset[:, 0], -offset[:, 1]) - np.arctan2(drift[:, 0], drift[:, 1])
    away = (away + np.pi) % (2 * np.pi) - np.pi
    return _DT * rate * wide * np.clip(away, -1.0, 1.0)


def bounded(offset: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Offsets from the places [N, 2], drawn back: slowly, and from the edge on at a brisk walk.

    before: those of the last frame. Who is farther than allowed, because places have changed, only
    comes nearer.
    """
    distance = _length(offset)
    slowly = np.minimum(np.maximum(distance - _FREE_M, 0.0) / _DRAWN_S, _DRAWN_M_S)
    beyond = np.maximum(distance - _EDGE_M, 0.0)
    speed = np.minimum(slowly + 2.0 * beyond + 8.0 * beyond**3, _WALK_M_S)
    farthest = np.maximum(_length(before), _FARTHEST_M)
    return (
        offset
        * (np.minimum(distance - speed * _DT, farthest) / np.maximum(distance, 1e-9))[:, None]
    )


def _length(vectors: np.ndarray) -> np.ndarray:
    """[N, 2] to [N]."""
    return np.sqrt(np.add.reduce(np.square(vectors), axis=1))
