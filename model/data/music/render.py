"""Random synthetic dance music with exact beat annotation, to train and judge on.

Enters: a `SongConfig`, or a seed from which `random_song` draws one. Leaves: a `Song`, audio
(mono float32 [T]) with the true times of its beats, bars and sections. Everything follows from
the config: equal configs give equal samples. Players swing, push and drag by milliseconds;
the annotation is the grid they have in mind, which never moves.

A song is built in four steps: grid (tempo map) -> form (sections) -> parts (drums, bass,
chords, figures, lead, each from the genre's patterns) -> master (EQ, reverb, drive, level).
"""

import numpy as np

from model.data.music.form import Bar, beat_tempi, draw_form, sections_of
from model.data.music.genres import GENRES
from model.data.music.master import master
from model.data.music.parts import Band, play_builds, play_drums, play_tonal
from model.data.music.score import BeatGrid, Section
from model.data.music.song import Array, Song, SongConfig


def form_of(config: SongConfig) -> tuple[Section, ...]:
    """The sections that the song will have, without playing it."""
    grid, tempi, bars, _ = _written(config)
    metre = GENRES[config.genre].metre
    sections = sections_of(bars, grid, tempi, metre)
    return tuple(s for s in sections if s.start_s < config.duration_s)


def _written(config: SongConfig) -> tuple[BeatGrid, Array, list[Bar], np.random.Generator]:
    """Grid, tempo of every beat, form, and the generator that all else is drawn from."""
    genre = GENRES[config.genre]
    rng = np.random.default_rng(config.seed)
    tempi = beat_tempi(config, genre.metre)
    grid = BeatGrid.from_tempo(tempi, config.lead_in_s)
    return grid, tempi, draw_form(rng, genre, len(tempi) // genre.metre), rng


def render_song(config: SongConfig, sample_rate: int = 24_000) -> Song:
    """Play a song: audio float32 [round(duration_s * sample_rate)] and its annotation."""
    genre = GENRES[config.genre]
    grid, tempi, bars, rng = _written(config)
    total = round(config.duration_s * sample_rate)
    tapes = np.zeros((2, total), np.float32)
    band = Band(config, genre, grid, bars, sample_rate, tapes[0], tapes[1], rng)
    play_drums(band)
    play_tonal(band)
    if genre.builds:
        play_builds(band)
    beats_s = grid.beats_s[:-1]
    inside = beats_s < config.duration_s
    return Song(
        audio=master(band),
        sample_rate=sample_rate,
        beats_s=beats_s[inside],
        downbeats_s=beats_s[:: genre.metre][beats_s[:: genre.metre] < config.duration_s],
        tempo_bpm=tempi[inside],
        metre=genre.metre,
        genre=config.genre,
        sections=form_of(config),
    )
