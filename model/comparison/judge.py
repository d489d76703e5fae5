"""The judge of the table: every dancer dances to the same songs, and is measured the same way.

Enters: dancers, the music, the `Reference` of the real dances. Leaves: figures by name of each
dancer, of the real dances, and of luck.

The paper's columns (Huang et al., 2021) are fid, style_accuracy, coverage and hit_rate in percent,
diversity and multimodality, in the features of our style classifier; kinematic beats are found as
`metrics.kinematic_beats` says. Those whose names end in _flat are of dances in a picture
(`model.evaluation.body25_judge`). All others are this project's.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from model.comparison.phrases import phrases
from model.comparison.programme import Dancer, Music
from model.evaluation import frechet, metrics
from model.evaluation.beside_real import RANGE
from model.evaluation.body25_judge import FlatReference, judge_flat, judge_real
from model.evaluation.metrics import HIT_TOLERANCE_S
from model.evaluation.on_stage import SETTLE_S, score
from model.evaluation.reference import Reference
from model.evaluation.rhythm import SIGNALS
from model.evaluation.take import FlatTake, Take

FLAT = "_flat"
Figures = dict[str, float]
_PERCENT = ("coverage", "hit_rate", "style_accuracy", "style_accuracy_segment")
_OF_ALL = ("fid", "fid_ratio", "fid_segment", "fid_ratio_segment", "diversity", "multimodality")
_MEANS = ("speed", "bas", "skate", "pfc", "frozen_longest", "copy_beats")


def takes_to(
    dancer: Dancer, music: Sequence[Music], dancers: int, seed: int
) -> list[Take] | list[FlatTake]:
    """The whole dances to every song, of so many dancers with seeds of their own."""
    seeds = [1000 * seed + d for d in range(dancers)]
    return [take for song in music for take in dancer(song, seeds)]


def figures(takes: Sequence[Take], ref: Reference, real: Sequence[Take]) -> Figures:
    """All figures of one dancer, in the order of the tables. real: the real dances."""
    settled = [take.after(SETTLE_S) for take in takes]
    rows = score(settled, ref)
    together = rows.pop("all")
    return (
        {name: together[name] for name in _OF_ALL}
        | _of_styles(rows, ref)
        | {name: together[name] * 100 for name in _PERCENT if name in together}
        | phrases(settled)
    )


def real_figures(ref: Reference, real: Sequence[Take], styles: Sequence[str]) -> Figures:
    """The same of the real dances: distances of every other clip to the rest, and how often the
    classifiers know clips that they have not learned from. Their beat is that of their own clip,
    found in the motion where no music is known, and so flatters their hit rate."""
    rows = {s: ref.styles[s].figures for s in styles}
    of_all: Figures = {}
    for space, eye in (("style", ref.classifier), ("segment", ref.segments)):
        end = "" if space == "style" else f"_{space}"
        features = {s: ref.styles[s].features(space) for s in styles}
        of_all |= {f"fid{end}": ref.frechet(features, space=space).floor, f"fid_ratio{end}": 1.0}
        known = [eye.accuracy[s] for s in styles if s in eye.accuracy]
        of_all[f"style_accuracy{end}"] = 100 * float(np.mean(known)) if known else np.nan
        if space == "style":
            of_all["diversity"] = frechet.diversity(features)
    own = [take for take in real if take.style in styles]
    return of_all | _of_styles(rows, ref) | phrases(own)


def flat_figures(takes: Sequence[Take | FlatTake], flat: FlatReference) -> Figures:
    """The figures of one dancer in a picture, be it flat or filmed."""
    return _flat(judge_flat([take.after(SETTLE_S) for take in takes], flat))


def real_flat_figures(flat: FlatReference, styles: Sequence[str]) -> Figures:
    """The same of the real dances; two of them to one song there are none."""
    found = judge_real(flat, styles)
    del found["multimodality"]
    return _flat(found)


def _flat(found: Mapping[str, float]) -> Figures:
    return {k + FLAT: 100 * v if k in _PERCENT else v for k, v in found.items()}


def chance(music: Sequence[Music], n_styles: int) -> Figures:
    """What kinematic beats that fall anywhere, and a guess at the style, reach."""
    beats_s = [np.arange(100) * 60 / song.piece().tempo_bpm for song in music]
    style = 100 / n_styles
    hit = 100 * float(np.mean([2 * HIT_TOLERANCE_S / b[1] for b in beats_s]))
    return {
        "style_accuracy": style,
        "hit_rate": hit,
        f"style_accuracy{FLAT}": style,
        f"hit_rate{FLAT}": hit,
        "bas": float(np.mean([metrics.chance_alignment(b) for b in beats_s])),
        **{f"beat_{name}_of_null": 1.0 for name in SIGNALS},
    }


def _of_styles(rows: Mapping[str, Mapping[str, float]], ref: Reference) -> Figures:
    """Means of the styles, of what is measured style by style."""
    found = []
    for style, row in rows.items():
        real = ref.styles[style].figures
        own = {name: row[name] for name in _MEANS if name in row}
        own |= {name: 100 * row[name] for name in ("coverage", "hit_rate")}
        own["speed_of_real"] = row["speed"] / max(real["speed"], 1e-9)
        own["skate_of_real"] = row["skate"] / max(real["skate"], 1e-9)
        own["pfc_of_real"] = row["pfc"] / max(real["pfc"], 1e-9)
        own["range"] = float(sum(f.reached(row[f.key], real[f.key]) for f in RANGE))
        for name in SIGNALS:
            own[f"beat_{name}_of_null"] = row[f"beat_{name}_of_null"]
            there = real[f"beat_{name}_short"]
            own[f"beat_{name}_of_real"] = row[f"beat_{name}_short"] / max(there, 1e-9)
        found.append(own)
    return {name: float(np.mean([own[name] for own in found])) for name in found[0]}


def fid_curve(
    takes: Sequence[Take], ref: Reference, window_s: float
) -> tuple[list[float], list[float], list[float]]:
    """(middles in s, FID, FID of two halves of as many real rows) of stretch after stretch of the
    dances, from their first frame on."""
    length = round(window_s * 30)
    middles, made, floor = [], [], []
    for start in range(0, min(len(t.joints) for t in takes) - length + 1, length):
        rows: dict[str, list[np.ndarray]] = {}
        for take in takes:
            frames = ref.styles[take.style].frames
            part = take.joints[start : start + length]
            rows.setdefault(take.style, []).append(
                ref.classifier.classify(part, 15, frames).features
            )
        found = ref.frechet({style: np.concatenate(parts) for style, parts in rows.items()})
        middles.append((start + length / 2) / 30)
        made.append(found.generated)
        floor.append(found.floor)
    return middles, made, floor
