"""The critic: is this a real dance of that style, on that clock, with that energy?

Losses that compare with the one true dance teach the middle of what could come, which is smaller
and smoother than any dancer. The critic compares with all of them (Goodfellow et al., 2014): it
reads a stretch of motion together with the clock, so that being off the beat is as telling as
sliding feet. Spectral normalisation (Miyato et al., 2018) and a hinge loss keep it tame; the style
enters by projection (Miyato and Koyama, 2018), so that a mix of styles counts as a mix.

Beside it stands a reader that tells styles apart, whoever danced.

Enters: poses with the clock, control and style they were danced to. Leaves: verdicts and features.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from live.dance.contract import CLOCK_DIM, CONTROL_DIM
from model.network.decoder import TWICE_DIM, twice_a_beat
from model.training.kinematics import joint_velocity

_SLOPE = 0.2
_LEAST_VARIANCE = 1e-4  # keeps the gradient of the spread finite
_CHANGES = 4.0  # a frame's change is so many times smaller than what it changes
_READER_NOISE = 0.05
_READER_DROPOUT = 0.3


class MotionCritic(nn.Module):
    """Pose vectors to verdicts, positive is real: one for about every 8 frames, which reads 1.5 s
    around them, and as many times one on the whole stretch, by the mean and the spread of what was
    read, since a dance can be right in every step and yet too much alike."""

    velocity_std: Tensor

    def __init__(self, pose_dim: int, n_styles: int, width: int = 224):
        super().__init__()
        joints = pose_dim - 3
        inputs = pose_dim + joints + CLOCK_DIM + TWICE_DIM + CONTROL_DIM
        layers = [(inputs, 5, 2), (width, 5, 2), (width, 5, 2), (width, 3, 1)]
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv1d(n, width, kernel, stride, padding=kernel // 2))
            for n, kernel, stride in layers
        )
        self.verdict = spectral_norm(nn.Conv1d(width, 1, 1))
        self.style = spectral_norm(nn.Linear(n_styles, width, bias=False))
        self.whole_verdict = spectral_norm(nn.Linear(2 * width, 1))
        self.whole_style = spectral_norm(nn.Linear(n_styles, 2 * width, bias=False))
        self.register_buffer("velocity_std", torch.ones(joints))

    def forward(
        self, pose: Tensor, plain: Tensor, clock: Tensor, control: Tensor, style: Tensor
    ) -> Tensor:
        """pose, plain: [B, T, 60], normalised and in plain units; clock [B, T, 8]; control
        [B, T, 4]; style [B, S] -> verdicts [B, about T / 4]."""
        velocity = joint_velocity(plain).flatten(2) / self.velocity_std
        now = clock[:, 1:]
        x = torch.cat([pose[:, 1:], velocity, now, twice_a_beat(now), control[:, 1:]], dim=-1)
        x = x.transpose(1, 2)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), _SLOPE)
        suits = torch.einsum("bct,bc->bt", x, self.style(style)) / x.shape[1] ** 0.5
        each = self.verdict(x)[:, 0] + suits
        pooled = _pooled(x)
        suits = (pooled * self.whole_style(style)).sum(dim=1, keepdim=True)
        whole = self.whole_verdict(pooled) + suits / pooled.shape[1] ** 0.5
        return torch.cat([each, whole.expand_as(each)], dim=1)


class StyleReader(nn.Module):
    """Pose vectors to styles, learned from real dances alone: what it reads tells styles apart, and
    `model.training.losses.features_loss` asks generated dances for the same. Where the critic looks
    for whatever gives a generated dance away, and changes as the dances do, this comes to rest.

    Not the classifier of `model.evaluation.style_classifier`, which has other layers and never
    takes part in training.
    """

    def __init__(self, pose_dim: int, n_styles: int, width: int = 96):
        super().__init__()
        layers = [(2 * pose_dim, 7, 2), (width, 5, 2), (width, 5, 2)]
        self.layers = nn.ModuleList(
            nn.Conv1d(n, width, kernel, stride, padding=kernel // 2) for n, kernel, stride in layers
        )
        self.style = nn.Linear(2 * width, n_styles)

    def read(self, pose: Tensor) -> Tensor:
        """Normalised poses [B, T, 60] -> mean and spread over time of what is read, [B, 192]."""
        change = _CHANGES * pose.diff(dim=1)
        x = torch.cat([pose[:, 1:], change], dim=-1).transpose(1, 2)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), _SLOPE)
        return _pooled(x)

    def forward(self, pose: Tensor) -> Tensor:
        """Normalised poses [B, T, 60] -> style logits [B, S], through noise and dropout."""
        noisy = pose + _READER_NOISE * torch.randn_like(pose)
        return self.style(F.dropout(self.read(noisy), _READER_DROPOUT))


def _pooled(x: Tensor) -> Tensor:
    """[B, C, T] -> mean and spread over time, [B, 2 C]."""
    spread = (x.var(dim=2, correction=0) + _LEAST_VARIANCE).sqrt()
    return torch.cat([x.mean(dim=2), spread], dim=1)


def slipped(clock: Tensor, beats: Tensor) -> Tensor:
    """Clock vectors [B, T, 8] that are off by so many beats [B]."""
    angle = 2 * torch.pi * beats[:, None, None] / torch.tensor([1.0, 2.0, 4.0])
    cos, sin = torch.cos(angle), torch.sin(angle)
    waves = clock[..., :6].unflatten(-1, (3, 2))
    c, s = waves[..., 0], waves[..., 1]
    turned = torch.stack([c * cos - s * sin, s * cos + c * sin], dim=-1)
    return torch.cat([turned.flatten(-2), clock[..., 6:]], dim=-1)


def mismatched(clock: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
    """Clock [B, T, 8] and one-hot style [B, S] that are wrong for the dances they belong to: half
    of the rows have the style of another row, the rest (and where that style is the same) a clock
    that slipped by .15 to .35 of a beat."""
    count = len(style)
    other = style[torch.randperm(count, device=style.device)]
    restyled = (other != style).any(dim=1) & (torch.rand(count, device=style.device) < 0.5)
    off = 0.15 + 0.2 * torch.rand(count, device=clock.device)
    off = torch.where(torch.rand_like(off) < 0.5, off, 1 - off)
    return (
        torch.where(restyled[:, None, None], clock, slipped(clock, off)),
        torch.where(restyled[:, None], other, style),
    )


def critic_loss(real: Tensor, generated: Tensor, mismatched: Tensor) -> Tensor:
    """Hinge: real verdicts above 1; those of generated dances, and of real ones beside a clock or
    style that is not theirs, below -1 (mismatched pairs as in Reed et al., 2016)."""
    wrong = 0.5 * F.relu(1 + generated).mean() + 0.5 * F.relu(1 + mismatched).mean()
    return F.relu(1 - real).mean() + wrong
