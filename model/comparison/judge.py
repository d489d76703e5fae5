"""The judge of the table: every dancer dances to the same songs, and is measured the same way.

Enters: dances, the `Reference` of the real ones. Leaves: figures by name of each dancer, of the
real dances, and of luck.

The paper's columns (Huang et al., 2021) are fid, style_accuracy, coverage and hit_rate in percent,
diversity and multimodality, in the features of our style classifier; kinematic beats are found as
`metrics.kinematic_beats` says. Those whose names end in _flat are of dances in a picture
(`model.evaluation.body25_judge`). All others are this project's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from live.body.pose import FRAME_RATE
from model.comparison.phrases import phrases
from model.comparison.programme import Dancer, Music
from model.evaluation import body25_judge, frechet, metrics
from model.evaluation.aist_protocol import CLIP_S, protocol, real_protocol
from model.evaluation.beside_real import RANGE
from model.evaluation.body25_judge import FlatReference
from model.evaluation.metrics import HIT_TOLERANCE_S
from model.evaluation.on_stage import score
from model.evaluation.reference import Reference
from model.evaluation.rhythm import SIGNALS
from model.evaluation.sounding import SETTLE_S
from model.evaluation.take import FlatTake, Take

Figures = dict[str, float]
Curve = tuple[list[float], list[float], list[float]]
FLAT = "_flat"  # after the names of figures of dances in a picture
_PERCENT = ("coverage", "hit_rate", "hit_rate_chance", "style_accuracy", "style_accuracy_segment")
_OF_ALL = (
    "fid", "fid_ratio", "fid_segment", "fid_ratio_segment", "diversity", "multimodality",
    "style_accuracy", "style_accuracy_segment",
)  # fmt: skip
_MEANS = ("speed", "bas", "skate", "pfc", "frozen_longest", "copy_beats", "coverage", "hit_rate")
_HOP = FRAME_RATE // 2  # between the windows of a curve


@dataclass(frozen=True)
class Judge:
    """real: the real dances that `ref` knows; flat: the same as a camera sees them, where dances in
    a picture are to be judged, too."""

    ref: Reference
    real: Sequence[Take]
    flat: FlatReference | None = None

    def figures(self, takes: Sequence[Take | FlatTake]) -> Figures:
        """All figures of one dancer, in space and in a picture, without its first seconds; of one
        that dances in a picture only those."""
        settled = [take.after(SETTLE_S) for take in takes]
        whole = [take for take in settled if isinstance(take, Take)]
        found = self._in_space(whole) if whole else {}
        if self.flat:
            found |= _flat(body25_judge.judge_flat(settled, self.flat))
        return found

    def _in_space(self, takes: Sequence[Take]) -> Figures:
        rows = score(takes, self.ref)
        together = rows.pop("all")
        clip_s = min(CLIP_S, len(takes[0].joints) / FRAME_RATE)
        return (
            _in_percent({name: together[name] for name in _OF_ALL} | _of_styles(rows, self.ref))
            | phrases(takes)
            | _or_none(lambda: protocol(takes, self.real, clip_s))
        )

    def real_figures(self, styles: Sequence[str]) -> Figures:
        """The same of the real dances: distances of every other clip to the rest, and how often the
        classifiers know clips that they have not learned from. Their beat is that of their own
        clip, found in the motion where no music is known."""
        ref = self.ref
        of_all: Figures = {}
        for space, eye in (("style", ref.classifier), ("segment", ref.segments)):
            end = "" if space == "style" else f"_{space}"
            features = {s: ref.styles[s].features(space) for s in styles}
            of_all |= {f"fid{end}": ref.frechet(features, space=space).floor}
            of_all[f"fid_ratio{end}"] = 1.0
            known = [eye.accuracy[s] for s in styles if s in eye.accuracy]
            of_all[f"style_accuracy{end}"] = float(np.mean(known)) if known else np.nan
            if space == "style":
                of_all["diversity"] = frechet.diversity(features)
        own = [take for take in self.real if take.style in styles]
        rows = {s: ref.styles[s].figures for s in styles}
        found = _in_percent(of_all | _of_styles(rows, ref)) | phrases(own)
        if self.flat:
            filmed = body25_judge.judge_real(self.flat, styles)
            del filmed["multimodality"]  # two of them to one song there are none
            found |= _flat(filmed)
        return found | _or_none(lambda: real_protocol(own))

    def curve(self, takes: Sequence[Take | FlatTake], window_s: float) -> Curve:
        """(middles in s, FID, FID of two halves of as many real rows) of stretch after stretch of
        dances in space, from their first frame on."""
        whole = [take for take in takes if isinstance(take, Take)]
        length = round(window_s * FRAME_RATE)
        shortest = min((len(take.joints) for take in whole), default=0)
        curve: Curve = ([], [], [])
        for start in range(0, shortest - length + 1, length):
            rows: dict[str, list[np.ndarray]] = {}
            for take in whole:
                frames = self.ref.styles[take.style].frames
                part = take.joints[start : start + length]
                seen = self.ref.classifier.classify(part, _HOP, frames)
                rows.setdefault(take.style, []).append(seen.features)
            found = self.ref.frechet({style: np.concatenate(own) for style, own in rows.items()})
            middle = (start + length / 2) / FRAME_RATE
            for line, value in zip(curve, (middle, found.generated, found.floor), strict=True):
                line.append(value)
        return curve


def takes_to(
    dancer: Dancer, music: Sequence[Music], dancers: int, seed: int
) -> list[Take | FlatTake]:
    """The whole dances to every song, of so many dancers with seeds of their own."""
    seeds = [1000 * seed + d for d in range(dancers)]
    return [take for song in music for take in dancer(song, seeds)]


def chance(music: Sequence[Music], n_styles: int) -> Figures:
    """What kinematic beats that fall anywhere, and a guess at the style, reach."""
    beats_s = [np.arange(100) * 60 / song.piece().tempo_bpm for song in music]
    style = 100 / n_styles
    return {
        "style_accuracy": style,
        f"style_accuracy{FLAT}": style,
        "hit_rate": 100 * float(np.mean([2 * HIT_TOLERANCE_S / b[1] for b in beats_s])),
        "bas": float(np.mean([metrics.chance_alignment(b) for b in beats_s])),
        **{f"beat_{name}_of_null": 1.0 for name in SIGNALS},
    }


def _flat(found: Figures) -> Figures:
    return {f"{name}{FLAT}": value for name, value in _in_percent(found).items()}


def _in_percent(found: Figures) -> Figures:
    return {name: (100 if name in _PERCENT else 1) * value for name, value in found.items()}


def _or_none(ask: Callable[[], Figures]) -> Figures:
    """Where there are too few clips, there is no distance of distributions."""
    try:
        return ask()
    except ValueError:
        return {}


def _of_styles(rows: Mapping[str, Mapping[str, float]], ref: Reference) -> Figures:
    """Means of the styles, of what is measured style by style."""
    found = []
    for style, row in rows.items():
        real = ref.styles[style].figures
        own = {name: row[name] for name in _MEANS if name in row}
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
