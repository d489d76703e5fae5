"""Who follows whom: everybody together, mirrored pairs, two halves, a soloist and a crew.

Enters: the name of an ensemble, and whether a phrase is a call or its answer. Leaves: a `Cast`.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from live.osc.schema import MAX_DANCERS

_SOLO, _CREW, _RESTING = 0.5, -0.4, -1.2  # energy
_REST_NOISE = 0.4
_DANCERS = np.arange(MAX_DANCERS)


@dataclass(frozen=True)
class Cast:
    """A row each dancer that may be. leaders: int, whose dance is shared; twins: int, whose dance
    is danced whole; mirrored: bool; energy: float32, added; noise: float32, its share."""

    leaders: np.ndarray
    twins: np.ndarray
    mirrored: np.ndarray
    energy: np.ndarray
    noise: np.ndarray


@lru_cache(maxsize=64)
def cast_of(ensemble: str, called: bool, answers: bool, alone: bool) -> Cast:
    """called, answers: of a phrase, see `live.dance.choreography.form.Part`. alone: one dancer, who
    answers with the mirror image."""
    leaders, twins = np.zeros(MAX_DANCERS, int), _DANCERS
    mirrored = np.zeros(MAX_DANCERS, bool)
    energy, noise = np.zeros(MAX_DANCERS, np.float32), np.ones(MAX_DANCERS, np.float32)
    if alone:
        mirrored[:] = answers
    elif called or answers:
        resting = (1 if called else 0) == _DANCERS % 2
        energy[resting], noise[resting] = _RESTING, _REST_NOISE
    elif ensemble == "pairs":
        twins, mirrored = _DANCERS - _DANCERS % 2, _DANCERS % 2 == 1
    elif ensemble == "halves":
        leaders = _DANCERS % 2
    elif ensemble == "solo":
        leaders = np.minimum(_DANCERS, 1)
        energy = np.where(_DANCERS == 0, _SOLO, _CREW).astype(np.float32)
    return Cast(leaders, twins, mirrored, energy, noise)


def order_of(ensemble: str) -> np.ndarray:
    """int [MAX_DANCERS]: who comes how many places later in a canon; pairs come together."""
    return _DANCERS // 2 if ensemble == "pairs" else _DANCERS
