"""The bench of sections counts builds and drops as its table says."""

import numpy as np

from benchmarks.sections import Builds, score
from live.audio.features import FRAME, SAMPLE_RATE
from live.beat.section import BREAK, BUILD, DROP, VERSE, SectionReading
from model.beat.heard_songs import HeardSong

NAMES = ("verse", "break", "build", "drop", "break", "build", "drop")
SECTION_S, BAR_S = 8.0, 2.0


def scored(kinds):
    """kinds: what is said in every quarter of every section."""
    n = len(NAMES)
    song = HeardSong(
        "made", np.zeros((0, 83)), np.zeros(0), np.zeros(0), np.zeros((0, 7)),
        SECTION_S * np.arange(n), NAMES, np.arange(0.0, n * SECTION_S, BAR_S),
    )  # fmt: skip
    frames = round(n * SECTION_S * SAMPLE_RATE / FRAME)
    at_s = np.arange(frames) * FRAME / SAMPLE_RATE
    quarter = (at_s / (SECTION_S / 4)).astype(int)
    return score(song, [SectionReading(kind=kinds[q]) for q in quarter]).builds


def test_builds_in_their_second_half_and_drops_in_time_count():
    first = [*4 * [VERSE], *4 * [BREAK], BREAK, BREAK, BREAK, BUILD, BUILD, *3 * [DROP]]
    late = [BUILD, BUILD, BREAK, BREAK, BUILD, *5 * [BREAK], DROP, DROP]
    assert scored(first + late) == Builds(named=1, true=2, dropped=1, followed=2, false=1, others=5)
