"""Which beat of the bar it is, and whether a bar has two, three, four or six.

Enters: where the clock stands, and how the filter shares its belief among the beats of all metres.
Leaves: a metre and an offset that do not flicker. Engine's thread.

The filter (`live/beat/filter.py`) weighs; here is decided: what is counted stays until another
place is clearly likelier. The operator's half and double change how many beats a bar has, not
where it begins.
"""

import numpy as np

from live.beat.filter import FIRSTS, METRES

_SURE = 0.45  # probability that a new place needs to displace the old one
_RATIO = 2.5  # and how much likelier it has to be
_METRE_OF_BEAT = np.repeat(METRES, METRES)
_PLACE_OF_BEAT = np.arange(len(_METRE_OF_BEAT)) - np.repeat(FIRSTS, METRES)


class BarCounter:
    """Follows the beat count of the clock that owns it."""

    def __init__(self) -> None:
        self.metre = METRES[0]
        self.offset = 0  # beat index of a downbeat, modulo metre

    def phase(self, beats: float) -> float:
        """Position in the bar, [0, 1), of a position in beats."""
        return ((beats - self.offset) % self.metre) / self.metre

    def hear(self, beats: float, phase: float, bars: np.ndarray, scale: float = 1.0) -> None:
        """beats: where the clock stands; phase: where the tracker does, from the beat that `bars`
        is about (float [15], see `Hypothesis`); scale: beats of the clock in one of the tracker."""
        best = int(bars.argmax())
        chosen = self._count(best, beats, phase, scale)
        if chosen is None or chosen == (self.metre, self.offset) or bars[best] < _SURE:
            return
        now = sum(
            float(bars[place])
            for place in range(len(bars))
            if self._count(place, beats, phase, scale) == (self.metre, self.offset)
        )
        if bars[best] > _RATIO * now:
            self.metre, self.offset = chosen

    def place(self, beats: float, bar_beat: float) -> None:
        """Take over a bar of four from a source that counts: `bar_beat` is where `beats` stands."""
        self.metre = METRES[0]
        self.offset = round(beats - bar_beat) % self.metre

    def _count(self, beat: int, beats: float, phase: float, scale: float) -> tuple[int, int] | None:
        """Metre and offset in the clock's beats, if the tracker's beat is the one numbered `beat`;
        None where the clock's bar would not begin where the tracker's does."""
        heard = int(_METRE_OF_BEAT[beat])
        metre = _scaled(heard, scale)
        if metre is None:
            return None
        downbeat = beats - scale * (int(_PLACE_OF_BEAT[beat]) + phase)
        return metre, round(downbeat) % metre


def _scaled(metre: int, scale: float) -> int | None:
    """Beats in a bar once half or double is played; bars of eight and more are halved."""
    beats = metre * scale
    while beats > max(METRES) and beats % 2 == 0:
        beats /= 2
    return int(beats) if beats in METRES else None
