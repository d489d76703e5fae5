"""The picture's four corners where a projector's beam needs them. Pure numbers.

Corners are shares of the picture [4, 2], from 0 to 1, x to the right and y down: top left, top
right, bottom right, bottom left. A pin is the matrix [3, 3] that says, for a place on the display,
which place of the picture is shown there.
"""

import numpy as np

from live.errors import ConfigError

AT_REST = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
_LEAST = 0.02  # of the picture's area, twice: what a triangle of corners must have
_OUTSIDE = 0.5  # how far a corner may leave the display


def pin(corners: np.ndarray) -> np.ndarray:
    """The pin for these corners (P. Heckbert, "Fundamentals of Texture Mapping", 1989, 2.2.3)."""
    rows, sides = [], []
    for (x, y), (u, v) in zip(corners, AT_REST, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        sides += [u, v]
    return np.append(np.linalg.solve(np.array(rows), np.array(sides)), 1.0).reshape(3, 3)


def is_usable(corners: np.ndarray) -> bool:
    """Whether they go around a picture, and not so far outside that nobody finds them."""
    if not np.isfinite(corners).all() or np.abs(corners - 0.5).max() > 0.5 + _OUTSIDE:
        return False
    before, after = np.roll(corners, 1, axis=0) - corners, np.roll(corners, -1, axis=0) - corners
    turns = after[:, 0] * before[:, 1] - after[:, 1] * before[:, 0]
    return bool((turns > _LEAST).all())


def moved(corners: np.ndarray, corner: int, to: np.ndarray) -> np.ndarray:
    """With one of them elsewhere; as they are where that would be no picture."""
    wanted = corners.copy()
    wanted[corner] = to
    return wanted if is_usable(wanted) else corners


def sources(matrix: np.ndarray, size: tuple[int, int], of: tuple[int, int]) -> np.ndarray:
    """For every pixel [height x width] of a display the pixel of a picture, as one index; -1:
    none. size: the display's (width, height); of: the picture's."""
    x = (np.arange(size[0]) + 0.5) / size[0]
    y = (np.arange(size[1]) + 0.5) / size[1]
    u, v, w = (row[0] * x + (row[1] * y + row[2])[:, None] for row in matrix)
    column, row = np.floor(u / w * of[0]), np.floor(v / w * of[1])
    inside = (w > 0) & (column >= 0) & (column < of[0]) & (row >= 0) & (row < of[1])
    return np.where(inside, row * of[0] + column, -1).astype(np.int64).ravel()


def as_text(corners: np.ndarray) -> str:
    """As `parse` reads them."""
    return ",".join(f"{value:.4f}" for value in corners.ravel())


def parse(text: str) -> np.ndarray:
    """Eight numbers with commas between. ConfigError for anything that is no picture."""
    try:
        corners = np.array([float(part) for part in text.split(",")]).reshape(4, 2)
    except ValueError:
        corners = np.full((4, 2), np.nan)
    if not is_usable(corners):
        raise ConfigError(
            f"--corners {text}: eight numbers, x and y of the corners top left, top right, bottom "
            "right and bottom left, in shares of the picture (0,0,1,0,1,1,0,1 as it is)"
        )
    return corners
