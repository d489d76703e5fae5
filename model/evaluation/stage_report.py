"""The table of weights as the stage runs them.

Enters: `StageReport`s and the `Reference`. Leaves: text to print.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from model.evaluation import metrics
from model.evaluation.reference import Reference
from model.evaluation.tables import Column, Row, format_table
from model.evaluation.take import Take

_COLUMNS = (
    Column("coh", "coherence", "{:.3f}"),
    Column("null", "null", "{:.3f}"),
    Column("/null", "coherence_of_null", "{:.1f}"),
    Column("/real", "coherence_of_real", "{:.2f}"),
    Column("k", "harmonic", "{:g}"),
    Column("late ms", "accent_off_ms", "{:+.0f}"),
    Column("BAS", "bas", "{:.2f}"),
    Column("chance", "bas_chance", "{:.2f}"),
    Column("shifted", "bas_shifted", "{:.2f}"),
    Column("m/s", "speed", "{:.2f}"),
    Column("/real", "speed_ratio", "{:.2f}"),
    Column("frozen s", "frozen_longest", "{:.1f}"),
    Column("FID", "fid", "{:.2f}"),
    Column("/clips", "fid_ratio", "{:.1f}"),
    Column("/time", "fid_ratio_time", "{:.1f}"),
    Column("style", "style_accuracy", "{:.2f}"),
    Column("divers", "diversity", "{:.2f}"),
    Column("multim", "multimodality", "{:.2f}"),
    Column("skate/r", "skate_ratio", "{:.2f}"),
    Column("PFC/r", "pfc_ratio", "{:.2f}"),
)

# What a dance has to reach; marked "!" in the table where it does not.
TARGETS = {
    "coherence_of_null": lambda x: x >= 2.0,
    "coherence_of_real": lambda x: x >= 0.8,
    "accent_off_ms": lambda x: abs(x) <= 30.0,
    "speed_ratio": lambda x: 0.75 <= x <= 1.25,
    "frozen_longest": lambda x: x < 1.0,
    "fid_ratio": lambda x: x <= 2.0,
    "style_accuracy": lambda x: x >= 0.9,
    "skate_ratio": lambda x: x <= 1.5,
    "pfc_ratio": lambda x: x <= 1.5,
}


@dataclass(frozen=True)
class StageReport:
    """Of one set of weights. rows: figures by style, "all" for all together; heard: by style,
    shares of songs and frames in which that style was heard; takes: the dances to rendered
    songs; recorded: as rows, of dances to recordings."""

    name: str
    rows: dict[str, dict[str, float]]
    heard: dict[str, dict[str, float]] = field(default_factory=dict)
    takes: tuple[Take, ...] = ()
    recorded: dict[str, dict[str, float]] = field(default_factory=dict)


def format_stage_reports(ref: Reference, reports: Sequence[StageReport]) -> str:
    """One table: for each style the real dances, what luck reaches, and each set of weights."""
    rows: list[Row] = []
    for style in [s for s in ref.styles if any(s in r.rows for r in reports)]:
        rows.append(Row(f"{style} real", _real_row(ref, style)))
        rows.append(Row(f"{style} chance", _chance_row(ref, reports, style)))
        rows += [row for r in reports for row in _generated_rows(r, style)]
    rows += [row for r in reports for row in _generated_rows(r, "all")]
    return "\n".join([format_table(rows, _COLUMNS), "", *_heard_lines(reports)])


def _generated_rows(report: StageReport, style: str) -> list[Row]:
    by_label = {
        f"{style} {report.name}": report.rows,
        f"{style} {report.name}, recorded": report.recorded,
    }
    return [Row(k, rows[style], TARGETS) for k, rows in by_label.items() if style in rows]


def _real_row(ref: Reference, style: str) -> dict[str, float]:
    real = ref.styles[style]
    row = real.figures | {
        "coherence_of_null": real.figures["coherence"] / max(real.figures["null"], 1e-9),
        "fid": ref.frechet({style: real.features()}).floor,
        "diversity": metrics.diversity(real.features()),
    }
    if style in ref.classifier.accuracy:
        row["style_accuracy"] = ref.classifier.accuracy[style]
    return row


def _chance_row(ref: Reference, reports: Sequence[StageReport], style: str) -> dict[str, float]:
    """What a dance that heard nothing scores: the generated ones, by a wrong clock."""
    generated = next(r.rows[style] for r in reports if style in r.rows)
    return {
        "coherence": generated["null"],
        "null": generated["null"],
        "coherence_of_null": 1.0,
        "bas": generated["bas_chance"],
        "style_accuracy": 1 / len(ref.classifier.styles),
    }


def _heard_lines(reports: Sequence[StageReport]) -> list[str]:
    lines = []
    for t in reports:
        for style, row in t.heard.items():
            lines.append(
                f"{t.name} hears {style}: {row['raw']:.0%} of the frames, {row['staged']:.0%} of "
                f"{row['songs']:.0f} songs on stage, {row['fitting']:.0%} in a style of their genre"
            )
        if t.heard:
            mean = {k: np.mean([r[k] for r in t.heard.values()]) for k in ("raw", "staged")}
            lines.append(f"{t.name} hears all styles: {mean['raw']:.0%}, {mean['staged']:.0%}")
    return lines
