"""Recordings of dance music, with the beat grids fitted to them.

Enters: a folder of recordings named by their dance. Leaves: the sound and grid of each, those to be
trained on and those held out. They keep a steady tempo, so one grid is fitted to all of it; a
recording whose four quarters do not agree on it is not used at all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import gcd
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.signal import resample_poly

from live.audio.features import SAMPLE_RATE, extract
from live.audio.files import AudioFile, read_audio
from live.errors import ArtifactError
from model.data import accents, room
from model.data.beat_grid import Grid, fit_grid
from model.data.music.genres import GENRES

# By the letter in their name: what they are danced as, and at which tempi.
_DANCES = {
    "C": ("chacha", 110.0, 134.0), "R": ("rumba", 94.0, 112.0),
    "T": ("tango", 114.0, 136.0), "W": ("waltz", 80.0, 94.0),
}  # fmt: skip
_TICK_RATE = 120
_TRUSTED = (0.04, 0.95)  # strength and consistency of a recording's grid; tapped along and right
# Onsets rise for a while, and a comb fits the middle: late by so much on songs of these dances that
# were rendered with exact beats (median of 15; single clicks 8 ms).
_RISE_S = 0.029
_HELD_OUT_EVERY = 5
_MIN_S = 10.0
_ROOM_SHARE = 0.5  # of those trained on are heard through a room


class Recording(NamedTuple):
    """A recording with the steady grid that was fitted to all of it."""

    name: str
    genre: str
    beats_s: np.ndarray
    downbeats_s: np.ndarray
    grid: Grid

    @property
    def tempo_bpm(self) -> float:
        return self.grid.tempo_bpm

    @property
    def is_trusted(self) -> bool:
        return self.grid.strength >= _TRUSTED[0] and self.grid.consistency >= _TRUSTED[1]


def read_recordings(folder: Path) -> Iterator[tuple[Recording, np.ndarray]]:
    """Every recording of the folder that is named by its dance, float32 [T] at 24 kHz, with its
    grid."""
    for path in _recordings(folder):
        audio = decode_audio(path)
        yield fit_recording(path.stem, audio, *_DANCES[_letter(path)]), audio


def _recordings(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.ogg")) if _letter(path) in _DANCES]


def _letter(path: Path) -> str:
    """W of ballroom_W_1.ogg."""
    return path.stem.rpartition("_")[0].rpartition("_")[2]


def fit_recording(
    name: str, audio: np.ndarray, genre: str, low_bpm: float, high_bpm: float
) -> Recording:
    """The steady grid of a recording's onsets; the bar begins where the bass is the strongest."""
    ticks = np.concatenate([f.ticks for f in extract(audio, SAMPLE_RATE)])
    envelope = accents.levelled(ticks.sum(axis=1), _TICK_RATE)
    grid = fit_grid(envelope, _TICK_RATE, low_bpm, high_bpm)
    last = len(audio) / SAMPLE_RATE * grid.tempo_bpm / 60 + grid.phase
    beats_s = (np.arange(np.ceil(grid.phase), last) - grid.phase) * 60 / grid.tempo_bpm
    metre = GENRES[genre].metre
    bass = np.interp(beats_s * _TICK_RATE, np.arange(len(ticks)), ticks[:, 0])
    first = int(np.argmax([bass[k::metre].mean() for k in range(metre)]))
    beats_s = beats_s - _RISE_S
    return Recording(name, genre, beats_s, beats_s[first::metre], grid)


def decode_audio(path: Path, least_s: float = _MIN_S) -> np.ndarray:
    """A recording as float32 [T], mono, 24 kHz. ArtifactError if it has no sound that can be read,
    or less than least_s."""
    with _refused(path):
        audio, rate = read_audio(path)
    if len(audio) < least_s * rate:
        raise ArtifactError(
            f"{path} has {len(audio) / rate:.1f} s of sound; expected {least_s:g} s or more, "
            "for its beat to be found; take it out"
        )
    divisor = gcd(SAMPLE_RATE, rate)
    return resample_poly(audio, SAMPLE_RATE // divisor, rate // divisor).astype(np.float32)


def check_recordings(folder: Path) -> None:
    """ArtifactError names one of them that is no sound: before an hour's work, not after it."""
    for path in _recordings(folder):
        with _refused(path):
            AudioFile(path)


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    try:
        yield
    except ArtifactError as error:
        raise ArtifactError(f"cannot read the sound of {path}: {error}; take it out") from error


def trusted_recordings(folder: Path) -> Iterator[tuple[Recording, np.ndarray]]:
    """The recordings whose grids can be trusted."""
    return (pair for pair in read_recordings(folder) if pair[0].is_trusted)


def training_recordings(folder: Path, seed: int) -> Iterator[tuple[Recording, np.ndarray]]:
    """The recordings to train on, half of them heard through a room."""
    rng = np.random.default_rng(seed)
    for i, (recording, audio) in enumerate(trusted_recordings(folder)):
        if i % _HELD_OUT_EVERY == _HELD_OUT_EVERY - 1:
            continue
        if rng.random() < _ROOM_SHARE:
            audio = room.simulate(audio, SAMPLE_RATE, rng, severity=rng.random())
        yield recording, audio


def held_out_recordings(folder: Path, trained_on: bool) -> list[tuple[Recording, np.ndarray]]:
    """Recordings that a network has never heard: those that `training_recordings` leaves out, or
    all of them if it was not trained on recordings at all. Raises ArtifactError where there are
    none."""
    recordings = list(trusted_recordings(folder))
    if trained_on:
        recordings = recordings[_HELD_OUT_EVERY - 1 :: _HELD_OUT_EVERY]
    if not recordings:
        raise ArtifactError(
            f"{folder} holds no recording to judge by: an .ogg named like ballroom_W_1 (C, R, T, W "
            "for cha-cha, rumba, tango, waltz) whose beat is steady"
        )
    return recordings
