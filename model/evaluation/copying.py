"""Is a dance its own, or a clip it learned from?

Enters: made takes of a style and the real ones of all styles. Leaves: how far two seconds of it are
from the nearest two seconds of any clip, mirrored clips too, beside how far real clips are from
each other; and for how many beats on end it follows one clip. All are bent to the style's tempo
first, else a copied step at another tempo would pass for a new one.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from live.body.pose import FRAME_RATE, encode, split
from live.body.skeleton import JOINT
from model.data.windows import mirrored_vectors, warp
from model.evaluation.take import Take, at_octave_of

WINDOW_S = 2.0
_STEP = 3  # frames from one window of a clip to the next: .1 s
_EVERY = 6  # frames of a window that are compared: 5 a second
_APART_S = 15.0  # so far away a real clip counts as another one
_MOST = 600  # windows of real dances that are compared with all others
_AT_ONCE = 256
_JOINTS = [
    JOINT[name]
    for name in (
        "pelvis", "head", "l_elbow", "r_elbow", "l_wrist", "r_wrist",
        "l_knee", "r_knee", "l_ankle", "r_ankle", "l_toe", "r_toe",
    )
]  # fmt: skip
_FRAMES = round(WINDOW_S * FRAME_RATE) // _EVERY


class _Windows(NamedTuple):
    """rows: float32 [n, 360], one window each; clip: int [n], mirrored clips are others; at: float
    [n], s from the clip's start."""

    rows: np.ndarray
    clip: np.ndarray
    at: np.ndarray


class RealWindows:
    """Every two seconds of the clips, bent to a tempo; and how near those of a style are to others.

    style, tempo_bpm: the style that is asked about, and the median of its clips.
    """

    def __init__(self, real: Sequence[Take], style: str, tempo_bpm: float):
        self._tempo = tempo_bpm
        parts, own = [], []
        for i, take in enumerate(real):
            pose = _bent(take, tempo_bpm)
            for side, way in enumerate((pose, mirrored_vectors(pose))):
                parts.append(_windows(way, 2 * i + side, _STEP))
            if take.style == style:
                own.append(_windows(pose, 2 * i, self._beat_frames))
        self._all = _joined(parts)
        self._squares = (self._all.rows**2).sum(axis=1)
        of_style = [2 * i + side for i, t in enumerate(real) if t.style == style for side in (0, 1)]
        self.apart = self._nearest_elsewhere(_joined(own), np.isin(self._all.clip, of_style))

    @property
    def _beat_frames(self) -> int:
        return max(round(60 / self._tempo * FRAME_RATE / _STEP), 1) * _STEP

    def _nearest_elsewhere(self, own: _Windows, of_style: np.ndarray) -> np.ndarray:
        """For windows of the style's clips: how far the nearest one of its other clips is, or of
        the same clip 15 s away; m."""
        chosen = np.linspace(0, len(own.rows) - 1, min(len(own.rows), _MOST)).astype(int)
        clip, at = self._all.clip[of_style] // 2, self._all.at[of_style]
        found = []
        for start in range(0, len(chosen), _AT_ONCE):
            part = chosen[start : start + _AT_ONCE]
            distance = self._distances(own.rows[part], of_style)
            near = np.abs(at - own.at[part, None]) < _APART_S
            distance[(clip == own.clip[part, None] // 2) & near] = np.inf
            found.append(distance.min(axis=1))
        nearest = np.concatenate(found)
        return nearest[np.isfinite(nearest)]

    def _distances(self, rows: np.ndarray, among: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Root mean square distance of the joints, m: [n, windows]."""
        square = (rows**2).sum(axis=1)[:, None] - 2 * rows @ self._all.rows[among].T
        square += self._squares[among]
        return np.sqrt(np.maximum(square, 0.0) / (_FRAMES * len(_JOINTS)))

    def of(self, takes: Sequence[Take], recognised_m: float) -> tuple[np.ndarray, float]:
        """(for each beat of the takes the distance to the nearest window, m; most beats on end that
        follow one clip).

        A beat follows a clip where the two seconds from it on are within `recognised_m` of two
        seconds of the clip, and go on from where the beat before was, give or take a step of .1 s.
        """
        nearest, longest = [], 0.0
        window_beats = WINDOW_S * self._tempo / 60
        for take in takes:
            made = _windows(_bent(take, self._tempo), 0, self._beat_frames)
            run = np.zeros(len(self._all.rows), np.int32)
            most = 0
            for start in range(0, len(made.rows), _AT_ONCE):
                for distance in self._distances(made.rows[start : start + _AT_ONCE]):
                    nearest.append(float(distance.min()))
                    run = np.where(distance < recognised_m, 1 + self._followed(run), 0)
                    most = max(most, int(run.max()))
            if most:
                longest = max(longest, most - 1 + window_beats)
        return np.array(nearest), longest

    def _followed(self, run: np.ndarray) -> np.ndarray:
        """Runs [windows] a beat before each window, in the same clip, the longest of three."""
        step = self._beat_frames // _STEP
        best = np.zeros_like(run)
        for back in (step - 1, step, step + 1):
            if back < len(run):
                same = self._all.clip[back:] == self._all.clip[: len(run) - back]
                best[back:] = np.maximum(best[back:], np.where(same, run[: len(run) - back], 0))
        return best

    def figures(self) -> dict[str, float]:
        """What `copying` finds of real dances: copy_p5, copy_p50; of one short clip, nothing."""
        return _percentiles(self.apart) if len(self.apart) else {}


def copying(takes: Sequence[Take], real: RealWindows) -> dict[str, float]:
    """copy_p5, copy_p50: percentiles of the distances of made windows to the nearest real one, m;
    copy_beats: most beats on end that follow one clip more closely than one in twenty real windows
    finds another like it."""
    nearest, beats = real.of(takes, real.figures().get("copy_p5", 0.0))
    return _percentiles(nearest) | {"copy_beats": beats}


def _percentiles(distances: np.ndarray) -> dict[str, float]:
    return {f"copy_p{p}": float(np.percentile(distances, p)) for p in (5, 50)}


def _bent(take: Take, tempo_bpm: float) -> np.ndarray:
    """Pose vectors of the take at the tempo, or at half or double of it if that is nearer."""
    counted = at_octave_of(take, tempo_bpm)
    speed = tempo_bpm / counted.tempo_bpm
    return warp(encode(take.joints), np.arange(0, len(take.joints) - 1, speed), mirror=False)


def _windows(pose: np.ndarray, clip: int, step: int) -> _Windows:
    joints = split(pose)[0][:, _JOINTS].reshape(len(pose), -1).astype(np.float32)
    starts = np.arange(0, len(pose) - _FRAMES * _EVERY + 1, step)
    frames = starts[:, None] + _EVERY * np.arange(_FRAMES)
    rows = joints[frames].reshape(len(starts), -1)
    return _Windows(rows, np.full(len(starts), clip), starts / FRAME_RATE)


def _joined(parts: Sequence[_Windows]) -> _Windows:
    return _Windows(*(np.concatenate(column) for column in zip(*parts, strict=True)))
