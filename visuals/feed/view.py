"""What is to be seen at one moment: the dancers, the beat, the sound, the engine's health.

Pure numbers, made by `timeline` and `recorded`, drawn by whoever asks for it.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from live.body.skeleton import N_JOINTS
from live.osc.encoding import HealthReport

LOST_AFTER_S = 1.0

_NO_STYLE = np.zeros(0, np.float32)


@dataclass(frozen=True)
class View:
    """Everything there is to draw at one moment. Metres, stage space; phases in [0, 1)."""

    dancers: tuple[int, ...] = ()  # their numbers, 1..16, ascending
    joints: np.ndarray = field(default_factory=lambda: np.zeros((0, N_JOINTS, 3), np.float32))
    beat_phase: float = 0.0
    bar_phase: float = 0.0
    bpm: float = 0.0
    confidence: float = 0.0
    onset: tuple[float, float, float] = (0.0, 0.0, 0.0)  # low, mid, high, 0..1
    level: float = 0.0  # 0..1
    style: np.ndarray = field(default_factory=lambda: _NO_STYLE)  # float32 [S]
    section: str = ""  # a name of live.osc.schema.SECTION_KINDS; "" where it is not known
    returns: bool = False  # the section was heard before
    phrase: tuple[float, int] = (0.0, 0)  # phase, length in beats; 0 where it is not known
    styles: tuple[str, ...] = ()  # what the weights are called; () where nobody has said it
    style_request: str = ""  # as of live.osc.schema.STYLES; "" before it is known
    health: HealthReport | None = None
    age_s: float = math.inf  # since the last packet; inf before the first

    @property
    def lost(self) -> bool:
        return self.age_s > LOST_AFTER_S

    @property
    def style_name(self) -> str:
        """The strongest style's name, "" where it is not known."""
        best = int(self.style.argmax()) if self.style.size else 0
        return self.styles[best] if best < len(self.styles) else ""

    @property
    def state(self) -> str:
        """The engine's own word (live.osc.schema.STATES); "" before the first health message."""
        return self.health.state if self.health else ""
