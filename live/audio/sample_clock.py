"""The sample clock: one line between sample index and monotonic time.

Enters: what the audio thread saw, (samples written so far, `live.monotonic` at that moment).
Leaves: the sample that belongs to any moment, past or future. Runs in the engine's thread; reads no
clock of its own.

Blocks arrive late, never early: a callback waits for the scheduler, the interpreter lock, a sound
server. So the true line is the lower envelope of the delays d = t - n / rate, not their mean. The
least delay in each 0.1 s bin is kept for 10 s, and a straight line is put through these minima by
least squares: its slope is the drift between the card's clock and ours (up to some 200 ppm), its
height the least transport delay. With 256-sample blocks that sees 10 ms of exponential jitter as
0.8 ms of constant delay, give or take 0.4 ms. The slope is drawn towards zero as if a drift of
300 ppm were one standard deviation and a minimum were good to 1 ms; so the first observation
already gives a usable line.
"""

import math
from collections import deque

import numpy as np

_BIN_S = 0.1
_WINDOW_BINS = 100  # 10 s
_MINIMUM_SIGMA_S = 1e-3
_DRIFT_SIGMA = 3e-4
_EQUAL_S = 1e-4  # minima closer than this are equally good
_OUTLIER_SPREADS = 4.0  # median absolute deviations
_MAX_DRIFT = 2e-3  # no card is off by more; a larger slope is a disturbed window
_STEP_S = 0.04  # a delay that moves by more is another stream or lost samples, not jitter...
_STEP_BINS = 4  # ...when it stays moved for this many bins
_SLEW_S = 0.5  # time constant in which a new line is approached
_JUMP_S = 0.25  # a clock that is further behind steps instead


