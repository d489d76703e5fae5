"""Short dances of every system to the same songs, for a page that draws them.

Enters: `Compared`. Leaves: `Film`s, joints every 1/30 s with the sound they are danced to.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.body.pose import FRAME_RATE
from model.comparison.comparison import Compared
from model.comparison.programme import Music, frames_at
from model.comparison.recipe import Recipe
from model.evaluation.sounding import SETTLE_S
from model.evaluation.take import FlatTake, Take


@dataclass(frozen=True)
class Scene:
    """A stretch of a song. audio: float32 [T] at 24 kHz; films: by the name of the row, joints
    float32 [frames, 19, 3] at 30 fps, in the middle of the stage."""

    name: str
    audio: np.ndarray
    films: dict[str, np.ndarray]


def scenes(recipe: Recipe, compared: Compared) -> Iterator[Scene]:
    """One for each style and tempo."""
    for song in compared.music:
        start = min(SETTLE_S, song.seconds - recipe.film_s)
        yield Scene(
            f"{song.style}, {song.tempo_bpm:g} BPM",
            _audio(song, start, recipe.film_s),
            {
                name: _film(dancer(song, [1000 * recipe.seeds[0]])[0], song, start, recipe.film_s)
                for name, dancer in compared.dancers.items()
            },
        )


def _audio(song: Music, start_s: float, seconds: float) -> np.ndarray:
    first = round(start_s * SAMPLE_RATE)
    return song.song().audio[first : first + round(seconds * SAMPLE_RATE)]


def _film(take: Take | FlatTake, song: Music, start_s: float, seconds: float) -> np.ndarray:
    moments = start_s + np.arange(round(seconds * FRAME_RATE)) / FRAME_RATE
    if not isinstance(take, Take):
        raise TypeError("films are of dances in space")
    joints = take.joints[frames_at(take, song, moments)]
    centre = joints[:, 0].mean(axis=0) * np.array([1.0, 0.0, 1.0])
    return (joints - centre).astype(np.float32)
