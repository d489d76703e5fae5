"""A latent, spelled out: the pose that a dance unit has at each moment of its beat.

The recurrence learns slowly from a latent what a kick is, since it meets each latent's effect only
through all frames before. Here a latent and the place in the beat give the pose at once, so a
window teaches all of its frames in parallel, and the recurrence is left with what it is good at:
getting from one unit into the next, weight, feet.

Enters: latents and the clock. Leaves: normalised poses.
"""

import math

import torch
from torch import Tensor, nn

from live.body.pose import FRAME_RATE
from live.dance.contract import TEMPO_CENTRE_BPM
from model.network.config import DecoderConfig
from model.network.graft import GraftedLinear

_WAVES = 6


class UnitDecoder(nn.Module):
    """latent [..., Z] and clock [..., 8] -> normalised pose [..., 60]."""

    def __init__(self, config: DecoderConfig):
        super().__init__()
        self.sines = config.leading
        width, grafts = config.unit_width, (config.grafts, config.graft_rank)
        waves = 2 * _WAVES if self.sines else _WAVES
        self.spell = nn.Sequential(
            GraftedLinear(config.unit_dim + waves, width, *grafts), nn.SiLU(),
            GraftedLinear(width, width, *grafts), nn.SiLU(),
            GraftedLinear(width, config.pose_dim, *grafts),
        )  # fmt: skip

    def forward(
        self,
        latent: Tensor,
        clock: Tensor,
        gate: Tensor | None = None,
        frames_ago: float | Tensor = 0.0,
    ) -> Tensor:
        """The pose of a moment, or of some frames before it, which may lie before the unit begins.
        gate: of the grafts (`model.network.graft`). Of a clock [A, ..., 8], or frames_ago
        [A, 1, ...], of A moments at once: [A, ..., 60]."""
        waves = beat_waves(clock, frames_ago, self.sines)
        x = torch.cat([latent.expand(*waves.shape[:-1], -1), waves], dim=-1)
        for layer in self.spell:
            x = layer(x, gate) if isinstance(layer, GraftedLinear) else layer(x)
        return x


def beat_waves(clock: Tensor, frames_ago: float | Tensor = 0.0, sines: bool = True) -> Tensor:
    """Cosines and sines of a half, 1, 1.5 .. 3 times the phase within the beat, at the clock's
    tempo some frames ago: [..., 8] -> [..., 12], or of older networks the cosines alone [..., 6].

    With the half ones the beat's end differs from its begin. Cosines alone stand still at both, and
    so would whatever is spelled by them.
    """
    angle = torch.atan2(clock[..., 1:2], clock[..., 0:1])
    angle = torch.where(angle < 0, angle + 2 * torch.pi, angle)
    if isinstance(frames_ago, Tensor) or frames_ago:
        beats_a_frame = (
            TEMPO_CENTRE_BPM / 60 / FRAME_RATE * torch.exp(math.log(2) * clock[..., 6:7])
        )
        angle = angle - 2 * torch.pi * frames_ago * beats_a_frame
    angle = angle / 2 * torch.arange(1, _WAVES + 1, device=clock.device)
    return torch.cat([angle.cos(), angle.sin()], dim=-1) if sines else angle.cos()
