"""A plain line chart as PNG, for figures that change over time.

Enters: points by label. Leaves: a picture. Pillow draws it: no plotting library only for this.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from live.safe_write import whole_file

_SIZE = (960, 480)  # pixels
_LEFT, _TOP, _RIGHT, _BOTTOM = 70, 40, 30, 50
_BACKGROUND, _GRID, _TEXT = (16, 17, 22), (52, 54, 64), (220, 220, 225)
_COLOURS = ((255, 150, 80), (90, 180, 255), (150, 230, 120), (240, 120, 200), (250, 220, 90))
_GUIDE = (140, 145, 160)


def draw(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    path: Path,
    title: str = "",
    x_label: str = "",
    guides: Mapping[str, float] | None = None,
) -> None:
    """Write the chart: a line of (x, y) for each label, both axes from 0; `guides` are level lines.

    A line of one point is a dot.
    """
    guides = guides or {}
    x_top = _nice(max(float(max(x)) for x, _ in lines.values()))
    y_top = _nice(max([*(float(max(y)) for _, y in lines.values()), *guides.values()]))
    chart = Image.new("RGB", _SIZE, _BACKGROUND)
    pen = ImageDraw.Draw(chart)
    font = ImageFont.load_default(15)

    def spot(x: float, y: float) -> tuple[float, float]:
        wide, high = _SIZE[0] - _LEFT - _RIGHT, _SIZE[1] - _TOP - _BOTTOM
        return _LEFT + wide * x / x_top, _SIZE[1] - _BOTTOM - high * y / y_top

    for step in np.linspace(0, 1, 5):
        pen.line([spot(0, step * y_top), spot(x_top, step * y_top)], fill=_GRID)
        left, at = spot(0, step * y_top)
        pen.text((left - 8, at), f"{step * y_top:g}", fill=_TEXT, font=font, anchor="rm")
        at, floor = spot(step * x_top, 0)
        pen.text((at, floor + 8), f"{step * x_top:g}", fill=_TEXT, font=font, anchor="mt")
    for label, level in guides.items():
        pen.line([spot(0, level), spot(x_top, level)], fill=_GUIDE)
        pen.text(spot(x_top, level), label, fill=_GUIDE, font=font, anchor="rb")
    for (label, (x, y)), colour, row in zip(
        lines.items(), _cycled(len(lines)), range(len(lines)), strict=True
    ):
        points = [spot(*point) for point in zip(x, y, strict=True)]
        pen.line(points, fill=colour, width=3, joint="curve")
        for at, high in points:
            pen.ellipse([at - 3, high - 3, at + 3, high + 3], fill=colour)
        pen.text((_LEFT + 12, _TOP + 8 + 20 * row), label, fill=colour, font=font)
    pen.text((_LEFT, 12), title, fill=_TEXT, font=font)
    pen.text((_SIZE[0] - _RIGHT, _SIZE[1] - 8), x_label, fill=_TEXT, font=font, anchor="rb")
    with whole_file(path) as partial:
        chart.save(partial, "PNG")


def _cycled(count: int) -> list[tuple[int, int, int]]:
    return [_COLOURS[i % len(_COLOURS)] for i in range(count)]


def _nice(top: float) -> float:
    """The next of 1, 2, 4, 6, 8, 10 times a power of ten, so that quarters of it read well."""
    if top <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(top))
    return float(next(m * power for m in (1, 2, 4, 6, 8, 10) if m * power >= top * 0.999))
