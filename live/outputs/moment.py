"""One emission as every profile sees it, with what several of them share computed once.

Enters: a StageFrame and the show's state. Leaves: the same, its cues and bone rotations on demand.
"""

from dataclasses import dataclass
from typing import Protocol

from live.osc_schema import HealthReport, StageFrame
from live.outputs.cues import Cues


@dataclass(frozen=True)
class Moment:
    """health: only when it is due, as in the native stream. cues: of this very frame."""

    frame: StageFrame
    health: HealthReport | None
    cues: Cues


class Profile(Protocol):
    """What a target is sent. Owned by the engine's thread."""

    def encode(self, moment: Moment) -> list[bytes]:
        """The packets of one moment, in order."""
        ...
