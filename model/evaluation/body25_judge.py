"""The judge in the setting of Dance Revolution: its six figures, of dances in a picture.

Enters: prepared data, and takes in space or in a picture. Leaves: plain numbers, under the names
they have in the other tables. The same measures as of dances in space, but all that is looked at is
25 points, 15 times a second, as a camera in front sees them (`model.data.body25`).

A window of 4 s of a dance in space is filmed for itself, as the classifier learned it and as
networks of this setting learn; one of a flat dance is put into the middle of the picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from live.body.pose import FRAME_RATE
from live.errors import ArtifactError
from model.data import body25
from model.evaluation import frechet, metrics
from model.evaluation.reference import (
    Halves,
    distance_of_clips,
    frames_of_window,
    halves_of,
    two_sides,
)
from model.evaluation.style_classifier import (
    Classified,
    Sight,
    StyleClassifier,
    style_classifier,
    windows_of,
)
from model.evaluation.take import FlatTake, Take, at_octave_of, filmed, real_takes

FILMED = Sight("_body25", body25.DIM, body25.FRAME_RATE, body25.project_windows)
KEYS = (
    "fid", "fid_floor", "fid_ratio", "style_accuracy", "coverage", "hit_rate", "hit_rate_chance",
    "diversity", "multimodality",
)  # fmt: skip
"""Of `judge_flat`, in the order of the paper's table."""


@dataclass(frozen=True)
class FilmedStyle:
    """The real dances of a style. rhythm: of `_rhythm`; tempo_bpm: the median of its clips; frames:
    of the windows of which its features are, at 30 fps; clips: features of both halves of each."""

    rhythm: dict[str, float]
    tempo_bpm: float
    frames: int
    clips: Halves

    def features(self) -> np.ndarray:
        return np.concatenate([half for clip in self.clips for half in clip])


