"""How long after its sound a frame is shown: what the show, its tests and offline dances add up.

last sample of a frame heard → block complete, danced (receive margin) → key frame shown (lead)
"""

from live.audio.features import SAMPLE_RATE
from live.body.pose import FRAME_RATE

_DANCED_WITHIN_S = 0.005  # a block's jitter and the step that dances to it


def receive_margin_s(block: int, rate: int) -> float:
    """How long after a sample sounded the frame it completes is surely danced, in seconds: the
    block it came in has to be full (samples, at `rate` Hz), and the network has to step."""
    return block / rate + _DANCED_WITHIN_S


def lead_samples(emission_rate: int, margin_s: float = 0.0) -> int:
    """The lead time: how long after its last sample a key frame is presented, in 24 kHz samples.

    A frame that is danced `margin_s` after its samples can be shown from the next emission on if
    the one before it ends just then: one frame less one emission period.
    """
    return round((margin_s + 1 / FRAME_RATE - 1 / emission_rate) * SAMPLE_RATE)
