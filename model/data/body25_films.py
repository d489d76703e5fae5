"""Films that OpenPose has seen, as dances in the setting of Dance Revolution.

Enters: a folder of its JSON files (BODY_25), a file a frame, read by `model.data.capture.openpose`.
Leaves: whole stretches of points at 15 a second. Where a point is hidden for long it keeps its
place beside its neighbour; where the middle of the hips is, the stretch ends.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from live.body.pose import FRAME_RATE as BODY_RATE
from live.errors import ArtifactError, ConfigError
from model.data import body25
from model.data.capture import openpose, timing
from model.data.capture.captured import regular

_NORMALISED = 4.0  # in parts of half a picture nobody is further out; in pixels everybody is
_HINT = "points in a picture are read here; `posejockey capture` takes those in space"


@dataclass(frozen=True)
class FilmedPiece:
    """A whole stretch of a film. points: float32 [T, 25, 2] of `model.data.body25` at 15 fps, as
    the film's own camera saw them; start_s: of its first frame, in the film."""

    points: np.ndarray
    start_s: float


def read_body25(
    folder: Path,
    picture: tuple[int, int] | None = None,
    fps: float = float(BODY_RATE),
    person: int | None = None,
) -> list[FilmedPiece]:
    """The dances of a folder of OpenPose's JSON, each 2 s long or longer.

    picture: width and height in pixels; None where the points are in -1..1 already, as those
    published with Dance Revolution are. fps: of the film. person: of several, 1 is the most to the
    left at first; None the largest. Raises ArtifactError for files that are no such points, or
    where nothing of 2 s is whole, and ConfigError where the size of the picture has to be told.
    """
    points = _in_picture(folder, picture, person)
    _place_hidden(points)
    flat = np.pad(points, ((0, 0), (0, 0), (0, 1)))  # the third is told of no point
    found, _, _ = timing.pieces(flat, regular(len(flat), fps))
    if not found:
        raise ArtifactError(f"{folder.name} shows nobody for 2 s on end")
    return [
        FilmedPiece(piece.joints[:: body25.EVERY, :, :2].astype(np.float32), piece.start_s)
        for piece in found
    ]


def _in_picture(folder: Path, picture: tuple[int, int] | None, person: int | None) -> np.ndarray:
    """Points [T, 25, 2] in parts of half a picture, NaN where unseen."""
    (film,) = openpose.read(folder, person)
    if not film.flat:
        raise ArtifactError(f"{folder.name} holds points in space; {_HINT}")
    points = film.points[..., :2]
    if picture is not None:
        return points / np.array(picture) * 2 - 1
    if np.nanmax(np.abs(points)) > _NORMALISED:
        raise ConfigError(f"{folder.name} is in pixels: tell the picture's width and height")
    return points


def _place_hidden(points: np.ndarray) -> None:
    """Points that are hidden stand to their parent as they last did, and next do; those that are
    never seen stand where it does."""
    frames = np.arange(len(points))
    for parent, child in body25.BONES:
        offset = points[:, child] - points[:, parent]
        known = np.isfinite(offset[:, 0])
        held = np.zeros_like(offset)
        if known.any():
            held = np.stack([np.interp(frames, frames[known], o[known]) for o in offset.T], axis=1)
        hidden = ~np.isfinite(points[:, child, 0])
        points[hidden, child] = points[hidden, parent] + held[hidden]
