"""What a song is to be, and what it became: configuration in, audio with its beats out."""

from dataclasses import dataclass

import numpy as np

from model.data.music.genre import Genre
from model.data.music.genres import GENRES
from model.data.music.score import Section

Array = np.ndarray
STEPS_PER_BEAT = 4
TEMPO_RANGE_BPM = (70.0, 180.0)


@dataclass(frozen=True)
class SongConfig:
    """Everything a song follows from.

    genre: key of GENRES; tempo_bpm: of the first bar; duration_s: length of the audio;
    seed: all free choices; swing: 0 straight .. 1 triplet; lead_in_s: silence before the
    first beat; tempo_changes: (bar, tempo_bpm) at whose bar line the tempo jumps;
    micro_timing_ms: standard deviation of a stroke about the grid; level_dbfs: RMS.
    """

    genre: str
    tempo_bpm: float
    duration_s: float = 60.0
    seed: int = 0
    swing: float = 0.0
    lead_in_s: float = 0.0
    tempo_changes: tuple[tuple[int, float], ...] = ()
    micro_timing_ms: float = 3.0
    level_dbfs: float = -18.0

    def __post_init__(self) -> None:
        if self.genre not in GENRES:
            raise ValueError(f"no genre {self.genre!r}; known: {', '.join(GENRES)}")
        if self.duration_s <= 0 or not 0 <= self.lead_in_s < self.duration_s:
            raise ValueError("a song needs duration_s > 0 and 0 <= lead_in_s < duration_s")
        if min([self.tempo_bpm, *(bpm for _, bpm in self.tempo_changes)]) <= 0:
            raise ValueError("tempo_bpm must be positive")


@dataclass(frozen=True)
class Song:
    """Rendered audio and its truth.

    audio: float32 [T] in [-1, 1]; beats_s: float64 [n]; downbeats_s: float64 [m], each one of
    the beats; tempo_bpm: float64 [n], of the interval that a beat opens; metre: beats per bar.
    Sections named "break" have no drums.
    """

    audio: Array
    sample_rate: int
    beats_s: Array
    downbeats_s: Array
    tempo_bpm: Array
    metre: int
    genre: str
    sections: tuple[Section, ...]


def random_song(
    rng: np.random.Generator | int,
    genre: str | None = None,
    tempo_bpm: float | None = None,
    duration_s: float = 60.0,
    tempo_change: bool | None = None,
) -> SongConfig:
    """Draw a song: of any genre and of any tempo of that genre unless given.

    rng: a generator or a seed; tempo_change: one abrupt change at a bar line (None: one song
    in ten). Equal arguments give equal songs.
    """
    rng = np.random.default_rng(rng)
    name = genre or str(rng.choice(list(GENRES)))
    if name not in GENRES:
        raise ValueError(f"no genre {name!r}; known: {', '.join(GENRES)}")
    kind = GENRES[name]
    drawn_bpm = round(float(rng.uniform(*kind.tempo_bpm)), 2)
    first_bpm = drawn_bpm if tempo_bpm is None else float(tempo_bpm)
    jumps = rng.random() < 0.1 if tempo_change is None else tempo_change
    lead_in_s = float(rng.choice([0.0, rng.uniform(0, min(1.0, duration_s / 4))]))
    return SongConfig(
        genre=name,
        tempo_bpm=first_bpm,
        duration_s=duration_s,
        seed=int(rng.integers(2**31)),
        swing=float(rng.uniform(*kind.swing)) * bool(rng.random() < 0.6),
        lead_in_s=lead_in_s,
        tempo_changes=_draw_tempo_change(rng, kind, first_bpm, duration_s) if jumps else (),
        micro_timing_ms=float(rng.uniform(0, 5)),
        level_dbfs=float(rng.uniform(-30, -13)),
    )


def _draw_tempo_change(
    rng: np.random.Generator, genre: Genre, tempo_bpm: float, duration_s: float
) -> tuple[tuple[int, float], ...]:
    bars = duration_s * tempo_bpm / 60 / genre.metre
    bar = max(int(bars * rng.uniform(0.3, 0.7)), 1)
    factor = rng.choice([rng.uniform(0.75, 0.93), rng.uniform(1.07, 1.33)])
    return ((bar, round(float(np.clip(tempo_bpm * factor, *TEMPO_RANGE_BPM)), 2)),)
