"""The critic: is this a real dance of that style, on that clock, with that energy?

Losses that compare with the one true dance teach the middle of what could come, which is smaller
and smoother than any dancer. The critic compares with all of them (Goodfellow et al., 2014): it
reads a stretch of motion together with the clock, so that being off the beat is as telling as
sliding feet. Spectral normalisation (Miyato et al., 2018) and a hinge loss keep it tame; the style
enters by projection (Miyato and Koyama, 2018), so that a mix of styles is judged as a mix.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from live.contract import CLOCK_DIM, CONTROL_DIM
from model.body import joint_velocity
from model.decoder import TWICE_DIM, twice_a_beat

_SLOPE = 0.2


class MotionCritic(nn.Module):
    """Pose vectors to one verdict for about every 8 frames; positive is real."""

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
        self.register_buffer("velocity_std", torch.ones(joints))

    def forward(
        self, pose: Tensor, plain: Tensor, clock: Tensor, control: Tensor, style: Tensor
    ) -> Tensor:
        """pose, plain: [B, T, 60], normalised and in plain units; clock [B, T, 8]; control
        [B, T, 4]; style [B, S] -> verdicts [B, about T / 8]."""
        velocity = joint_velocity(plain).flatten(2) / self.velocity_std
        now = clock[:, 1:]
        x = torch.cat([pose[:, 1:], velocity, now, twice_a_beat(now), control[:, 1:]], dim=-1)
        x = x.transpose(1, 2)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), _SLOPE)
        suits = torch.einsum("bct,bc->bt", x, self.style(style)) / x.shape[1] ** 0.5
        return self.verdict(x)[:, 0] + suits


def slipped(clock: Tensor, beats: Tensor) -> Tensor:
    """Clock vectors [B, T, 8] that are off by so many beats [B]."""
    angle = 2 * torch.pi * beats[:, None, None] / torch.tensor([1.0, 2.0, 4.0])
    cos, sin = torch.cos(angle), torch.sin(angle)
    waves = clock[..., :6].unflatten(-1, (3, 2))
    c, s = waves[..., 0], waves[..., 1]
    turned = torch.stack([c * cos - s * sin, s * cos + c * sin], dim=-1)
    return torch.cat([turned.flatten(-2), clock[..., 6:]], dim=-1)


def critic_loss(real: Tensor, made: Tensor, slipped: Tensor) -> Tensor:
    """Hinge: real verdicts above 1; those of made dances, and of real ones off the beat, below -1
    (mismatched pairs as in Reed et al., 2016)."""
    wrong = 0.5 * F.relu(1 + made).mean() + 0.5 * F.relu(1 + slipped).mean()
    return F.relu(1 - real).mean() + wrong
