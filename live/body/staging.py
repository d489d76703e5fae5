"""Where the dancers are to be, and how they keep from running into each other.

Enters: places and wanted positions. Leaves: positions, a frame at a time. Engine's thread.
"""

from dataclasses import dataclass

import numpy as np

from live.body.pose import FRAME_RATE

NEAREST_M = 0.45  # between two roots: shoulders are 0.4 m wide
_POLITE_M = 0.8  # nearer than this, they give way
_GIVE_WAY_PER_S = 1.5  # of what is lacking
_ROUNDS = 6


@dataclass(frozen=True)
class Staging:
    """A row each dancer. places: float64 [N, 2], metres (x, z); mirrored: bool [N]; together: 0..1,
    how much everybody keeps to the first dancer, about their own place."""

    places: np.ndarray
    mirrored: np.ndarray
    together: float = 0.0


def kept_apart(before: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Positions [N, 2] near those wanted, no two nearer than NEAREST_M if none were before.

    Who is near gives way. Whoever would still be too near stays where they were, for there was
    room; where that takes somebody else's room, they stay as well.
    """
    if len(wanted) < 2 or _nearest(wanted) >= _POLITE_M:
        return wanted
    moved = wanted + _pushes(wanted, _POLITE_M) * min(_GIVE_WAY_PER_S / FRAME_RATE, 1.0)
    for _ in range(_ROUNDS):
        push = _pushes(moved, NEAREST_M + 0.01)
        if not push.any():
            break
        moved = moved + push
    stay = np.zeros(len(wanted), bool)
    for _ in range(len(wanted)):
        held = np.where(stay[:, None], before, moved)
        near = _distances(held) < NEAREST_M
        if not (near.any(axis=1) & ~stay).any():
            return held
        stay |= near.any(axis=1)
    return before


def free_place(place: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """The place (x, z) itself, or the first behind it at which nobody stands."""
    place = place.copy()
    while len(taken) and np.linalg.norm(taken - place, axis=1).min() < _POLITE_M:
        place[1] -= 0.5
    return place


def _distances(positions: np.ndarray) -> np.ndarray:
    """float64 [N, N]; infinite from each to itself."""
    between = positions[:, None] - positions
    distances = np.sqrt(np.einsum("ijk,ijk->ij", between, between))
    np.fill_diagonal(distances, np.inf)
    return distances


def _nearest(positions: np.ndarray) -> float:
    return float(_distances(positions).min())


def _pushes(positions: np.ndarray, reach_m: float) -> np.ndarray:
    """Half of what each pair lacks to reach_m, away from each other: float64 [N, 2]."""
    between = positions[:, None] - positions
    distances = _distances(positions)
    lacking = np.maximum(reach_m - distances, 0.0)
    return (between * (lacking / np.maximum(distances, 1e-6) / 2)[..., None]).sum(axis=1)
