"""Recorded music with beats that people marked.

Enters: a folder of audio files, each with its beats in a text file of the same name (.beats or
.txt: time in seconds, then the beat's number in its bar, counted from 0 or from 1 as the file has
it, -1 or nothing where it is unknown). Leaves: `Piece`s. An `index.json` in the folder may name
genres, and the tiers of licences.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from live.errors import ArtifactError

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")


@dataclass(frozen=True)
class Piece:
    """name; audio: float32 [n], mono, at sample_rate; beats_s: float64 [m], true beat times;
    downbeats_s: float64 [d], those of them that open a bar, empty if unknown; genre; tier: of its
    licence, "open" if networks that anybody may use may learn from it."""

    name: str
    audio: np.ndarray
    sample_rate: int
    beats_s: np.ndarray
    downbeats_s: np.ndarray
    genre: str = ""
    tier: str = ""


def read_folder(folder: Path) -> Iterator[Piece]:
    """Every audio file that has beat times beside it."""
    import soundfile

    if not folder.is_dir():
        raise ArtifactError(f"{folder} is no folder; name one with audio and beat times in it")
    index = _read_index(folder / "index.json")
    found = False
    for path in sorted(folder.iterdir()):
        notes = [path.with_suffix(s) for s in (".beats", ".txt") if path.with_suffix(s).exists()]
        if path.suffix.lower() not in AUDIO_SUFFIXES or not notes:
            continue
        found = True
        try:
            audio, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise ArtifactError(f"{path}: {error}; convert it to WAV first") from error
        beats_s, downbeats_s = _read_beats(notes[0])
        genre, tier = index.get(path.stem, ("", ""))
        mono = audio.mean(axis=1)
        yield Piece(path.stem, mono, sample_rate, beats_s, downbeats_s, genre, tier)
    if not found:
        raise ArtifactError(f"{folder}: no audio file with a .beats or .txt of the same name")


def _read_index(index: Path) -> dict[str, tuple[str, str]]:
    """Genre and tier by name; none where the folder has no index of the expected form."""
    if not index.exists():
        return {}
    try:
        entries = json.loads(index.read_text(encoding="utf-8"))
        return {
            e["name"]: (str(e.get("group") or e.get("genre", "")), str(e.get("tier", "")))
            for e in entries
        }
    except (ValueError, TypeError, KeyError, OSError):
        return {}


def _read_beats(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Beat times in seconds, and which of them open a bar."""
    times, numbers = [], []
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            words = line.replace(",", " ").split()
            if words and not words[0].startswith("#"):
                times.append(float(words[0]))
                numbers.append(float(words[1]) if len(words) > 1 else -1.0)
    except (ValueError, OSError) as error:
        raise ArtifactError(
            f"{path}: one beat time in seconds a line is needed; {error}"
        ) from error
    if len(times) < 2:
        raise ArtifactError(f"{path} holds {len(times)} beat times; at least 2 are needed")
    beats_s, counted = np.array(times), np.array(numbers)
    known = counted[counted >= 0]
    first = known.min() if len(known) else 0.0
    return beats_s, beats_s[(counted == first) & (counted >= 0)]
