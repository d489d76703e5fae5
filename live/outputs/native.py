"""The native schema for a target of its own rate or dancers, and its `flat` variant.

Enters: emissions. Leaves: OSC packets. Runs in the engine's thread.
"""

from live.osc.encoding import FrameEncoder, HealthReport
from live.outputs.emission import Emission


class Native:
    """chosen: dancers to send, counted from 1; () for all. flat: one message a dancer."""

    def __init__(self, chosen: tuple[int, ...] = (), *, flat: bool = False):
        self._chosen, self._flat = chosen, flat
        self._encoder: FrameEncoder | None = None

    def encode(self, emission: Emission, health: HealthReport | None) -> list[bytes]:
        dancers, styles = len(emission.frame.joints), len(emission.frame.style)
        if self._encoder is None or self._encoder.n_dancers != dancers:
            self._encoder = FrameEncoder(dancers, styles, flat=self._flat, chosen=self._chosen)
        return self._encoder.encode(emission.frame, health)

    def goodbye(self) -> list[bytes]:
        return []  # its receivers see by themselves that nothing comes
