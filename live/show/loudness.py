"""Whether there is anything to dance to: idle in silence.

Enters: feature frames. Leaves: whether to idle. Engine's thread. How large the dance is, is said by
`live.dance.music_energy`.
"""

from live.audio.features import FRAME, SAMPLE_RATE, FeatureFrame

QUIET_LEVEL = 0.2  # -64 dB: quieter than any room with music in it
QUIET_S = 2.0  # without sound, until the dancers idle


class Loudness:
    """Owns how long it has been quiet."""

    def __init__(self) -> None:
        self._quiet_s = QUIET_S

    def step(self, frame: FeatureFrame) -> None:
        self._quiet_s = 0.0 if frame.level > QUIET_LEVEL else self._quiet_s + FRAME / SAMPLE_RATE

    @property
    def is_idle(self) -> bool:
        """Nothing was heard for QUIET_S."""
        return self._quiet_s >= QUIET_S
