"""The newest model frames, and the stage between any two of them.

Enters: one key frame a model step. Leaves: the stage at any presentation time. Engine's thread.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from live.body.safe_motion import Body, interpolate

_KEPT = 4


@dataclass(frozen=True)
class KeyFrame:
    """One model frame. sample: its presentation time, 24 kHz. onset: float32 [3]; level: 0..1;
    style: float32 [S]."""

    sample: int
    body: Body
    onset: np.ndarray
    level: float
    style: np.ndarray


class KeyFrames:
    """Owns the newest few. Nothing can be asked before the first."""

    def __init__(self) -> None:
        self._frames: deque[KeyFrame] = deque(maxlen=_KEPT)

    def add(self, frame: KeyFrame) -> None:
        self._frames.append(frame)

    @property
    def newest(self) -> KeyFrame:
        return self._frames[-1]

    def at(self, sample: int) -> tuple[Body, KeyFrame]:
        """The bodies at a presentation time (24 kHz), and the key frame that follows it.

        Outside the frames at hand the nearest one holds: a late network coasts.
        """
        before, after = self._around(sample)
        span = max(after.sample - before.sample, 1)
        share = min(max((sample - before.sample) / span, 0.0), 1.0)
        return interpolate(before.body, after.body, share), after

    def _around(self, sample: int) -> tuple[KeyFrame, KeyFrame]:
        """The two that enclose a time, or twice the nearest."""
        frames = self._frames
        if sample <= frames[0].sample:
            return frames[0], frames[0]
        for i in range(len(frames) - 1, 0, -1):
            if frames[i - 1].sample < sample:
                return frames[i - 1], frames[i]
        return frames[-1], frames[-1]
