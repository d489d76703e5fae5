"""Loudness and hits spread over the whole range of a fader, whatever the music's own range is.

A mastered track moves within a fifth of the decibels there are, and its cymbals are a tenth as
strong as its kick. What is loud and what is quiet is learned from what was heard in the last half
minute. Enters: values 0 to 1, time after time. Leaves: the same, stretched. Engine's thread.
"""

import math

import numpy as np

_LOUD_S, _QUIET_S = 40.0, 20.0  # how slowly the loud and the quiet end are forgotten
_LEAST_RANGE = 0.15  # 12 dB: less is not stretched to the whole
_SILENT = 0.2  # as `live.show.loudness.QUIET_LEVEL`: below it nothing is playing
_HIT_S = 12.0  # how slowly a strong hit is forgotten
_WEAKEST_HIT = 0.12  # of full: hits that are always weaker are noise, and stay small


class LoudnessRange:
    """Owns the loud and the quiet end."""

    def __init__(self) -> None:
        self._loud, self._quiet = 1.0, 0.0

    def step(self, level: float, dt_s: float) -> float:
        """level: 0 to 1 in decibels, as the stream has it. Silence is 0, and changes nothing."""
        if not level > _SILENT:
            return 0.0
        self._loud = max(level, self._loud + (level - self._loud) * _share(dt_s, _LOUD_S))
        self._quiet = min(level, self._quiet + (level - self._quiet) * _share(dt_s, _QUIET_S))
        low = min(self._quiet, self._loud - _LEAST_RANGE)
        return min(max((level - low) / (self._loud - low), 0.0), 1.0)


class HitRange:
    """Owns the strongest hit of each band."""

    def __init__(self, bands: int = 3):
        self._strongest = np.ones(bands)

    def step(self, onset: np.ndarray, dt_s: float) -> np.ndarray:
        """onset: [bands], 0 to 1."""
        fallen = self._strongest * (1.0 - _share(dt_s, _HIT_S))
        self._strongest = np.maximum(np.fmax(onset, fallen), _WEAKEST_HIT)
        return np.fmin(onset / self._strongest, 1.0)


def _share(dt_s: float, slow_s: float) -> float:
    return 1.0 - math.exp(-dt_s / slow_s) if dt_s > 0 else 0.0
