"""Beat grids of what carries none: the steady pulse that best fits an envelope of accents.

Enters: an envelope (decelerations of a body, onsets of a recording) at a fixed rate. Leaves: one
tempo and phase for all of it, and how far to trust them. Tempi are searched only where the dance
is danced at all, since an accent on every second beat fits half the tempo as well.
"""

from typing import NamedTuple

import numpy as np

_STEP_BPM = 0.05
_FINE_BPM = 0.002  # over four minutes .025 BPM off are a tenth of a beat
_PIECES = 4


class Grid(NamedTuple):
    """Beat k falls where tempo_bpm / 60 t + phase = k.

    strength: |mean e exp(-2 pi i beats)| / std e, 0..1; consistency: length of the mean of the
    pieces' unit phasors, 1 where all of it agrees.
    """

    tempo_bpm: float
    phase: float
    strength: float
    consistency: float


def fit_grid(envelope: np.ndarray, rate: float, low_bpm: float, high_bpm: float) -> Grid:
    """The steady grid between two tempi whose phasor is the longest (a comb of one harmonic).

    envelope: float [T], zero mean, at `rate` per second.
    """
    time_s = np.arange(len(envelope)) / rate

    def turned(tempo_bpm: float) -> np.ndarray:
        return envelope * np.exp(-2j * np.pi * tempo_bpm / 60 * time_s)

    def best_of(tempi: np.ndarray) -> float:
        return float(max(tempi, key=lambda tempo: abs(turned(tempo).mean())))

    coarse = best_of(np.arange(low_bpm, high_bpm + _STEP_BPM / 2, _STEP_BPM))
    tempo = best_of(coarse + np.arange(-_STEP_BPM / 2, _STEP_BPM / 2 + _FINE_BPM / 2, _FINE_BPM))
    phasor = turned(tempo).mean()
    pieces = np.array([piece.mean() for piece in np.array_split(turned(tempo), _PIECES)])
    agreeing = pieces / np.maximum(np.abs(pieces), 1e-12)
    # The accent is where tempo / 60 t has the phasor's angle: that is where the beat is put.
    phase = float(np.angle(phasor) / (2 * np.pi)) % 1.0
    spread = max(float(envelope.std()), 1e-12)
    return Grid(tempo, phase, abs(phasor) / spread, abs(agreeing.mean()))
