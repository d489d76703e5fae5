"""A latent, spelled out: the pose that a dance unit has at each moment of its beat.

The recurrence learns slowly from a latent what a kick is, since it meets each latent's effect only
through all frames before. Here a latent and the place in the beat give the pose at once, so a
window teaches all of its frames in parallel, and the recurrence is left with what it is good at:
getting from one unit into the next, weight, feet.

Enters: latents and the clock. Leaves: normalised poses.
"""

import torch
from torch import Tensor, nn

from model.network.config import DecoderConfig
from model.network.graft import GraftedLinear

_WAVES = 6


class UnitDecoder(nn.Module):
    """latent [..., Z] and clock [..., 8] -> normalised pose [..., 60]."""

    def __init__(self, config: DecoderConfig):
        super().__init__()
        width, grafts = config.unit_width, (config.grafts, config.graft_rank)
        self.spell = nn.Sequential(
            GraftedLinear(config.unit_dim + _WAVES, width, *grafts), nn.SiLU(),
            GraftedLinear(width, width, *grafts), nn.SiLU(),
            GraftedLinear(width, config.pose_dim, *grafts),
        )  # fmt: skip

    def forward(self, latent: Tensor, clock: Tensor, gate: Tensor | None = None) -> Tensor:
        """gate: of the grafts (`model.network.graft`)."""
        x = torch.cat([latent, beat_waves(clock)], dim=-1)
        for layer in self.spell:
            x = layer(x, gate) if isinstance(layer, GraftedLinear) else layer(x)
        return x


def beat_waves(clock: Tensor) -> Tensor:
    """Cosines of a half, 1, 1.5 .. 3 times the phase within the beat: [..., 8] -> [..., 6]. With
    the half ones its end differs from its begin."""
    angle = torch.atan2(clock[..., 1:2], clock[..., 0:1])
    angle = torch.where(angle < 0, angle + 2 * torch.pi, angle) / 2
    return torch.cos(angle * torch.arange(1, _WAVES + 1, device=clock.device))
