"""BVH: a tree of joints with offsets, then a line of numbers for every frame.

Enters: a file of any program. Leaves: `Captured` positions. A line with too few numbers or with one
that is none costs its frame alone; a file that ends early gives what it holds.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from live.body.pose import FRAME_RATE
from live.errors import ArtifactError
from live.safe_read import open_file
from model.data.capture.captured import Captured, regular
from model.data.capture.rig import Rig, positions

_HINT = "give a BVH file"
_MOST_JOINTS, _MOST_LINES, _MOST_LINE = 1000, 20_000, 1 << 16
_MOST_NUMBERS = 1 << 26  # that are kept
_MOST_BYTES = 1 << 31
_RATES = (5.0, 1000.0)
_AXES = {"X": 0, "Y": 1, "Z": 2}


class _Joint(NamedTuple):
    name: str
    parent: int
    offset: np.ndarray
    channels: list[str]


class _Tree(NamedTuple):
    joints: list[_Joint]
    ends: dict[int, np.ndarray]

    @property
    def width(self) -> int:
        return sum(len(joint.channels) for joint in self.joints)


def read(path: Path) -> list[Captured]:
    """The motion of each tree in the file. ArtifactError says what is wrong with the file."""
    with open_file(path, _HINT) as file:
        if file.seek(0, 2) > _MOST_BYTES:
            raise ArtifactError(f"{path.name} has more than {_MOST_BYTES >> 30} GB; cut it")
        file.seek(0)
        tree = _read_tree(_lines(file), path)
        frames, fps = _read_head(file, path)
        every = max(int(fps / FRAME_RATE + 0.01), 1) if fps else 1
        rows, bad = _read_rows(file, tree.width, every)
    if not len(rows):
        raise ArtifactError(f"{path.name} holds no frame of motion")
    notes = _notes(len(rows), frames, every, bad)
    return _bodies(tree, rows, regular(len(rows), fps / every) if fps else None, every, notes)


def _lines(file: BinaryIO) -> Iterator[str]:
    for line in iter(lambda: file.readline(_MOST_LINE), b""):
        text = line.decode("utf-8", errors="replace").strip().lstrip("\ufeff")
        if text:
            yield text


def _read_tree(lines: Iterator[str], path: Path) -> _Tree:
    if next(lines, "").upper() != "HIERARCHY":
        raise ArtifactError(f"{path.name} does not begin with HIERARCHY, as a BVH file does")
    joints: list[_Joint] = []
    ends: dict[int, np.ndarray] = {}
    open_: list[int] = []  # joints that are not closed yet; -1 for an end
    named, is_end = "", False
    for line in islice(lines, _MOST_LINES):
        word, _, rest = line.partition(" ")
        word = word.upper()
        if word == "MOTION":
            return _checked(_Tree(joints, ends), open_, path)
        if word in ("ROOT", "JOINT"):
            named, is_end = rest.split("{")[0].strip() or f"joint{len(joints)}", False
        elif word == "END":
            is_end = True
        elif word == "OFFSET":
            offset = _numbers(rest, 3, path, "OFFSET")
            if is_end:
                ends[next((i for i in reversed(open_) if i >= 0), 0)] = offset
                open_.append(-1)
            else:
                parent = open_[-1] if open_ else -1
                open_.append(len(joints))
                joints.append(_Joint(named, parent, offset, []))
        elif word == "CHANNELS" and joints:
            joints[-1].channels.extend(_channels(rest, path))
        elif word.startswith("}") and open_:
            open_ = open_[: -line.count("}")]
            is_end = False
        if len(joints) > _MOST_JOINTS:
            raise ArtifactError(f"{path.name} has more than {_MOST_JOINTS} joints; that is no body")
    raise ArtifactError(f"{path.name} has no MOTION after its joints; is it cut off?")


def _checked(tree: _Tree, still_open: list[int], path: Path) -> _Tree:
    if not tree.joints or not tree.width or still_open:
        raise ArtifactError(f"{path.name} has no whole tree of joints before MOTION")
    return tree


def _channels(rest: str, path: Path) -> list[str]:
    names = rest.split()[1:]
    for name in names:
        if name[:1].upper() not in _AXES or name[1:].lower() not in ("position", "rotation"):
            raise ArtifactError(f"{path.name} has a channel {name[:40]!r}, which no BVH file has")
    if len(names) > 6:
        raise ArtifactError(f"{path.name} gives a joint {len(names)} channels; 6 are possible")
    return names


def _numbers(text: str, count: int, path: Path, what: str) -> np.ndarray:
    try:
        numbers = np.array(text.split("}")[0].split(), np.float64)
    except ValueError:
        numbers = np.empty(0)
    if numbers.shape != (count,) or not np.isfinite(numbers).all():
        raise ArtifactError(f"{path.name} has {what} {text[:40]!r}; expected {count} numbers")
    return numbers


def _read_head(file: BinaryIO, path: Path) -> tuple[int, float | None]:
    """Frames as promised, and their rate; None where it makes no sense."""
    frames, step_s = 0, 0.0
    for line in islice(_lines(file), 2):
        word, _, rest = line.partition(":")
        value = rest.strip().replace(",", ".")
        try:
            if word.strip().lower() == "frames":
                frames = int(float(value))
            elif word.strip().lower() == "frame time":
                step_s = float(value)
        except (ValueError, OverflowError):
            raise ArtifactError(f"{path.name} has {line[:60]!r}; expected a number") from None
    low, high = _RATES
    return frames, 1 / step_s if step_s > 0 and low <= 1 / step_s <= high else None


def _read_rows(file: BinaryIO, width: int, every: int) -> tuple[np.ndarray, int]:
    """Every `every`-th frame, float64 [n, width], and how many of them are none (NaN)."""
    rows: list[np.ndarray] = []
    bad = 0
    most = _MOST_NUMBERS // width
    for number, line in enumerate(iter(lambda: file.readline(1 << 20), b"")):
        if number % every or not line.strip():
            continue
        try:
            row = np.array(line.replace(b",", b".").split(), np.float64)
        except ValueError:
            row = np.empty(0)
        is_bad = row.shape != (width,) or not np.isfinite(row).all()
        bad += is_bad
        rows.append(np.full(width, np.nan) if is_bad else row)
        if len(rows) >= most:
            break
    return np.array(rows).reshape(-1, width), bad


def _notes(kept: int, promised: int, every: int, bad: int) -> tuple[str, ...]:
    notes = []
    if promised and kept * every + every <= promised:
        notes.append(f"the file ends after {kept * every} of {promised} frames")
    if bad:
        notes.append(f"{bad} frames hold what is no number, or too few")
    return tuple(notes)


def _bodies(
    tree: _Tree, rows: np.ndarray, time_s: np.ndarray | None, every: int, notes: tuple[str, ...]
) -> list[Captured]:
    """One for each root."""
    roots = [i for i, joint in enumerate(tree.joints) if joint.parent < 0]
    columns = np.cumsum([0] + [len(joint.channels) for joint in tree.joints])
    bodies = []
    for root, stop in zip(roots, [*roots[1:], len(tree.joints)], strict=True):
        joints = [j._replace(parent=j.parent - root) for j in tree.joints[root:stop]]
        joints[0] = joints[0]._replace(parent=-1)
        ends = {i - root: end for i, end in tree.ends.items() if root <= i < stop}
        own = rows[:, columns[root] : columns[stop]]
        rig = _rig(joints, ends)
        names, parents, _ = rig.with_ends()
        points = positions(rig, len(rows), lambda piece, j=joints, r=own: _local(j, r[piece]))
        bodies.append(
            Captured(
                "BVH",
                names,
                points,
                time_s,
                parents,
                every=every,
                notes=notes,
                part=joints[0].name if len(roots) > 1 else "",
            )
        )
    return bodies


def _rig(joints: list[_Joint], ends: dict[int, np.ndarray]) -> Rig:
    rest = np.tile(np.eye(4), (len(joints), 1, 1))
    rest[:, :3, 3] = [joint.offset for joint in joints]
    return Rig(tuple(j.name for j in joints), tuple(j.parent for j in joints), rest, ends)


def _local(joints: list[_Joint], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotations in the order of their channels, each about the axes turned before it; positions
    replace the offset."""
    turns = np.tile(np.eye(3), (len(rows), len(joints), 1, 1))
    moves = np.tile(np.array([joint.offset for joint in joints]), (len(rows), 1, 1))
    column = 0
    for i, joint in enumerate(joints):
        for channel in joint.channels:
            axis, value = _AXES[channel[0].upper()], rows[:, column]
            column += 1
            if channel[1:].lower() == "position":
                moves[:, i, axis] = value
            else:
                turns[:, i] = turns[:, i] @ _about(axis, np.deg2rad(value))
    moves[np.isnan(rows).any(axis=1)] = np.nan
    return turns, moves


def _about(axis: int, angle: np.ndarray) -> np.ndarray:
    """Rotations [n, 3, 3] about a coordinate axis."""
    out = np.zeros((len(angle), 3, 3))
    one, two = (axis + 1) % 3, (axis + 2) % 3
    cos, sin = np.cos(angle), np.sin(angle)
    out[:, axis, axis] = 1
    out[:, one, one] = out[:, two, two] = cos
    out[:, one, two], out[:, two, one] = -sin, sin
    return out
