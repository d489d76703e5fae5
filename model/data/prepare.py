"""Raw clips and music to the two files training reads: `motion.npz` and `music.npz`.

Enters: the clips of a folder, checked (`model.data.clips`), of which those of the tiers asked for
are taken; and songs rendered here with exact beats. Leaves: pose vectors on one body with their
control curves, and music features (`live.audio.features`, the code that performs) with the beat
position of every frame.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np

from live.audio.features import SAMPLE_RATE, extract
from live.body.pose import FRAME_RATE, decode, encode
from live.body.skeleton import BONE_LENGTHS, JOINT, with_bone_lengths
from live.dance.contract import CONTROL_DIM
from live.dance.manifest import check_room
from live.errors import ArtifactError
from live.safe_write import check_output_folder, whole_file
from model.data import accents, room
from model.data.beat_grid import Grid, fit_grid
from model.data.clips import RawClip, read_raw_clips, refusal
from model.data.motion_beats import beats_of_motion
from model.data.music.genres import genres_of
from model.data.music.render import render_song
from model.data.music.song import Song, random_song
from model.data.own_songs import OwnSong, own_songs
from model.data.recordings import Recording, check_recordings, training_recordings
from model.data.waiting import danced

log = logging.getLogger(__name__)

AnySong = Song | Recording | OwnSong

_CONTROL_S = 2.0  # width of the window over which energy, openness and travel are measured
ANKLE_ABOVE_TOE_M = 0.06  # of a standing foot
_HELD_OUT = 0.12  # the last share of each clip is kept for evaluation
_ROOM_SHARE = 0.5  # of the songs are heard through a room
# Where the index's grids, fitted clip by clip over all tempi, disagree within one dance: couples
# filmed together at tempi a third apart. Beats per minute at which the dance is stepped.
_STEPPED_BPM = {"salsa": (155.0, 195.0)}
_EXTREMITIES = tuple(JOINT[n] for n in ("l_wrist", "r_wrist", "l_ankle", "r_ankle"))


@dataclass(frozen=True)
class Clip:
    """One motion clip on the canonical body. pose: float32 [T, 60]; control: float32 [T, 4]."""

    name: str
    style: str
    pose: np.ndarray
    control: np.ndarray
    tempo_bpm: float
    phase: float  # beats at frame 0
    metre: int = 4  # beats a bar
    song: Path | None = None  # the very one that it was danced to
    song_start_s: float = 0.0  # where that is in frame 0


def canonical(joints: np.ndarray) -> np.ndarray:
    """Joints [T, 19, 3] of any body to the body of `live.body.skeleton`, feet on the floor."""
    legs = [JOINT[n] for n in ("l_knee", "l_ankle", "r_knee", "r_ankle")]
    parents = [JOINT[n] for n in ("l_hip", "l_knee", "r_hip", "r_knee")]
    length = np.median(np.linalg.norm(joints[:, legs] - joints[:, parents], axis=-1), axis=0)
    scale = BONE_LENGTHS[legs].sum() / length.sum()
    out = with_bone_lengths(joints * scale)
    toes = out[:, [JOINT["l_toe"], JOINT["r_toe"]], 1]
    ankles = out[:, [JOINT["l_ankle"], JOINT["r_ankle"]], 1] - ANKLE_ABOVE_TOE_M
    out[..., 1] -= np.percentile(np.minimum(toes.min(axis=1), ankles.min(axis=1)), 15)
    return out


def control_curves(pose: np.ndarray) -> np.ndarray:
    """Energy, openness, travel of pose vectors [T, 60] in plain units: float32 [T, 4].

    Energy: log of the mean joint speed (m/s). Openness: mean distance of wrists and ankles from the
    pelvis (m). Travel: log of the root's speed (m/s). Each over +-1 s; `standardised` centres them.
    """
    joints = decode(pose)
    velocity = np.linalg.norm(np.diff(joints, axis=0, prepend=joints[:1]), axis=-1) * FRAME_RATE
    reach = np.linalg.norm(joints[:, _EXTREMITIES] - joints[:, :1], axis=-1)
    root = np.linalg.norm(pose[:, -3:-1], axis=-1)
    curves = np.zeros((len(pose), CONTROL_DIM), np.float32)
    speed, reach, root = (
        accents.moving_mean(curve, FRAME_RATE, _CONTROL_S)
        for curve in (velocity.mean(axis=1), reach.mean(axis=1), root)
    )
    curves[:, 0] = np.log(speed + 0.02)
    curves[:, 1] = reach
    curves[:, 2] = np.log(root + 0.05)
    return curves


def standardised(clips: list[Clip]) -> list[Clip]:
    """Controls relative to their style's mean: energy and travel in units of 0.5 in the logarithm,
    openness in units of 5 cm."""
    scale = np.array([0.5, 0.05, 0.5, 1.0], np.float32)
    means = {
        style: np.concatenate([c.control for c in clips if c.style == style]).mean(axis=0)
        for style in {c.style for c in clips}
    }
    return [replace(c, control=(c.control - means[c.style]) / scale) for c in clips]


def read_clips(source: Path, tiers: tuple[str, ...], skip_bad: bool = False) -> list[Clip]:
    """Every clip of the tiers, on one body.

    ArtifactError where the source is not one, or where one of its clips is refused (`clips`); with
    skip_bad such clips are left out, unless none is left.
    """
    raw, refused = read_raw_clips(source, tiers)
    if refused and not (skip_bad and raw):
        raise ArtifactError(refusal(refused, len(raw)))
    for error in refused:
        log.warning("left out: %s", error)
    return clips_of(raw)


def clips_of(raw: Iterable[RawClip]) -> list[Clip]:
    """Clips on one body, with their controls and the beats that their motion has where nobody knows
    them."""
    return standardised([_on_one_body(clip) for clip in raw])


def _on_one_body(raw: RawClip) -> Clip:
    joints = canonical(raw.joints)
    frames = danced(joints)
    joints = joints[frames]
    pose = encode(joints)
    tempo, phase, metre = raw.tempo_bpm, raw.phase, raw.metre
    if tempo is not None and phase is not None:
        phase += frames.start * tempo / 60 / FRAME_RATE
    if raw.style in _STEPPED_BPM:
        tempo, phase, *_ = motion_grid(pose, *_STEPPED_BPM[raw.style])
    elif tempo is None or phase is None:
        found = beats_of_motion(joints, metre=metre)
        tempo, phase, metre = found.tempo_bpm, found.phase, found.metre
    return Clip(
        raw.name, raw.style, pose, control_curves(pose), tempo, phase, metre or 4, raw.song,
        raw.song_start_s + frames.start / FRAME_RATE,
    )  # fmt: skip


def motion_grid(pose: np.ndarray, low_bpm: float, high_bpm: float) -> Grid:
    """The grid of the body's decelerations, pose vectors [T, 60]."""
    envelope = accents.kinematic_envelope(decode(pose), FRAME_RATE)
    return fit_grid(accents.levelled(envelope, FRAME_RATE), FRAME_RATE, low_bpm, high_bpm)


