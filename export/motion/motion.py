"""A dance at evenly spaced moments: what every format is written from.

Enters: a dance that is over, a take or a session. Leaves: its joints and its music, frame by frame.
Runs in the caller's thread.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from live.body.skeleton import BONE_LENGTHS, N_JOINTS, PARENTS
from live.errors import ConfigError
from visuals.feed.recorded import Dance
from visuals.feed.view import View

FRAME_RATES = (24, 25, 30, 50, 60)
_MAX_FRAMES = 60 * 3600 * 2  # two hours of 60 a second, 100 MB a dancer


@dataclass(frozen=True)
class Motion:
    """Frame k is at start_s + k / fps on the dance's own time.

    joints: float32 [T, N, 19, 3], metres on the stage, NaN where a dancer is not on it; dancers: N
    numbers as on the wire; music: arrays [T, ...] by the names of a take.
    """

    fps: int
    start_s: float
    dancers: tuple[int, ...]
    joints: np.ndarray
    music: dict[str, np.ndarray]

    @property
    def times_s(self) -> np.ndarray:
        """float64 [T], on the dance's own time."""
        return self.start_s + np.arange(len(self.joints)) / self.fps

    def only(self, place: int) -> "Motion":
        """The motion of one dancer."""
        joints = self.joints[:, place : place + 1]
        return Motion(self.fps, self.start_s, self.dancers[place : place + 1], joints, self.music)


def sampled(
    dance: Dance,
    fps: int,
    dancers: Sequence[int] = (),
    start_s: float | None = None,
    seconds: float | None = None,
) -> Motion:
    """The dance, or `seconds` of it from start_s on, at `fps` frames a second.

    dancers: their numbers; () for all. ConfigError for a part or a dancer that is not in it.
    """
    start_s, count = _part(dance, fps, start_s, seconds)
    views = [dance.view(start_s + k / fps) for k in range(count)]
    there = sorted({dancer for view in views for dancer in view.dancers})
    missing = sorted(set(dancers) - set(there))
    if missing or not there:
        names = ", ".join(map(str, missing or ["any"]))
        raise ConfigError(f"no dancer {names} in this part; there: {', '.join(map(str, there))}")
    chosen = tuple(dict.fromkeys(dancers)) or tuple(there)
    joints = np.full((count, len(chosen), N_JOINTS, 3), np.nan, np.float32)
    for frame, view in zip(joints, views, strict=True):
        for dancer, pose in zip(view.dancers, view.joints, strict=True):
            if dancer in chosen:
                frame[chosen.index(dancer)] = pose
    return Motion(fps, start_s, chosen, joints, _music(views))


def held(joints: np.ndarray) -> np.ndarray:
    """One dancer's joints [T, 19, 3] without NaN: before entering and after leaving they stand as
    they were seen nearest to it. Most formats know no absence."""
    there = np.flatnonzero(np.isfinite(joints).all(axis=(1, 2)))
    at = np.searchsorted(there, np.arange(len(joints)), side="right") - 1
    return joints[there[np.maximum(at, 0)]]


def bone_scale(joints: np.ndarray) -> np.ndarray:
    """float64 [19]: the length of each bone of joints [T, 19, 3] in lengths of ours; pelvis 1."""
    lengths = np.linalg.norm(joints[:, 1:] - joints[:, list(PARENTS[1:])], axis=-1)
    return np.concatenate([[1.0], np.median(lengths, axis=0) / BONE_LENGTHS[1:]])


def _part(
    dance: Dance, fps: int, start_s: float | None, seconds: float | None
) -> tuple[float, int]:
    """Where the frames begin, and how many there are."""
    for name, value in (("start", start_s), ("seconds", seconds)):
        if value is not None and not math.isfinite(value):
            raise ConfigError(f"--{name} {value} is no time")
    begin_s = dance.start_s if start_s is None else max(start_s, dance.start_s)
    left_s = dance.end_s - begin_s
    if left_s < 0:
        raise ConfigError(f"--start {begin_s:g}: the dance ends after {dance.end_s:.1f} s")
    if seconds is not None and not seconds > 0:
        raise ConfigError(f"--seconds {seconds:g}; it must be above 0")
    count = math.floor(min(left_s, left_s if seconds is None else seconds) * fps + 1e-3) + 1
    if count > _MAX_FRAMES:
        raise ConfigError(f"{count / fps / 3600:.1f} h are too long for a file; give --seconds")
    return begin_s, count


def _music(views: list[View]) -> dict[str, np.ndarray]:
    styles = max(view.style.size for view in views)
    padded = [np.pad(view.style, (0, styles - view.style.size)) for view in views]
    columns = {
        "beat_phase": [view.beat_phase for view in views],
        "bar_phase": [view.bar_phase for view in views],
        "tempo_bpm": [view.bpm for view in views],
        "beat_confidence": [view.confidence for view in views],
        "level": [view.level for view in views],
        "onset": [view.onset for view in views],
        "style": padded,
    }
    return {name: np.array(values, np.float32) for name, values in columns.items()}
