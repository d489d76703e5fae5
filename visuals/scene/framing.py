"""Where a lens must stand so that everybody is in the picture, and who hides behind whom.

Pure numbers. A direction is a yaw around the dancers (0: from the audience, positive towards the
stage's +x) and a pitch downwards, radians. What is seen from it has three axes: across (the
screen's right), up (the screen's), and near (towards the lens), metres.
"""

import math
from typing import NamedTuple

import numpy as np

SAFE_MARGIN = 0.035  # of each side: the action-safe area of EBU R 95

# Around a dancer's pelvis, what is to stay within the safe margins: (half width, height, towards
# the lens), metres. Feet that step, arms, raised hands, as in 99 of 100 frames of a dance.
_ROOM = ((0.40, -0.04, 0.25), (0.65, 1.35, 0.0), (0.40, 2.05, 0.0))
_BODY_HALF_WIDTH_M = 0.20  # of what hides somebody, and must be seen: trunk, head and thighs
_BODY_FROM_M, _BODY_TO_M = 0.30, 1.65
# Of a body: across -1..1 of its half width, and 0..1 of its height.
_POINTS = np.array([(x, y) for x in (-0.6, 0.6) for y in (0.15, 0.4, 0.65, 0.9)])


class Shot(NamedTuple):
    """A lens: it looks at aim [3], metres, from so far away, metres."""

    aim: np.ndarray
    distance: float


def axes(yaw: float, pitch: float) -> np.ndarray:
    """Unit vectors [3, 3] on the stage: across, up and near."""
    c, s, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    return np.array([[c, 0.0, -s], [-s * sp, cp, -c * sp], [s * cp, sp, c * cp]])


def frame(joints: np.ndarray, yaw: float, pitch: float, slopes: tuple[float, float]) -> Shot:
    """The nearest shot with everybody in it. joints [N, 19, 3], N at least 1.

    slopes: tangents of half the field of view, across and up. What `_ROOM` says stays within the
    safe margins, and every joint does, however high somebody jumps.
    """
    seen = axes(yaw, pitch)
    rooms = _rooms(joints[:, 0], seen)
    every = joints.reshape(-1, 3) @ seen.T
    near = float(np.mean(joints[:, 0] @ seen[2]))
    safe = [slope * (1 - 2 * SAFE_MARGIN) for slope in slopes]
    center, away = np.zeros(2), 0.0
    for side in (0, 1):
        high = float((rooms[:, side] + safe[side] * rooms[:, 2]).max())
        low = float((-rooms[:, side] + safe[side] * rooms[:, 2]).max())
        center[side] = (high - low) / 2
        away = max(away, (high + low) / (2 * safe[side]))
    for side in (0, 1):
        off = np.abs(every[:, side] - center[side])
        away = max(away, float((off / safe[side] + every[:, 2]).max()))
    return Shot(center @ seen[:2] + near * seen[2], away - near)


def hidden(pelvis: np.ndarray, yaw: np.ndarray, pitch: np.ndarray, distance: float) -> np.ndarray:
    """The share [K, N] of every body that nearer ones cover, 0..1, seen from K directions.

    pelvis [N, 3]; yaw, pitch [K]; distance: metres from their middle. Bodies are upright boards;
    eight points of each are looked at.
    """
    floor = (pelvis - pelvis.mean(axis=0)) * [1, 0, 1]
    c, s = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    cp, sp = np.cos(pitch)[:, None], np.sin(pitch)[:, None]
    across = c * floor[:, 0] - s * floor[:, 2]
    toward = s * floor[:, 0] + c * floor[:, 2]
    scale = 1 / (distance - toward * cp)  # [K, N]
    x, wide = across * scale, _BODY_HALF_WIDTH_M * scale
    low = (_BODY_FROM_M * cp - toward * sp) * scale
    high = (_BODY_TO_M * cp - toward * sp) * scale
    seen_x = x[..., None] + wide[..., None] * _POINTS[:, 0]  # [K, N, 8]
    seen_y = low[..., None] + (high - low)[..., None] * _POINTS[:, 1]
    over = np.abs(seen_x[:, :, None] - x[:, None, :, None]) < wide[:, None, :, None]
    over &= (seen_y[:, :, None] > low[:, None, :, None]) & (
        seen_y[:, :, None] < high[:, None, :, None]
    )
    over &= (scale[:, None, :] > scale[:, :, None])[..., None]
    return over.any(axis=2).mean(axis=2)


def _rooms(pelvis: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The corners [6 N, 3] of everybody's room, as seen. pelvis [N, 3]."""
    floor = pelvis * [1, 0, 1]
    level = np.array([seen[0, 2] * -1, 0.0, seen[0, 0]])  # towards the lens, along the floor
    corners = [
        floor + side * half_m * seen[0] + [0, up_m, 0] + near_m * level
        for half_m, up_m, near_m in _ROOM
        for side in (-1, 1)
    ]
    return np.concatenate(corners) @ seen.T
