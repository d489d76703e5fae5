"""When a tracker has nothing to judge from. Enters: the level of each frame. Engine's thread."""

from live.beat.filter import FRAME_S

SILENT_LEVEL = 0.15  # 1 + dB / 80: -68 dB
SILENT_AFTER_S = 0.8


class SilenceGate:
    """True after SILENT_AFTER_S without sound."""

    def __init__(self) -> None:
        self._quiet_s = SILENT_AFTER_S

    def step(self, level: float) -> bool:
        self._quiet_s = self._quiet_s + FRAME_S if level < SILENT_LEVEL else 0.0
        return self._quiet_s >= SILENT_AFTER_S
