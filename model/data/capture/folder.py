"""A folder of clips that grows: new ones beside those that are there, or in their place.

Enters: clips with their entries. Leaves: `motion/NAME.npz`, `songs/NAME.flac` and `index.json`,
each whole or not at all, the index last: what it lists is always there. A clip of the same file as
before takes its place; one of another file gets another name.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from live.errors import ArtifactError
from live.safe_write import check_output_folder, whole_file, write_text
from model.data.capture.captured import Sound
from model.data.clip_index import check_entry, is_clip_name, read_index, write_index
from model.data.own_songs import beats_file, beats_text
from model.data.song_beats import SongBeats

_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")  # no file's name on Windows
_MOST_NAME = 80


@dataclass(frozen=True)
class NewClip:
    """joints: float32 [T, 19, 3] of a clip. entry: its fields in the index, without `frames`."""

    name: str
    joints: np.ndarray
    entry: dict = field(default_factory=dict)


class ClipFolder:
    """The folder CLIPS. ArtifactError if its index is damaged or it cannot be written."""

    def __init__(self, path: Path, inputs: Iterable[Path] = ()):
        check_output_folder(path, inputs)
        self.path = path
        self.entries: dict[str, dict] = {}
        if (path / "index.json").exists():
            for name, entry in read_index(path):
                self.entries[name] = check_entry(name, entry)

    def name_for(self, wanted: str, source: str, taken: Iterable[str] = ()) -> str:
        """A clip's name by what it was made of: its old one, or one that nobody has.

        source: the fingerprint of its file, `source_sha256` in its entry.
        """
        base, number = slug(wanted), 1
        taken = set(taken)
        while True:
            name = base if number == 1 else f"{base}-{number}"
            own = self.entries.get(name, {}).get("source_sha256") == source
            if name not in taken and (own or name.lower() not in self._lower()):
                return name
            number += 1

    def add(self, clips: Iterable[NewClip], replaced_source: str = "") -> None:
        """Write clips, then the index without other clips of `replaced_source`'s file."""
        clips = list(clips)
        for clip in clips:
            self._write_motion(clip)
        new = {c.name: c.entry | {"frames": len(c.joints), "fps": 30} for c in clips}
        kept = {
            name: entry
            for name, entry in self.entries.items()
            if not replaced_source or entry.get("source_sha256") != replaced_source
        }
        entries = kept | new
        write_index(self.path, entries)
        for name in self.entries.keys() - entries.keys():
            (self.path / "motion" / f"{name}.npz").unlink(missing_ok=True)
        self.entries = entries

    def add_song(self, name: str, sound: Sound, beats: SongBeats) -> str:
        """Write a song and its beats; returns what an entry's `song` says."""
        folder = self._sub("songs")
        path = folder / f"{name}.flac"
        with whole_file(path) as partial:
            soundfile.write(partial, sound.samples, sound.rate, format="FLAC", subtype="PCM_16")
        write_text(beats_file(path), beats_text(beats.times_s, beats.places))
        return f"songs/{path.name}"

    def _write_motion(self, clip: NewClip) -> None:
        path = self._sub("motion") / f"{clip.name}.npz"
        with whole_file(path) as partial, partial.open("wb") as file:
            np.savez(file, allow_pickle=False, joints=clip.joints.astype(np.float32))

    def _sub(self, name: str) -> Path:
        folder = self.path / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArtifactError(f"cannot write into {folder}: {error.strerror}") from error
        return folder

    def _lower(self) -> set[str]:
        """Names in use; on Windows and macOS A and a are one file."""
        return {name.lower() for name in self.entries}


def slug(wanted: str) -> str:
    """A name for a clip and its files, on any system."""
    name = re.sub(r"[^\w.-]+", "_", wanted, flags=re.ASCII).strip("._-")[:_MOST_NAME].rstrip("._-")
    if not name or _RESERVED.fullmatch(name) or not is_clip_name(name):
        name = f"clip_{name}".rstrip("_")
    return name
