"""Aud-MoCoGAN: MoCoGAN (Tulyakov et al., 2018) that hears, as Lee et al. (2019) compare with it.

Enters: features. Leaves: poses. What a dance is (a content code, drawn once) is told apart from how
it goes on (motion codes, by a GRU whose input is noise, and here also the music). A network makes
each pose of both codes, and knows of no other pose.

There is no true dance to come close to: two kinds of discriminators say what is real. One reads
single poses; the other short clips with their music, at two rates (the multi-scale discriminators
of Lee et al.). Their losses are those of the first generative adversarial network, the generator's
in its non-saturating form (Goodfellow et al., 2014), all of equal weight. The dances to be judged
grow longer in the first half of training, as Lee et al. do.

Spectral normalisation (Miyato et al., 2018) stands in for the paper's batch normalisation.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from live.audio.features import FEATURE_DIM
from live.errors import ConfigError
from model.baselines.pose_space import PoseSpace
from model.baselines.system import Example, Step, TrainedSystem

_SLOPE = 0.2
_RATES = (1, 3)  # frames that are read as one
_CLIP = 18  # frames, or threes of frames, that one verdict reads; the paper's 16
_SHORTEST = _CLIP * max(_RATES)  # dance that all can judge
_GROWING = 0.5  # of the budget, in which the dances grow
_BETAS = (0.5, 0.999)  # of Adam, as the paper


@dataclass(frozen=True)
class AudMocoganOptions:
    """content, noise, motion: sizes of the codes; width: of the layers that make poses and of those
    that judge them; learning_rate and judging_rate: of the generator and of the
    discriminators."""

    content: int = 32
    noise: int = 16
    motion: int = 128
    width: int = 192
    frames_judged: int = 8
    learning_rate: float = 3e-4
    judging_rate: float = 3e-4


class AudMocogan(TrainedSystem):
    """Sections 3.1 and 3.2 of the MoCoGAN paper. ConfigError for windows of fewer than 54 poses."""

    kind = "aud_mocogan"
    name = "Aud-MoCoGAN"
    Options = AudMocoganOptions

    def __init__(self, options: AudMocoganOptions, space: PoseSpace, styles: tuple[str, ...]):
        super().__init__(options, space, styles)
        width = options.width
        self.motion = nn.GRU(FEATURE_DIM + options.noise, options.motion, batch_first=True)
        self.frame = nn.Sequential(
            nn.Linear(options.content + options.motion, width), nn.LeakyReLU(_SLOPE),
            nn.Linear(width, width), nn.LeakyReLU(_SLOPE),
            nn.Linear(width, space.dim),
        )  # fmt: skip
        self.frame_judge = nn.Sequential(
            spectral_norm(nn.Linear(space.dim, width)), nn.LeakyReLU(_SLOPE),
            spectral_norm(nn.Linear(width, width)), nn.LeakyReLU(_SLOPE),
            spectral_norm(nn.Linear(width, 1)),
        )  # fmt: skip
        self.clip_judges = nn.ModuleList(
            _clip_judge(space.dim + FEATURE_DIM, width) for _ in _RATES
        )

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        o = self.options
        makers = [*self.motion.parameters(), *self.frame.parameters()]
        return {
            "generator": torch.optim.Adam(makers, o.learning_rate, _BETAS),
            "discriminators": torch.optim.Adam(self._judging(), o.judging_rate, _BETAS),
        }

    def learn(self, example: Example, share: float, step: Step) -> dict[str, float]:
        whole = example.features.shape[1]
        if whole < _SHORTEST:
            raise ConfigError(f"{self.name} judges {_SHORTEST} poses at a time: not {whole}")
        grown = round(_SHORTEST + (whole - _SHORTEST) * min(1.0, share / _GROWING))
        heard, real = example.features[:, :grown], example.pose[:, 1 : 1 + grown]
        made = self(heard, None)
        verdicts = self._judged(torch.cat([real, made.detach()]), torch.cat([heard, heard]))
        halves = (each.chunk(2) for each in verdicts)
        judging = _sum(F.softplus(-true).mean() + F.softplus(own).mean() for true, own in halves)
        step("discriminators", judging)
        for parameter in self._judging():
            parameter.requires_grad_(False)
        making = _sum(F.softplus(-each).mean() for each in self._judged(made, heard))
        for parameter in self._judging():
            parameter.requires_grad_(True)
        step("generator", making)
        return {"judging": float(judging.detach()), "making": float(making.detach())}

    def forward(self, features: Tensor, generator: torch.Generator | None) -> Tensor:
        """features [B, T, 83] -> a dance to each, [B, T, D]. The GRU's first state is drawn too."""
        o, (count, length, _) = self.options, features.shape

        def drawn(*shape: int) -> Tensor:
            return torch.randn(shape, generator=generator, device=features.device)

        noisy = torch.cat([features, drawn(count, length, o.noise)], dim=-1)
        motion = self.motion(noisy, drawn(1, count, o.motion))[0]
        content = drawn(count, 1, o.content).expand(-1, length, -1)
        return self.frame(torch.cat([content, motion], dim=-1))

    def poses(self, features: Tensor, beats: Tensor, generator: torch.Generator) -> Tensor:
        return self(features[None], generator)[0]

    def _judging(self) -> list[nn.Parameter]:
        return [*self.frame_judge.parameters(), *self.clip_judges.parameters()]

    def _judged(self, poses: Tensor, features: Tensor) -> list[Tensor]:
        """Verdicts of each discriminator, positive is real, on some poses drawn from the dances
        [B, T, D] and on every clip of them, with the music [B, T, 83]."""
        some = torch.randint(poses.shape[1], (self.options.frames_judged,), device=poses.device)
        both = torch.cat([poses, features], dim=-1).transpose(1, 2)
        return [
            self.frame_judge(poses[:, some]),
            *(
                judge(F.avg_pool1d(both, rate))
                for rate, judge in zip(_RATES, self.clip_judges, strict=True)
            ),
        ]


def _sum(losses: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(losses)).sum()


def _clip_judge(inputs: int, width: int) -> nn.Sequential:
    """[B, inputs, T] -> a verdict on a clip of `_CLIP` at every fourth place of T."""
    return nn.Sequential(
        spectral_norm(nn.Conv1d(inputs, width, 4, stride=2)), nn.LeakyReLU(_SLOPE),
        spectral_norm(nn.Conv1d(width, width, 4, stride=2)), nn.LeakyReLU(_SLOPE),
        spectral_norm(nn.Conv1d(width, 1, 3)),
    )  # fmt: skip
