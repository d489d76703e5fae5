"""OpenPose (.json): 25 points of a body in a picture, a file a frame, in a folder.

Enters: a folder of OpenPose's JSON, as Dance Revolution's data are. Leaves: `Captured`: points in
space where OpenPose made some, else flat ones, which `lift` gives a depth. Of several people the
one who was followed from frame to frame.
"""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from live.errors import ArtifactError
from live.safe_read import read_file
from model.data.capture.captured import Captured

NAMES: tuple[str, ...] = (
    "Nose", "Neck", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist", "MidHip",
    "RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "REye", "LEye", "REar", "LEar",
    "LBigToe", "LSmallToe", "LHeel", "RBigToe", "RSmallToe", "RHeel",
)  # fmt: skip
_COUNT = len(NAMES)
_MOST_FILES, _MOST_BYTES, _MOST_PEOPLE = 1 << 18, 1 << 20, 64
_SEEN = 0.1
_NUMBERS = re.compile(r"\d+")
_HINT = "give a folder of OpenPose's JSON files (BODY_25), a file a frame"


def read(path: Path, person: int | None = None) -> list[Captured]:
    """The motion of a folder. person: 1 is the most to the left at first; None the largest."""
    files = sorted((p for p in _listed(path) if p.suffix.lower() == ".json"), key=_order)
    if not files:
        raise ArtifactError(f"{path.name} holds no .json file; {_HINT}")
    if len(files) > _MOST_FILES:
        raise ArtifactError(f"{path.name} holds {len(files)} files; {_MOST_FILES} are read")
    frames = [_people(file) for file in files]
    track = _followed(frames, person)
    flat = track.shape[-1] == 3 and not _is_space(frames)
    if not np.isfinite(track).any():
        raise ArtifactError(f"{path.name} shows nobody; {_HINT}")
    return [Captured("OpenPose", NAMES, track, None, flat=flat)]


def _listed(path: Path) -> list[Path]:
    try:
        return [p for p in path.iterdir() if p.is_file()] if path.is_dir() else [path]
    except OSError as error:
        raise ArtifactError(f"cannot read {path}: {error.strerror}") from None


def _order(path: Path) -> tuple[list[int], str]:
    """dance_2 before dance_10."""
    return [int(n[:15]) for n in _NUMBERS.findall(path.stem)], path.name


def _people(path: Path) -> list[tuple[np.ndarray, bool]]:
    """(points [25, 3], whether they are in space) of each person; NaN where a point is unseen."""
    try:
        frame = json.loads(read_file(path, _HINT, _MOST_BYTES))
    except (ValueError, RecursionError):
        raise ArtifactError(f"{path.name} is not valid JSON; {_HINT}") from None
    people = frame.get("people") if isinstance(frame, dict) else None
    if not isinstance(people, list):
        raise ArtifactError(f"{path.name} has no list 'people', as OpenPose writes; {_HINT}")
    found = [_points(person) for person in people[:_MOST_PEOPLE] if isinstance(person, dict)]
    return [points for points in found if points is not None]


def _points(person: dict[str, Any]) -> tuple[np.ndarray, bool] | None:
    for name, width in (("pose_keypoints_3d", 4), ("pose_keypoints_2d", 3), ("pose_keypoints", 3)):
        values = person.get(name)
        if isinstance(values, list) and len(values) == _COUNT * width:
            numbers = [v if isinstance(v, int | float) else np.nan for v in values]
            rows = np.array(numbers, np.float64).reshape(_COUNT, width)
            rows[~(np.abs(rows) < 1e7).all(axis=1) | ~(rows[:, -1] > _SEEN)] = np.nan
            return rows[:, :3], width == 4
    return None


def _is_space(frames: list[list[tuple[np.ndarray, bool]]]) -> bool:
    return any(space for people in frames for _, space in people)


def _followed(frames: list[list[tuple[np.ndarray, bool]]], person: int | None) -> np.ndarray:
    """One person's points [T, 25, 3]: from frame to frame whoever is nearest."""
    out = np.full((len(frames), _COUNT, 3), np.nan)
    at: np.ndarray | None = None
    for t, people in enumerate(frames):
        bodies = [body for body, _ in people if np.isfinite(body[:, 0]).sum() >= _COUNT // 4]
        if not bodies:
            continue
        middles = np.array([np.nanmedian(body[:, :2], axis=0) for body in bodies])
        if at is None:
            order = np.argsort(middles[:, 0])
            if person is not None and person > len(bodies):
                continue
            sizes = [np.nanmax(body[:, 1]) - np.nanmin(body[:, 1]) for body in bodies]
            chosen = int(np.argmax(sizes)) if person is None else int(order[person - 1])
        else:
            chosen = int(np.linalg.norm(middles - at, axis=1).argmin())
        at, out[t] = middles[chosen], bodies[chosen]
    return out
