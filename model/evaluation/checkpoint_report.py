"""The table of a checkpoint: rolled out freely, measured, beside real dances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from live.body.pose import FRAME_RATE
from model.evaluation import metrics
from model.evaluation.figures import judge, summarise
from model.evaluation.rollout import (
    _DRAWN_WINDOWS,
    _FEATURE_WINDOW_S,
    _WARM_UP_S,
    TEMPI_BPM,
    rollout,
)
from model.evaluation.take import Take, mean_speed, read_take, real_takes
from model.network.checkpoint import load_checkpoint, network_of


@dataclass(frozen=True)
class Report:
    """rows: figures by row label, real dances among them; overall: figures of all styles together;
    takes: the dances made."""

    rows: dict[str, dict[str, float]]
    overall: dict[str, float] = field(default_factory=dict)
    takes: tuple[Take, ...] = ()
    iteration: int = 0


def evaluate(
    checkpoint: Path,
    data: Path,
    seconds: float = 40.0,
    seed: int = 1,
    tempi_bpm: Sequence[float] = TEMPI_BPM,
    dancers: int = 2,
    temperature: float = 1.0,
    energy: Mapping[str, float] | None = None,
) -> Report:
    """Real dances and free-running ones, style by style; `format_table` prints it.

    Two dancers to each song show how much the latent alone varies. The Frechet distances use
    `metrics.kinetic_features` of 4 s windows, with two halves of the real clips as their floor.
    energy: each style's offset, as the stage adds it.
    """
    torch.set_num_threads(1)
    loaded = load_checkpoint(checkpoint)
    network = network_of(loaded)
    real = real_takes(data)
    styles = [s for s in network.config.styles if any(t.style == s for t in real)]
    made = rollout(network, styles, tempi_bpm, seconds, seed, dancers, temperature, energy=energy)
    judged = [t.after(_WARM_UP_S) for t in made]
    rows = {}
    for style in styles:
        own = [t for t in real if t.style == style]
        speed = mean_speed(own)
        rows[f"{style} real"] = summarise(own, speed)
        harmonic = rows[f"{style} real"]["harmonic"]
        for tempo in dict.fromkeys(t.tempo_bpm for t in judged):
            group = [t for t in judged if t.style == style and t.tempo_bpm == tempo]
            rows[f"{style} {tempo:.0f}"] = summarise(group, speed, harmonic)
    overall = _variety(real, judged)
    return Report(rows, overall, tuple(made), int(loaded["progress"]["iteration"]))


def _variety(real: Sequence[Take], made: Sequence[Take]) -> dict[str, float]:
    """Frechet distance with its floor, diversity and multimodality, in kinetic features of 4 s
    windows scaled by the real dances' spread. Every style counts alike; the floor sets the first
    half of every clip against its second."""
    scale = np.concatenate([_windows(t) for t in real]).std(axis=0) + 1e-9
    of_real = [(t.style, _windows(t) / scale) for t in real]
    of_made = [(t.style, _windows(t) / scale) for t in made]
    every_real, every_made = _equal_shares(of_real), _equal_shares(of_made)
    first = _equal_shares([(s, w[: len(w) // 2]) for s, w in of_real])
    second = _equal_shares([(s, w[len(w) // 2 :]) for s, w in of_real])
    pieces: dict[str, list[np.ndarray]] = {}
    for take, (style, windows) in zip(made, of_made, strict=True):
        pieces.setdefault(f"{style} to {take.music}", []).append(windows)
    return {
        "frechet": metrics.frechet_distance(every_made, every_real),
        "frechet_real": metrics.frechet_distance(first, second),
        "diversity": metrics.diversity(every_made),
        "diversity_real": metrics.diversity(every_real),
        "multimodality": float(
            np.mean([metrics.multimodality(np.stack(dances, axis=1)) for dances in pieces.values()])
        ),
    }


def _equal_shares(windows: Sequence[tuple[str, np.ndarray]]) -> np.ndarray:
    """As many rows of each style, drawn with replacement: [styles * 400, d]."""
    rng = np.random.default_rng(0)
    rows = []
    for style in sorted({s for s, _ in windows}):
        own = np.concatenate([w for s, w in windows if s == style])
        rows.append(own[rng.integers(len(own), size=_DRAWN_WINDOWS)])
    return np.concatenate(rows)


def _windows(take: Take) -> np.ndarray:
    return metrics.kinetic_features(take.joints, FRAME_RATE, _FEATURE_WINDOW_S)


def evaluate_take(
    path: Path, beats_s: np.ndarray, reference_m_s: float | None = None, style: str = ""
) -> Report:
    """Judge a performed take (see `read_take`), a row for each dancer.

    reference_m_s: mean real speed of the style, for freezing; the take's own by default.
    """
    with np.load(path) as data:
        dancers = data["joints"].shape[1]
    takes = tuple(read_take(path, beats_s, style, d) for d in range(dancers))
    rows = {}
    for take in takes:
        settled = take.after(_WARM_UP_S)
        speed = reference_m_s or metrics.mean_speed(settled.joints, FRAME_RATE)
        rows[take.label] = judge(settled, speed)
    return Report(rows, takes=takes)


_RHYTHM = (
    ("coh", "coherence", "{:.3f}"),
    ("null", "null", "{:.3f}"),
    ("coh15", "coherence_15s", "{:.3f}"),
    ("null15", "null_15s", "{:.3f}"),
    ("k=1/2", "coherence_k0.5", "{:.3f}"),
    ("k=1", "coherence_k1", "{:.3f}"),
    ("k=2", "coherence_k2", "{:.3f}"),
    ("at k", "harmonic", "{:g}"),
    ("accent ms", "accent_ms", "{:+.0f}"),
    ("at k=1", "accent_ms_k1", "{:+.0f}"),
    ("BAS", "bas", "{:.2f}"),
    ("chance", "bas_chance", "{:.2f}"),
    ("shifted", "bas_shifted", "{:.2f}"),
    ("Bk/Bm", "coverage", "{:.2f}"),
    ("Ba/Bk", "hit_rate", "{:.2f}"),
)


_BODY = (
    ("m/s", "speed", "{:.2f}"),
    ("of real", "speed_ratio", "{:.2f}"),
    ("first", "speed_first", "{:.2f}"),
    ("last", "speed_last", "{:.2f}"),
    ("frozen s", "frozen_longest", "{:.1f}"),
    ("share", "frozen_share", "{:.2f}"),
    ("grounded", "grounded", "{:.2f}"),
    ("skate", "skate", "{:.2f}"),
    ("PFC", "pfc", "{:.2f}"),
    ("bone m", "bone_error", "{:.4f}"),
    ("sunk m", "sunk", "{:.4f}"),
    ("deepest", "deepest", "{:.3f}"),
    ("dist m", "distance", "{:.1f}"),
    ("end m", "distance_end", "{:.1f}"),
)


def format_table(report: Report) -> str:
    """The report as plain text: rhythm, then body, a row for each style and tempo."""
    parts = [_table(report.rows, _RHYTHM), _table(report.rows, _BODY)]
    if report.overall:
        parts.append("\n".join(f"{k:<16}{v:9.3f}" for k, v in report.overall.items()))
    return "\n\n".join(parts)


def _table(rows: dict[str, dict[str, float]], columns: tuple[tuple[str, str, str], ...]) -> str:
    width = max(len(label) for label in rows) + 1
    lines = [" " * width + "".join(f"{head:>10}" for head, _, _ in columns)]
    for label, figures in rows.items():
        cells = (form.format(figures[key]) for _, key, form in columns)
        lines.append(f"{label:<{width}}" + "".join(f"{cell:>10}" for cell in cells))
    return "\n".join(lines)
