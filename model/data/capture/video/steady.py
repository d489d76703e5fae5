"""How the camera moved, by what stands still behind the dancer.

Enters: pictures in order, and the square the dancer is in. Leaves: by how much the picture moved
and turned against the first one, in pixels and radians. A phone in the hand turns much more than
it travels, so that is all that is looked for.

Small grey pictures are fitted on a reference by their gradients (Lucas-Kanade, inverse
compositional; Baker and Matthews 2004), robustly, without the dancer. The reference is changed only
after a long pan, so that small errors do not add up.
"""

import numpy as np

from model.data.capture.video.networks import Square

_SIDE = 240  # pixels of the small picture's long side
_EVERY = 2  # of its pixels that are compared
_FINE = 0.01  # pixels: near enough
_ROUNDS = 6
_PAN = 0.12  # of the picture's width, after which a new reference is taken
_EDGE = 4  # pixels that are not compared
_GREY = 12.0  # levels: what differs by more is no background
_SMOOTH = 1.2  # pixels
_MIN_TEXTURE = 0.2  # mean gradient, levels a pixel, of what can be fitted


class CameraMotion:
    """The background since the start: [right, down, turn], pixels and radians clockwise."""

    def __init__(self) -> None:
        self._reference: np.ndarray | None = None
        self._base = np.zeros(3)
        self._at = np.zeros(3)

    def push(self, rgb: np.ndarray, dancer: Square | None) -> np.ndarray:
        """One picture, uint8 [height, width, 3], and where the dancer is in it."""
        shrink = max(1, round(max(rgb.shape[:2]) / _SIDE))
        grey = _grey(rgb, shrink)
        away = _away_from(dancer, shrink, grey.shape)
        if self._reference is None:
            self._refer(grey, away)
        elif (found := self._fitted(grey, away)) is not None:
            self._at = found
        moved = self._base + self._at * (shrink, shrink, 1)
        if np.abs(self._at[:2]).max() > _PAN * grey.shape[1]:
            self._base, self._at = moved, np.zeros(3)
            self._refer(grey, away)
        return moved

    def _refer(self, grey: np.ndarray, away: np.ndarray) -> None:
        height, width = grey.shape
        down, right = np.gradient(grey)
        y, x = np.mgrid[:height, :width]
        self._x, self._y = x - width / 2 + 0.5, y - height / 2 + 0.5
        turn = down * self._x - right * self._y
        self._reference, self._away = grey, away
        self._slopes = np.stack([right, down, turn])

    def _fitted(self, grey: np.ndarray, away: np.ndarray) -> np.ndarray | None:
        assert self._reference is not None
        at = self._at.copy()
        both = np.zeros(away.shape, bool)
        both[::_EVERY, ::_EVERY] = (self._away & away)[::_EVERY, ::_EVERY]
        both[:_EDGE], both[-_EDGE:], both[:, :_EDGE], both[:, -_EDGE:] = (False,) * 4
        if np.abs(self._slopes[:2][:, both]).sum() < _MIN_TEXTURE * both.size / _EVERY**2:
            return None
        slopes, reference = self._slopes[:, both], self._reference[both]
        x, y = self._x[both], self._y[both]
        for _ in range(_ROUNDS):
            c, s = np.cos(at[2]), np.sin(at[2])
            seen, inside = _sampled(grey, c * x - s * y + at[0], s * x + c * y + at[1])
            off = seen - reference
            weights = inside / (1 + np.square(off / _GREY))
            normal = (slopes * weights) @ slopes.T + np.diag([1e-3, 1e-3, 1.0])
            step = np.linalg.solve(normal, (slopes * weights) @ off)
            at -= step
            if np.abs(step[:2]).max() < _FINE:
                break
        return at if np.isfinite(at).all() else None


def _grey(rgb: np.ndarray, shrink: int) -> np.ndarray:
    from PIL import Image, ImageFilter

    image = Image.fromarray(rgb).convert("L").reduce(shrink)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(_SMOOTH)), np.float64)


def _away_from(dancer: Square | None, shrink: int, shape: tuple[int, ...]) -> np.ndarray:
    """bool [height, width]: what is not in the dancer's square."""
    away = np.ones(shape, bool)
    if dancer is not None:
        half = dancer.side / 2 / shrink * 0.75
        x, y = dancer.centre / shrink
        away[
            max(0, int(y - 1.3 * half)) : int(y + 1.3 * half), max(0, int(x - half)) : int(x + half)
        ] = False
    return away


def _sampled(grey: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Between pixels, at places from the picture's middle; and which lie within it."""
    height, width = grey.shape
    x, y = x + width / 2 - 0.5, y + height / 2 - 0.5
    inside = (x >= 0) & (y >= 0) & (x < width - 1) & (y < height - 1)
    i = np.clip(x.astype(int), 0, width - 2)
    k = np.clip(y.astype(int), 0, height - 2)
    fx, fy = x - i, y - k
    top = (1 - fx) * grey[k, i] + fx * grey[k, i + 1]
    low = (1 - fx) * grey[k + 1, i] + fx * grey[k + 1, i + 1]
    return (1 - fy) * top + fy * low, inside
