"""The very songs that clips were danced to: true pairs, kept beside songs that are rendered.

Enters: clips that name their song (`song` and `song_start_s` in the index). Leaves: each song once,
with its beats: those of the file beside it (`songs/NAME.beats`: a beat a line, its second and its
place in the bar from 0 on), else those that are heard in it. Runs in the caller's thread.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from live.audio.features import SAMPLE_RATE, extract
from live.errors import ArtifactError
from live.safe_read import read_file
from model.data.music.genres import genres_of
from model.data.recordings import decode_audio
from model.data.song_beats import song_beats

log = logging.getLogger(__name__)

_MOST_BYTES = 1 << 22
_LEAST_BEATS = 8
_LEAST_S = 10.0  # a window with what is heard before it, and room to move


@dataclass(frozen=True)
class OwnSong:
    """A song with its beats. genre: the first that its clip's style is danced to."""

    path: Path
    genre: str
    beats_s: np.ndarray
    downbeats_s: np.ndarray


class HasSong(Protocol):
    """A clip with its beats."""

    @property
    def style(self) -> str: ...
    @property
    def metre(self) -> int: ...
    @property
    def tempo_bpm(self) -> float: ...
    @property
    def phase(self) -> float: ...
    @property
    def song_start_s(self) -> float: ...
    @property
    def song(self) -> Path | None: ...


def own_songs(clips: Iterable[HasSong]) -> list[tuple[OwnSong, np.ndarray]]:
    """The songs of the clips in order of their files, with their sound, float32 [T] at 24 kHz.

    A song in which no beat is heard has those of its clip; one that is too short is left out, with
    a warning. ArtifactError if one cannot be read.
    """
    danced = {clip.song: clip for clip in clips if clip.song is not None}
    found = []
    for path in sorted(danced):
        audio = decode_audio(path, 0.0)
        if len(audio) < _LEAST_S * SAMPLE_RATE:
            log.warning("%s is under %g s; its clips are danced to other songs", path, _LEAST_S)
            continue
        times, places = _beats(path, audio) or _of_dance(danced[path], len(audio) / SAMPLE_RATE)
        genre = genres_of(danced[path].style, danced[path].metre)[0]
        found.append((OwnSong(path, genre, times, times[places == 0]), audio))
    return found


def beats_file(song: Path) -> Path:
    """Where the beats of a song lie; who knows better may mend them there."""
    return song.with_suffix(".beats")


def beats_text(times_s: np.ndarray, places: np.ndarray) -> str:
    """What such a file holds."""
    return "".join(f"{t:.4f} {place}\n" for t, place in zip(times_s, places, strict=True))


def _beats(path: Path, audio: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Times [n] and places in the bar [n]."""
    if beats_file(path).exists():
        return _read_beats(beats_file(path))
    found = song_beats(extract(audio, SAMPLE_RATE))
    if found is None or not _is_usable(found.times_s, found.places):
        return None
    return found.times_s, found.places


def _of_dance(clip: HasSong, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """The clip's own beats, on through the whole song."""
    per_s = clip.tempo_bpm / 60
    first = clip.phase - per_s * clip.song_start_s
    beats = np.arange(np.ceil(first), first + per_s * seconds)
    return (beats - first) / per_s, beats.astype(int) % clip.metre


def _read_beats(path: Path) -> tuple[np.ndarray, np.ndarray]:
    content = read_file(path, "take it away, and the beats are found anew", _MOST_BYTES)
    try:
        rows = [line.split() for line in content.decode("utf-8-sig").splitlines() if line.strip()]
        times = np.array([float(row[0]) for row in rows])
        places = np.array([int(row[1]) for row in rows])
    except (ValueError, IndexError, UnicodeDecodeError, OverflowError) as error:
        raise ArtifactError(f"{path} is no list of beats: {error}; expected `12.34 0`") from None
    if not _is_usable(times, places):
        raise ArtifactError(
            f"{path} is no list of beats: expected {_LEAST_BEATS} or more, rising, 0 the first of "
            "a bar"
        )
    return times, places


def _is_usable(times: np.ndarray, places: np.ndarray) -> bool:
    steps = np.diff(times)
    rising = len(times) >= _LEAST_BEATS and bool(((steps > 0.1) & (steps < 3.0)).all())
    return rising and bool((places == 0).any()) and bool((np.abs(times) < 1e5).all())
