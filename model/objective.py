"""What one batch teaches: true dances to tell again, and dances of its own to be judged.

Rows of a batch are of two kinds. Told rows follow one true dance (the posterior reads it, the
curriculum forces part of its frames) and are compared with it. Free rows dance as on stage, with
latents from the prior and poses of their own, on from where an earlier batch left them; nothing
they do has one true answer, so `model.critic` and the movement asked for judge them.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from model import losses
from model.config import TrainConfig
from model.dataset import Batch
from model.network import DanceNetwork


class Tensors(NamedTuple):
    """`Batch` on the device, music heard once per song and repeated for its dancers."""

    features: Tensor
    clock: Tensor
    beat: Tensor
    style: Tensor
    control: Tensor
    pose: Tensor
    danced: Tensor

    @staticmethod
    def of(batch: Batch, device: torch.device) -> "Tensors":
        return Tensors(*(torch.as_tensor(part, device=device) for part in batch))


class Dances(NamedTuple):
    """Dances for the critic: pose and plain [B, T, 60], clock [B, T, 8], control [B, T, 4], style
    [B, S]."""

    pose: Tensor
    plain: Tensor
    clock: Tensor
    control: Tensor
    style: Tensor

    def detached(self) -> "Dances":
        return Dances(*(part.detach() for part in self))

    def after(self, frames: int) -> "Dances":
        pose, plain, clock, control = (part[:, frames:] for part in self[:4])
        return Dances(pose, plain, clock, control, self.style)


class Outcome(NamedTuple):
    """parts: losses by name; real: the true dances of the told rows; made: those of the free rows,
    meant: the true dances that have their styles (both None while all rows are told); state: of the
    free dancers after the batch, detached."""

    parts: dict[str, Tensor]
    real: Dances
    made: Dances | None
    meant: Dances | None
    state: dict[str, Tensor] | None


class Objective(nn.Module):
    """The network with the losses of a batch; the module a training engine wraps."""

    usual_spread: Tensor
    usual_moments: Tensor

    def __init__(self, network: DanceNetwork, config: TrainConfig, usual: losses.Usual):
        super().__init__()
        self.network, self.config = network, config
        self.register_buffer("usual_spread", usual.spread)
        self.register_buffer("usual_moments", usual.moments)

    def forward(
        self, batch: Tensors, forced: np.ndarray, state: dict[str, Tensor] | None = None
    ) -> Outcome:
        """forced: bool [L], where told rows are fed the true pose; state: of the free dancers,
        whose number says how many rows are free (the last dancers of each song)."""
        network = self.network
        music, logits = network.hear(batch.features)
        length = batch.clock.shape[1]
        dancers = len(batch.clock) // len(music)
        music = music[:, -length:].repeat_interleave(dancers, dim=0)
        free = 0 if state is None else len(state["pose"]) // (len(batch.clock) // dancers)
        dancer = torch.arange(len(batch.clock), device=music.device) % dancers
        told = dancer < dancers - free
        parts, real = self._tell(batch, music, told, forced)
        parts["style"] = losses.style_loss(logits[:, -length:], batch.danced)
        if state is None:
            return Outcome(parts, real, None, None, None)
        made, after = self._perform(batch, music, ~told, state)
        plain, style = batch.pose[~told][:, 1:], batch.style[~told]
        meant = Dances(network.normalise(plain), plain, made.clock, made.control, style)
        asked = batch.control[~told].abs().sum(dim=(1, 2)) > 0
        unmixed = (made.style == style).all(dim=1)
        parts["skate"] = losses.skate_loss(made.plain, plain, style)
        parts["movement"] = losses.movement_loss(made.plain, plain, (asked & unmixed).float())
        skip = self.config.critic_skip
        counts = style * unmixed[:, None]
        usual = losses.Usual(self.usual_spread, self.usual_moments)
        parts["moments"] = losses.moments_loss(
            made.pose[:, skip:], meant.pose[:, skip:], counts, usual
        )
        parts["accent"] = losses.accent_loss(
            made.plain[:, skip:], plain[:, skip:], made.clock[:, skip:], counts
        )
        return Outcome(parts, real, made, meant, after)

    def _tell(
        self, batch: Tensors, music: Tensor, rows: Tensor, forced: np.ndarray
    ) -> tuple[dict[str, Tensor], Dances]:
        """Losses against the true dances of these rows, and the true dances themselves."""
        network, decoder = self.network, self.network.decoder
        clock, beat, style = batch.clock[rows], batch.beat[rows], batch.style[rows]
        control, plain = batch.control[rows], batch.pose[rows]
        length = clock.shape[1]
        styles = style[:, None].expand(-1, length, -1)
        condition = decoder.conditions(music[rows], clock, styles, control)
        target = network.normalise(plain)
        mean, log_std = network.posterior(target[:, 1:], clock, beat)
        latent = mean + log_std.exp() * torch.randn_like(mean)
        by_frame = latent.gather(1, beat[..., None].expand(-1, -1, latent.shape[-1]))
        pose, tops = self._roll(target, decoder.drive(condition, by_frame), forced)
        starts, used = beat_starts(beat)
        at_start = starts[..., None]
        prior = decoder.prior_of(
            condition.gather(1, at_start.expand(-1, -1, condition.shape[-1])),
            tops.gather(1, at_start.expand(-1, -1, tops.shape[-1])),
        )
        made = torch.cat([target[:, :1], pose], dim=1)
        plain_made = network.denormalise(made)
        nats = losses.kl_loss(mean, log_std, *prior, used)
        parts = {
            "pose": losses.pose_loss(pose, target[:, 1:]),
            "velocity": losses.velocity_loss(made, target),
            "contact": losses.contact_loss(plain_made, plain),
            "bone": losses.bone_loss(plain_made),
            "kl": nats / (length * len(beat)),
        }
        return parts, Dances(target[:, 1:], plain[:, 1:], clock, control, style)

    def _roll(self, target: Tensor, drive: Tensor, forced: np.ndarray) -> tuple[Tensor, Tensor]:
        """Poses [B, L, 60] and the top state before each frame [B, L, hidden]."""
        decoder, config = self.network.decoder, self.config
        hidden = [drive.new_zeros(len(target), decoder.config.hidden) for _ in decoder.cells]
        cold = (torch.rand(len(target), 1, device=target.device) < config.cold_start).float()
        pose = target[:, 0] * (1 - cold)
        noise = config.input_noise * torch.randn_like(target)
        poses, tops = [], []
        # Not drive[:, t]: the gradient of each slice would be a tensor as large as the whole.
        for t, (teacher, driven) in enumerate(zip(forced, drive.unbind(dim=1), strict=True)):
            if t and teacher:
                pose = target[:, t]
            tops.append(hidden[-1])
            pose, hidden = decoder.advance(pose + noise[:, t], driven, hidden)
            poses.append(pose)
        return torch.stack(poses, dim=1), torch.stack(tops, dim=1)

    def _perform(
        self, batch: Tensors, music: Tensor, rows: Tensor, state: dict[str, Tensor]
    ) -> tuple[Dances, dict[str, Tensor]]:
        """Dance these rows as the stage does, some of them in a mix of two styles."""
        network, decoder = self.network, self.network.decoder
        clock, control = batch.clock[rows], batch.control[rows]
        style = self._mixed(batch.style[rows])
        styles = style[:, None].expand(-1, clock.shape[1], -1)
        condition = decoder.conditions(music[rows], clock, styles, control)
        noise = torch.randn(*clock.shape[:2], decoder.config.latent_dim, device=clock.device)
        poses, plains = [], []
        for now in zip(condition.unbind(1), clock.unbind(1), noise.unbind(1), strict=True):
            plain, state = network.dance_one(*now, state)
            plains.append(plain)
            poses.append(state["pose"])
        pose, plain = torch.stack(poses, dim=1), torch.stack(plains, dim=1)
        after = {name: value.detach() for name, value in state.items()}
        return Dances(pose, plain, clock, control, style), after

    def _mixed(self, style: Tensor) -> Tensor:
        """One-hot styles [B, S], `mix_share` of them blended with the style of another row."""
        share = torch.rand(len(style), 1, device=style.device)
        share = share * (torch.rand_like(share) < self.config.mix_share)
        return style + share * (style.roll(1, dims=0) - style)


def beat_starts(beat: Tensor) -> tuple[Tensor, Tensor]:
    """First frame of every beat, int64 [B, K], and which beats there are, float [B, K]."""
    count = int(beat.max()) + 1
    index = torch.arange(count, device=beat.device)
    starts = (beat[..., None] < index).sum(dim=1)
    used = (index <= beat.max(dim=1, keepdim=True).values).float()
    return starts.clamp(max=beat.shape[1] - 1), used
