"""What happened so far, in plain numbers: counters, step times, frame rate.

Enters: increments and durations from the engine's thread. Leaves: figures for /pj/health and the
exit summary. No I/O, no clock of its own, and a size that never grows.
"""

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

RECENT_STEPS = 4096  # over two minutes at 30 steps a second
_RECENT_FRAMES = 512  # more than a second at any emission rate
# A histogram over the whole show, each class 2 % wider than the one before: 1 us to 10 s.
_CLASS_RATIO = 1.02
_FIRST_CLASS_MS = 1e-3
_CLASSES = math.ceil(math.log(1e4 / _FIRST_CLASS_MS, _CLASS_RATIO)) + 1


@dataclass(frozen=True)
class StepTimes:
    """Milliseconds."""

    p50: float
    p99: float
    max: float


class Health:
    """Counters to be incremented freely, and the times of steps and frames.

    frames: emitted. late: emitted after their time. dropped: times that sound was lost or given
    up. xruns: blocks the sound card lost. resets: of the network's state. send_errors: packets not
    sent. rejected: control messages ignored. skipped: frames of sound that came too late to dance.
    """

    COUNTERS = (
        "frames",
        "late",
        "dropped",
        "xruns",
        "resets",
        "send_errors",
        "rejected",
        "skipped",
    )

    def __init__(self) -> None:
        self.frames = 0
        self.late = 0
        self.dropped = 0
        self.xruns = 0
        self.resets = 0
        self.send_errors = 0
        self.rejected = 0
        self.skipped = 0
        self._steps = np.zeros(RECENT_STEPS)
        self._step_count = 0
        self._step_max = 0.0
        self._classes = np.zeros(_CLASSES, np.int64)
        self._emitted: deque[float] = deque(maxlen=_RECENT_FRAMES)

    def add_frame(self, time_s: float) -> None:
        """A frame left at time_s, on any steady clock."""
        self.frames += 1
        self._emitted.append(time_s)

    def add_step(self, duration_ms: float) -> None:
        """A step of the engine took this long."""
        self._steps[self._step_count % RECENT_STEPS] = duration_ms
        self._step_count += 1
        self._step_max = max(self._step_max, duration_ms)
        self._classes[_class_of(duration_ms)] += 1

    def fps(self, now_s: float) -> float:
        """Frames emitted in the second before now_s."""
        return float(sum(now_s - 1.0 < time_s <= now_s for time_s in self._emitted))

    def recent(self) -> StepTimes:
        """Of the last 4 096 steps; zeros before the first."""
        steps = self._steps[: min(self._step_count, RECENT_STEPS)]
        if len(steps) == 0:
            return StepTimes(0.0, 0.0, 0.0)
        p50, p99 = np.percentile(steps, (50, 99))
        return StepTimes(float(p50), float(p99), float(steps.max()))

    def overall(self) -> StepTimes:
        """Of all steps since the start, percentiles to 2 %; the maximum is exact."""
        return StepTimes(self._percentile(0.50), self._percentile(0.99), self._step_max)

    def summary(self) -> dict[str, int | float]:
        """Everything counted, and the step times of the whole run, fit for JSON."""
        times = self.overall()
        return {
            **{name: getattr(self, name) for name in self.COUNTERS},
            "steps": self._step_count,
            "step_ms_p50": round(times.p50, 3),
            "step_ms_p99": round(times.p99, 3),
            "step_ms_max": round(times.max, 3),
        }

    def _percentile(self, share: float) -> float:
        if self._step_count == 0:
            return 0.0
        reached = np.searchsorted(np.cumsum(self._classes), share * self._step_count)
        upper_edge = _FIRST_CLASS_MS * _CLASS_RATIO ** int(reached)
        return min(float(upper_edge), self._step_max)


def _class_of(duration_ms: float) -> int:
    if not duration_ms > _FIRST_CLASS_MS:  # also NaN
        return 0
    exponent = math.log(duration_ms / _FIRST_CLASS_MS, _CLASS_RATIO)
    return min(math.ceil(exponent), _CLASSES - 1) if math.isfinite(exponent) else _CLASSES - 1
