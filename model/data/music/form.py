"""The form of a song: its sections, bars and tempi."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.data.music.genre import Genre
from model.data.music.score import BeatGrid, Section
from model.data.music.song import Array, SongConfig


@dataclass(frozen=True)
class Bar:
    """One bar of the form: section name and energy 0..1, position in its section."""

    index: int
    section: str
    energy: float
    in_section: int
    to_end: int


def beat_tempi(config: SongConfig, metre: int) -> Array:
    """Tempo of every beat, enough whole bars of them to outlast the song: float64 [n]."""
    room_s = config.duration_s - config.lead_in_s
    changes = dict(config.tempo_changes)
    tempi: list[float] = []
    tempo_bpm, spent_s = config.tempo_bpm, 0.0
    while spent_s < room_s:
        tempo_bpm = changes.get(len(tempi) // metre, tempo_bpm)
        tempi += [tempo_bpm] * metre
        spent_s += metre * 60 / tempo_bpm
    return np.array(tempi)


ENERGY = {"intro": 0.5, "verse": 0.75, "chorus": 1.0, "break": 0.4, "build": 0.7, "drop": 1.0}


def _section_names(rng: np.random.Generator, genre: Genre) -> Iterator[tuple[str, int]]:
    """Endless form: (section, bars). Breaks lead into builds and drops where the genre does."""
    if rng.random() < 0.4:
        yield "intro", int(rng.choice([2, 4, 4, 8]))
    while True:
        yield "verse", int(rng.choice([4, 8, 8]))
        yield "chorus", int(rng.choice([4, 8, 8]))
        if rng.random() < 2 * genre.break_share:
            yield "break", int(rng.choice([2, 4, 4, 8]))
            if genre.builds:
                yield "build", int(rng.choice([4, 8]))
                yield "drop", int(rng.choice([8, 8, 16]))


def draw_form(rng: np.random.Generator, genre: Genre, n_bars: int) -> list[Bar]:
    """Sections cut into bars. A song may join the form midway, but never in a break or build:
    before a first drum stroke there is nothing a listener could count."""
    bars: list[Bar] = []
    skip = int(rng.choice([0, int(rng.integers(0, 32))]))
    for name, length in _section_names(rng, genre):
        for i in range(length):
            skip -= 1
            if skip < 0 and (bars or name not in ("break", "build")):
                bars.append(Bar(len(bars), name, ENERGY[name], i, length - 1 - i))
        if len(bars) >= n_bars:
            return bars[:n_bars]
    raise AssertionError("the form is endless")


def sections_of(bars: list[Bar], grid: BeatGrid, tempi: Array, metre: int) -> tuple[Section, ...]:
    """Sections as the listener meets them; a tempo jump inside one splits it."""
    found: list[Section] = []
    for bar in bars:
        tempo_bpm = float(tempi[bar.index * metre])
        if bar.in_section == 0 or not found or found[-1].tempo_bpm != tempo_bpm:
            found.append(Section(float(grid.beats_s[bar.index * metre]), tempo_bpm, bar.section))
    return tuple(found)
