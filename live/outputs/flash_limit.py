"""Safe for photosensitive people: the levels that may be light flash no more often than the screen.

Enters: the levels as they are, time after time, of one receiver. Leaves: the same, with the rises
left out that would make more flashes than allowed. As in `visuals.draw.safety`, after WCAG 2.3.1: a
flash is a rise by a tenth of full after a fall as large, at most three in any second. In the thread
of who sends.

The beat and the hits may be red, green and blue of one lamp: they rise together or not at all, and
where the beat is known the beat goes first.
"""

import math
from collections import deque
from dataclasses import dataclass

from live.outputs.levels import LEVELS, PLACES, Levels

FLASHES_PER_S = 3
UNLIMITED = 30
"""So many flashes a second or more are not limited at all."""

_STEP = 0.1  # of full: what counts as a rise or a fall
_HELD = 0.09  # a rise that must not count stops here
_EVEN = 0.97  # of the mean interval: nearer to each other no two are, so that they come evenly
_TOGETHER_S = 0.05  # rises within this are one flash
_NAMES = tuple(LEVELS)
_LIMITED = [name not in (*PLACES, "style", "state") for name in _NAMES]
_TOGETHER = [name in ("beat", "level", "low", "mid", "high") for name in _NAMES]
_BEAT = _NAMES.index("beat")


class FlashLimit:
    """Keeps where each level stands. flashes_per_s: 0 to 30; 0 holds every flash down, 30 none."""

    def __init__(self, flashes_per_s: int = FLASHES_PER_S):
        self._is_on = flashes_per_s < UNLIMITED
        self._swings = [_Swing(_Budget(flashes_per_s)) for _ in _NAMES]
        self._together = _Budget(flashes_per_s)  # of the beat and the hits

    def step(self, levels: Levels, dancers: tuple[int, ...]) -> list[float | None]:
        """The levels of these dancers, see `Levels.of`; always the same dancers."""
        values = levels.of(dancers)
        if not self._is_on:
            return values
        return [
            value if value is None or not limited else self._limit(i, value, levels)
            for i, (value, limited) in enumerate(zip(values, _LIMITED, strict=True))
        ]

    def _limit(self, i: int, value: float, levels: Levels) -> float:
        swing, now_s = self._swings[i], levels.time_s
        begins = swing.follow(value)
        if begins and value >= swing.before and self._may_begin(i, levels):
            swing.is_up, swing.extreme = True, value
            swing.budget.spend(now_s)
            begins = False
        swing.before = value
        return swing.extreme + _HELD if begins else value

    def _may_begin(self, i: int, levels: Levels) -> bool:
        now_s = levels.time_s
        if not self._swings[i].budget.allows(now_s):
            return False
        if not _TOGETHER[i] or now_s - self._together.last_s <= _TOGETHER_S:
            return True
        comes_soon = i != _BEAT and levels.next_beat_s < self._together.interval_s
        if comes_soon or not self._together.allows(now_s):
            return False
        self._together.spend(now_s)
        return True


class _Budget:
    """When there were flashes lately, and whether there may be another."""

    def __init__(self, flashes_per_s: int):
        self.interval_s = _EVEN / flashes_per_s if flashes_per_s else math.inf
        self._began_s: deque[float] = deque(maxlen=max(flashes_per_s, 1))

    @property
    def last_s(self) -> float:
        return self._began_s[-1] if self._began_s else -math.inf

    def allows(self, now_s: float) -> bool:
        if now_s < self.last_s:  # the time has begun anew
            self._began_s.clear()
        is_full = len(self._began_s) == self._began_s.maxlen
        if math.isinf(self.interval_s) or now_s - self.last_s < self.interval_s:
            return False
        return not is_full or now_s - self._began_s[0] >= 1.0

    def spend(self, now_s: float) -> None:
        self._began_s.append(now_s)


@dataclass
class _Swing:
    """One level's ups and downs. extreme: the highest since it rose, or the lowest since it fell;
    before: what it was asked to be the last time."""

    budget: "_Budget"
    extreme: float = 0.0
    is_up: bool = False
    before: float = 0.0

    def follow(self, value: float) -> bool:
        """Whether this would be the beginning of a rise."""
        if self.is_up:
            self.extreme = max(self.extreme, value)
            if value > self.extreme - _STEP:
                return False
            self.is_up, self.extreme = False, value
        self.extreme = min(self.extreme, value)
        return value >= self.extreme + _STEP
