"""A planned score as it is danced: which of its parts begin now.

Enters: the place in the song, once a frame. Leaves: parts of the score. Engine's thread.
"""

import math

from live.dance.material.score_file import PlannedScore, ScorePart

# A phrase begins with the next beat of the dancers, who may be ahead of the music's: so a part is
# begun a quarter of a beat before its bar.
_EARLY_BARS = 1 / 16


class Timeline:
    """Owns the place in a score. It begins anew where the song does."""

    def __init__(self, score: PlannedScore):
        self._score = score
        self._next = 0
        self._ends = math.inf  # bars, of the part that is danced
        self._bars = 0.0

    def step(self, bars: float, seconds: float, metre: int, beats_in_bar: float) -> list[ScorePart]:
        """bars, seconds: since the song began. metre: beats of the music in a bar; beats_in_bar:
        the dancers' own."""
        if bars < self._bars - 1:
            self._next, self._ends = 0, math.inf
        self._bars = bars
        begun = []
        while self._next < len(self._score.parts):
            part = self._score.parts[self._next]
            if not self._has_come(part, bars, seconds):
                break
            self._ends = self._start_of(part, bars, metre) + self._length(part, beats_in_bar)
            self._next += 1
            begun.append(part)
        return begun

    def _has_come(self, part: ScorePart, bars: float, seconds: float) -> bool:
        if part.moment is None:
            return bars >= self._ends - _EARLY_BARS
        return part.moment.has_come(bars, seconds, _EARLY_BARS)

    def _start_of(self, part: ScorePart, bars: float, metre: int) -> float:
        """Bars; a time is the next beat after it."""
        if part.moment is None:
            return self._ends
        if part.moment.bar is not None:
            return part.moment.bar - 1.0
        return math.ceil(bars * metre) / metre

    def _length(self, part: ScorePart, beats_in_bar: float) -> float:
        """Bars; a part that is composed and says none goes on until the next one's moment."""
        if not part.uses:
            return part.bars or math.inf
        beats = sum(self._score.phrases[use.name].beats for use in part.uses)
        return part.times * beats / beats_in_bar
