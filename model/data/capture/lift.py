"""A body in a picture to a body in space: a guess, since a picture has no depth.

Enters: OpenPose's 25 points in pixels. Leaves: the same points in metres, y up, towards the camera
+z. How far a bone reaches into the picture follows from how short it looks, on a body of known
proportions; which way, from what joints can do: knees bend forwards, elbows too, toes point ahead.
How far the body is turned follows from the width of hips and shoulders, and to which side from its
feet and nose. Good where the dancer faces the camera, poor from the side.
"""

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter

from live.body.skeleton import BONE_LENGTHS, JOINT
from model.data.capture.openpose import NAMES

_AT = {name: i for i, name in enumerate(NAMES)}
_LIMBS = {  # bone: its length in metres, and which way it reaches along the front
    ("Hip", "Knee"): (0.42, 1.0), ("Knee", "Ankle"): (0.42, -1.0),
    ("Shoulder", "Elbow"): (0.28, 1.0), ("Elbow", "Wrist"): (0.25, 1.0),
    ("Ankle", "BigToe"): (0.17, 1.0), ("Ankle", "SmallToe"): (0.16, 1.0),
    ("Ankle", "Heel"): (0.08, -1.0),
}  # fmt: skip
_TRUNK_M = float(BONE_LENGTHS[[JOINT["spine"], JOINT["chest"], JOINT["neck"]]].sum())
_HALVES = {"Hip": 0.09, "Shoulder": 0.17}  # metres from the middle
_STEADY = 0.25  # of a second, over which scale and turn are smoothed
_RATE = 30.0


def lifted(points: np.ndarray) -> np.ndarray:
    """Points [T, 25, 3] in metres of flat ones [T, 25, 3] (x right, y down, how sure)."""
    flat = points[..., :2] * [1.0, -1.0]
    scale = _scale(flat)
    flat = (flat - np.nanmedian(flat[:, _AT["MidHip"]], axis=0)) * scale[:, None, None]
    turn = _turn(flat)
    front_x, front_z = np.sin(turn), np.cos(turn)
    out = np.full((*flat.shape[:2], 3), np.nan)
    out[..., :2], out[..., 2] = flat, 0.0
    for side, sign in (("L", 1.0), ("R", -1.0)):
        for joint, half in _HALVES.items():
            out[:, _AT[side + joint], 2] = -sign * half * front_x
        for (above, below), (length, way) in _LIMBS.items():
            bone = flat[:, _AT[side + below]] - flat[:, _AT[side + above]]
            hidden = np.sqrt(np.maximum(length**2 - (bone**2).sum(axis=-1), 0.0))
            ahead = way * np.where(front_z >= 0, 1.0, -1.0) * np.minimum(np.abs(front_z) * 3, 1.0)
            out[:, _AT[side + below], 2] = out[:, _AT[side + above], 2] + ahead * hidden
    return _smooth(out)


def _scale(flat: np.ndarray) -> np.ndarray:
    """Metres a pixel [T]: limbs never look longer than they are, and some lie in the picture."""
    ratios = [_TRUNK_M / _length(flat, "MidHip", "Neck")]
    ratios += [
        length / _length(flat, side + above, side + below)
        for (above, below), (length, _) in _LIMBS.items()
        if length > 0.2
        for side in "LR"
    ]
    with np.errstate(all="ignore"):
        nearest = np.nanpercentile(np.stack(ratios), 15, axis=0)
    known = np.isfinite(nearest)
    steps = np.interp(np.arange(len(nearest)), np.flatnonzero(known), nearest[known])
    return median_filter(steps, size=min(2 * int(_RATE) + 1, len(steps) | 1), mode="nearest")


def _length(flat: np.ndarray, above: str, below: str) -> np.ndarray:
    length = np.linalg.norm(flat[:, _AT[below]] - flat[:, _AT[above]], axis=-1)
    return np.where(length > 1e-9, length, np.nan)


def _turn(flat: np.ndarray) -> np.ndarray:
    """Heading [T], radians; 0 towards the camera, positive to the picture's right."""
    widths = sum(
        (flat[:, _AT[f"L{joint}"], 0] - flat[:, _AT[f"R{joint}"], 0]) / (2 * half)
        for joint, half in _HALVES.items()
    )
    across = np.clip(_filled(np.asarray(widths) / len(_HALVES)), -1.0, 1.0)
    sideways = _filled(_ahead(flat))
    along = np.sqrt(1 - across**2) * np.tanh(sideways / 0.05)
    smooth = [gaussian_filter1d(part, _STEADY * _RATE) for part in (along, across)]
    return np.arctan2(smooth[0], smooth[1])


def _ahead(flat: np.ndarray) -> np.ndarray:
    """How far toes and nose reach to the right of ankles and neck [T], metres."""
    parts = [flat[:, _AT["Nose"], 0] - flat[:, _AT["Neck"], 0]]
    parts += [flat[:, _AT[f"{s}BigToe"], 0] - flat[:, _AT[f"{s}Ankle"], 0] for s in "LR"]
    with np.errstate(all="ignore"):
        return np.nanmedian(np.stack(parts), axis=0)


def _filled(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(len(values))
    return np.interp(np.arange(len(values)), np.flatnonzero(known), values[known])


def _smooth(points: np.ndarray) -> np.ndarray:
    """Depth without the tremble of a square root near nought; the picture's own two as they are."""
    out = points.copy()
    for joint in range(points.shape[1]):
        depth = points[:, joint, 2]
        known = np.isfinite(depth)
        if known.sum() > 3:
            out[:, joint, 2] = np.where(
                known, gaussian_filter1d(_filled(depth), _STEADY * _RATE / 2), np.nan
            )
    return out
