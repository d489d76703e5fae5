"""A comparison written down: comparison.json, comparison.md.

Enters: `Compared`. Leaves: both files. What the paper published stands beside it, quoted as such:
other data, another judge, another body, so that only the order of rows may be compared.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import torch

from live.safe_write import write_text
from model.comparison import music_styles
from model.comparison.comparison import Compared, Row, mean_and_spread
from model.comparison.judge import FLAT
from model.comparison.recipe import SYSTEMS, Recipe
from model.comparison.runs import machine_name
from model.evaluation.metrics import HIT_TOLERANCE_S
from model.evaluation.rhythm import SIGNALS
from model.evaluation.sounding import SETTLE_S


class Column(NamedTuple):
    """head: of the table; name: of the figure; form: as of `str.format`."""

    head: str
    name: str
    form: str


PAPER = (
    Column("FID", "fid", "{:.2f}"),
    Column("FID / floor", "fid_ratio", "{:.1f}"),
    Column("style %", "style_accuracy", "{:.1f}"),
    Column("beat coverage %", "coverage", "{:.1f}"),
    Column("beat hit rate %", "hit_rate", "{:.1f}"),
    Column("diversity", "diversity", "{:.2f}"),
    Column("multimodality", "multimodality", "{:.2f}"),
)
OURS = (
    Column("FID by segment / floor", "fid_ratio_segment", "{:.1f}"),
    Column("style % by segment", "style_accuracy_segment", "{:.1f}"),
    Column("range, of 10", "range", "{:.1f}"),
    Column("speed / real", "speed_of_real", "{:.2f}"),
    Column("phrase again", "phrase_again", "{:.2f}"),
    Column("skate / real", "skate_of_real", "{:.2f}"),
    Column("PFC / real", "pfc_of_real", "{:.2f}"),
    Column("longest freeze s", "frozen_longest", "{:.1f}"),
    Column("longest copy, beats", "copy_beats", "{:.0f}"),
)
RHYTHM = tuple(
    Column(f"{signal}{end}", f"beat_{signal}_of_{of}", form)
    for of, end, form in (("null", " / null", "{:.1f}"), ("real", " / real", "{:.2f}"))
    for signal in SIGNALS
)
IN_A_PICTURE = tuple(
    column._replace(name=column.name + FLAT)
    for column in (*PAPER[:5], Column("luck %", "hit_rate_chance", "{:.1f}"), *PAPER[5:])
)
AIST = (
    Column("FIDk", "fid_k", "{:.1f}"),
    Column("FIDg", "fid_g", "{:.1f}"),
    Column("FIDk / floor", "fid_k_ratio", "{:.2f}"),
    Column("FIDg / floor", "fid_g_ratio", "{:.2f}"),
    Column("Distk", "dist_k", "{:.2f}"),
    Column("Distg", "dist_g", "{:.2f}"),
    Column("BAS", "bas_aist", "{:.3f}"),
    Column("BAS by music", "bas_music", "{:.3f}"),
    Column("PFC", "pfc_aist", "{:.2f}"),
)
ABLATION = (PAPER[0], PAPER[1], PAPER[2], OURS[0], OURS[1], OURS[3])

# FID, style accuracy %, beat coverage %, beat hit rate %, diversity, multimodality of Huang et al.
_PUBLISHED = (
    ("real", 2.6, 99.5, 56.4, 63.9, 40.2, None),
    ("LSTM", 51.9, 12.1, 4.3, 9.7, 16.8, None),
    ("Aud-MoCoGAN", 48.5, 33.8, 10.9, 28.5, 30.7, 16.4),
    ("Dancing2Music", 22.7, 60.4, 15.7, 65.7, 30.8, 18.9),
    ("Dance Revolution", 6.5, 77.6, 21.8, 68.4, 36.9, 15.3),
)
# FID, style accuracy % of its ablations.
_PUBLISHED_ABLATIONS = {
    "encoder": (
        ("LSTM", 7.9, 45.0), ("ConvS2S", 13.3, 54.0), ("global attention", 3.6, 80.0),
        ("local attention", 4.3, 78.5),
    ),
    "learning": (
        ("teacher forcing", 61.2, 5.3), ("const", 15.7, 35.0), ("λe^t", 9.8, 69.0),
        ("λt²", 6.4, 73.0), ("λt", 5.1, 77.6),
    ),
}  # fmt: skip


def write_report(recipe: Recipe, out: Path, compared: Compared, heard: Sequence[dict] = ()) -> None:
    """heard: of `music_styles`."""
    found = _as_json(recipe, compared, heard)
    write_text(out / "comparison.json", json.dumps(found, indent=1) + "\n")
    write_text(out / "comparison.md", as_markdown(recipe, compared, heard))


def _as_json(recipe: Recipe, compared: Compared, heard: Sequence[dict]) -> dict:
    rows = [
        {
            "table": row.table,
            "name": row.name,
            "seeds": row.seeds,
            "mean": {name: mean_and_spread(row, name)[0] for name in row.seeds[0]}
            if row.seeds
            else {},
            "curves": row.curves,
            "runs": [asdict(outcome) for outcome in row.outcomes],
            "reason": row.reason,
        }
        for row in compared.rows
    ]
    return _finite(
        {
            "machine": machine_name(),
            "torch": torch.__version__,
            "judging": asdict(recipe.judging),
            "rows": rows,
            "music_styles": list(heard),
        }
    )


def _finite(value: Any) -> Any:
    """JSON has no NaN."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_markdown(recipe: Recipe, compared: Compared, heard: Sequence[dict] = ()) -> str:
    """The tables, with what they were measured by."""
    rows = [row for row in compared.rows if row.table == SYSTEMS]
    parts = [
        "# Comparison",
        _method(recipe, compared),
        "## The paper's figures",
        _table(rows, PAPER),
        "As published by Huang et al. (2021), on other data, by another judge:",
        _published(),
        "## On the beat, by six signals of the body",
        "Phase coherence over that of detuned clocks (1 is luck), and over the real dances'.",
        _table(rows, RHYTHM),
        "## Alive, whole and its own",
        _table(rows, OURS),
        "## The protocol of AIST++",
        _table(rows, AIST),
    ]
    if recipe.flat:
        parts += [
            "## In the paper's own setting",
            "25 points in a picture, 15 times a second (docs/evaluation.md). Systems in a picture "
            "learn and dance there; all others are filmed. FID is by another classifier than "
            "above: only the rows of this table compare.",
            _table(rows, IN_A_PICTURE),
        ]
    for name in [table for table in recipe.tables if table != SYSTEMS]:
        own = [row for row in compared.rows if row.table == name]
        parts += [f"## Ablation: {name}", _table(own, ABLATION)]
        if name in _PUBLISHED_ABLATIONS:
            published = [
                [label, f"{fid:g}", f"{accuracy:g}"]
                for label, fid, accuracy in _PUBLISHED_ABLATIONS[name]
            ]
            parts += [
                "As published by Huang et al. (2021):",
                _markdown(["published", "FID", "style %"], published),
            ]
    if heard:
        parts += [
            "## The style of music, as Dancing2Music hears it",
            f"{recipe.style_extractor_minutes:g} minutes for each form, on songs that neither "
            "learned from; published: 73.5 %, the larger form 98.7 % (on other music).",
            _markdown(music_styles.HEADS, music_styles.lines(heard)),
        ]
    parts += ["## FID over time", "![FID over time](fid-over-time.png)"]
    parts += ["## Trainings", _trainings(compared.rows)]
    return "\n\n".join(parts) + "\n"


