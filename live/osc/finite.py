"""The last gate before the wire: what is no number does not leave.

Enters: stage frames. Leaves: the same; where a part of one holds NaN or infinity, that part as it
was the last time. Whatever goes wrong before it, no receiver has to deal with it. Engine's thread.
"""

from dataclasses import replace

import numpy as np

from live.body.skeleton import N_JOINTS
from live.osc.encoding import StageFrame

_PARTS = (("joints", "heading"), ("beat",), ("onset",), ("level",), ("style",))  # go together


class FiniteFrames:
    """held: frames of which some part was no number."""

    def __init__(self) -> None:
        self.held = 0
        self._good = {
            "joints": np.zeros((0, N_JOINTS, 3), np.float32),
            "heading": np.zeros(0, np.float32),
            "beat": (0.0, 0.0, 0.0, 0.0),
            "onset": np.zeros(3, np.float32),
            "level": 0.0,
        }

    def step(self, frame: StageFrame) -> StageFrame:
        bad = {}
        for names in _PARTS:
            part = {name: getattr(frame, name) for name in names}
            if all(np.isfinite(value).all() for value in part.values()):
                self._good |= part
            else:
                bad |= {name: self._good.get(name, np.zeros_like(part[name])) for name in names}
        if not bad:
            return frame
        self.held += 1
        return replace(frame, **bad)
