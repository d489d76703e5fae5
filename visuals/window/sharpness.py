"""How large the picture is drawn, so that there are thirty a second: sharpness gives way to motion.

Enters: how long each picture took, and when. Leaves: the share of the window's sides that the next
one is drawn at, to be enlarged. Down at once, up slowly, and ever more slowly where it had
to come down again. Pure: times in seconds of any one clock.
"""

import math

_STEP = 0.84  # from one share to the next: seven tenths of the pixels
_LEAST = 1 / 3  # 360 rows of 1080: smaller, it is not the pixels that take the time
_BUDGET_S = 1 / 33  # of a picture: thirty a second, and a little for what else the machine does
_AIM = 0.85  # of the budget, where a step down is to end
_ROOM = 0.75  # of the budget, that a larger picture must be thought to need at most
_PICTURES, _SLOW_S = 12, 0.8  # whose mean counts; or four at least that took so long together
_UNSETTLED = 2  # after a change: surfaces are made anew
_RISE_S, _RISE_AT_MOST_S = 4.0, 64.0  # of calm before a step up
_TOO_SOON_S = 10.0  # after a step up: who has to come down again waits twice as long next time


class Sharpness:
    """share: of the window's sides, a third to 1."""

    def __init__(self):
        self.share = 1.0
        self._times_s: list[float] = []
        self._unsettled = _UNSETTLED
        self._calm_since_s: float | None = None
        self._rise_s = _RISE_S
        self._risen_s = -math.inf

    def drawn(self, took_s: float, now_s: float) -> None:
        """A picture took so long, its way into the window included but not the wait for it."""
        if self._unsettled:
            self._unsettled -= 1
            return
        self._times_s.append(took_s)
        count = len(self._times_s)
        if count < _PICTURES and (count < 4 or sum(self._times_s) < _SLOW_S):
            return
        # Without the longest: one stall of the machine is none of the picture's.
        mean_s = (sum(self._times_s) - max(self._times_s)) / (count - 1)
        self._times_s.clear()
        if mean_s > _BUDGET_S:
            self._fall(mean_s, now_s)
        else:
            self._rise_if_calm(mean_s, now_s)

    def _fall(self, mean_s: float, now_s: float) -> None:
        self._calm_since_s = None
        if now_s - self._risen_s < _TOO_SOON_S:
            self._rise_s = min(2 * self._rise_s, _RISE_AT_MOST_S)
        pixels = _AIM * _BUDGET_S / mean_s
        steps = max(math.ceil(math.log(pixels) / math.log(_STEP**2)), 1)
        self._change(max(self.share * _STEP**steps, _LEAST))

    def _rise_if_calm(self, mean_s: float, now_s: float) -> None:
        if self.share == 1.0:
            return
        if now_s - self._risen_s > 2 * _RISE_AT_MOST_S:
            self._rise_s = _RISE_S
        if mean_s / _STEP**2 > _ROOM * _BUDGET_S:
            self._calm_since_s = None
        elif self._calm_since_s is None:
            self._calm_since_s = now_s
        elif now_s - self._calm_since_s >= self._rise_s:
            self._risen_s, self._calm_since_s = now_s, None
            self._change(min(self.share / _STEP, 1.0))

    def _change(self, share: float) -> None:
        # Up and down the same ladder, whatever rounding does.
        if share != self.share:
            self.share, self._unsettled = share if share < 0.999 else 1.0, _UNSETTLED
