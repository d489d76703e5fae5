"""Plain line charts as PNG, for figures that change over time.

Enters: points by label. Leaves: a picture. Pillow draws it: no plotting library only for this.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from live.safe_write import whole_file

WIDTH, HEIGHT = 960, 480  # pixels of a chart
_LEFT, _TOP, _RIGHT, _BOTTOM = 70, 40, 30, 50
_BACKGROUND, _GRID, _TEXT = (16, 17, 22), (52, 54, 64), (220, 220, 225)
_COLOURS = (
    (255, 150, 80), (90, 180, 255), (150, 230, 120), (240, 120, 200), (250, 220, 90),
    (160, 130, 255), (80, 220, 210), (230, 90, 90), (190, 190, 195), (180, 140, 90),
)  # fmt: skip
_GUIDE, _MARK = (140, 145, 160), (70, 50, 44)
_MOST_DOTS = 100  # of a line; more would be a thick line

Line = tuple[Sequence[float], Sequence[float]]


@dataclass(frozen=True)
class Chart:
    """A line of (x, y) for each label, both axes from 0; guides: level lines by label; marks: where
    upright lines stand. A point that is not finite is a gap in its line."""

    lines: Mapping[str, Line]
    title: str = ""
    x_label: str = ""
    guides: Mapping[str, float] = field(default_factory=dict)
    marks: Sequence[float] = ()


def draw(charts: Sequence[Chart], path: Path, height: int = HEIGHT) -> None:
    """Write the charts, one below the other, each of so many pixels."""
    picture = Image.new("RGB", (WIDTH, height * len(charts)), _BACKGROUND)
    for row, chart in enumerate(charts):
        drawn = Image.new("RGB", (WIDTH, height), _BACKGROUND)
        _Drawing(drawn, chart).draw()
        picture.paste(drawn, (0, height * row))
    with whole_file(path) as partial:
        picture.save(partial, "PNG")


class _Drawing:
    def __init__(self, image: Image.Image, chart: Chart):
        self._chart, self._height = chart, image.height
        self._pen, self._font = ImageDraw.Draw(image), ImageFont.load_default(15)
        lines = chart.lines.values()
        self._x_top = _nice(_largest([*(v for x, _ in lines for v in x), *chart.marks]))
        self._y_top = _nice(_largest([*(v for _, y in lines for v in y), *chart.guides.values()]))

    def draw(self) -> None:
        for x in self._chart.marks:
            self._pen.line([self._spot(x, 0), self._spot(x, self._y_top)], fill=_MARK)
        self._draw_grid()
        for label, level in self._chart.guides.items():
            ends = [self._spot(0, level), self._spot(self._x_top, level)]
            self._pen.line(ends, fill=_GUIDE)
            self._text(ends[1], label, "rb", _GUIDE)
        for row, line in enumerate(self._chart.lines.values()):
            colour = _COLOURS[row % len(_COLOURS)]
            self._draw_line(line, colour)
        for row, label in enumerate(self._chart.lines):
            self._text(
                (_LEFT + 12, _TOP + 8 + 20 * row), label, "la", _COLOURS[row % len(_COLOURS)]
            )
        self._text((_LEFT, 12), self._chart.title, "la")
        self._text((WIDTH - _RIGHT, self._height - 8), self._chart.x_label, "rb")

    def _draw_grid(self) -> None:
        for step in np.linspace(0, 1, 5):
            left, at = self._spot(0, step * self._y_top)
            self._pen.line([(left, at), self._spot(self._x_top, step * self._y_top)], fill=_GRID)
            self._text((left - 8, at), f"{step * self._y_top:g}", "rm")
            at, floor = self._spot(step * self._x_top, 0)
            self._text((at, floor + 8), f"{step * self._x_top:g}", "mt")

    def _draw_line(self, line: Line, colour: tuple[int, int, int]) -> None:
        for run in _runs(line):
            points = [self._spot(x, y) for x, y in run]
            self._pen.line(points, fill=colour, width=3, joint="curve")
            if len(points) == 1 or len(line[0]) <= _MOST_DOTS:
                for at, high in points:
                    self._pen.ellipse([at - 3, high - 3, at + 3, high + 3], fill=colour)

    def _text(self, at: tuple[float, float], text: str, anchor: str, colour=_TEXT) -> None:
        self._pen.text(
            at, text, colour, self._font, anchor, stroke_width=2, stroke_fill=_BACKGROUND
        )

    def _spot(self, x: float, y: float) -> tuple[float, float]:
        wide, high = WIDTH - _LEFT - _RIGHT, self._height - _TOP - _BOTTOM
        return _LEFT + wide * x / self._x_top, self._height - _BOTTOM - high * y / self._y_top


def _runs(line: Line) -> Iterator[list[tuple[float, float]]]:
    """The points between the gaps."""
    run: list[tuple[float, float]] = []
    for point in zip(*line, strict=True):
        if np.isfinite(point).all():
            run.append(point)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _largest(values: list[float]) -> float:
    """Of those that are finite; 0 of none."""
    return max((float(v) for v in values if np.isfinite(v)), default=0.0)


def _nice(top: float) -> float:
    """The next of 1, 2, 4, 6, 8, 10 times a power of ten, so that quarters of it read well."""
    if top <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(top))
    return float(next(m * power for m in (1, 2, 4, 6, 8, 10) if m * power >= top * 0.999))
