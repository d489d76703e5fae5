"""Which beat of the bar it is, and whether a bar has two, three, four or six.

Enters: where the clock stands, how the filter shares its belief among the beats of all metres, and
how every beat sounded. Leaves: a metre and an offset that do not flicker. Engine's thread.

Two hear the bar: the filter (`live/beat/filter.py`), stroke by stroke, and the bar evidence
(`live/beat/bar_evidence.py`), beat by beat. They err on different music, so what they believe is
multiplied. Here is decided: what is counted stays until another place is clearly likelier. The
operator's half and double change how many beats a bar has, not where it begins.
"""

import numpy as np

from live.beat.bar_evidence import BarEvidence
from live.beat.beat_sound import BeatSound
from live.beat.filter import FIRSTS, METRE_SHARES, METRES, N_BEATS

_SURE = 0.45  # probability that a new place needs to displace the old one
_RATIO = 2.5  # and how much likelier it has to be
_METRE_OF_BEAT = np.repeat(METRES, METRES)
_PLACE_OF_BEAT = np.arange(N_BEATS) - np.repeat(FIRSTS, METRES)
_FIRST_OF_METRE: dict[int, int] = dict(zip(METRES, FIRSTS, strict=True))
_PRIOR = np.repeat(np.array(METRE_SHARES) / METRES, METRES)
# The network's chances are of neighbouring beats of one sound, and surer than they are right.
_WEIGHT = 0.6
_LIMITS = (0.02, 0.9)
_LEAK = 0.03  # a beat: share that is forgotten
_DOWNBEAT_SHARE = 0.25


class HeardBars:
    """How likely each metre and offset is by the sound of the beats: in the clock's own count, so
    that nothing has to be moved from beat to beat."""

    def __init__(self) -> None:
        self._network = BarEvidence()
        self.reset()

    def reset(self) -> None:
        self._network.reset()
        self.likelihood = np.ones(N_BEATS)  # of each offset of each metre, the prior left out

    def push(self, beat: int, sound: np.ndarray) -> None:
        """The beat of this number has ended."""
        chance = float(np.clip(self._network.push(sound), *_LIMITS))
        is_first = (beat - _PLACE_OF_BEAT) % _METRE_OF_BEAT == 0
        odds = np.where(is_first, chance / _DOWNBEAT_SHARE, (1 - chance) / (1 - _DOWNBEAT_SHARE))
        believed = _PRIOR * self.likelihood * odds**_WEIGHT
        believed = (1 - _LEAK) * believed / believed.sum() + _LEAK * _PRIOR
        self.likelihood = believed / _PRIOR


class BarCounter:
    """Follows the beat count of the clock that owns it."""

    def __init__(self) -> None:
        self.metre = METRES[0]
        self.offset = 0  # beat index of a downbeat, modulo metre
        self._heard = HeardBars()

    def phase(self, beats: float) -> float:
        """Position in the bar, [0, 1), of a position in beats."""
        return ((beats - self.offset) % self.metre) / self.metre

    def hear_beat(self, ended: BeatSound) -> None:
        """A beat of the clock has ended."""
        self._heard.push(ended.beat, ended.sound)

    def forget(self) -> None:
        """The clock counts other beats from now on."""
        self._heard.reset()

    def hear(self, beats: float, phase: float, bars: np.ndarray, scale: float = 1.0) -> None:
        """beats: where the clock stands; phase: where the tracker does, from the beat that `bars`
        is about (float [15], see `Hypothesis`); scale: beats of the clock in one of the tracker."""
        believed = self._in_clock_beats(beats, phase, bars, scale)
        total = believed.sum()
        if not total > 0:
            return
        best = int(believed.argmax())
        chosen = int(_METRE_OF_BEAT[best]), int(_PLACE_OF_BEAT[best])
        if chosen == (self.metre, self.offset) or believed[best] < _SURE * total:
            return
        if believed[best] > _RATIO * believed[_FIRST_OF_METRE[self.metre] + self.offset]:
            self.metre, self.offset = chosen

    def place(self, beats: float, bar_beat: float) -> None:
        """Take over a bar of four from a source that counts: `bar_beat` is where `beats` stands."""
        self.metre = METRES[0]
        self.offset = round(beats - bar_beat) % self.metre

    def _in_clock_beats(
        self, beats: float, phase: float, bars: np.ndarray, scale: float
    ) -> np.ndarray:
        """float [15], the belief in each offset of each metre, not normalised. What the clock's bar
        would not begin with is left out."""
        metres = _SCALED[scale]
        known = metres > 0
        metre = metres[known]
        offset = np.rint(beats - scale * (_PLACE_OF_BEAT[known] + phase)).astype(int) % metre
        index = _FIRST_TABLE[metre] + offset
        return np.bincount(index, bars[known], N_BEATS) * self._heard.likelihood


def _scaled(scale: float) -> np.ndarray:
    """Beats in a bar, int [15], once half or double is played; bars of eight and more are halved;
    0 where there is no such bar."""
    metres = []
    for heard in _METRE_OF_BEAT:
        beats = heard * scale
        while beats > max(METRES) and beats % 2 == 0:
            beats /= 2
        metres.append(int(beats) if beats in METRES else 0)
    return np.array(metres)


_SCALED = {scale: _scaled(scale) for scale in (0.25, 0.5, 1.0, 2.0, 4.0)}
_FIRST_TABLE = np.array([_FIRST_OF_METRE.get(metre, 0) for metre in range(max(METRES) + 1)])
