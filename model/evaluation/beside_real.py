"""The table in which every figure of made dances stands beside that of the real ones.

Enters: `StageReport`s, a motion graph's among them, and the `Reference`. Leaves: text to print,
figure by figure for each style; and the same of one set of weights as a table of the model card.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from model.evaluation.reference import Reference
from model.evaluation.rhythm import SIGNALS
from model.evaluation.stage_report import StageReport

_SLACK = 0.01  # of a share: what hardly happens in real dances need not happen
_RANGE, _BEAT = (0.75, 1.25), (0.8, 1.4)


class Figure(NamedTuple):
    """label: what is printed; key: the figure's name; form: as of `str.format`; reached: whether
    (made, real) is good enough; target: that in words."""

    label: str
    key: str
    form: str
    reached: Callable[[float, float], bool] = lambda made, real: True
    target: str = ""

    def cell(self, made: float, real: float | None) -> str:
        """The figure, over that of real dances, "!" where it misses."""
        text = self.form.format(made)
        if real is None:
            return text + ("" if self.reached(made, math.nan) else "!")
        ratio = f" ({made / real:.2f})" if abs(real) > 1e-9 else ""
        return text + ratio + ("" if self.reached(made, real) else "!")


def _within(low: float, high: float, slack: float = 0.0) -> Callable[[float, float], bool]:
    return lambda made, real: low * real - slack <= made <= high * real + slack


def _range(label: str, key: str, form: str = "{:.2f}", slack: float = 0.0) -> Figure:
    return Figure(label, key, form, _within(*_RANGE, slack), "within 25 % of real")


def _beat(signal: str) -> tuple[Figure, Figure, Figure]:
    name = "braking as seen" if signal == "seen" else signal
    return (
        Figure(
            f"{name} on the beat", f"beat_{signal}_short", "{:.3f}", _within(*_BEAT),
            "0.8 to 1.4 of real",
        ),
        Figure(
            f"{name} over its null", f"beat_{signal}_of_null", "{:.1f}",
            lambda made, real: made >= 2.0, "at least 2",
        ),
        Figure(f"{name} later than real, ms", f"beat_{signal}_late_ms", "{:+.0f}"),
    )  # fmt: skip


RANGE = (
    _range("wrist above head, share of time", "wrist_up", "{:.3f}", _SLACK),
    _range("ankle height p99, m", "ankle_p99"),
    _range("foot speed p95, m/s", "foot_speed_p95"),
    _range("hand speed p95, m/s", "hand_speed_p95"),
    _range("stance p95, m", "stance_p95"),
    _range("lowest pelvis (p1), m", "pelvis_p1"),
    _range("turn rate, rad/s", "turn_rate"),
    _range("travel in 2 s, m", "travel"),
    _range("straight arms, share", "straight_arms", "{:.3f}", _SLACK),
    _range("stillness, share of time", "stillness", "{:.3f}", _SLACK),
)
BEAT = tuple(figure for signal in SIGNALS for figure in _beat(signal))
ALIVE = (
    _range("mean speed, m/s", "speed"),
    Figure(
        "longest freeze, s", "frozen_longest", "{:.1f}",
        lambda made, real: made <= max(real, 1.0), "no longer than real",
    ),
    Figure("foot skate", "skate", "{:.3f}", _within(0.5, 1.5), "0.5 to 1.5 of real"),
    Figure("PFC", "pfc", "{:.2f}", _within(0.0, 1.5), "at most 1.5 of real"),
)  # fmt: skip
OWN = (
    Figure(
        "nearest real 2 s (p5), m", "copy_p5", "{:.3f}", _within(1.0, np.inf),
        "no nearer than real",
    ),
    Figure("nearest real 2 s (median), m", "copy_p50", "{:.3f}"),
    Figure(
        "longest run of one clip, beats", "copy_beats", "{:.0f}",
        lambda made, real: made <= 8.0, "at most 8",
    ),
)  # fmt: skip


def _like(space: str, end: str) -> tuple[Figure, ...]:
    return (
        Figure(
            f"FID over floor, by {space}", f"fid_ratio{end}", "{:.2f}",
            lambda made, real: made <= 1.5, "at most 1.5",
        ),
        Figure(
            f"style right, by {space}", f"style_accuracy{end}", "{:.2f}",
            lambda made, real: made >= 0.95, "at least 0.95",
        ),
        Figure(
            f"diversity over real, by {space}", f"diversity_of_real{end}", "{:.2f}",
            lambda made, real: made >= 0.85, "at least 0.85",
        ),
        Figure(
            f"multimodality over real, by {space}", f"multimodality_of_real{end}", "{:.2f}",
            lambda made, real: made >= 0.85, "at least 0.85",
        ),
    )  # fmt: skip


LIKE = (*_like("style", ""), *_like("segment", "_segment"))
SCORED = (
    Figure(
        "apart, same noise for 4 s, m", "together_4s_m", "{:.3f}",
        lambda made, real: made <= 0.06, "at most 0.06",
    ),
    Figure("apart, noise of their own, m", "apart_m", "{:.3f}"),
    Figure(
        "a phrase again, m", "phrase_again_m", "{:.3f}",
        lambda made, real: made <= 0.10, "at most 0.10",
    ),
    Figure("another phrase, m", "phrase_other_m", "{:.3f}"),
)  # fmt: skip
GROUPS = (
    ("range of motion", RANGE),
    ("alive", ALIVE),
    ("on the beat", BEAT),
    ("like real ones", LIKE),
    ("its own", OWN),
    ("by the score", SCORED),
)


def format_beside_real(ref: Reference, reports: Sequence[StageReport]) -> str:
    """For each style a table: a row for each figure, real dances first, then each report; in
    brackets the ratio to real, "!" what misses its target."""
    parts = []
    for style in [s for s in ref.styles if any(s in r.rows for r in reports)]:
        shown = [r for r in reports if style in r.rows]
        lines = [[style, "real", *(r.name for r in shown), "target"]]
        for title, figures in GROUPS:
            lines.append([title])
            lines += [
                _line(figure, ref.styles[style].figures, [r.rows[style] for r in shown])
                for figure in figures
            ]
        parts.append(_aligned(lines))
    return "\n\n".join(parts)


def format_markdown(ref: Reference, report: StageReport) -> str:
    """The same of one report as a table in Markdown: a row for each figure, a column for each
    style; real dances in brackets, bold what misses its target."""
    styles = [s for s in ref.styles if s in report.rows]
    lines = [f"| {report.name} (real) | {' | '.join(styles)} | target |"]
    lines.append("|---" * (len(styles) + 2) + "|")
    for title, figures in GROUPS:
        lines.append(f"| **{title}** |" + " |" * (len(styles) + 1))
        for figure in figures:
            cells = [
                _markdown(figure, report.rows[style], ref.styles[style].figures) for style in styles
            ]
            lines.append(f"| {figure.label} | {' | '.join(cells)} | {figure.target} |")
    return "\n".join(lines)


def _markdown(figure: Figure, row: Mapping[str, float], real: Mapping[str, float]) -> str:
    if figure.key not in row:
        return "–"
    made, there = row[figure.key], real.get(figure.key)
    text = figure.form.format(made)
    if not figure.reached(made, math.nan if there is None else there):
        text = f"**{text}**"
    return text if there is None else f"{text} ({figure.form.format(there)})"


def _line(figure: Figure, real: dict[str, float], rows: Sequence[dict[str, float]]) -> list[str]:
    there = real.get(figure.key)
    return [
        "  " + figure.label,
        "-" if there is None else figure.form.format(there),
        *(figure.cell(row[figure.key], there) if figure.key in row else "-" for row in rows),
        figure.target,
    ]


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[i]) for line in lines if i < len(line)) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            f"{cell:<{width}}" if i == 0 else f"{cell:>{width}}"
            for i, (cell, width) in enumerate(zip(line, widths, strict=False))
        ).rstrip()
        for line in lines
    )
