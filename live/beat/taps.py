"""A tempo from the operator's taps.

Enters: the sample index of each tap. Leaves: a `BeatEstimate` once there are four. Engine's thread.
"""

from collections import deque

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.beat.estimate import BeatEstimate


class TapTempo:
    """A line through the operator's last taps; one that is out of step starts a new line."""

    _MIN_TAPS, _MAX_TAPS = 4, 12
    _RANGE_S = (0.25, 1.5)  # 240 to 40 BPM

    def __init__(self, hold_s: float):
        self._hold = hold_s * SAMPLE_RATE
        self._taps: deque[float] = deque(maxlen=self._MAX_TAPS)

    def add(self, sample: float) -> None:
        if self._taps and not self._in_step(sample):
            self._taps.clear()
        self._taps.append(sample)

    def clear(self) -> None:
        self._taps.clear()

    def estimate(self, sample: float) -> BeatEstimate | None:
        """What the taps say at `sample`; None with fewer than four, or when they are stale."""
        if len(self._taps) < self._MIN_TAPS or sample - self._taps[-1] > self._hold:
            return None
        slope, start = np.polyfit(np.arange(len(self._taps)), np.array(self._taps), 1)
        beats = (sample - start) / slope
        return BeatEstimate(sample, float(beats % 1.0), float(60 * SAMPLE_RATE / slope), 0.95)

    def _in_step(self, sample: float) -> bool:
        gap = sample - self._taps[-1]
        if not self._RANGE_S[0] <= gap / SAMPLE_RATE <= self._RANGE_S[1]:
            return False
        gaps = np.diff(self._taps)
        return len(gaps) == 0 or abs(gap / np.median(gaps) - 1) < 0.25
