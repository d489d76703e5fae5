"""Figures as plain text: one row for each dance, one column for each figure.

Enters: figures by name. Leaves: a table to print.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple


class Column(NamedTuple):
    """head: at most 9 letters; key: the figure's name; form: as of `str.format`."""

    head: str
    key: str
    form: str


class Row(NamedTuple):
    """targets: what each figure has to reach; one that does not is marked with "!"."""

    label: str
    figures: Mapping[str, float]
    targets: Mapping[str, Callable[[float], bool]] = {}

    def cell(self, column: Column) -> str:
        if column.key not in self.figures:
            return "-"
        value = self.figures[column.key]
        missed = column.key in self.targets and not self.targets[column.key](value)
        return column.form.format(value) + ("!" if missed else "")


def format_table(rows: Sequence[Row], columns: Sequence[Column]) -> str:
    """The rows below the heads of their columns; "-" where a row lacks a figure."""
    label = max(len(row.label) for row in rows) + 1
    width = max(len(column.head) for column in columns) + 1
    lines = [" " * label + "".join(f"{column.head:>{width}}" for column in columns)]
    for row in rows:
        cells = "".join(f"{row.cell(column):>{width}}" for column in columns)
        lines.append(f"{row.label:<{label}}" + cells)
    return "\n".join(lines)
