"""How a bar sounds: timbre, harmony and rhythm of every bar of the beat clock.

Enters: feature frames with the clock's readings. Leaves: one vector a bar. Engine's thread.
"""

import numpy as np

from live.audio.features import FEATURE_DIM, N_CHROMA, N_MELS, FeatureFrame
from live.beat.clock import BeatReading

_BANDS = 16  # of the mel spectrum, four mels each
_SLOTS = 8  # of a bar, for the rhythm
_MEL_DB = 60.0
_SCALE_DB = 6.0
_FLOOR_DB = -80.0
_LEAST_FRAMES = 8  # of a bar; less is a downbeat found anew


class BarSounds:
    """Owns the sums of the bar under way."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._bar_phase = 0.0
        self._clear()

    def _clear(self) -> None:
        self._frames = 0
        self._sum = np.zeros(FEATURE_DIM)
        self._gain_db = 0.0
        self._level = 0.0
        self._rhythm = np.zeros((_SLOTS, 3))

    def push(self, frame: FeatureFrame, reading: BeatReading) -> tuple[np.ndarray, float] | None:
        """The vector float64 [52] and the level in dB of the bar that this frame ended, if any."""
        back = self._bar_phase - reading.bar_phase
        self._bar_phase = reading.bar_phase
        ended = None
        if back > 0.5 and self._frames >= _LEAST_FRAMES:
            ended = self._sound()
            self._clear()
        self._frames += 1
        self._sum += frame.features
        self._gain_db += frame.gain_db
        self._level += frame.level
        slot = self._rhythm[int(_SLOTS * reading.bar_phase) % _SLOTS]
        np.maximum(slot, frame.onset, out=slot)
        return ended

    def _sound(self) -> tuple[np.ndarray, float]:
        mean = self._sum / self._frames
        mel_db = mean[:N_MELS] * _MEL_DB + self._gain_db / self._frames
        bands = mel_db.reshape(_BANDS, -1).mean(axis=1)
        chroma = mean[-N_CHROMA:]
        vector = np.concatenate(
            [bands / _SCALE_DB, 2.0 * (chroma - chroma.mean()), 2.0 * self._rhythm.ravel()]
        )
        return vector, -_FLOOR_DB * (self._level / self._frames - 1.0)
