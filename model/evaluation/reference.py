"""What there is to compare with: the real dances of the prepared data, measured once.

Enters: prepared data and the classifiers of its styles and of its clips. Leaves: a `Reference`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from live.body.pose import FRAME_RATE
from live.dance.performer import Performer
from live.errors import ArtifactError
from model.evaluation import metrics
from model.evaluation.copying import RealWindows
from model.evaluation.figures import summarise
from model.evaluation.frechet import ByStyle, Frechet, frechet_to_halves
from model.evaluation.range_of_motion import range_of_motion
from model.evaluation.rhythm import rhythm, window_s
from model.evaluation.segment_classifier import SegmentClassifier, segment_classifier
from model.evaluation.style_classifier import (
    WINDOW,
    Classified,
    StyleClassifier,
    style_classifier,
)
from model.evaluation.take import Take, mean_speed, real_takes

Halves = tuple[tuple[np.ndarray, np.ndarray], ...]
SPACES = ("style", "segment")  # whose features: of the style classifier, of the segment classifier
_SHORT_WINDOW = 2 * FRAME_RATE


def two_sides(clips: Halves, by: str) -> tuple[np.ndarray, np.ndarray]:
    """See `RealStyle.halves`."""
    if by == "time" or len(clips) == 1:
        sides = zip(*clips, strict=True)
    else:
        whole = [np.concatenate(clip) for clip in clips]
        sides = (whole[::2], whole[1::2])
    first, second = (np.concatenate(side) for side in sides)
    return first, second


def distance_of_clips(clips: Halves) -> float:
    """See `RealStyle.apart`."""
    parts = clips[0] if len(clips) == 1 else [np.concatenate(clip) for clip in clips]
    return metrics.distance_between(parts)


@dataclass(frozen=True)
class RealStyle:
    """The real dances of a style. figures: of `summarise`, `range_of_motion`, `rhythm`, `copying`;
    tempo_bpm: the median of its clips; window_s: over which its rhythm is compared; frames: of the
    windows of which its features are; clips: by space, features of the first and second half of
    each clip, float64 [n, 32]; windows: what made dances might be copies of."""

    figures: dict[str, float]
    tempo_bpm: float
    window_s: float
    frames: int
    clips: dict[str, Halves]
    windows: RealWindows

    def features(self, space: str = "style") -> np.ndarray:
        return np.concatenate([half for clip in self.clips[space] for half in clip])

    def halves(self, by: str, space: str = "style") -> tuple[np.ndarray, np.ndarray]:
        """Features of two halves that share no frame: every other "clip", or by "time" the first
        and second halves of all clips, which is also how the only clip of a style is halved."""
        return two_sides(self.clips[space], by)

    def apart(self, space: str) -> float:
        """Mean distance of windows of different clips (halves, if there is one clip)."""
        return distance_of_clips(self.clips[space])


@dataclass(frozen=True)
class Reference:
    """All there is to know of the prepared data."""

    styles: dict[str, RealStyle]
    classifier: StyleClassifier
    segments: SegmentClassifier

    def classify(self, take: Take, space: str = "style", hop: int = FRAME_RATE) -> Classified:
        """Windows of a take as long as those of its style's real dances."""
        eyes = self.classifier if space == "style" else self.segments
        return eyes.classify(take.joints, hop, self.styles[take.style].frames)

    def frechet(self, generated: ByStyle, by: str = "clip", space: str = "style") -> Frechet:
        """Of generated dances to the real ones of their styles, beside that of two real halves."""
        halves = {name: style.halves(by, space) for name, style in self.styles.items()}
        first, second = ({name: pair[i] for name, pair in halves.items()} for i in (0, 1))
        return frechet_to_halves(generated, first, second)


def reference(
    data: Path,
    classifier: StyleClassifier | None = None,
    segments: SegmentClassifier | None = None,
) -> Reference:
    """Measure the real dances of the data. Raises ArtifactError where there are none."""
    classifier = classifier or style_classifier(data)
    segments = segments or segment_classifier(data)
    takes = real_takes(data)
    styles = {
        name: _measured(name, takes, {"style": classifier, "segment": segments})
        for name in classifier.styles
    }
    return Reference(styles, classifier, segments)


def _measured(
    style: str, takes: Sequence[Take], eyes: Mapping[str, StyleClassifier | SegmentClassifier]
) -> RealStyle:
    own = [t for t in takes if t.style == style]
    speed, window = mean_speed(own), window_s(own)
    tempo = float(np.median([t.tempo_bpm for t in own]))
    windows = RealWindows(takes, style, tempo)
    figures = summarise(own, speed) | range_of_motion(own, speed) | rhythm(own, window)
    frames = frames_of_window(own)
    clips = {
        space: tuple(halves_of(eye, t.joints, frames) for t in own) for space, eye in eyes.items()
    }
    return RealStyle(figures | windows.figures(), tempo, window, frames, clips, windows)


def frames_of_window(takes: Sequence[Take]) -> int:
    """How much the classifiers see at a time of a style with these clips: 2 s where most of their
    halves are shorter than 4 s."""
    half = np.median([len(t.joints) // 2 for t in takes])
    return WINDOW if half >= WINDOW else _SHORT_WINDOW


def halves_of(
    eye: StyleClassifier | SegmentClassifier, joints: np.ndarray, frames: int
) -> tuple[np.ndarray, np.ndarray]:
    """Features of the first and the second half of a clip: float64 [n, 32], [m, 32]."""
    middle = len(joints) // 2
    first, second = (
        eye.classify(half, FRAME_RATE, frames).features
        for half in (joints[:middle], joints[middle:])
    )
    return first, second


def shared_styles(performer: Performer, ref: Reference, styles: Sequence[str]) -> list[str]:
    """The styles of file and data, of those asked for."""
    wanted = styles or performer.styles
    if unknown := [s for s in styles if s not in performer.styles or s not in ref.styles]:
        known = [s for s in performer.styles if s in ref.styles]
        raise ArtifactError(f"no style {', '.join(unknown)}; both have {', '.join(known)}")
    if not (shared := [s for s in wanted if s in ref.styles]):
        raise ArtifactError("the weights and the data share no style")
    return shared
