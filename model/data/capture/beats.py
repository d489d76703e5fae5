"""The beats of a clip: of the file itself, of its song, or of its motion.

Enters: a piece of motion, and the song that was danced to, if there is one. Leaves: what the clip's
entry says about its beats, and a sentence. A steady tempo is fitted to the song's beats under the
clip, since a clip has one; the song itself is kept beside the clip.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from live.audio.features import extract
from live.audio.files import read_audio
from live.body.pose import FRAME_RATE
from live.errors import ArtifactError
from model.data.capture.captured import Captured, Sound
from model.data.capture.timing import Piece
from model.data.motion_beats import beats_of_motion
from model.data.song_beats import SongBeats, song_beats

_LEAST_BEATS = 4  # under a clip
_TRUSTED = 0.6  # of a motion's consistency
_MIN_SONG_S = 4.0


@dataclass(frozen=True)
class Song:
    """A song with its beats. origin: "sound" of the film itself, or "song" that was given."""

    sound: Sound
    beats: SongBeats
    origin: str


@dataclass(frozen=True)
class ClipBeats:
    """fields: of the clip's entry; said: for who asked."""

    fields: dict
    said: str


def read_song(path: Path, start_s: float, metre: int | None = None) -> Song:
    """A song from a file; start_s: where it is when the motion begins. ArtifactError if it has no
    sound, or no beat."""
    samples, rate = read_audio(path)
    song = _song(Sound(samples, rate, start_s), "song", metre)
    if song is None:
        raise ArtifactError(f"{path}: no beat is heard in it; give another song, or --bpm")
    return song


def song_of(body: Captured, metre: int | None = None) -> Song | None:
    """The sound that came with the motion, if it has beats."""
    return None if body.sound is None else _song(body.sound, "sound", metre)


def _song(sound: Sound, origin: str, metre: int | None) -> Song | None:
    if len(sound.samples) < _MIN_SONG_S * sound.rate:
        return None
    beats = song_beats(extract(sound.samples, sound.rate), metre)
    return None if beats is None else Song(sound, beats, origin)


def beats_of(
    piece: Piece, body: Captured, song: Song | None, bpm: float | None, metre: int | None
) -> ClipBeats:
    """What is known of a piece's beats. bpm, metre: as told."""
    if bpm is not None:
        return _of_motion(piece, bpm, metre)
    end_s = len(piece.joints) / FRAME_RATE
    if song is not None:
        beats_s = song.beats.times_s - song_start_s(song, piece)
        found = _fitted(beats_s, song.beats.places, song.beats.metre, end_s)
        if found is not None:
            whose = "its own sound" if song.origin == "sound" else "the song given"
            return _told(found, song.beats.metre, song.origin, f"from {whose}")
    if body.beats is not None:
        known = body.beats
        places = (np.arange(len(known.time_s)) - max(known.first, 0)) % known.metre
        found = _fitted(known.time_s - piece.start_s, places, known.metre, end_s)
        if found is not None:
            return _told(found, known.metre, "file", "from the file itself")
    return _of_motion(piece, bpm, metre)


def song_start_s(song: Song, piece: Piece) -> float:
    """Where the song is in a piece's first frame, seconds."""
    return song.sound.start_s + piece.start_s


def _of_motion(piece: Piece, bpm: float | None, metre: int | None) -> ClipBeats:
    found = beats_of_motion(piece.joints, bpm, metre)
    fields = {
        "tempo_bpm": round(found.tempo_bpm, 3), "beat_phase_at_frame0": round(found.phase, 4),
        "metre": found.metre, "beats_from": "motion",
        "beat_strength": round(found.strength, 3),
        "beat_consistency": round(found.consistency, 3),
    }  # fmt: skip
    sure = "" if found.consistency >= _TRUSTED else ", not sure (give --music or --bpm)"
    told = ", tempo as told" if bpm is not None else ""
    return ClipBeats(fields, f"{_tempo(found.tempo_bpm, found.metre)} by the motion{told}{sure}")


def _fitted(
    beats_s: np.ndarray, places: np.ndarray, metre: int, end_s: float
) -> tuple[float, float, float] | None:
    """Tempo, phase in bars' beats, and spread in beats, of the beats under a clip; None where there
    are too few."""
    under = (beats_s > -1.0) & (beats_s < end_s + 1.0)
    if under.sum() < _LEAST_BEATS:
        return None
    times, first = beats_s[under], int(places[under][0])
    number = first + np.arange(len(times))
    rate, phase = np.polyfit(times, number, 1)
    spread = float(np.std(number - rate * times - phase))
    return 60 * float(rate), float(phase) % metre, spread


def _told(found: tuple[float, float, float], metre: int, origin: str, whence: str) -> ClipBeats:
    tempo_bpm, phase, spread = found
    fields = {
        "tempo_bpm": round(tempo_bpm, 4), "beat_phase_at_frame0": round(phase, 4),
        "metre": metre, "beats_from": origin, "beat_spread": round(spread, 3),
    }  # fmt: skip
    return ClipBeats(fields, f"{_tempo(tempo_bpm, metre)} {whence}")


def _tempo(tempo_bpm: float, metre: int) -> str:
    return f"{tempo_bpm:.1f} beats a minute in bars of {metre}"
