"""The music that dancers are judged by: rendered here, from seeds no training uses, with its beat.

Enters: a style, a tempo, a seed. Leaves: a `Song`, or a `Piece`: what a dancer meets of it.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from live.audio.features import SAMPLE_RATE, extract
from live.body.pose import FRAME_RATE
from live.dance.contract import BEATS_A_BAR, dance_ratio
from model.data.music.genres import genres_of
from model.data.music.render import render_song
from model.data.music.song import Song, random_song
from model.data.prepare import beat_position
from model.network.config import TrainConfig

MUSIC_LAG = TrainConfig().music_lag
_HELD_OUT_SEED = 900_000  # songs of `prepare` follow from small seeds


@dataclass(frozen=True)
class Piece:
    """Music as a dancer meets it, 30 frames a second. style: in which it is to be danced; features:
    float32 [T, 83]; beats: float64 [T], in the dancer's beats at the moment each pose is seen;
    tempo_bpm: of the dancer's beats."""

    name: str
    style: str
    features: np.ndarray
    beats: np.ndarray
    tempo_bpm: float


def held_out_song(
    style: str, tempo_bpm: float, seconds: float, seed: int, metre: int = BEATS_A_BAR
) -> Song:
    """A rendered song that no training saw, in a genre the style is danced to, at one tempo. metre:
    beats in a bar of the style."""
    rng = np.random.default_rng([_HELD_OUT_SEED, seed])
    genre = str(rng.choice(genres_of(style, metre)))
    return render_song(random_song(rng, genre, tempo_bpm, seconds, tempo_change=False), SAMPLE_RATE)


@lru_cache(maxsize=64)
def piece(
    style: str,
    tempo_bpm: float,
    seconds: float,
    seed: int,
    lag: float = MUSIC_LAG,
    metre: int = BEATS_A_BAR,
) -> Piece:
    """What the network meets of such a song; lag: frames from the music heard to the pose seen.

    Kept, for the same songs are danced to again and again: its arrays are not to be changed.
    """
    song = held_out_song(style, tempo_bpm, seconds + 1.0, seed, metre)
    frames = extract(song.audio, SAMPLE_RATE)[: round(seconds * FRAME_RATE)]
    seen_s = np.array([f.end for f in frames]) / SAMPLE_RATE + lag / FRAME_RATE
    ratio = dance_ratio(tempo_bpm)
    return Piece(
        f"{song.genre} {tempo_bpm:.0f} seed {seed}",
        style,
        np.stack([f.features for f in frames]),
        beat_position(seen_s, song.beats_s, song.downbeats_s) * ratio,
        tempo_bpm * ratio,
    )
