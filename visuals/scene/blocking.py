"""Where dancers stand so that they fill a picture of any shape and nobody hides another.

Blocking is the stage's word for it. Floor points [N, 2] (x across, z towards the audience), metres,
as seen from the front. Pure numbers; the same count, shape and places give the same blocking.
"""

import math
from functools import cache
from typing import NamedTuple

import numpy as np

GAP_M, NARROW_GAP_M = 1.25, 0.75  # between neighbours in a row: where there is room, and at least
ROW_M = 1.0  # between rows, every second one in the gaps of the one before it
_REACH_M = 0.65  # beyond the outer dancers, for their arms
_TALL_M = 2.2  # of the picture at the dancers: raised arms, a strip of floor
_ROW_RISE_M = 0.38  # more for each row behind, which stands higher in the picture ...
_ROW_RISE_TALL_M = 0.6  # ... and in a tall one is looked down on
_ROW_SHRINKS = 0.06  # and is seen from farther away
_SAFE = 0.93  # of the picture's width
_MOST_DEEP_M = 2.2  # that a formation of few may be

_STEPS = 30  # of the relaxation at most
_AT_REST_M = 0.004  # a step that moves nobody farther is the last
_APART_M = (0.72, 0.95)  # across and along: an ellipse that is a dancer's own
_BESIDE_M = 0.75  # across, that whoever stands behind is moved aside
_BEHIND_M = 2.6  # and as far behind as that; farther ones are seen over the heads


class Shape(NamedTuple):
    """rows, most in a row (columns), metres between neighbours, metres from side to side."""

    rows: int
    columns: int
    gap_m: float
    width_m: float


@cache
def shape_for(count: int, aspect: float) -> Shape:
    """The rows in which so many are seen largest. aspect: width / height of the picture."""
    best, largest = Shape(1, count, 0.0, 0.0), 0.0
    rise_m = _ROW_RISE_M if aspect > 1 else _ROW_RISE_TALL_M
    for rows in range(1, count + 1):
        columns = math.ceil(count / rows)
        spread = columns - 1 + (0.5 if rows > 1 and columns * rows == count else 0)
        across_m = (spread * NARROW_GAP_M + 2 * _REACH_M) / (_SAFE * aspect)
        tall_m = max(_TALL_M + rise_m * (rows - 1), across_m)
        size = 1 / tall_m / (1 + _ROW_SHRINKS * (rows - 1))
        if size > largest * 1.001:
            width_m = max(tall_m * _SAFE * aspect - 2 * _REACH_M, spread * NARROW_GAP_M)
            gap_m = min(max(width_m / max(spread, 0.5), NARROW_GAP_M), GAP_M)
            best, largest = Shape(rows, columns, gap_m, width_m), size
    return best


