"""The log of a run: `log.csv` in its folder, a row at a time.

Enters: rows. Leaves: lines below the names of their columns.
"""

import csv
from collections.abc import Mapping
from pathlib import Path

LOG = "log.csv"


def write_row(folder: Path, row: Mapping[str, object]) -> None:
    """Append a row to the run's log; the first of a file begins it with the names."""
    path = folder / LOG
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(row.keys())
        writer.writerow(row.values())
