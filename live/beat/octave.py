"""After a jump of tempo: is what is followed twice the beat?

Enters: what the evidence network believes, tick by tick, and the beat that is followed. Leaves: the
beat at half that tempo, when it is clearly the right one. Engine's thread.

The filter remembers the old tempo, and strokes between the beats speak for twice the new one: from
174 to 90 BPM it goes to 180, next to where it was. What the network believes tells the two apart
within two seconds: at twice the tempo nobody believes every other beat. That alone is no reason,
half-time grooves sound like that; it counts where every beat was believed at the old tempo, and
the tempo then moved.
"""

import numpy as np

from live.audio.features import TICKS_PER_FRAME
from live.beat.evidence import TICKS_OF_A_BEAT
from live.beat.filter import FRAME_S, TICK_RATE_HZ

_WINDOW_S = 2.0
_NEAR_S = 0.05  # of a followed beat
_EVERY = 6  # frames: how often the beats of the last seconds are looked at
_LOOKS = 3  # in a row that have to find it: just after a jump the network may be late
_USUAL_S = 8.0  # over which it is remembered that every beat was believed
_TEMPO_S = 4.0  # over which the tempo is averaged
_MOVED = 0.012  # of the tempo against that mean: slower than a player drifts
_ARMED_S = 5.0  # after the move
_WAS_BELIEVED = 0.5  # of the weaker of two beats against the stronger, before
_NOT_BELIEVED = 0.4  # and after
_CLEAR = 0.6  # belief in the stronger
_MET = 0.65  # share of all that is believed that the stronger ones meet


class OctaveCheck:
    """Owns the belief of the last seconds, and how the tempo has moved.

    min_bpm: no tempo under it is one to follow.
    """

    def __init__(self, min_bpm: float) -> None:
        self._min_bpm = min_bpm
        self._chances = np.zeros(round(_WINDOW_S * TICK_RATE_HZ))  # newest last
        self._ages = np.arange(len(self._chances))[::-1] / TICK_RATE_HZ
        self._until = _EVERY
        self._found = 0
        self._usual = 0.0
        self._log_tempo: float | None = None
        self._armed_s = 0.0

    def step(
        self, chance: np.ndarray, phase: float, tempo_bpm: float
    ) -> tuple[float, float] | None:
        """chance: float [4], of a beat per tick; phase, tempo_bpm: of the beat followed, at the
        last tick. Returns phase and tempo of the beat at half the tempo if that is to be
        followed."""
        self._chances[:-TICKS_PER_FRAME] = self._chances[TICKS_PER_FRAME:]
        self._chances[-TICKS_PER_FRAME:] = chance
        self._follow_tempo(float(np.log(tempo_bpm)))
        self._until -= 1
        if self._until:
            return None
        self._until = _EVERY
        even, odd = self._believed(phase, tempo_bpm)
        weak, strong = sorted((even, odd))
        clear = strong > _CLEAR * TICKS_OF_A_BEAT * _WINDOW_S * tempo_bpm / 120
        share = weak / strong if clear else 0.0
        self._usual += _EVERY * FRAME_S / _USUAL_S * (share - self._usual)
        met = strong > _MET * self._chances.sum()
        slow = tempo_bpm < 2 * self._min_bpm
        found = self._armed_s > 0 and clear and met and share < _NOT_BELIEVED and not slow
        self._found = self._found + 1 if found else 0
        if self._found < _LOOKS:
            return None
        self._armed_s = self._usual = 0.0
        return (phase if even > odd else phase + 1) / 2, tempo_bpm / 2

    def _follow_tempo(self, log_tempo: float) -> None:
        if self._log_tempo is None:
            self._log_tempo = log_tempo
        self._log_tempo += FRAME_S / _TEMPO_S * (log_tempo - self._log_tempo)
        self._armed_s = max(self._armed_s - FRAME_S, 0.0)
        if abs(log_tempo - self._log_tempo) > _MOVED and self._usual > _WAS_BELIEVED:
            self._armed_s = _ARMED_S

    def _believed(self, phase: float, tempo_bpm: float) -> tuple[float, float]:
        """Sum of the chances near the beat that `phase` counts from, the second before it and so
        on, and near those between."""
        beats_s = tempo_bpm / 60
        place = phase - self._ages * beats_s
        beat = np.rint(place)
        near = np.abs(place - beat) < _NEAR_S * beats_s
        even, odd = np.bincount(beat[near].astype(int) % 2, self._chances[near], 2)
        return float(even), float(odd)
