"""Tables (.csv, .tsv): a row a frame, three columns x, y, z a joint.

Enters: text with a header. Leaves: `Captured`, one for each dancer of a table of ours. Columns are
known by their ends (`Hips_x`, `hips.X`, `Hips_position_z`, `pelvis Y (m)`); rotations are passed
over.
"""

import csv
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from live.errors import ArtifactError
from live.safe_read import open_file
from model.data.capture.captured import Captured

_HINT = "give a table with a header and columns such as Hips_x, Hips_y, Hips_z"
_MOST_BYTES, _MOST_COLUMNS, _MOST_NUMBERS = 1 << 30, 4096, 1 << 26
_MOST_ROWS = 1 << 20
_CELL = re.compile(
    r"(?P<name>.*?)(?:[\s_.:/-]+(?:position|pos|translation|translate|location|loc|t))?"
    r"[\s_.:/-]*(?P<axis>[xyz])\s*(?:[(\[].*[)\]])?",
    re.IGNORECASE,
)
_TURNS = re.compile(r"rot|quat|euler|angle|velocity|accel|twist", re.IGNORECASE)
_TIMES = {"time", "time_s", "time (seconds)", "seconds", "timestamp", "t"}
_DANCER = re.compile(r"(\d{1,2})_(.+)")


def read(path: Path) -> list[Captured]:
    """The bodies of a table. ArtifactError says which columns it has instead."""
    with open_file(path, _HINT) as file:
        if file.seek(0, 2) > _MOST_BYTES:
            raise ArtifactError(f"{path.name} has more than {_MOST_BYTES >> 30} GB; cut it")
        file.seek(0)
        lines = (line.decode("utf-8-sig", errors="replace") for line in file)
        first = next(lines, "")
        delimiter = max(",;\t", key=first.count)
        try:
            rows = csv.reader(itertools.chain([first], lines), delimiter=delimiter)
            header = [cell.strip() for cell in next(rows, [])]
            columns = _columns(header, path)
            time = next((i for i, c in enumerate(header) if c.lower() in _TIMES), None)
            wanted = [i for triple in columns.values() for i in triple]
            numbers = _numbers(rows, [*wanted, *([] if time is None else [time])], delimiter)
        except csv.Error as error:
            raise ArtifactError(f"{path.name} is no table: {error}; {_HINT}") from None
    if len(numbers) < 2:
        raise ArtifactError(f"{path.name} has {len(numbers)} rows of numbers; {_HINT}")
    points = numbers[:, : len(wanted)].reshape(len(numbers), -1, 3)
    return _bodies(tuple(columns), points, None if time is None else numbers[:, -1])


def _columns(header: list[str], path: Path) -> dict[str, tuple[int, int, int]]:
    """x, y and z of each joint, in the order of the header."""
    if len(header) > _MOST_COLUMNS:
        raise ArtifactError(f"{path.name} has {len(header)} columns; {_MOST_COLUMNS} are read")
    found: dict[str, dict[str, int]] = {}
    for i, cell in enumerate(header):
        match = _CELL.fullmatch(cell[:200])
        if match and match["name"] and not _TURNS.search(cell):
            found.setdefault(match["name"], {}).setdefault(match["axis"].lower(), i)
    whole = {name: (a["x"], a["y"], a["z"]) for name, a in found.items() if len(a) == 3}
    if not whole:
        listed = ", ".join(cell[:30] for cell in header[:8]) or "none"
        raise ArtifactError(f"{path.name} has no columns of x, y and z, but {listed}; {_HINT}")
    return whole


def _numbers(rows: Iterator[list[str]], wanted: list[int], delimiter: str) -> np.ndarray:
    """float64 [n, columns]; NaN for an empty cell, or one that is no number."""
    found = []
    for row in itertools.islice(rows, _MOST_ROWS):
        if row:
            found.append([_number(row[i], delimiter) if i < len(row) else np.nan for i in wanted])
        if len(found) * len(wanted) > _MOST_NUMBERS:
            raise ArtifactError("the table has more numbers than are read; cut it")
    return np.array(found, np.float64).reshape(-1, len(wanted))


def _number(cell: str, delimiter: str) -> float:
    text = cell.strip()
    if delimiter != ",":
        text = text.replace(",", ".")
    try:
        value = float(text)
    except ValueError:
        return np.nan
    return value if abs(value) < 1e9 else np.nan


def _bodies(
    names: tuple[str, ...], points: np.ndarray, seconds: np.ndarray | None
) -> list[Captured]:
    """Tables of ours number the dancers before their joints' names."""
    keep = np.ones(len(points), bool)
    time_s = None
    if seconds is not None and np.isfinite(seconds).sum() > 1:
        keep = np.isfinite(seconds) & (np.diff(seconds, prepend=-np.inf) > 0)
        time_s = seconds[keep] - seconds[keep][0]
        if not time_s[-1] > 0 or time_s[-1] > 1e6:
            time_s = None
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        match = _DANCER.fullmatch(name)
        groups.setdefault(match[1] if match else "", []).append(i)
    points = points[keep]
    return [
        Captured(
            "a table", tuple(_bare(names[i]) for i in own), points[:, own], time_s,
            part=f"dancer{dancer}" if len(groups) > 1 else "",
        )
        for dancer, own in groups.items()
        if np.isfinite(points[:, own]).any()
    ]  # fmt: skip


def _bare(name: str) -> str:
    match = _DANCER.fullmatch(name)
    return match[2] if match else name
