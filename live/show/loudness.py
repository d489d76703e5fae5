"""How loud it is, and what that asks of the dancers: smaller in quiet passages, idle in silence.

Enters: feature frames. Leaves: whether to idle, and what to add to the energy. Engine's thread.
"""

from live.audio.features import FRAME, LOUDNESS, SAMPLE_RATE, FeatureFrame

QUIET_LEVEL = 0.2  # -64 dB: quieter than any room with music in it
QUIET_S = 2.0  # without sound, until the dancers idle
_SMOOTHING_S = 0.4
_MOST_ENERGY = 0.5
_ENERGY_PER_LOUDNESS = 2.0  # 15 dB below the music's own level takes one unit of energy away
# The gain follows the peaks, so that music is below its own level most of the time, by so much on
# average (24 rendered songs .19, the median .16; four recordings .19): there it takes nothing away.
_AVERAGE = -0.17


class Loudness:
    """Owns how long it has been quiet, and the smoothed loudness relative to the music's own."""

    def __init__(self) -> None:
        self._quiet_s = QUIET_S
        self._relative = 0.0

    def step(self, frame: FeatureFrame) -> None:
        self._quiet_s = 0.0 if frame.level > QUIET_LEVEL else self._quiet_s + FRAME / SAMPLE_RATE
        relative = float(frame.features[LOUDNESS][1])
        self._relative += (relative - self._relative) * FRAME / SAMPLE_RATE / _SMOOTHING_S

    @property
    def is_idle(self) -> bool:
        """Nothing was heard for QUIET_S."""
        return self._quiet_s >= QUIET_S

    @property
    def energy(self) -> float:
        """What the loudness adds to the energy of the dance, up to 0.5."""
        return min(_ENERGY_PER_LOUDNESS * (self._relative - _AVERAGE), _MOST_ENERGY)
