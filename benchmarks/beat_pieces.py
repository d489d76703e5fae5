"""Music rendered here to score the beat clock on.

Enters: seeds. Leaves: `Piece`s. Songs can jump in tempo or pause their drums, and there are sounds
without beat.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from live.audio.features import SAMPLE_RATE
from model.beat.annotated_music import Piece

STEADY_GENRES = (
    "house",
    "techno",
    "hiphop",
    "dnb",
    "disco",
    "pop",
    "jpop",
    "salsa",
    "chacha",
    "rumba",
    "tango",
    "reggaeton",
    "rock",
)  # 4/4, their usual tempi within 85 to 175 BPM or close
JUMP_GENRES = ("house", "pop", "rock", "disco", "jpop", "techno")
BREAK_GENRES = ("house", "pop", "disco", "rock", "techno")
JUMPS_BPM = (
    (90.0, 174.0),
    (128.0, 100.0),
    (174.0, 90.0),
    (100.0, 128.0),
    (120.0, 140.0),
    (140.0, 105.0),
    (95.0, 150.0),
    (125.0, 98.0),
    (110.0, 165.0),
    (160.0, 112.0),
)


def render_pieces(
    seeds: range, duration_s: float, severity: float | None = None, genre: str | None = None
) -> Iterator[Piece]:
    """Songs without tempo changes, 85 to 175 BPM; severity: through a room, 0..1."""
    from model.data import room
    from model.data.music.genres import GENRES
    from model.data.music.render import render_song
    from model.data.music.song import random_song

    for seed in seeds:
        rng = np.random.default_rng(seed)
        name = genre or str(rng.choice(STEADY_GENRES))
        config = random_song(rng, name, duration_s=duration_s, tempo_change=False)
        if not 85 <= config.tempo_bpm <= 175:
            low, high = GENRES[name].tempo_bpm
            tempo_bpm = float(rng.uniform(max(low, 85), min(high, 175)))
            config = random_song(rng, name, tempo_bpm, duration_s, tempo_change=False)
        song = render_song(config, SAMPLE_RATE)
        audio = song.audio
        if severity is not None:
            audio = room.simulate(audio, SAMPLE_RATE, rng, severity)
        title = f"{seed}-{name}-{config.tempo_bpm:.0f}"
        yield Piece(title, audio, SAMPLE_RATE, song.beats_s, song.downbeats_s, name)


def jump_pieces(seeds: range, severity: float | None = None) -> Iterator[tuple[Piece, float]]:
    """Songs of 40 s whose tempo jumps after about 16 s, and the time of the jump."""
    from model.data import room
    from model.data.music.render import render_song
    from model.data.music.song import SongConfig

    for seed in seeds:
        rng = np.random.default_rng(seed)
        before_bpm, after_bpm = JUMPS_BPM[seed % len(JUMPS_BPM)]
        bar = int(16 * before_bpm / 60 / 4) + 1
        config = SongConfig(
            JUMP_GENRES[seed % len(JUMP_GENRES)],
            before_bpm,
            40.0,
            int(rng.integers(2**31)),
            tempo_changes=((bar, after_bpm),),
        )
        song = render_song(config, SAMPLE_RATE)
        audio = song.audio
        if severity is not None:
            audio = room.simulate(audio, SAMPLE_RATE, rng, severity)
        name = f"{seed}-{config.genre}-{before_bpm:.0f}>{after_bpm:.0f}"
        jump_s = float(song.beats_s[np.flatnonzero(song.tempo_bpm == after_bpm)[0]])
        yield Piece(name, audio, SAMPLE_RATE, song.beats_s, song.downbeats_s), jump_s


def break_pieces(first_seed: int, count: int) -> Iterator[tuple[Piece, float]]:
    """Songs of 75 s with at least six bars without drums, and the time at which they return."""
    from model.data.music.render import render_song
    from model.data.music.song import random_song

    seed, found = first_seed, 0
    while found < count:
        seed += 1
        genre = str(np.random.default_rng(seed).choice(BREAK_GENRES))
        config = random_song(seed, genre, duration_s=75.0, tempo_change=False)
        song = render_song(config, SAMPLE_RATE)
        for section, after in pairwise(song.sections):
            length_s = after.start_s - section.start_s
            long_enough = length_s > 24 * 60 / section.tempo_bpm
            if section.name == "break" and section.start_s > 12 and long_enough:
                found += 1
                name = f"{seed}-{genre}-{config.tempo_bpm:.0f}"
                piece = Piece(name, song.audio, SAMPLE_RATE, song.beats_s, song.downbeats_s)
                yield piece, after.start_s
                break


def beatless_pieces(seed: int, seconds: float = 40.0) -> Iterator[Piece]:
    """Silence, white noise, a crowd, babble."""
    from model.beat.evidence_songs import babble
    from model.data import room

    rng = np.random.default_rng(seed)
    size = int(seconds * SAMPLE_RATE)
    sounds = {
        "silence": np.zeros(size),
        "white noise": 0.1 * rng.standard_normal(size),
        "crowd": room.simulate(np.zeros(size), SAMPLE_RATE, rng, 1.0),
        "babble 1": babble(size, rng),
        "babble 2": babble(size, rng),
        "babble 3": babble(size, rng),
    }
    for name, audio in sounds.items():
        yield Piece(name, audio.astype(np.float32), SAMPLE_RATE, np.zeros(0), np.zeros(0))
