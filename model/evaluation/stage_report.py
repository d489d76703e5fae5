"""The table of weights as the stage runs them."""

from collections.abc import Mapping, Sequence

import numpy as np

from model.evaluation import metrics
from model.evaluation.on_stage import Reference, Trial

_COLUMNS = (
    ("coh", "coherence", "{:.3f}"),
    ("null", "null", "{:.3f}"),
    ("/null", "coherence_of_null", "{:.1f}"),
    ("/real", "coherence_of_real", "{:.2f}"),
    ("k", "harmonic", "{:g}"),
    ("late ms", "accent_off_ms", "{:+.0f}"),
    ("BAS", "bas", "{:.2f}"),
    ("chance", "bas_chance", "{:.2f}"),
    ("shifted", "bas_shifted", "{:.2f}"),
    ("m/s", "speed", "{:.2f}"),
    ("/real", "speed_ratio", "{:.2f}"),
    ("frozen s", "frozen_longest", "{:.1f}"),
    ("FID", "fid", "{:.2f}"),
    ("/clips", "fid_ratio", "{:.1f}"),
    ("/time", "fid_ratio_time", "{:.1f}"),
    ("style", "style_accuracy", "{:.2f}"),
    ("divers", "diversity", "{:.2f}"),
    ("multim", "multimodality", "{:.2f}"),
    ("skate/r", "skate_ratio", "{:.2f}"),
    ("PFC/r", "pfc_ratio", "{:.2f}"),
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


def format_trials(ref: Reference, trials: Sequence[Trial]) -> str:
    """One table: for each style the real dances, what luck reaches, and each set of weights."""
    rows: list[tuple[str, Mapping[str, float], bool]] = []
    styles = [s for s in ref.styles if any(s in t.rows for t in trials)]
    for style in styles:
        rows.append((f"{style} real", _real_row(ref, style), False))
        rows.append((f"{style} chance", _chance_row(ref, trials, style), False))
        rows += [row for t in trials for row in _made_rows(t, style)]
    rows += [row for t in trials for row in _made_rows(t, "all")]
    width = max(len(label) for label, _, _ in rows) + 1
    lines = [" " * width + "".join(f"{head:>9}" for head, _, _ in _COLUMNS)]
    for label, figures, judged in rows:
        cells = (_cell(figures, key, form, judged) for _, key, form in _COLUMNS)
        lines.append(f"{label:<{width}}" + "".join(f"{cell:>9}" for cell in cells))
    return "\n".join([*lines, "", *_heard_lines(trials)])


def _made_rows(t: Trial, style: str) -> list[tuple[str, Mapping[str, float], bool]]:
    to = {f"{style} {t.name}": t.rows, f"{style} {t.name}, recorded": t.recorded}
    return [(label, rows[style], True) for label, rows in to.items() if style in rows]


def _cell(figures: Mapping[str, float], key: str, form: str, judged: bool) -> str:
    if key not in figures:
        return "-"
    missed = judged and key in TARGETS and not TARGETS[key](figures[key])
    return form.format(figures[key]) + ("!" if missed else "")


def _real_row(ref: Reference, style: str) -> dict[str, float]:
    real = ref.styles[style]
    row = real.figures | {
        "coherence_of_null": real.figures["coherence"] / max(real.figures["null"], 1e-9),
        "fid": ref.distance({style: real.features}).floor,
        "diversity": metrics.diversity(real.features),
    }
    if style in ref.judge.accuracy:
        row["style_accuracy"] = ref.judge.accuracy[style]
    return row


def _chance_row(ref: Reference, trials: Sequence[Trial], style: str) -> dict[str, float]:
    """What a dance that heard nothing scores: the made ones, by a wrong clock."""
    made = next(t.rows[style] for t in trials if style in t.rows)
    return {
        "coherence": made["null"],
        "null": made["null"],
        "coherence_of_null": 1.0,
        "bas": made["bas_chance"],
        "style_accuracy": 1 / len(ref.judge.styles),
    }


def _heard_lines(trials: Sequence[Trial]) -> list[str]:
    lines = []
    for t in trials:
        for style, row in t.heard.items():
            lines.append(
                f"{t.name} hears {style}: {row['raw']:.0%} of the frames, {row['staged']:.0%} of "
                f"{row['songs']:.0f} songs on stage, {row['fitting']:.0%} in a style of their genre"
            )
        if t.heard:
            mean = {k: np.mean([r[k] for r in t.heard.values()]) for k in ("raw", "staged")}
            lines.append(f"{t.name} hears all styles: {mean['raw']:.0%}, {mean['staged']:.0%}")
    return lines
