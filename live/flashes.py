"""What a flash is, and how often one may come: the same for the picture and for the lights.

Enters: how bright something is, time after time. Leaves: whether it may rise now. After WCAG 2.3.1:
a flash is a rise by a tenth of full after a fall as large, at most three in any second. What is
bright differs: tiles of the picture (`visuals.draw.safety`), levels and colours of lamps
(`live.outputs.flash_limit`). In the thread of who asks.
"""

import math
from collections import deque
from dataclasses import dataclass

FLASHES_PER_S = 3
UNLIMITED = 30
"""So many flashes a second or more are not limited at all."""

STEP = 0.1  # of full: what counts as a rise or a fall
HELD = 0.09  # a rise that must not count stops here
LUMINANCE = (0.2126, 0.7152, 0.0722)  # shares of red, green and blue, of linear light
_EVEN = 0.97  # of the mean interval: nearer to each other no two are, so that they come evenly


class Budget:
    """When there were flashes lately, and whether there may be another.

    flashes_per_s: 0 to 30; 0 allows none. is_even: whether they have to keep their distance, too.
    """

    def __init__(self, flashes_per_s: int, is_even: bool = True):
        self.interval_s = math.inf
        if flashes_per_s:
            self.interval_s = _EVEN / flashes_per_s if is_even else 0.0
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
        return not is_full or now_s - self._began_s[0] > 1.0

    def spend(self, now_s: float) -> None:
        self._began_s.append(now_s)


@dataclass
class Swing:
    """The ups and downs of one thing that is bright. extreme: the highest since it rose, or the
    lowest since it fell."""

    budget: Budget
    extreme: float = 0.0
    is_up: bool = False

    def follow(self, value: float) -> bool:
        """Whether this would be the beginning of a rise; then `rise`, or show less."""
        if self.is_up:
            self.extreme = max(self.extreme, value)
            if value > self.extreme - STEP:
                return False
            self.is_up, self.extreme = False, value
        self.extreme = min(self.extreme, value)
        return value >= self.extreme + STEP

    def rise(self, value: float, now_s: float) -> None:
        self.is_up, self.extreme = True, value
        self.budget.spend(now_s)

    @property
    def held(self) -> float:
        """The most that is no rise."""
        return self.extreme + HELD
