"""What there is to compare with: the real dances of the prepared data, measured once.

Enters: prepared data and the classifier of its styles. Leaves: a `Reference`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from live.dance.performer import Performer
from live.errors import ArtifactError
from model.evaluation.figures import summarise
from model.evaluation.frechet import ByStyle, Frechet, frechet_to_halves
from model.evaluation.range_of_motion import range_of_motion
from model.evaluation.rhythm import rhythm, window_s
from model.evaluation.style_classifier import StyleClassifier, style_classifier
from model.evaluation.take import mean_speed, real_takes


@dataclass(frozen=True)
class RealStyle:
    """The real dances of a style. figures: of `summarise`, `range_of_motion` and `rhythm`;
    tempo_bpm: the median of its clips; window_s: over which its rhythm is compared; clips: features
    of the first and second half of each, float64 [n, 32]."""

    figures: dict[str, float]
    tempo_bpm: float
    window_s: float
    clips: tuple[tuple[np.ndarray, np.ndarray], ...]

    @property
    def features(self) -> np.ndarray:
        return np.concatenate([half for clip in self.clips for half in clip])

    def halves(self, by: str) -> tuple[np.ndarray, np.ndarray]:
        """Features of two halves that share no frame: every other "clip", or by "time" the first
        and second halves of all clips, which is also how the only clip of a style is halved."""
        if by == "time" or len(self.clips) == 1:
            sides = zip(*self.clips, strict=True)
        else:
            whole = [np.concatenate(clip) for clip in self.clips]
            sides = (whole[::2], whole[1::2])
        first, second = (np.concatenate(side) for side in sides)
        return first, second


@dataclass(frozen=True)
class Reference:
    """All there is to know of the prepared data."""

    styles: dict[str, RealStyle]
    classifier: StyleClassifier

    def frechet(self, generated: ByStyle, by: str = "clip") -> Frechet:
        """Of generated dances to the real ones of their styles, beside that of two real halves."""
        halves = {name: style.halves(by) for name, style in self.styles.items()}
        first, second = ({name: pair[i] for name, pair in halves.items()} for i in (0, 1))
        return frechet_to_halves(generated, first, second)


def reference(data: Path, classifier: StyleClassifier | None = None) -> Reference:
    """Measure the real dances of the data. Raises ArtifactError where there are none."""
    classifier = classifier or style_classifier(data)
    takes = real_takes(data)
    styles = {}
    for name in classifier.styles:
        own = [t for t in takes if t.style == name]
        speed, window = mean_speed(own), window_s(own)
        figures = summarise(own, speed) | range_of_motion(own, speed) | rhythm(own, window)
        styles[name] = RealStyle(
            figures,
            float(np.median([t.tempo_bpm for t in own])),
            window,
            tuple(_halves(classifier, t.joints) for t in own),
        )
    return Reference(styles, classifier)


def _halves(classifier: StyleClassifier, joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle = len(joints) // 2
    first, second = joints[:middle], joints[middle:]
    return classifier.classify(first).features, classifier.classify(second).features


def shared_styles(performer: Performer, ref: Reference, styles: Sequence[str]) -> list[str]:
    """The styles of file and data, of those asked for."""
    wanted = styles or performer.styles
    if unknown := [s for s in styles if s not in performer.styles or s not in ref.styles]:
        known = [s for s in performer.styles if s in ref.styles]
        raise ArtifactError(f"no style {', '.join(unknown)}; both have {', '.join(known)}")
    if not (shared := [s for s in wanted if s in ref.styles]):
        raise ArtifactError("the weights and the data share no style")
    return shared