def write_motion(clips: list[Clip], path: Path, songs: Sequence[Path] = ()) -> None:
    """All clips end to end: `start` [n + 1]; a clip's frames from its `split` on are held out.

    songs: those of the clips' own that `write_music` has first, in this order. `song` [n] is which
    of them, -1 for none; its frame k is danced in the clip's frame k + `song_at`.
    """
    lengths = np.array([len(c.pose) for c in clips])
    styles = sorted({c.style for c in clips})
    arrays = dict(
        pose=np.concatenate([c.pose for c in clips]),
        control=np.concatenate([c.control for c in clips]),
        start=np.concatenate([[0], np.cumsum(lengths)]),
        split=np.concatenate([[0], np.cumsum(lengths)[:-1]])
        + (lengths * (1 - _HELD_OUT)).astype(int),
        style=np.array([styles.index(c.style) for c in clips]),
        tempo_bpm=np.array([c.tempo_bpm for c in clips], np.float64),
        phase=np.array([c.phase for c in clips], np.float64),
        metre=np.array([c.metre for c in clips]),
        song=np.array([songs.index(c.song) if c.song in songs else -1 for c in clips]),
        song_at=np.array([1 - FRAME_RATE * c.song_start_s for c in clips], np.float64),
        styles=np.array(styles),
        names=np.array([c.name for c in clips]),
    )
    with path.open("wb") as file:  # of a path, numpy would change the name
        np.savez(file, allow_pickle=False, **arrays)


