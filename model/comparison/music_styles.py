"""How well Dancing2Music's extractor hears the style of music, as a table of the comparison.

Enters: the minutes for each form of it, prepared data, recordings where there are any. Leaves: a
row for each form and each kind of music.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model.baselines.music_style_table import StyleRow, confusions, music_style_table
from model.comparison.kept import keep, read_kept
from model.comparison.recipe import Recipe
from model.comparison.runs import Say

HEADS = (
    "extractor",
    "music",
    "windows right %",
    "songs right %",
    "luck %",
    "windows",
    "most often",
)
_VERSION = 1  # of what is kept


def music_styles(
    recipe: Recipe, data: Path, recordings: Path | None, kept: Path, say: Say
) -> list[dict[str, Any]]:
    """Empty where the recipe gives it no time."""
    if not recipe.style_extractor_minutes:
        return []
    seed, minutes = recipe.seeds[0], recipe.style_extractor_minutes
    path = kept / "music-styles.json"
    key = [_VERSION, minutes, seed, str(data.resolve()), str(recordings and recordings.resolve())]
    found = read_kept(path, key)
    if found is None:
        say("learning to hear the style of music")
        rows = music_style_table(data, recordings, minutes, seed)
        found = keep(path, key, [_as_json(row) for row in rows])
    return found


def _as_json(row: StyleRow) -> dict[str, Any]:
    return vars(row) | {
        "confusion": row.confusion.tolist(),
        "classes": list(row.classes),
        "confusions": confusions(row),
    }


def lines(rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Under `HEADS`."""
    return [
        [
            row["form"], row["music"], f"{100 * row['accuracy']:.1f}",
            f"{100 * row['song_accuracy']:.1f}", f"{100 * row['chance']:.1f}", f"{row['windows']}",
            ", ".join(f"{a} for {b}" for b, a, _ in row["confusions"][:2]) or "–",
        ]
        for row in rows
    ]  # fmt: skip