def _method(recipe: Recipe, compared: Compared) -> str:
    judging = recipe.judging
    main = [run for run in recipe.runs if run.table == SYSTEMS]
    styles = ", ".join(dict.fromkeys(song.style for song in compared.music))
    tempi = ", ".join(f"{tempo:g}" for tempo in judging.tempi_bpm)
    interval_s = 60 / judging.tempi_bpm[len(judging.tempi_bpm) // 2]
    return (
        f"{main[0].minutes:g} minutes of processor time on one thread for every system, "
        f"batches of {main[0].batch}, seeds {', '.join(map(str, recipe.seeds))}; mean ± standard "
        f"deviation of the seeds. {machine_name()}, torch {torch.__version__}.\n\n"
        f"Judged: {styles}; at {tempi} BPM a song of {judging.seconds:g} s each, that no training "
        f"saw, {judging.dancers} dances to each, from {SETTLE_S:g} s on; the same songs for every "
        "row. FID, style, diversity and multimodality in the features of a classifier of styles; "
        "the floor is the FID of two halves of the real dances. Beats: kinematic beats are minima "
        "of the mean joint speed after a Gaussian of 83 ms; coverage is their number over that of "
        f"the music's, hit rate the share of them within {1000 * HIT_TOLERANCE_S:.0f} ms of a beat "
        f"(luck: {200 * HIT_TOLERANCE_S / interval_s:.0f} % at "
        f"{judging.tempi_bpm[len(judging.tempi_bpm) // 2]:g} BPM). Where a real clip has no known "
        "music, its beats were found in its motion. Range: "
        "figures of ten within 25 % of real. Phrase again: a phrase of 8 beats to the nearest of "
        "three neighbours, over the distance to all three. Skate, PFC and speed are over real."
    )


def _table(rows: Sequence[Row], columns: Sequence[Column]) -> str:
    shown = [c for c in columns if any(c.name in f for row in rows for f in row.seeds)]
    lines = []
    for row in rows:
        if row.seeds and not any(column.name in f for column in shown for f in row.seeds):
            continue  # it is of another setting
        cells = [_cell(row, column) for column in shown]
        if not row.seeds and cells:
            cells[0] = f"failed: {row.reason}"
        lines.append([row.name, *cells])
    return _markdown(["", *(c.head for c in shown)], lines)


def _cell(row: Row, column: Column) -> str:
    mean, spread = mean_and_spread(row, column.name)
    if math.isnan(mean):
        return "–"
    text = column.form.format(mean)
    return text if math.isnan(spread) else f"{text} ± {column.form.format(spread)}"


def _published() -> str:
    heads = [c.head for c in PAPER if c.name != "fid_ratio"]
    lines = [
        [name, *("–" if value is None else f"{value:g}" for value in values)]
        for name, *values in _PUBLISHED
    ]
    return _markdown(["published", *heads], lines)


def _trainings(rows: Sequence[Row]) -> str:
    lines = []
    for row in rows:
        for outcome in row.outcomes:
            run = outcome.run
            options = ", ".join(f"{k} {v}" for k, v in run.options.items()) or "–"
            ended = outcome.reason or "finished"
            lines.append(
                [run.table, row.name, options, f"{run.seed}", f"{outcome.minutes:.1f}",
                 f"{outcome.steps}", outcome.machine, ended]
            )  # fmt: skip
    heads = ["table", "row", "options", "seed", "minutes", "steps", "machine", "ended"]
    return _markdown(heads, lines)


def _markdown(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"

    return "\n".join([line(heads), "|---" * len(heads) + "|", *map(line, lines)])
