"""The built-in demo track: a minute of music that loops, for machines without a microphone.

The file beside this module, and where its beats are. Its end joins its start. Pop at 100 BPM, eight
beats of it without drums, house at 126 BPM, and hip-hop at 90 BPM that falls back into the
beginning; `model/data/music/demo.py` renders it.
"""

from pathlib import Path

import numpy as np

PATH = Path(__file__).with_name("demo.ogg")
BEATS_PER_BAR = 4
TEMPI = ((100.0, 40), (126.0, 32), (90.0, 32))  # BPM, beats


def beat_times() -> np.ndarray:
    """float64 [104], seconds; the first is 0 and a downbeat, as every fourth after it."""
    lengths_s = np.repeat([60.0 / bpm for bpm, _ in TEMPI], [beats for _, beats in TEMPI])
    return np.concatenate([[0.0], np.cumsum(lengths_s)[:-1]])
