"""A comparison in pictures: the curve of FID over time, contact sheets.

Enters: `Compared`. Leaves: fid-over-time.png, sheet.png, and sheet-body25.png of those that dance
in a picture.
"""

from pathlib import Path

import numpy as np

from live.body.pose import FRAME_RATE
from model.comparison.comparison import Compared
from model.comparison.recipe import SYSTEMS, Recipe
from model.data import body25
from model.evaluation import contact_sheet, line_chart
from model.evaluation.sounding import SETTLE_S
from model.evaluation.take import Take, filmed, real_takes


def draw_pictures(recipe: Recipe, data: Path, out: Path, compared: Compared) -> None:
    _draw_curve(recipe, compared, out / "fid-over-time.png")
    _draw_sheets(recipe, data, compared, out)


def _draw_curve(recipe: Recipe, compared: Compared, path: Path) -> None:
    """The mean over the seeds of every row of the main table, and of the floor."""
    drawn, floors = {}, []
    for row in compared.rows:
        count = min((len(curve[0]) for curve in row.curves), default=0)
        if row.table == SYSTEMS and count:
            middles = row.curves[0][0]
            made = [
                sum(curve[1][i] for curve in row.curves) / len(row.curves) for i in range(count)
            ]
            drawn[row.name] = (middles[:count], made)
            floors += [value for curve in row.curves for value in curve[2]]
    if not drawn:
        return
    guides = {"real": sum(floors) / len(floors)} if floors else {}
    title = f"FID of stretches of {recipe.curve_s:g} s along a dance"
    line_chart.draw([line_chart.Chart(drawn, title, "seconds", guides)], path, 640)


def _draw_sheets(recipe: Recipe, data: Path, compared: Compared, out: Path) -> None:
    """Of every style the longest real dance, and each dancer to the song of the middle tempo; those
    that dance in a picture on a sheet of their own, beside a real dance that was filmed."""
    real = sorted(real_takes(data), key=lambda take: -len(take.joints))
    middle = len(recipe.judging.tempi_bpm) // 2
    bodies: dict[str, np.ndarray] = {}
    pictures: dict[str, np.ndarray] = {}
    for song in compared.music[middle :: len(recipe.judging.tempi_bpm)]:
        own = next(take for take in real if take.style == song.style)
        bodies[f"{song.style} real: {own.label}"] = own.joints
        pictures[f"{song.style} real: {own.label}"] = filmed(own).points
        for name, dancer in (compared.dancers | compared.flat_dancers).items():
            (take,) = dancer(song, [1000 * recipe.seeds[0]])
            settled = take.after(SETTLE_S)
            if isinstance(settled, Take):
                bodies[f"{song.style} {name}"] = settled.joints
            else:
                pictures[f"{song.style} {name}"] = settled.points
    contact_sheet.draw(bodies, out / "sheet.png", FRAME_RATE)
    if compared.flat_dancers:
        contact_sheet.draw(pictures, out / "sheet-body25.png", body25.FRAME_RATE)
