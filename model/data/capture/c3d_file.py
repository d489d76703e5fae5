"""C3D: markers, or joints, of optical motion capture.

Enters: a file, by the library c3d (pure Python, so a damaged file can crash nothing). Leaves:
`Captured`: markers of a known set become joints (`markers`), other labels are taken as names of
joints.
"""

import warnings
from pathlib import Path

import numpy as np

from live.body.pose import FRAME_RATE
from live.errors import ArtifactError
from live.safe_read import open_file
from model.data.capture.captured import Captured, regular
from model.data.capture.markers import joints_of_markers

_HINT = "give a C3D file"
_MOST_BYTES, _MOST_POINTS = 1 << 30, 2000
_MOST_NUMBERS = 1 << 26


def read(path: Path) -> list[Captured]:
    """The body of a C3D file. ArtifactError says what is wrong with it."""
    import c3d

    with open_file(path, _HINT) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        size = file.seek(0, 2)
        file.seek(0)
        if size > _MOST_BYTES or file.read(2)[1:2] != b"\x50":
            raise ArtifactError(f"{path.name} is no C3D file; {_HINT}")
        file.seek(0)
        try:
            reader = c3d.Reader(file)
            labels = tuple(str(label).strip() for label in _listed(reader.point_labels))
            points, fps, every = _frames(reader, size)
        except ArtifactError:
            raise
        except Exception as error:  # whatever the library meets in a damaged file
            reason = str(error).split("\n")[0][:120] or type(error).__name__
            raise ArtifactError(f"{path.name} is a damaged C3D file: {reason}; {_HINT}") from None
    labels = labels[: points.shape[1]]
    points = points[:, : len(labels)]
    return [_captured(labels, points, fps, every)]


def _frames(reader, size: int) -> tuple[np.ndarray, float | None, int]:
    """Points float64 [T, K, 3], NaN where none was seen; their rate, None where it is none; and
    which of the file's frames they are."""
    count = int(reader.point_used)
    fps = float(reader.point_rate)
    frames = int(reader.last_frame) - int(reader.first_frame) + 1
    if not 0 < count <= _MOST_POINTS or frames < 1 or frames * count * 8 > size + (1 << 20):
        raise ArtifactError(
            f"it claims {frames} frames of {count} points, which it has no room for"
        )
    known = 1.0 <= fps <= 10_000.0
    every = max(int(fps / FRAME_RATE + 0.01), 1) if known else 1
    if frames // every * count * 3 > _MOST_NUMBERS:
        raise ArtifactError(f"it has {frames} frames of {count} points, more than is read")
    rows = []
    for number, (_, points, _) in enumerate(reader.read_frames(copy=False)):
        if number % every == 0:
            row = points[:, :3].astype(np.float64)
            row[(points[:, 3] < 0) | (np.abs(row) > 1e6).any(axis=1)] = np.nan
            rows.append(row)
    if not rows:
        raise ArtifactError("it holds no frame of motion")
    return np.stack(rows), fps if known else None, every


def _listed(labels) -> list:
    """The library gives None, an array or one text."""
    return [] if labels is None else np.atleast_1d(labels).ravel().tolist()


def _captured(
    labels: tuple[str, ...], points: np.ndarray, fps: float | None, every: int
) -> Captured:
    time_s = regular(len(points), fps / every) if fps else None
    found = joints_of_markers(labels, points)
    if found is None:
        return Captured("C3D", labels, points, time_s, every=every)
    names, joints = found
    note = f"{len(labels)} markers on the skin, joints put inside"
    return Captured("C3D markers", names, joints, time_s, every=every, notes=(note,))