def grid(count: int, aspect: float) -> np.ndarray:
    """Rows, [N, 2], the first of them in front."""
    shape = shape_for(count, aspect)
    sizes = [count // shape.rows + (k < count % shape.rows) for k in range(shape.rows)]
    rows = []
    for k, size in enumerate(sizes):
        # By turns half a gap aside, of which rows of alternating size have it as they are.
        aside = ((sizes[0] + k - size) % 2) / 2
        x = (np.arange(size) - (size - 1) / 2 + aside) * shape.gap_m
        rows.append(np.stack([x, np.full(size, -k * ROW_M)], axis=1))
    return np.concatenate(rows)


def line(count: int, aspect: float) -> np.ndarray:
    """From the middle outwards; many in a zigzag, each a step behind its neighbour."""
    shape = shape_for(count, aspect)
    side = from_the_middle(count)
    step_m = min(shape.width_m / max(count - 1, 1), GAP_M)
    rank = np.round(side - side.min()).astype(int)
    return np.stack([side * step_m, -ROW_M * (rank % shape.rows)], axis=1)


def wedge(count: int, aspect: float) -> np.ndarray:
    """A V behind the leader; where the picture has no room for it, a filled one."""
    shape = shape_for(count, aspect)
    k = np.arange(count)
    rank = (k + 1) // 2
    if rank[-1] == 0:
        return np.zeros((count, 2))
    step_m = min(shape.width_m / 2 / rank[-1], 0.8 * GAP_M)
    if step_m >= NARROW_GAP_M / 2:
        return np.stack([np.where(k % 2, 1, -1) * rank * step_m, -0.75 * ROW_M * rank], axis=1)
    rows, left = [], count
    while left:
        size = min(len(rows) + 1, left)
        size = left if left - size < size else size  # no last row of few
        gap_m = min(shape.width_m / max(size - 1, 1), NARROW_GAP_M)
        x = (np.arange(size) - (size - 1) / 2) * gap_m
        rows.append(np.stack([x, np.full(size, -0.9 * ROW_M * len(rows))], axis=1))
        left -= size
    return np.concatenate(rows)


def circle(count: int, aspect: float) -> np.ndarray:
    """A ring, turned a little: whoever is at the back looks through a gap in front."""
    if count == 1:
        return np.zeros((1, 2))
    shape = shape_for(count, aspect)
    round_m = GAP_M / (2 * math.sin(math.pi / count))
    angle = 2 * math.pi * (np.arange(count) + (0.25 if count > 2 else 0.75)) / count
    wide_m = min(round_m, max(shape.width_m / 2, 0.5))
    deep_m = min(max(round_m, 0.5), max(_MOST_DEEP_M / 2, shape.rows * ROW_M / 2))
    return np.stack([wide_m * np.sin(angle), deep_m * np.cos(angle)], axis=1)


def squeezed(floor: np.ndarray, aspect: float) -> tuple[np.ndarray, float]:
    """A formation [N, 2] drawn together about its middle until it fits; and how much, 0..1."""
    shape = shape_for(len(floor), aspect)
    low, high = floor.min(axis=0), floor.max(axis=0)
    deep_m = max(_MOST_DEEP_M, (shape.rows - 1) * ROW_M)
    most = np.array([max(shape.width_m, NARROW_GAP_M / 2), deep_m])
    share = np.minimum(1.0, most / np.maximum(high - low, 1e-6))
    middle = (low + high) / 2
    return middle + (floor - middle) * share, float(share.min())


def cleared(floor: np.ndarray, aspect: float) -> np.ndarray:
    """The places [N, 2] moved as little as it takes that nobody stands in or behind another."""
    count = len(floor)
    if count < 2:
        return floor
    shape = shape_for(count, aspect)
    middle = (floor[:, 0].min() + floor[:, 0].max()) / 2
    half_m = max(shape.width_m, float(np.ptp(floor[:, 0]))) / 2
    beside_m = min(_BESIDE_M, 2 * half_m / (count - 1))
    at = floor
    apart = (floor[:, None] - floor[None]) / _APART_M
    if ((apart**2).sum(axis=2) + 9 * np.eye(count)).min() < 1:
        # A crowded line goes apart into rows, two on one spot by their numbers.
        rank = np.argsort(np.argsort(floor[:, 0], kind="stable"))
        at = floor + np.stack([0.01 * np.cos(rank), -0.3 * (rank % shape.rows)], axis=1)
    upper = np.triu(np.ones((count, count)), 1)
    for _ in range(_STEPS):
        apart = at[:, None] - at[None]
        near = np.sqrt(((apart / _APART_M) ** 2).sum(axis=2)) + np.eye(count)
        push = apart * np.clip(1 / np.maximum(near, 1e-6) - 1, 0, 0.5)[..., None] / 2
        across = np.abs(apart[..., 0]) + 9 * np.eye(count)
        aside = np.clip(beside_m - across, 0, None) * (np.abs(apart[..., 1]) < _BEHIND_M)
        way = np.where(apart[..., 0] == 0, upper - upper.T, np.sign(apart[..., 0]))
        push[..., 0] += 0.4 * way * aside
        before, at = at, at + push.sum(axis=1)
        at[:, 0] = np.clip(at[:, 0], middle - half_m, middle + half_m)
        if np.abs(at - before).max() < _AT_REST_M:
            break
    return at


def from_the_middle(count: int) -> np.ndarray:
    """0, 1, -1, 2, ... for an odd count, 0.5, -0.5, 1.5, ... for an even one."""
    k = np.arange(count)
    outwards = np.where(k % 2, 1, -1) * ((k + 1) // 2).astype(float)
    return outwards - (0.0 if count % 2 else 0.5)