def render_songs(
    minutes: float, seed: int, genres: tuple[str, ...], song_s: float = 40.0
) -> Iterator[tuple[Song, np.ndarray]]:
    """Songs in every genre in turn, tempi spread over each genre's range, half through a room.

    Yields (song, audio float32 [T] as heard).
    """
    rng = np.random.default_rng(seed)
    for i in range(max(int(minutes * 60 / song_s), len(genres))):
        song = render_song(
            random_song(rng, genre=genres[i % len(genres)], duration_s=song_s),
            SAMPLE_RATE,
        )
        heard = song.audio
        if rng.random() < _ROOM_SHARE:
            heard = room.simulate(heard, SAMPLE_RATE, rng, severity=rng.random())
        yield song, heard


def write_music(songs: Iterable[tuple[AnySong, np.ndarray]], path: Path) -> int:
    """Features float16 [T, 83] and the beat position of every frame, songs end to end.

    `beat` float64 [T]: at the end of the frame's samples, 0 on the first downbeat. Returns the
    number of songs.
    """
    features, beats, tempi, starts, genres = [], [], [], [0], []
    for song, audio in songs:
        frames = extract(audio, SAMPLE_RATE)
        end_s = np.array([f.end for f in frames]) / SAMPLE_RATE
        beat = beat_position(end_s, song.beats_s, song.downbeats_s)
        features.append(np.stack([f.features for f in frames]).astype(np.float16))
        beats.append(beat)
        tempi.append(60 * FRAME_RATE * np.gradient(beat))
        starts.append(starts[-1] + len(frames))
        genres.append(song.genre)
    arrays = dict(
        features=np.concatenate(features),
        beat=np.concatenate(beats),
        tempo_bpm=np.concatenate(tempi),
        start=np.array(starts),
        genre=np.array(genres),
    )
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    return len(genres)


def beat_position(time_s: np.ndarray, beats_s: np.ndarray, downbeats_s: np.ndarray) -> np.ndarray:
    """Beats since the first downbeat at each time, linear between beats and beyond the ends."""
    first = int(np.argmin(np.abs(beats_s - downbeats_s[0])))
    index = np.arange(len(beats_s)) - first
    inside = np.interp(time_s, beats_s, index)
    before = (time_s - beats_s[0]) / (beats_s[1] - beats_s[0]) + index[0]
    after = (time_s - beats_s[-1]) / (beats_s[-1] - beats_s[-2]) + index[-1]
    return np.where(time_s < beats_s[0], before, np.where(time_s > beats_s[-1], after, inside))


def prepare(
    source: Path,
    out: Path,
    tiers: tuple[str, ...],
    music_minutes: float,
    seed: int,
    skip_bad: bool = False,
) -> dict:
    """Write motion.npz, music.npz and prepared.json into `out`, all or none; returns what
    prepared.json says. skip_bad: leave out clips that are refused, instead of writing nothing.

    ArtifactError before anything is rendered where the source or the folder does not do.
    """
    check_output_folder(out, (source, source / "motion"))
    clips = read_clips(source, tiers, skip_bad)
    has_recordings = "research" in tiers and (source / "music").is_dir()
    if has_recordings:
        check_recordings(source / "music")
    styles = sorted({c.style for c in clips})
    check_room(styles, source)
    genres = tuple(sorted({g for c in clips for g in genres_of(c.style, c.metre)}))
    own = own_songs(clips)
    pieces: Iterable[tuple[AnySong, np.ndarray]] = chain(
        own, render_songs(music_minutes, seed, genres)
    )
    if has_recordings:
        pieces = chain(pieces, training_recordings(source / "music", seed))
    with ExitStack() as stack:
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArtifactError(f"cannot write into {out}: {error.strerror}") from error
        names = ("prepared.json", "music.npz", "motion.npz")
        summary_file, music_file, motion_file = (
            stack.enter_context(whole_file(out / name)) for name in names
        )
        write_motion(clips, motion_file, [song.path for song, _ in own])
        songs = write_music(pieces, music_file)
        summary = {
            "tiers": list(tiers),
            "clips": len(clips),
            "motion_minutes": round(sum(len(c.pose) for c in clips) / FRAME_RATE / 60, 1),
            "styles": styles,
            "genres": list(genres),
            "songs": songs,
            "own_songs": len(own),
            "seed": seed,
        }
        summary_file.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    return summary
