"""The table of a checkpoint: rolled out freely, measured, beside real dances.

Enters: a checkpoint and the prepared data. Leaves: a `Report` of figures by style, real dances
measured by the same code, and the takes themselves for a contact sheet. A loss says nothing about
freezing or the beat; these rollouts do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from live.body.pose import FRAME_RATE
from model.evaluation import metrics
from model.evaluation.figures import summarise
from model.evaluation.frechet import ByStyle, diversity, frechet_to_halves, multimodality
from model.evaluation.rollout import TEMPI_BPM, rollout
from model.evaluation.tables import Column, Row, format_table
from model.evaluation.take import Take, mean_speed, real_takes
from model.network.checkpoint import load_checkpoint, music_lag, network_of

WARM_UP_S = 2.0  # from the mean pose into the dance: not scored
_FEATURE_WINDOW_S = 4.0


@dataclass(frozen=True)
class Report:
    """rows: figures by row label, real dances among them; overall: figures of all styles together;
    takes: the rollouts."""

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
    """Real dances and free-running ones, style by style; `format_report` prints it.

    Two dancers to each song show how much the latent alone varies. The Frechet distances are those
    of `model.evaluation.frechet`, in `metrics.kinetic_features` of 4 s windows; their floor sets
    the first half of every real clip against its second.
    energy: each style's offset, as the stage adds it.
    """
    torch.set_num_threads(1)
    loaded = load_checkpoint(checkpoint)
    network = network_of(loaded)
    real = real_takes(data)
    styles = [s for s in network.config.styles if any(t.style == s for t in real)]
    takes = rollout(
        network, styles, tempi_bpm, seconds, seed, dancers, temperature,
        energy=energy, lag=music_lag(loaded),
    )  # fmt: skip
    settled = [t.after(WARM_UP_S) for t in takes]
    rows = {}
    for style in styles:
        own = [t for t in real if t.style == style]
        speed = mean_speed(own)
        rows[f"{style} real"] = summarise(own, speed)
        harmonic = rows[f"{style} real"]["harmonic"]
        for tempo in dict.fromkeys(t.tempo_bpm for t in settled):
            group = [t for t in settled if t.style == style and t.tempo_bpm == tempo]
            rows[f"{style} {tempo:.0f}"] = summarise(group, speed, harmonic)
    overall = _likeness(real, settled)
    return Report(rows, overall, tuple(takes), int(loaded["progress"]["iteration"]))


def _likeness(real: Sequence[Take], generated: Sequence[Take]) -> dict[str, float]:
    """Frechet distance with its floor, diversity and multimodality, in kinetic features of 4 s
    windows scaled by the real dances' spread."""
    scale = np.concatenate([_windows(t) for t in real]).std(axis=0) + 1e-9
    of_real = [(t.style, _windows(t) / scale) for t in real]
    ours = [(t.style, _windows(t) / scale) for t in generated]
    first = _by_style([(s, w[: len(w) // 2]) for s, w in of_real])
    second = _by_style([(s, w[len(w) // 2 :]) for s, w in of_real])
    to_song: dict[tuple[str, str], list[np.ndarray]] = {}
    for take, (style, windows) in zip(generated, ours, strict=True):
        to_song.setdefault((style, take.music), []).append(windows)
    distance = frechet_to_halves(_by_style(ours), first, second)
    return {
        "frechet": distance.generated,
        "frechet_real": distance.floor,
        "diversity": diversity(_by_style(ours)),
        "diversity_real": diversity(_by_style(of_real)),
        "multimodality": multimodality(list(to_song.values())),
    }


def _by_style(windows: Sequence[tuple[str, np.ndarray]]) -> ByStyle:
    return {
        style: np.concatenate([w for s, w in windows if s == style])
        for style in sorted({s for s, _ in windows})
    }


def _windows(take: Take) -> np.ndarray:
    return metrics.kinetic_features(take.joints, FRAME_RATE, _FEATURE_WINDOW_S)


_RHYTHM = (
    Column("coh", "coherence", "{:.3f}"),
    Column("null", "null", "{:.3f}"),
    Column("coh15", "coherence_15s", "{:.3f}"),
    Column("null15", "null_15s", "{:.3f}"),
    Column("k=1/2", "coherence_k0.5", "{:.3f}"),
    Column("k=1", "coherence_k1", "{:.3f}"),
    Column("k=2", "coherence_k2", "{:.3f}"),
    Column("at k", "harmonic", "{:g}"),
    Column("accent ms", "accent_ms", "{:+.0f}"),
    Column("at k=1", "accent_ms_k1", "{:+.0f}"),
    Column("BAS", "bas", "{:.2f}"),
    Column("chance", "bas_chance", "{:.2f}"),
    Column("shifted", "bas_shifted", "{:.2f}"),
    Column("Bk/Bm", "coverage", "{:.2f}"),
    Column("Ba/Bk", "hit_rate", "{:.2f}"),
)

_BODY = (
    Column("m/s", "speed", "{:.2f}"),
    Column("of real", "speed_ratio", "{:.2f}"),
    Column("first", "speed_first", "{:.2f}"),
    Column("last", "speed_last", "{:.2f}"),
    Column("frozen s", "frozen_longest", "{:.1f}"),
    Column("share", "frozen_share", "{:.2f}"),
    Column("grounded", "grounded", "{:.2f}"),
    Column("skate", "skate", "{:.2f}"),
    Column("PFC", "pfc", "{:.2f}"),
    Column("bone m", "bone_error", "{:.4f}"),
    Column("sunk m", "sunk", "{:.4f}"),
    Column("deepest", "deepest", "{:.3f}"),
    Column("dist m", "distance", "{:.1f}"),
    Column("end m", "distance_end", "{:.1f}"),
)


def format_report(report: Report) -> str:
    """The report as plain text: rhythm, then body, a row for each style and tempo."""
    rows = [Row(label, figures) for label, figures in report.rows.items()]
    parts = [format_table(rows, _RHYTHM), format_table(rows, _BODY)]
    if report.overall:
        parts.append("\n".join(f"{k:<16}{v:9.3f}" for k, v in report.overall.items()))
    return "\n\n".join(parts)
