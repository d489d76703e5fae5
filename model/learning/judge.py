"""Is the new style recognised, and is it danced as its dancers do?

Enters: the network before and after a lesson, and the clips. Leaves: takes and figures. The judge
of styles (`model.evaluation.style_classifier`) learns from the clips and from the network's own
dances of its old styles, so that nobody needs clips of those; the first and the second are judged
on parts it never saw.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from live.body.pose import FRAME_RATE, encode
from model.data.prepare import Clip, control_curves, write_motion
from model.evaluation.figures import summarise
from model.evaluation.range_of_motion import range_of_motion
from model.evaluation.rhythm import rhythm, window_s
from model.evaluation.rollout import rollout
from model.evaluation.style_classifier import StyleClassifier, style_classifier
from model.evaluation.take import Take, at_octave_of, mean_speed, real_takes
from model.learning.lesson import tempo_for
from model.network.dance_network import DanceNetwork

SECONDS, WARM_UP_S = 44.0, 4.0
_OLD_TEMPI_BPM = (95.0, 125.0)
_JUDGE_STEPS = 400
_RANGE = (
    "wrist_up", "ankle_p99", "foot_speed_p95", "hand_speed_p95", "stance_p95", "pelvis_p1",
    "turn_rate", "travel", "straight_arms",
)  # fmt: skip
_SLACK = 0.02  # of a share or a length: less is nothing to be seen


@dataclass(frozen=True)
class Verdict:
    """called: share of the new style's windows that are called by its name; judge: share of held
    out windows of the clips that are; figures and real: of the dances and of the clips by name;
    within: share of the figures of range within 25 % of real; before, after: takes to the same
    music; nearest: the old style that danced before."""

    called: float
    judge: float
    figures: dict[str, float]
    real: dict[str, float]
    before: tuple[Take, ...]
    after: tuple[Take, ...]
    nearest: str

    @property
    def within(self) -> dict[str, bool]:
        """Of each figure of range, whether it is within 25 % of the clips'."""
        return {
            name: abs(self.figures[name] - self.real[name]) <= 0.25 * self.real[name] + _SLACK
            for name in _RANGE
        }


def judged(
    network: DanceNetwork,
    old: DanceNetwork,
    data: Path,
    folder: Path,
    energy: float,
    seconds: float = SECONDS,
    judge_steps: int = _JUDGE_STEPS,
) -> Verdict:
    """Let the new style be danced, and judge it. network: after the lesson; old: before; data: of
    the lesson; folder: where the judge may keep what it learned from; energy: the style's offset.
    """
    style = network.config.styles[-1]
    real = real_takes(data)
    tempo = float(np.median([take.tempo_bpm for take in real]))
    tempi = list(dict.fromkeys((tempo_for(tempo), 100.0, 125.0)))
    classifier = _judge(old, real, data, folder, judge_steps)
    nearest = _nearest(classifier, real, old.config.styles)
    after = _danced(network, style, tempi, seconds, {style: energy})
    before = _danced(old, nearest, tempi, seconds, {})
    number = classifier.styles.index(style)
    seen = np.concatenate([classifier.classify(t.joints).style for t in after])
    speed, window = mean_speed(real), window_s(real)
    there = summarise(real, speed)
    counted = [at_octave_of(take, tempo) for take in after]
    figures = summarise(counted, speed, there["harmonic"])
    return Verdict(
        called=float((seen == number).mean()),
        judge=classifier.accuracy.get(style, float("nan")),
        figures=figures | range_of_motion(counted, speed) | rhythm(counted, window),
        real=there | range_of_motion(real, speed) | rhythm(real, window),
        before=before,
        after=after,
        nearest=nearest,
    )


def _danced(
    network: DanceNetwork, style: str, tempi: Sequence[float], seconds: float, energy: dict
) -> tuple[Take, ...]:
    takes = rollout(network, [style], tempi, seconds, seed=5, dancers=2, energy=energy)
    return tuple(take.after(WARM_UP_S) for take in takes)


def _judge(
    old: DanceNetwork, real: Sequence[Take], data: Path, folder: Path, steps: int
) -> StyleClassifier:
    """Learned from the clips and from the old styles as the network dances them."""
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "motion.npz").is_file():
        own = rollout(old, old.config.styles, _OLD_TEMPI_BPM, SECONDS, seed=6, dancers=2)
        takes = [*real, *(take.after(WARM_UP_S) for take in own)]
        write_motion([_clip(take) for take in takes], folder / "motion.npz")
    return style_classifier(folder, steps)


def _clip(take: Take) -> Clip:
    pose = encode(take.joints)
    return Clip(
        take.label, take.style, pose, control_curves(pose), take.tempo_bpm, float(take.beats[0])
    )


def _nearest(classifier: StyleClassifier, real: Sequence[Take], styles: Sequence[str]) -> str:
    """The old style whose dances look most like the clips."""
    features = np.concatenate([classifier.classify(take.joints).features for take in real])
    with torch.inference_mode():
        logits = classifier.network.style(
            torch.nn.functional.gelu(torch.as_tensor(features.astype(np.float32)))
        ).mean(dim=0)
    by_style = {s: float(logits[classifier.styles.index(s)]) for s in styles}
    return max(by_style, key=lambda style: by_style[style])


def old_styles_moved(network: DanceNetwork, old: DanceNetwork, frames: int = 90) -> float:
    """How far the lesson moved a pose of the old styles, in the units of pose vectors (m, m/s): the
    largest difference over some seconds of each, with the same music and noise."""
    generator = torch.Generator().manual_seed(3)
    styles = len(old.config.styles)
    noise = torch.randn(frames, styles, old.config.decoder.latent_dim, generator=generator)
    beats = torch.arange(frames)[:, None] * (2 / FRAME_RATE) + torch.zeros(1, styles)
    waves = 2 * torch.pi * beats[..., None] / torch.tensor([1.0, 2.0, 4.0])
    clock = torch.stack([waves.cos(), waves.sin()], dim=-1).flatten(-2)
    clock = torch.cat(
        [clock, torch.full((frames, styles, 1), 0.12), torch.ones(frames, styles, 1)], -1
    )
    features = torch.rand(frames, old.config.encoder.feature_dim, generator=generator)
    control = torch.zeros(frames, styles, 4)
    one_hot = torch.eye(styles)
    with torch.inference_mode():
        before = old.dance(features, clock, one_hot, control, noise)
        more = torch.zeros(styles, len(network.config.styles) - styles)
        after = network.dance(features, clock, torch.cat([one_hot, more], 1), control, noise)
    return float((before - after).abs().max())
