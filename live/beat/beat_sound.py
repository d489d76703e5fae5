"""How every beat sounds: its timbre, rhythm, harmony and level, as one short vector.

Enters: feature frames with the beat clock's readings. Leaves: one `BeatSound` a beat. Engine's
thread.
"""

import math
from dataclasses import dataclass

import numpy as np

from live.audio.features import FEATURE_DIM, LOUDNESS, N_BANDS, N_CHROMA, N_MELS, FeatureFrame
from live.beat.estimate import BeatReading

Array = np.ndarray

BANDS = 16  # of the mel spectrum, four mels each
SLOTS = 4  # sixteenths
TIMBRE = slice(0, BANDS)  # in units of UNIT_DB, absolute
RHYTHM = slice(TIMBRE.stop, TIMBRE.stop + SLOTS * N_BANDS)  # onset strength, [slot, band]
CHROMA = slice(RHYTHM.stop, RHYTHM.stop + N_CHROMA)  # of mean 0 and length 1
LEVEL = CHROMA.stop  # in units of UNIT_DB
SOUND_DIM = LEVEL + 1
UNIT_DB = 6.0

_EARLY = 0.1  # of a beat: its stroke may come a little before the clock expects it
_MEL_DB, _LEVEL_DB = 60.0, 80.0  # what 1 stands for in the features
_FLOOR_DB = -70.0  # of a band: what lies below is the room
_LEAST_FRAMES = 3  # a beat of fewer was cut short by a sync


@dataclass(frozen=True)
class BeatSound:
    """beat: its number on the clock; place: in its bar, 0 is the downbeat; sound: float64
    [SOUND_DIM]."""

    beat: int
    place: int
    sound: Array


class BeatSounds:
    """Owns the sums of the beat under way. A beat is cut _EARLY, so that its stroke is in it."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._beat: int | None = None
        self._begin(0, 0)

    def _begin(self, beat: int, place: int) -> None:
        self._place, self._frames = place, 0
        self._sum = np.zeros(FEATURE_DIM)
        self._gain_db = 0.0
        self._rhythm = np.zeros((SLOTS, N_BANDS))

    def push(self, frame: FeatureFrame, reading: BeatReading) -> BeatSound | None:
        """The beat that ended before this frame, if one did."""
        position = reading.beats + _EARLY
        beat = math.floor(position)
        ended = None
        if beat != self._beat:
            if self._beat is not None and self._frames >= _LEAST_FRAMES:
                ended = BeatSound(self._beat, self._place, self._sound())
            self._beat = beat
            in_bar = reading.bar_phase * reading.metre + beat - reading.beats
            self._begin(beat, round(in_bar) % reading.metre)
        self._frames += 1
        self._sum += frame.features
        self._gain_db += frame.gain_db
        slot = self._rhythm[int(SLOTS * (position - beat))]
        np.maximum(slot, frame.onset, out=slot)
        return ended

    def _sound(self) -> Array:
        mean = self._sum / self._frames
        mel_db = mean[:N_MELS] * _MEL_DB + self._gain_db / self._frames
        bands_db = np.maximum(mel_db.reshape(BANDS, -1).mean(axis=1), _FLOOR_DB)
        chroma = mean[-N_CHROMA:] - mean[-N_CHROMA:].mean()
        chroma /= math.sqrt(float(chroma @ chroma)) + 1e-9
        level = (mean[LOUDNESS.start] - 1.0) * _LEVEL_DB / UNIT_DB
        return np.concatenate([bands_db / UNIT_DB, self._rhythm.ravel(), chroma, [level]])