class SampleClock:
    """Fits the sample index to monotonic seconds and slews to every better fit.

    rate: the nominal sample rate, Hz. The samples are taken as continuous in time: who knows of a
    gap (a device that was away, audio given up) adds the missing samples to the count. Gaps nobody
    knows of are noticed when they exceed 0.04 s, within half a second.
    """

    def __init__(self, rate: float):
        if not rate > 0:
            raise ValueError(f"rate {rate} Hz; it must be positive")
        self.rate = float(rate)
        self._bins: deque[tuple[float, float]] = deque(maxlen=_WINDOW_BINS)  # (time, delay), s
        self._moved: deque[tuple[float, float]] = deque(maxlen=_STEP_BINS)  # bins that disagree
        self._open: tuple[float, float] | None = None  # the least delay in the bin being filled
        self._open_until = -math.inf
        self._newest = 0
        self._line = (0.0, 0.0, 0.0)  # at time t0 the delay is d0 and grows by `drift` a second
        self._started = False
        self._slew = (0.0, 0.0, _SLEW_S)  # since t0: samples still ahead of us, time constant
        self._asked = (-math.inf, -math.inf)

    def observe(self, samples_written: int, time_s: float) -> None:
        """The count stood at `samples_written` at `time_s`. Repeated counts are ignored."""
        if samples_written <= self._newest and self._started:
            return
        minimum = (time_s, time_s - samples_written / self.rate)
        if not self._started:
            self._start(minimum)
        elif self._newest == 0 or minimum[1] < self._delay_at(time_s) - _STEP_S:
            # The first block, or one long before its time: whatever the line was, it is wrong.
            self._begin(minimum, time_s)
        self._newest = samples_written
        self._collect(minimum)

    def sample_at(self, time_s: float) -> float:
        """The sample that is current at `time_s`, a fraction of it included.

        Never decreases while the time asked for does not, whatever is observed in between.
        """
        sample = self._slewed(time_s)
        if time_s >= self._asked[0]:
            sample = max(sample, self._asked[1])
            self._asked = (time_s, sample)
        return sample

    def _start(self, minimum: tuple[float, float]) -> None:
        self._started = True
        self._line = (*minimum, 0.0)

    def _begin(self, minimum: tuple[float, float], now_s: float) -> None:
        self._bins.clear()
        self._moved.clear()
        self._open = None
        self._change_line((*minimum, 0.0), now_s)

    def _collect(self, minimum: tuple[float, float]) -> None:
        """Keep the least delay of the bin; a full bin joins the fit."""
        time_s = minimum[0]
        if self._open is not None and time_s >= self._open_until:
            self._close_bin(self._open, time_s)
            self._open = None
        if self._open is None:
            self._open_until = time_s + _BIN_S
            self._open = minimum
        self._open = min(self._open, minimum, key=lambda m: m[1])
        if not self._bins and minimum[1] < self._delay_at(time_s):
            self._change_line((*minimum, 0.0), time_s)  # the first tenth of a second

    def _close_bin(self, minimum: tuple[float, float], now_s: float) -> None:
        if self._bins and minimum[1] > self._delay_at(minimum[0]) + _STEP_S:
            self._moved.append(minimum)
            if len(self._moved) < _STEP_BINS:
                return  # a stall so far: its samples may yet arrive in a burst
            self._bins.clear()
            self._bins.extend(self._moved)
        else:
            self._bins.append(minimum)
        self._moved.clear()
        while self._bins[0][0] < now_s - _BIN_S * _WINDOW_BINS and len(self._bins) > 1:
            self._bins.popleft()
        self._change_line(_fit(np.array(self._bins)), now_s)

    def _change_line(self, line: tuple[float, float, float], now_s: float) -> None:
        """Take the new line from where the old one stands now."""
        anchor = max(now_s, min(self._asked[0], now_s + 1.0))
        before = self._slewed(anchor)
        t0, d0, drift = line
        self._line = (anchor, d0 + drift * (anchor - t0), drift)
        ahead = self._on_line(anchor) - before
        if ahead > _JUMP_S * self.rate:
            ahead = 0.0  # far behind: step forwards
        # Slewing back at half speed at most keeps the clock running forwards.
        self._slew = (anchor, ahead, max(_SLEW_S, 2.0 * abs(ahead) / self.rate))

    def _delay_at(self, time_s: float) -> float:
        t0, d0, drift = self._line
        return d0 + drift * (time_s - t0)

    def _on_line(self, time_s: float) -> float:
        return (time_s - self._delay_at(time_s)) * self.rate

    def _behind(self, time_s: float) -> float:
        """Samples by which the clock still trails the line."""
        t0, ahead, constant_s = self._slew
        return ahead * math.exp(-max(0.0, time_s - t0) / constant_s)

    def _slewed(self, time_s: float) -> float:
        return self._on_line(time_s) - self._behind(time_s)


def _fit(minima: np.ndarray) -> tuple[float, float, float]:
    """Line through minima [n, 2] (time, delay; s): (time, delay there, drift).

    Refined twice: the half of the bins above the line's median saw only late blocks; those far
    below it saw a stream fill its buffers, when blocks come faster than they sound.
    """
    line = _least_squares(minima)
    for _ in range(2):
        above = minima[:, 1] - _height(line, minima[:, 0])
        above -= np.median(above)
        early = -_OUTLIER_SPREADS * np.median(np.abs(above)) - _EQUAL_S
        line = _least_squares(minima[(above <= _EQUAL_S) & (above >= early)])
    return line


def _least_squares(minima: np.ndarray) -> tuple[float, float, float]:
    mean_t, mean_d = minima.mean(axis=0)
    t, d = minima[:, 0] - mean_t, minima[:, 1] - mean_d
    prior = (_MINIMUM_SIGMA_S / _DRIFT_SIGMA) ** 2
    drift = float(np.clip((t @ d) / (t @ t + prior), -_MAX_DRIFT, _MAX_DRIFT))
    return float(mean_t), float(mean_d), drift


def _height(line: tuple[float, float, float], time_s: np.ndarray) -> np.ndarray:
    return line[1] + line[2] * (time_s - line[0])
