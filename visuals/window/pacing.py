"""When pictures are shown: the display's own steady beat, though the loop wakes early and late.

A picture drawn for the moment at which its loop happened to wake, but shown with all others at the
display's rate, stutters by the difference. So motion is asked for at the steps of a regular time
that is fitted to the returns of `flip`; a picture that took too long skips whole steps.

Pure: times in seconds of any one clock go in and come out.
"""

import math

_PHASE_GAIN = 0.1  # of an error, taken at each picture: the last ten count
_PERIOD_GAIN = 0.005
_SHORTEST_S, _LONGEST_S = 1 / 500, 1 / 10


class FramePacer:
    """rate_hz: of the display, as far as it is known; the true one is learnt."""

    def __init__(self, rate_hz: float):
        self._period_s = 1.0 / rate_hz
        self._shown_s: float | None = None
        self._moment_s = -math.inf

    @property
    def period_s(self) -> float:
        return self._period_s

    def shown(self, now_s: float) -> None:
        """A picture has just been handed to the display."""
        if self._shown_s is None:
            self._shown_s = now_s
            return
        steps = max(round((now_s - self._shown_s) / self._period_s), 1)
        due_s = self._shown_s + steps * self._period_s
        error_s = now_s - due_s
        if steps * self._period_s > _LONGEST_S:  # a stall: another display, a machine that slept
            self._shown_s = now_s
            return
        self._shown_s = due_s + _PHASE_GAIN * error_s
        period_s = self._period_s + _PERIOD_GAIN * error_s / steps
        self._period_s = min(max(period_s, _SHORTEST_S), _LONGEST_S)

    def moment(self, now_s: float) -> float:
        """The regular moment that the picture begun at now_s stands for; never goes back."""
        moment_s = now_s
        if self._shown_s is not None:
            late = math.floor((now_s - self._shown_s) / self._period_s)
            moment_s = self._shown_s + max(late, 0) * self._period_s
        self._moment_s = max(self._moment_s, moment_s)
        return self._moment_s
