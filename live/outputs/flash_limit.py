"""Safe for photosensitive people: what may be light flashes no more often than the screen.

Enters: what the signals of one receiver say, time after time. Leaves: the same, with the rises
left out that would make more flashes than allowed; what one is, `live.flashes` says, for the
picture as well. In the thread of who sends.

The beat, the hits and the colours may belong to one lamp: they rise together or not at all, and
where the beat is known the beat goes first.
"""

from collections.abc import Sequence

from live.flashes import FLASHES_PER_S, UNLIMITED, Budget, Swing
from live.outputs.signals import FILTERS, Reader, Signal

_TOGETHER_S = 0.05  # rises within this are one flash


class FlashLimit:
    """Keeps where each signal stands. flashes_per_s: 0 to 30; 0 holds every flash down, 30 none."""

    def __init__(self, signals: Sequence[Signal], flashes_per_s: int = FLASHES_PER_S):
        self.signals = tuple(signals)
        self._is_on = flashes_per_s < UNLIMITED
        self._swings = [Swing(Budget(flashes_per_s)) for _ in self.signals]
        self._before = [0.0] * len(self.signals)  # what each was asked to be the last time
        self._together = Budget(flashes_per_s)

    def step(self, reader: Reader) -> list[float | None]:
        """A value for each signal, None at rest."""
        values = [reader.value(signal) for signal in self.signals]
        if not self._is_on:
            return values
        return [
            value if value is None or not signal.is_limited else self._light(i, value, reader)
            for i, (signal, value) in enumerate(zip(self.signals, values, strict=True))
        ]

    def _light(self, i: int, value: float, reader: Reader) -> float:
        """What takes light away flashes where it falls."""
        if self.signals[i].name in FILTERS:
            return 1.0 - self._limit(i, 1.0 - value, reader)
        return self._limit(i, value, reader)

    def _limit(self, i: int, value: float, reader: Reader) -> float:
        swing = self._swings[i]
        begins, before = swing.follow(value), self._before[i]
        self._before[i] = value
        if begins and value >= before and self._may_begin(i, reader):
            swing.rise(value, reader.levels.time_s)
            return value
        return swing.held if begins else value

    def _may_begin(self, i: int, reader: Reader) -> bool:
        signal, now_s = self.signals[i], reader.levels.time_s
        if not self._swings[i].budget.allows(now_s):
            return False
        if not signal.is_together or now_s - self._together.last_s <= _TOGETHER_S:
            return True
        comes_soon = reader.levels.next_beat_s < self._together.interval_s
        if (comes_soon and not signal.is_on_the_beat) or not self._together.allows(now_s):
            return False
        self._together.spend(now_s)
        return True
