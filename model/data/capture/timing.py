"""Thirty frames a second without holes: rates, short gaps filled, long ones cut out.

Enters: joints at the file's own times, NaN where nobody knows. Leaves: whole pieces at 30 a second.
A joint that leaps for a moment, or a bone that is stretched, counts as unknown there.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.interpolate import Akima1DInterpolator

from live.body.pose import FRAME_RATE
from live.body.skeleton import BONES
from model.data.clips import MAX_S, MIN_S

GAP_S = 0.25
"""The longest hole that is filled."""

_USUAL_RATES = (24.0, 25.0, 30.0, 48.0, 50.0, 60.0, 72.0, 90.0, 100.0, 120.0, 240.0)
_ALIKE = 5e-4  # of a rate; 29.97 is none of 30
_LEAP_M_S = 40.0  # of a joint; real ones have 27
_STRETCH_M = 0.35  # of a bone beyond its usual length
_SAME_S = 1e-4  # two times as near are one
_MANY = 4  # joints; where so many leap, the others cannot be trusted either
_PLACE_M = 0.2  # a body smaller than that is none
_CUT_M = 1.4  # from frame to frame at 30 a second
_SPEED_M_S = 0.6  # of all joints on average, of real dancers; .2 to 1.3


@dataclass(frozen=True)
class Piece:
    """A whole stretch. joints: float64 [T, 19, 3] at 30 a second; start_s: of its frame 0."""

    joints: np.ndarray
    start_s: float


def usual(fps: float) -> float:
    """The rate that was meant: a frame time of .00833 s is 120 a second."""
    near = min(_USUAL_RATES, key=lambda rate: abs(np.log(fps / rate)))
    return near if abs(fps / near - 1) < _ALIKE else fps


def guessed_fps(joints: np.ndarray) -> float:
    """The usual rate at which this body (metres) would move as dancers mostly do."""
    steps = np.linalg.norm(np.diff(joints, axis=0), axis=-1)
    step = float(np.nanmean(steps)) if np.isfinite(steps).any() else 0.0
    if not step > 0:
        return float(FRAME_RATE)
    rates = np.array([25.0, 30.0, 60.0, 120.0])
    # 30 is what most files without a rate have: another must fit twice as well.
    odds = np.abs(np.log(rates * step / _SPEED_M_S)) + np.where(rates == FRAME_RATE, 0.0, 0.7)
    return float(rates[int(odds.argmin())])


def without_leaps(joints: np.ndarray, time_s: np.ndarray) -> tuple[np.ndarray, int]:
    """Joints [T, 19, 3] with NaN for what no body does; and in how many frames that was."""
    out = joints.copy()
    collapsed = np.ptp(np.nan_to_num(out, nan=np.inf), axis=1).max(axis=-1) < _PLACE_M
    out[collapsed] = np.nan
    out[~np.isfinite(out).all(axis=-1)] = np.nan
    for parent, joint in BONES:
        length = np.linalg.norm(out[:, joint] - out[:, parent], axis=-1)
        if np.isfinite(length).any():
            stretched = length > np.nanmedian(length) + _STRETCH_M
            out[stretched, joint] = np.nan
    for joint in range(out.shape[1]):
        _drop_islands(out[:, joint], time_s)
    dropped = np.asarray(np.isnan(out).any(axis=-1) & np.isfinite(joints).all(axis=-1))
    out[dropped.sum(axis=1) >= _MANY] = np.nan
    return out, int(dropped.any(axis=1).sum())


def _drop_islands(track: np.ndarray, time_s: np.ndarray) -> None:
    """NaN for stretches of a joint [T, 3] that it leaps to and away from within a gap's length."""
    known = np.flatnonzero(np.isfinite(track[:, 0]))
    if len(known) < 3:
        return
    far = np.linalg.norm(np.diff(track[known], axis=0), axis=-1)
    leaps = np.flatnonzero(far > _LEAP_M_S * np.maximum(np.diff(time_s[known]), 1e-6))
    for before, after in pairwise(leaps):
        inside = known[before + 1 : after + 1]
        if time_s[inside[-1]] - time_s[inside[0]] <= GAP_S:
            track[inside] = np.nan


def pieces(joints: np.ndarray, time_s: np.ndarray) -> tuple[list[Piece], int, float]:
    """Whole pieces of at least `MIN_S` at 30 a second; how many frames were filled in; and the
    seconds that were left out."""
    count = int(np.floor((time_s[-1] - time_s[0]) * FRAME_RATE + 1e-6)) + 1
    grid = time_s[0] + np.arange(count) / FRAME_RATE
    out = np.full((count, *joints.shape[1:]), np.nan)
    filled = np.zeros(count, bool)
    for joint in range(joints.shape[1]):
        out[:, joint], unknown = _resampled(joints[:, joint], time_s, grid)
        filled |= unknown
    whole = np.asarray(np.isfinite(out).all(axis=(1, 2)))
    found = []
    for start, stop in _runs(whole):
        found += _cut(out[start:stop], grid[start])
    kept = sum(len(piece.joints) for piece in found)
    return found, int((filled & whole).sum()), (count - kept) / FRAME_RATE


def _resampled(
    track: np.ndarray, time_s: np.ndarray, grid: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A joint [T, 3] at the grid's times, NaN in long gaps; and where it was filled in.

    Makima goes through what is known and does not swing over at leaps, as a cubic spline would.
    """
    known = np.isfinite(track).all(axis=-1)
    out = np.full((len(grid), 3), np.nan)
    times = time_s[known]
    if known.sum() < 2:
        return out, np.zeros(len(grid), bool)
    if known.all() and len(times) == len(grid) and np.allclose(times, grid, atol=1e-4):
        return track.copy(), np.zeros(len(grid), bool)
    after = np.clip(np.searchsorted(times, grid), 1, len(times) - 1)
    width = times[after] - times[after - 1]
    beside = np.minimum(np.abs(grid - times[after]), np.abs(grid - times[after - 1]))
    usual_s = float(np.median(np.diff(time_s)))
    inside = (grid > times[0]) & (grid < times[-1]) & (width <= GAP_S + usual_s + 1e-6)
    good = inside | (beside < _SAME_S)
    out[good] = Akima1DInterpolator(times, track[known], method="makima")(
        np.clip(grid[good], times[0], times[-1])
    )
    return out, good & (width > 1.5 * usual_s) & (beside >= _SAME_S)


def _cut(joints: np.ndarray, start_s: float) -> list[Piece]:
    """Where the body leaps from frame to frame, and where a piece is too long."""
    steps = np.linalg.norm(np.diff(joints, axis=0), axis=-1).max(axis=1)
    cuts = [0, *(np.flatnonzero(steps > _CUT_M) + 1), len(joints)]
    found = []
    most = int(MAX_S * FRAME_RATE)
    for start, stop in pairwise(cuts):
        for at in range(start, stop, most):
            piece = joints[at : min(at + most, stop)]
            if len(piece) >= MIN_S * FRAME_RATE:
                found.append(Piece(piece, start_s + at / FRAME_RATE))
    return found


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """[start, stop) of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return list(zip(edges[::2], edges[1::2], strict=True))
