"""Random synthetic dance music with exact beat annotation, to train and judge on.

Enters: a `SongConfig`, or a seed from which `random_song` draws one. Leaves: a `Song`, audio
(mono float32 [T]) with the true times of its beats, bars and sections. Everything follows from
the config: equal configs give equal samples. Players swing, push and drag by milliseconds;
the annotation is the grid they have in mind, which never moves.

A song is built in four steps: grid (tempo map) -> form (sections) -> parts (drums, bass,
chords, figures, lead, each from the genre's patterns) -> master (EQ, reverb, drive, level).
"""

import numpy as np

from live.audio.synth import (
    BeatGrid,
)
from model.data.music.form import _beat_tempi, _form, _sections
from model.data.music.genres import GENRES
from model.data.music.master import _master
from model.data.music.parts import _Band, _play_drums, _play_tonal
from model.data.music.song import Song, SongConfig

# ---- genres ----------------------------------------------------------------------------------
#
# Patterns count sixteenths and may span several bars. Drums: X accent, x stroke, o ghost note,
# "." rest. Bass and figures: digits are scale steps above the chord's root (1 root, 5 fifth,
# 8 octave). Chords: x. "=" holds a note. Each tuple lists variants; a song picks among them.


# ---- configuration and result ----------------------------------------------------------------


# ---- grid and form ---------------------------------------------------------------------------


# ---- parts -----------------------------------------------------------------------------------


# ---- master ----------------------------------------------------------------------------------


def render(config: SongConfig, sample_rate: int = 24_000) -> Song:
    """Play a song: audio float32 [round(duration_s * sample_rate)] and its annotation."""
    genre = GENRES[config.genre]
    rng = np.random.default_rng(config.seed)
    tempi = _beat_tempi(config, genre.metre)
    grid = BeatGrid.from_tempo(tempi, config.lead_in_s)
    bars = _form(rng, genre, len(tempi) // genre.metre)
    total = round(config.duration_s * sample_rate)
    tapes = np.zeros((2, total), np.float32)
    band = _Band(config, genre, grid, bars, sample_rate, tapes[0], tapes[1], rng)
    _play_drums(band)
    _play_tonal(band)
    beats_s = grid.beats_s[:-1]
    inside = beats_s < config.duration_s
    return Song(
        audio=_master(band),
        sample_rate=sample_rate,
        beats_s=beats_s[inside],
        downbeats_s=beats_s[:: genre.metre][beats_s[:: genre.metre] < config.duration_s],
        tempo_bpm=tempi[inside],
        metre=genre.metre,
        genre=config.genre,
        sections=tuple(
            s for s in _sections(bars, grid, tempi, genre.metre) if s.start_s < config.duration_s
        ),
    )
