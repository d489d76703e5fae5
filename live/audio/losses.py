"""How many samples the card lost before a block: what must be silence, so that time stays true.

Enters: for every block of a stream its size, when it arrived and when the card took it, and whether
the card reports an xrun. Leaves: samples of silence to put in front of it. Runs in the card's
callback, a few additions a block; one estimator a stream.

While nothing is lost the delay d = t - n / rate of the blocks keeps its lower envelope. A stalled
thread, a busy machine or a sound server's backlog raise it for a moment: the blocks that were held
up then come faster than they sound, and it falls back. Lost samples raise it for good. So a delay
that has risen and stays, while blocks come at the pace of the sound, is a loss of just that much.
An xrun that the card reports is believed at the next block or two; what nobody reports (WASAPI, a
sound server in between) must stand for a tenth of a second.
"""

import math

_WINDOW_S = 2.0  # the envelope is the least delay of this window and the one before
_STEADY_S = 0.01  # a delay that falls by more is still catching up
_REPORTED_S, _UNREPORTED_S = 0.015, 0.1  # how long a rise must stand
_REPORTED_LEAST_S, _UNREPORTED_LEAST_S = 0.01, 0.04  # less is jitter
_MOST_S = 1.0  # for sound missing for longer silence stands already when it comes back


class LossEstimator:
    """Counts what one stream loses. rate: Hz."""

    def __init__(self, rate: float):
        self._rate = float(rate)
        self._samples = 0  # of the stream, lost ones included, before the next block
        self._arrival, self._capture = _Delay(), _Delay()
        self._capture_s = 0.0  # of the block before
        self.reported = False  # an xrun whose samples are not made up for yet

    def lost_before(self, samples: int, arrival_s: float, capture_s: float, xrun: bool) -> int:
        """Samples lost before this block of `samples`; nearly always 0.

        arrival_s: the program's clock in the callback. capture_s: when the card took the block's
        first sample, on any clock, PortAudio's `inputBufferAdcTime`; what does not go forward, as
        where a host API does not say, is left out. xrun: the card reports a loss.
        """
        sounded_s = self._samples / self._rate
        self._samples += samples
        self.reported |= xrun
        lost_s = self._arrival.rise(arrival_s, arrival_s - sounded_s, self.reported)
        if capture_s > self._capture_s > 0.0:
            lost_s = min(
                lost_s, self._capture.rise(capture_s, capture_s - sounded_s, self.reported)
            )
        else:
            self._capture = _Delay()
        self._capture_s = capture_s
        self.reported &= self._arrival.is_raised
        return self._put_back(lost_s) if lost_s > 0.0 else 0

    def _put_back(self, lost_s: float) -> int:
        self.reported = False
        lost = round(lost_s * self._rate)
        self._samples += lost
        for delay in (self._arrival, self._capture):
            delay.settle()
        return lost if lost_s <= _MOST_S else 0


class _Delay:
    """The delay of a stream's blocks by one clock: its lower envelope, and how far it has risen."""

    def __init__(self) -> None:
        self._least_s = (math.inf, math.inf)  # of this window and the one before
        self._window_end_s = -math.inf
        self.settle()

    @property
    def is_raised(self) -> bool:
        return self._raised_s < math.inf

    def settle(self) -> None:
        """What has risen has been made up for."""
        self._raised_s, self._fell_s = math.inf, 0.0  # the least since the rise, and when it fell

    def rise(self, time_s: float, delay_s: float, reported: bool) -> float:
        """Seconds by which the delay at `time_s` has risen to stay; 0 until that is certain."""
        envelope_s = min(self._least_s)
        if not delay_s > envelope_s + (_REPORTED_LEAST_S if reported else _UNREPORTED_LEAST_S):
            self._follow(time_s, delay_s)
            self.settle()
            return 0.0
        if delay_s < self._raised_s - _STEADY_S:
            self._fell_s = time_s
        self._raised_s = min(self._raised_s, delay_s)
        stands_s = _REPORTED_S if reported else _UNREPORTED_S
        return self._raised_s - envelope_s if time_s - self._fell_s >= stands_s else 0.0

    def _follow(self, time_s: float, delay_s: float) -> None:
        if time_s >= self._window_end_s:
            self._least_s = (delay_s, self._least_s[0])
            self._window_end_s = time_s + _WINDOW_S
        self._least_s = (min(self._least_s[0], delay_s), self._least_s[1])
