"""Files in, clips out: what `posejockey capture` does.

Enters: motion files. Leaves: a folder of clips, and on screen what was found in each file. A file
that is refused costs itself alone: all others are captured, and the exit code is 2. Runs in the
caller's thread.
"""

import hashlib
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from live.body.pose import FRAME_RATE
from live.errors import ArtifactError, PerformanceError
from model.data.capture.beats import Song, beats_of, read_song, song_of, song_start_s
from model.data.capture.captured import Captured, Filmed
from model.data.capture.folder import ClipFolder, NewClip
from model.data.capture.formats import Progress, read_motion
from model.data.capture.settle import Told, settle
from model.data.capture.timing import Piece
from model.data.clip_index import ClipError
from model.data.clips import check_joints

Say = Callable[[str], object]


@dataclass(frozen=True)
class Wanted:
    """What was asked for. told: what is not to be found out (settle.Told); tier: None for what the
    kind of file says, else open; music: the song danced to, music_start_s: where it is when the
    motion begins; progress: told how far a film is."""

    told: Told = field(default_factory=Told)
    style: str = "mine"
    tier: str | None = None
    credit: str | None = None
    music: Path | None = None
    music_start_s: float = 0.0
    bpm: float | None = None
    metre: int | None = None
    filmed: Filmed = field(default_factory=Filmed)
    only_show: bool = False
    progress: Progress = lambda done, what: None


def capture(files: list[Path], out: Path, wanted: Wanted, say: Say) -> int:
    """Capture all files into the folder `out`; returns 0, or 2 where one of them was refused.

    ArtifactError where the folder cannot be written, or the song cannot be read.
    """
    folder = ClipFolder(out, files)
    song = (
        None
        if wanted.music is None
        else read_song(wanted.music, wanted.music_start_s, wanted.metre)
    )
    refused = 0
    for path in files:
        try:
            refused += _capture_file(path, folder, song, wanted, say)
        except ArtifactError as error:
            refused += 1
            say(f"{path.name}: refused: {error}")
    clips = sum(entry["style"] == wanted.style for entry in folder.entries.values())
    if not wanted.only_show:
        say(f"{out}: {len(folder.entries)} clips, {clips} of them {wanted.style}")
    return 2 if refused else 0


def _capture_file(
    path: Path, folder: ClipFolder, song: Song | None, wanted: Wanted, say: Say
) -> int:
    """Returns how many of its bodies gave nothing."""
    bodies = read_motion(path, wanted.filmed, wanted.progress)
    say(
        f"{path.name}: {bodies[0].format}, {len(bodies)} {'body' if len(bodies) == 1 else 'bodies'}"
    )
    source = {"source": path.name, "source_sha256": _fingerprint(path)}
    clips: list[NewClip] = []
    refused = 0
    for body in bodies:
        try:
            clips += _clips(body, path, folder, song, wanted, source, clips, say)
        except PerformanceError as error:
            refused += 1
            say(f"  {body.part or path.name}: refused: {error}")
    if clips and not wanted.only_show:
        folder.add(clips, source["source_sha256"])
    return refused


def _clips(
    body: Captured, path: Path, folder: ClipFolder, song: Song | None, wanted: Wanted,
    source: dict[str, str], before: list[NewClip], say: Say,
) -> list[NewClip]:  # fmt: skip
    settled = settle(body, wanted.told)
    for sentence in settled.said:
        say(textwrap.fill(sentence, 98, initial_indent="  ", subsequent_indent="      "))
    song = song or song_of(body, wanted.metre)
    taken = [clip.name for clip in before]
    clips: list[NewClip] = []
    wrong: list[ClipError] = []
    stem = "_".join(filter(None, (path.stem, body.part)))
    song_field: dict = {}
    for piece in settled.pieces:
        name = folder.name_for(stem, source["source_sha256"], taken)
        try:
            check_joints(name, piece.joints)
        except ClipError as error:
            wrong.append(error)
            continue
        taken.append(name)
        if song is not None and not song_field and not wanted.only_show:
            song_field = {"song": folder.add_song(name, song.sound, song.beats)}
        found = beats_of(piece, body, song, wanted.bpm, wanted.metre)
        begins = {"source_start_s": round(piece.start_s, 3)} if piece.start_s else {}
        entry = _entry(body, wanted) | source | begins | found.fields | song_field
        if song_field and song is not None:
            entry["song_start_s"] = round(song_start_s(song, piece), 4)
        clips.append(NewClip(name, piece.joints, entry))
        say(f"  -> {name}: {_length(piece)}, {found.said}")
    if wrong and not clips:
        raise wrong[0]
    for error in wrong:
        say(f"  left out: {error}")
    return clips


def _entry(body: Captured, wanted: Wanted) -> dict:
    credit = {"credit": wanted.credit} if wanted.credit else {}
    return {"style": wanted.style, "tier": wanted.tier or body.tier or "open"} | credit


def _length(piece: Piece) -> str:
    seconds = len(piece.joints) / FRAME_RATE
    return f"{seconds:.1f} s from {piece.start_s:.1f} s on" if piece.start_s else f"{seconds:.1f} s"


def _fingerprint(path: Path) -> str:
    """SHA-256 of a file, or of all that lies in a folder."""
    digest = hashlib.sha256()
    files = sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    for file in files:
        with file.open("rb") as content:
            while piece := content.read(1 << 20):
                digest.update(piece)
    return digest.hexdigest()
