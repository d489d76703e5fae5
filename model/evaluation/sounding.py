"""Where the music sounds: what is danced to silence is not scored, for the stage idles there.

A song may rest with all its instruments, within or at its end, and dancers then stand, as they
should.

Enters: a song's audio. Leaves: stretches of its dance, in frames of 1/30 s.
"""

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.body.pose import FRAME_RATE
from live.show.loudness import QUIET_S
from model.evaluation.style_classifier import WINDOW

SETTLE_S = 6.0  # the clock locks on within 4 s; not scored
_SILENT = 0.003  # -50 dB
_SIZE = SAMPLE_RATE // FRAME_RATE


def heard_in(audio: np.ndarray) -> np.ndarray:
    """Which frames sound, bool [T], of audio float32 at 24 kHz."""
    whole = len(audio) // _SIZE * _SIZE
    return np.abs(audio[:whole].reshape(-1, _SIZE)).max(axis=1, initial=0.0) > _SILENT


def sounding(heard: np.ndarray, count: int) -> list[slice]:
    """Stretches of the first `count` frames with sound, bool [T], in the last 2 s of every frame,
    as long as a window to be judged, after the clock has settled."""
    recent = np.convolve(heard, np.ones(round(QUIET_S * FRAME_RATE)))[:count] > 0
    recent[: round(SETTLE_S * FRAME_RATE)] = False
    edges = np.flatnonzero(np.diff(np.concatenate([[0], recent, [0]])))
    return [slice(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > WINDOW]