@dataclass(frozen=True)
class FlatReference:
    """What is known of the prepared data in this setting."""

    styles: dict[str, FilmedStyle]
    classifier: StyleClassifier

    def classify(self, take: Take | FlatTake) -> Classified:
        """One window a second."""
        frames = self.styles[take.style].frames
        if isinstance(take, Take):
            return self.classifier.classify(take.joints, FRAME_RATE, frames)
        vectors = body25.encode(take.points)
        windows = windows_of(vectors, frames // body25.EVERY, body25.FRAME_RATE)
        across = 2 * body25.POINT["MidHip"]
        windows[..., across] -= np.median(windows[..., across], axis=1, keepdims=True)
        return self.classifier.classify_windows(windows)


def flat_reference(data: Path, classifier: StyleClassifier | None = None) -> FlatReference:
    """Film the real dances of the data, and measure them. Learns to tell their styles apart, once.

    Raises ArtifactError where there is no prepared data.
    """
    classifier = classifier or style_classifier(data, sight=FILMED)
    takes = real_takes(data)
    styles = {}
    for name in classifier.styles:
        own = [t for t in takes if t.style == name]
        frames = frames_of_window(own)
        styles[name] = FilmedStyle(
            _rhythm([filmed(t) for t in own]),
            float(np.median([t.tempo_bpm for t in own])),
            frames,
            tuple(halves_of(classifier, t.joints, frames) for t in own),
        )
    return FlatReference(styles, classifier)


def judge_flat(takes: Sequence[Take | FlatTake], reference: FlatReference) -> dict[str, float]:
    """The figures of `KEYS` of made dances, of one style or of several, each of which counts alike.

    fid: Frechet distance to the real dances, in the features of the style classifier; fid_floor:
    of every other real clip to the rest; style_accuracy: share of windows of 4 s taken for their
    style; coverage, hit_rate: of minima of the points' mean speed in the picture, hits within
    70 ms (`metrics.kinematic_beats`), in the octave of the style's real dances; hit_rate_chance:
    what luck reaches; diversity, multimodality: mean distances of windows, and of dances to one
    piece of music at the same moment (Lee et al., 2019). Raises ArtifactError where the dances of a
    style are too short: of less than two windows.
    """
    styles = list(dict.fromkeys(t.style for t in takes))
    seen = [reference.classify(t) for t in takes]
    features, accuracy, rhythms = {}, [], []
    songs: dict[tuple[str, str], list[np.ndarray]] = {}
    for take, found in zip(takes, seen, strict=True):
        songs.setdefault((take.style, take.music), []).append(found.features)
    for style in styles:
        own = [(t, s) for t, s in zip(takes, seen, strict=True) if t.style == style]
        features[style] = np.concatenate([s.features for _, s in own])
        if len(features[style]) < 2:
            raise ArtifactError(f"the dances of {style} are too short to be judged: under 5 s")
        named = np.concatenate([s.style for _, s in own])
        accuracy.append(np.mean(named == reference.classifier.styles.index(style)))
        flat = [filmed(t) if isinstance(t, Take) else t for t, _ in own]
        tempo = reference.styles[style].tempo_bpm
        rhythms.append(_rhythm([at_octave_of(t, tempo) for t in flat]))
    return {
        **_distance(features, reference),
        "style_accuracy": float(np.mean(accuracy)),
        **_mean(rhythms),
        "diversity": _diversity(features),
        "multimodality": frechet.multimodality(list(songs.values())),
    }


def judge_real(reference: FlatReference, styles: Sequence[str] = ()) -> dict[str, float]:
    """The same figures of the real dances, of some styles or all: a Frechet distance that is the
    floor, the accuracy on clips' held-out ends (NaN where all are under 1.5 s), and as
    multimodality how far clips are apart."""
    own = {s: reference.styles[s] for s in styles or reference.styles}
    features = {name: style.features() for name, style in own.items()}
    accuracy = [a for s, a in reference.classifier.accuracy.items() if s in own]
    floor = _distance(features, reference)["fid_floor"]
    return {
        "fid": floor,
        "fid_floor": floor,
        "fid_ratio": 1.0,
        "style_accuracy": float(np.mean(accuracy)) if accuracy else np.nan,
        **_mean([style.rhythm for style in own.values()]),
        "diversity": _diversity(features),
        "multimodality": float(np.mean([distance_of_clips(s.clips) for s in own.values()])),
    }


def _distance(features: frechet.ByStyle, reference: FlatReference) -> dict[str, float]:
    halves = {name: two_sides(reference.styles[name].clips, "clip") for name in features}
    first, second = ({name: pair[i] for name, pair in halves.items()} for i in (0, 1))
    found = frechet.frechet_to_halves(features, first, second)
    return {"fid": found.generated, "fid_floor": found.floor, "fid_ratio": found.ratio}


def _diversity(features: frechet.ByStyle) -> float:
    """Of one style as it is; of several, with as many windows of each."""
    if len(features) == 1:
        return metrics.diversity(next(iter(features.values())))
    return frechet.diversity(features)


def _rhythm(takes: Sequence[FlatTake]) -> dict[str, float]:
    """Beat coverage and hit rate, means over the takes weighted by their length."""
    found, fps = [], float(body25.FRAME_RATE)
    for take in takes:
        beats_s = metrics.beat_times(take.beats, fps)
        motion_s = metrics.kinematic_beats(body25.in_metres(take.points), fps)
        luck = 2 * metrics.HIT_TOLERANCE_S * take.tempo_bpm / 60
        coverage, hits = (f(motion_s, beats_s) for f in (metrics.beat_coverage, metrics.hit_rate))
        found.append((coverage, hits, min(luck, 1.0)))
    mean = np.average(found, axis=0, weights=[len(t.points) for t in takes])
    return dict(zip(("coverage", "hit_rate", "hit_rate_chance"), mean.tolist(), strict=True))


def _mean(figures: Sequence[dict[str, float]]) -> dict[str, float]:
    return {key: float(np.mean([f[key] for f in figures])) for key in figures[0]}
