"""Where things are in time, and how they are laid there: beat grids, patterns, a small mixer.

Enters: tempi, patterns, one-shots. Leaves: beat times in seconds, strokes and notes in steps, and
buffers float32 [T]. Every function is pure, so any thread may call them.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Section:
    """A stretch of a track: where it starts (s), its tempo, and a name such as "break"."""

    start_s: float
    tempo_bpm: float
    name: str


@dataclass(frozen=True)
class BeatGrid:
    """Beat times of a track, the closing beat included.

    beats_s: float64 [n + 1], seconds, increasing.
    """

    beats_s: Array

    @classmethod
    def from_tempo(cls, tempo_bpm: Array, start_s: float = 0.0) -> "BeatGrid":
        """Grid whose beat i lasts 60 / tempo_bpm[i] seconds; tempo_bpm: float [n]."""
        return cls(start_s + np.concatenate([[0.0], np.cumsum(60.0 / np.asarray(tempo_bpm))]))

    def at(self, beat: Array) -> Array:
        """Seconds of a (fractional) beat position; held at both ends of the grid."""
        return np.interp(beat, np.arange(len(self.beats_s)), self.beats_s)


def swing(beat: Array, amount: float, unit: float) -> Array:
    """Delay the off-beats of a straight grid; whole pairs of units, so all beats, stay put.

    beat: positions in beats; amount: 0 straight, 1 triplet feel (2:1); unit: length in beats
    of the note that swings, 1/2 (eighths) or 1/4 (sixteenths).
    """
    pair, within = np.divmod(np.asarray(beat, np.float64), 2 * unit)
    middle = unit * (1 + amount / 3)
    return 2 * unit * pair + np.interp(within, [0, unit, 2 * unit], [0, middle, 2 * unit])


ACCENTS = {"X": 1.0, "x": 0.75, "o": 0.4}


@lru_cache(1024)
def hits(pattern: str) -> tuple[tuple[int, float], ...]:
    """Read a drum pattern: (step, velocity in 0..1) for each X, x or o; "." is a rest."""
    return tuple((i, ACCENTS[c]) for i, c in enumerate(pattern) if c != ".")


@lru_cache(1024)
def held(pattern: str) -> tuple[tuple[int, int, str], ...]:
    """Read a pattern of held notes: (step, length in steps, symbol); "=" holds, "." rests."""
    notes: list[tuple[int, int, str]] = []
    for step, symbol in enumerate(pattern):
        if symbol == "=" and notes:
            first, length, kind = notes[-1]
            notes[-1] = (first, length + 1, kind)
        elif symbol not in "=.":
            notes.append((step, 1, symbol))
    return tuple(notes)


# ---- mixing ----------------------------------------------------------------------------------


def place(buffer: Array, shot: Array, starts: Array, gains: Array) -> None:
    """Add one shot to `buffer` at each start sample with its gain; what overhangs is cut."""
    size = len(buffer)
    for start, gain in zip(np.maximum(starts, 0).tolist(), gains.tolist(), strict=True):
        end = min(start + len(shot), size)
        if end > start:
            buffer[start:end] += np.float32(gain) * shot[: end - start]


def fast_length(size: int) -> int:
    """Smallest 2^a * 3^b * 5^c of at least `size`: lengths at which the FFT is quick."""
    best = 1 << max(size - 1, 0).bit_length()
    for odd in (3, 5, 9, 15, 25, 27, 45, 75, 81, 125, 135, 225, 243, 375, 405, 625):
        best = min(best, odd << max((size - 1) // odd, 0).bit_length())
    return best


def shelf_gain(
    freq_hz: Array, low_db: float, high_db: float, low_hz=250.0, high_hz=3000.0
) -> Array:
    """Gain of a low and a high shelf at `freq_hz`, as linear factors (zero phase)."""
    grid = np.geomspace(20.0, 100_000.0, 256)
    low = low_db / (1 + (grid / low_hz) ** 2)
    high = high_db / (1 + (high_hz / grid) ** 2)
    gain = 10 ** ((low + high) / 20)
    return np.interp(freq_hz, grid, gain).astype(np.float32)


def duck(size: int, starts: Array, depth: float, recover: int) -> Array:
    """Side-chain gain: falls to 1 - depth at each start, back to 1 after `recover` samples.

    Returns float32 [size]; what a kick does to the rest of a house mix.
    """
    gain = np.ones(size, np.float32)
    dip = (1 - depth * (1 - np.linspace(0, 1, recover)) ** 1.5).astype(np.float32)
    for start in np.maximum(starts, 0).tolist():
        end = min(start + recover, size)
        if end > start:
            gain[start:end] = dip[: end - start]
    return gain
