"""Safe for photosensitive people: the levels that may be light flash no more often than the screen.

Enters: the levels as they are, time after time, of one receiver. Leaves: the same, with the rises
left out that would make more flashes than allowed; what one is, `live.flashes` says, for the
picture as well. In the thread of who sends.

The beat and the hits may be red, green and blue of one lamp: they rise together or not at all, and
where the beat is known the beat goes first.
"""

from live.flashes import FLASHES_PER_S, UNLIMITED, Budget, Swing
from live.outputs.levels import LEVELS, PLACES, Levels

_TOGETHER_S = 0.05  # rises within this are one flash
_NAMES = tuple(LEVELS)
_LIMITED = [name not in (*PLACES, "style", "state") for name in _NAMES]
_TOGETHER = [name in ("beat", "level", "low", "mid", "high") for name in _NAMES]
_BEAT = _NAMES.index("beat")


class FlashLimit:
    """Keeps where each level stands. flashes_per_s: 0 to 30; 0 holds every flash down, 30 none."""

    def __init__(self, flashes_per_s: int = FLASHES_PER_S):
        self._is_on = flashes_per_s < UNLIMITED
        self._swings = [Swing(Budget(flashes_per_s)) for _ in _NAMES]
        self._before = [0.0] * len(_NAMES)  # what each was asked to be the last time
        self._together = Budget(flashes_per_s)  # of the beat and the hits

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
        begins, before = swing.follow(value), self._before[i]
        self._before[i] = value
        if begins and value >= before and self._may_begin(i, levels):
            swing.rise(value, now_s)
            return value
        return swing.held if begins else value

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
