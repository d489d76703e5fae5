"""What `prepare` wrote, read back with bounds, and whether a run can train on it at all.

Enters: the folder of `motion.npz` and `music.npz`. Leaves: their arrays; ArtifactError where they
are damaged, or where no window of the run's length fits. Needs no torch, so it can be asked first.
"""

import json
from pathlib import Path

import numpy as np

from live.audio.features import FEATURE_DIM
from live.body.pose import FRAME_RATE, POSE_DIM
from live.dance.contract import BEATS_A_BAR, CONTROL_DIM, dance_ratio
from live.dance.manifest import check_room
from live.errors import ArtifactError
from live.safe_read import open_file, read_arrays
from model.data.music.genres import GENRES, genres_of
from model.network.config import TrainConfig

_HINT = "run `posejockey prepare` first"
_AGAIN = "run `posejockey prepare` again"
_MOST = 1e4  # no coordinate, curve or phase is more than this
_ROOM = 0.4  # of a beat: where fewer places than that fit, drawing a window takes too long
# Dimensions after the first and numpy's kind, of what counts frames and of what counts pieces.
_MOTION = {"pose": ((POSE_DIM,), "f"), "control": ((CONTROL_DIM,), "f")}
_CLIPS = {"split": "i", "style": "i", "tempo_bpm": "f", "phase": "f", "names": "U"}
_MUSIC = {"features": ((FEATURE_DIM,), "f"), "beat": ((), "f"), "tempo_bpm": ((), "f")}
_METRES = (1, 12)
_SONGS = {"genre": "U"}


def read_motion(folder: Path) -> dict[str, np.ndarray]:
    """The arrays of motion.npz, see `model.data.prepare.write_motion`. ArtifactError if damaged."""
    path = folder / "motion.npz"
    motion = read_arrays(path, _HINT)
    _check(path, motion, _MOTION, _CLIPS)
    styles, start = motion.get("styles"), motion["start"]
    if styles is None or styles.ndim != 1 or styles.dtype.kind != "U" or not len(styles):
        raise _damaged(path, "styles")
    check_room(styles.tolist(), path)  # no stage would have what is learned from it
    if not ((motion["style"] >= 0) & (motion["style"] < len(styles))).all():
        raise _damaged(path, "style")
    if not ((start[:-1] <= motion["split"]) & (motion["split"] <= start[1:])).all():
        raise _damaged(path, "split")
    _check_range(path, motion, "tempo_bpm", 1.0, 1000.0)
    _check_metre(path, motion)
    _check_own_songs(path, motion)
    for name in ("pose", "control", "phase"):
        _check_range(path, motion, name, -_MOST, _MOST)
    return motion


def metre_of(motion: dict[str, np.ndarray], style: int) -> int:
    """Beats in a bar of a style: of most of its frames."""
    if "metre" not in motion:
        return BEATS_A_BAR
    own = motion["style"] == style
    frames = np.bincount(motion["metre"][own], weights=np.diff(motion["start"])[own])
    return int(frames.argmax())


def read_music(folder: Path) -> dict[str, np.ndarray]:
    """The arrays of music.npz, see `model.data.prepare.write_music`. ArtifactError if damaged."""
    path = folder / "music.npz"
    music = read_arrays(path, _HINT)
    _check(path, music, _MUSIC, _SONGS)
    if not np.isin(music["genre"], list(GENRES)).all():
        raise _damaged(path, "genre")
    _check_range(path, music, "tempo_bpm", 1.0, 1000.0)
    _check_range(path, music, "beat", -1e6, 1e6)
    step = np.delete(np.diff(music["beat"]), music["start"][1:-1] - 1)
    if not ((step > 0) & (step < 1)).all():
        raise _damaged(path, "beat")
    return music


def read_summary(folder: Path, styles: tuple[str, ...]) -> dict:
    """What prepared.json says. styles: those of motion.npz. ArtifactError if it is damaged or was
    written with other clips."""
    path = folder / "prepared.json"
    with open_file(path, _HINT) as file:
        content = file.read()
    try:
        summary = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{path} is not valid JSON: {error}; {_AGAIN}") from None
    if not isinstance(summary, dict) or summary.get("styles", list(styles)) != list(styles):
        raise ArtifactError(f"{path} does not belong to the clips beside it; {_AGAIN}")
    return summary


def check_windows(
    folder: Path, motion: dict[str, np.ndarray], music: dict[str, np.ndarray], config: TrainConfig
) -> None:
    """ArtifactError where a style could never be drawn: no song for it, or no clip that is long
    enough. Without this, drawing a batch would go on for ever."""
    _check_songs(folder, motion, music, config)
    fits = _fits(motion, _song_tempi(music), config)
    for number, style in enumerate(motion["styles"]):
        own = motion["style"] == number
        if not fits[own].any():
            raise _too_short(folder, str(style), motion, own, config)
    unbent = ~fits.any(axis=0)
    if unbent.any():
        tempo = _song_tempi(music)[int(unbent.argmax())]
        raise ArtifactError(
            f"{folder}: no clip is long enough to be bent to music of {tempo:.0f} BPM; use longer "
            f"clips, or a window of less than {config.window} frames in --config"
        )


def _check(
    path: Path,
    arrays: dict[str, np.ndarray],
    frames: dict[str, tuple[tuple[int, ...], str]],
    pieces: dict[str, str],
) -> None:
    for name in ("start", *frames, *pieces):
        if name not in arrays:
            raise ArtifactError(f"{path} lacks {name!r}; {_AGAIN}")
    start = arrays["start"]
    if start.ndim != 1 or start.dtype.kind != "i" or len(start) < 2 or start[0] != 0:
        raise _damaged(path, "start")
    if (np.diff(start) <= 0).any():
        raise _damaged(path, "start")
    for name, (shape, kind) in frames.items():
        array = arrays[name]
        if array.shape != (start[-1], *shape) or array.dtype.kind != kind:
            raise _damaged(path, name)
        if not np.isfinite(array).all():
            raise _damaged(path, name)
    for name, kind in pieces.items():
        array = arrays[name]
        if array.shape != (len(start) - 1,) or array.dtype.kind != kind:
            raise _damaged(path, name)
        if kind == "f" and not np.isfinite(array).all():
            raise _damaged(path, name)


def _check_metre(path: Path, motion: dict) -> None:
    """Data prepared before metres were kept has none."""
    if "metre" in motion:
        metre = motion["metre"]
        if metre.shape != motion["style"].shape or metre.dtype.kind != "i":
            raise _damaged(path, "metre")
        _check_range(path, motion, "metre", *_METRES)


def _check_own_songs(path: Path, motion: dict) -> None:
    """Data prepared before clips had songs has none."""
    for name, kind in (("song", "i"), ("song_at", "f")):
        if name in motion:
            if motion[name].shape != motion["style"].shape or motion[name].dtype.kind != kind:
                raise _damaged(path, name)
            _check_range(path, motion, name, -1e7, 1e7)


def _check_range(path: Path, arrays: dict, name: str, low: float, high: float) -> None:
    if not ((arrays[name] >= low) & (arrays[name] <= high)).all():
        raise _damaged(path, name)


def _damaged(path: Path, name: str) -> ArtifactError:
    return ArtifactError(
        f"{path} is damaged: {name!r} makes no sense; run `posejockey prepare` again"
    )


def _check_songs(folder: Path, motion: dict, music: dict, config: TrainConfig) -> None:
    needed = config.context + config.lag_max + config.window + 1
    lengths = np.diff(music["start"])
    if lengths.min() < needed:
        raise ArtifactError(
            f"{folder}: a song has {lengths.min() / FRAME_RATE:.1f} s; a window with what is heard "
            f"before it needs {needed / FRAME_RATE:.1f} s; run `posejockey prepare` again, or "
            "choose a smaller window or context in --config"
        )
    for number, style in enumerate(motion["styles"]):
        genres = genres_of(str(style), metre_of(motion, number))
        if not np.isin(music["genre"], genres).any():
            raise ArtifactError(
                f"{folder}: no song to dance {style} to (one of {', '.join(genres)}); run "
                "`posejockey prepare` again"
            )


def _song_tempi(music: dict) -> np.ndarray:
    """The dancer's tempo to each song, beats a minute."""
    pieces = np.split(music["tempo_bpm"], music["start"][1:-1])
    tempi = np.array([float(np.median(piece)) for piece in pieces])
    return tempi * np.array([dance_ratio(tempo) for tempo in tempi])


def _fits(motion: dict, tempi: np.ndarray, config: TrainConfig) -> np.ndarray:
    """bool [clips, songs]: whether a window of the clip, bent to the song, surely finds a place."""
    own = motion["tempo_bpm"][:, None]
    octaves = np.exp2(np.clip(np.rint(np.log2(tempi / own)), -1, 1))
    speed = tempi / octaves / own
    allowed = (speed >= config.speed_low) & (speed <= config.speed_high)
    room = (motion["split"] - motion["start"][:-1])[:, None] - 4
    return allowed & (room >= _needed(speed, own, config))


def _needed(speed: np.ndarray | float, tempo_bpm: np.ndarray, config: TrainConfig) -> np.ndarray:
    """Frames of a clip at its own tempo that hold a window."""
    beat = 60 * FRAME_RATE / tempo_bpm
    return config.window * speed + _ROOM * beat


def _too_short(
    folder: Path, style: str, motion: dict, own: np.ndarray, config: TrainConfig
) -> ArtifactError:
    usable = np.where(own, motion["split"] - motion["start"][:-1], 0)
    longest = int(usable.argmax())
    whole = int(motion["start"][longest + 1] - motion["start"][longest])
    tempo = float(motion["tempo_bpm"][longest])
    share = usable[longest] / whole
    needed = float(_needed(config.speed_high, np.array(tempo), config) + 4) / max(share, 0.1)
    return ArtifactError(
        f"{folder}: no clip of {style} is long enough to train on: the longest, "
        f"{str(motion['names'][longest])!r}, has {whole / FRAME_RATE:.1f} s, of which "
        f"{usable[longest] / FRAME_RATE:.1f} s are trained on; windows of {config.window} frames, "
        f"bent to the music, need clips of {needed / FRAME_RATE:.0f} s; join clips, leave the "
        "style out, or choose a smaller window in --config"
    )
