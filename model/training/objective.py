"""What one batch teaches: true dances to tell again, and dances of its own to be judged.

Rows of a batch are of two kinds. Told rows follow one true dance (the posterior reads it, the
curriculum forces part of its frames) and are compared with it. Free rows dance as on stage, with
latents from the prior and poses of their own, on from where an earlier batch left them; nothing
they do has one true answer, so `model.training.critic` and the movement asked for judge them.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from model.data.windows import Batch
from model.network.config import TrainConfig
from model.network.dance_network import DanceNetwork
from model.network.decoder import stored_phase
from model.network.step_linear import weights_at_once
from model.training import losses


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
    usual_feet: Tensor

    def __init__(self, network: DanceNetwork, config: TrainConfig, usual: losses.Usual):
        super().__init__()
        self.network, self.config = network, config
        self.register_buffer("usual_spread", usual.spread)
        self.register_buffer("usual_moments", usual.moments)
        self.register_buffer("usual_feet", usual.feet)

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
        free_rows = 0 if state is None else len(state["pose"]) // (len(batch.clock) // dancers)
        dancer = torch.arange(len(batch.clock), device=music.device) % dancers
        told = dancer < dancers - free_rows
        with weights_at_once(network.decoder):
            free = None
            if state is not None:
                mixed = self._mixed(batch.style[~told])
                clock, control, condition = self._rows(batch, music, ~told, mixed)
                free = _FreeDancers(network, condition, clock, state)
            parts, real = self._told(batch, music, told, forced, free)
        parts["style"] = losses.style_loss(logits[:, -length:], batch.danced)
        if free is None:
            return Outcome(parts, real, None, None, None)
        made = Dances(*free.dance(), clock, control, mixed)
        plain, style = batch.pose[~told][:, 1:], batch.style[~told]
        meant = Dances(network.normalise(plain), plain, made.clock, made.control, style)
        asked = batch.control[~told].abs().sum(dim=(1, 2)) > 0
        unmixed = (made.style == style).all(dim=1)
        parts["skate"] = losses.skate_loss(made.plain, plain, style, self.usual_feet)
        parts["movement"] = losses.movement_loss(made.plain, plain, (asked & unmixed).float())
        skip = self.config.critic_skip
        counts = style * unmixed[:, None]
        usual = losses.Usual(self.usual_spread, self.usual_moments, self.usual_feet)
        parts["moments"] = losses.moments_loss(
            made.pose[:, skip:], meant.pose[:, skip:], counts, usual
        )
        parts["accent"] = losses.accent_loss(
            made.plain[:, skip:], plain[:, skip:], made.clock[:, skip:], counts
        )
        return Outcome(parts, real, made, meant, free.state)

    def _rows(
        self, batch: Tensors, music: Tensor, rows: Tensor, style: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Clock, control and condition of these rows, who dance styles [B, S]."""
        clock, control = batch.clock[rows], batch.control[rows]
        styles = style[:, None].expand(-1, clock.shape[1], -1)
        decoder = self.network.decoder
        return clock, control, decoder.conditions(music[rows], clock, styles, control)

    def _roll(
        self, target: Tensor, drive: Tensor, forced: np.ndarray, free: "_FreeDancers | None"
    ) -> tuple[Tensor, Tensor]:
        """Step told rows, and the free ones beside them: products of twice the rows take less than
        twice the time. target [B, L + 1, 60] and drive [B, L, hidden] of the told rows; returns
        their poses [B, L, 60] and the top state before each frame [B, L, hidden]."""
        decoder, config = self.network.decoder, self.config
        told = len(target)
        hidden = [drive.new_zeros(told, decoder.config.hidden) for _ in decoder.cells]
        if free is not None:
            hidden = [torch.cat(pair) for pair in zip(hidden, free.hidden, strict=True)]
        cold = (torch.rand(told, 1, device=target.device) < config.cold_start).float()
        pose = target[:, 0] * (1 - cold)
        noise = config.input_noise * torch.randn_like(target)
        poses, tops = [], []
        # Not drive[:, t]: the gradient of each slice would be a tensor as large as the whole.
        for t, (teacher, driven) in enumerate(zip(forced, drive.unbind(dim=1), strict=True)):
            if t and teacher:
                pose = target[:, t]
            given, top = pose + noise[:, t], hidden[-1]
            if free is not None:
                top, others = top.split([told, len(top) - told])
                beside, pushed = free.enter(t, others)
                given, driven = torch.cat([given, beside]), torch.cat([driven, pushed])
            tops.append(top)
            made, hidden = decoder.advance(given, driven, hidden)
            pose = made
            if free is not None:
                pose, beside = made.split([told, len(made) - told])
                free.moved(t, beside)
            poses.append(pose)
        if free is not None:
            free.hidden = [state[told:] for state in hidden]
        return torch.stack(poses, dim=1), torch.stack(tops, dim=1)

    def _told(
        self,
        batch: Tensors,
        music: Tensor,
        rows: Tensor,
        forced: np.ndarray,
        free: "_FreeDancers | None",
    ) -> tuple[dict[str, Tensor], Dances]:
        """Let all rows dance; the losses of the told ones against their true dances, and those."""
        network, decoder = self.network, self.network.decoder
        beat, style, plain = batch.beat[rows], batch.style[rows], batch.pose[rows]
        clock, control, condition = self._rows(batch, music, rows, style)
        target = network.normalise(plain)
        mean, log_std = network.posterior(target[:, 1:], clock, beat)
        latent = mean + log_std.exp() * torch.randn_like(mean)
        by_frame = latent.gather(1, beat[..., None].expand(-1, -1, latent.shape[-1]))
        pose, tops = self._roll(target, decoder.drive(condition, by_frame), forced, free)
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
            "kl": nats / (beat.shape[1] * len(beat)),
        }
        return parts, Dances(target[:, 1:], plain[:, 1:], clock, control, style)

    def _mixed(self, style: Tensor) -> Tensor:
        """One-hot styles [B, S], `mix_share` of them blended with the style of another row."""
        share = torch.rand(len(style), 1, device=style.device)
        share = share * (torch.rand_like(share) < self.config.mix_share)
        return style + share * (style.roll(1, dims=0) - style)


class _FreeDancers:
    """Dancers who go on from where they were, frame by frame: `DanceNetwork.dance_frame`, cut in
    two where the recurrence takes them together with others.

    condition [N, L, C], clock [N, L, 8]; state: of `PoseDecoder`, of N dancers.
    """

    def __init__(
        self, network: DanceNetwork, condition: Tensor, clock: Tensor, state: dict[str, Tensor]
    ):
        self._network = network
        self._state = {name: state[name] for name in ("pose", "latent", "phase")}
        self.hidden = [state[f"hidden{i}"] for i in range(len(network.decoder.cells))]
        self._condition, self._clock = condition.unbind(1), clock.unbind(1)
        width = network.decoder.config.latent_dim
        self._noise = torch.randn(*clock.shape[:2], width, device=clock.device).unbind(1)
        self._poses: list[Tensor] = []
        self._plain: list[Tensor] = []

    def enter(self, t: int, top: Tensor) -> tuple[Tensor, Tensor]:
        """What they bring into frame t: their pose [N, 60] and drive [N, hidden]; top: the last
        layer's state."""
        decoder, condition = self._network.decoder, self._condition[t]
        latent = decoder.renewed(condition, self._clock[t], self._noise[t], top, self._state)
        self._state["latent"] = latent
        return self._state["pose"], decoder.drive(condition, latent)

    def moved(self, t: int, pose: Tensor) -> None:
        """Where frame t took them: poses [N, 60]."""
        plain, pose = self._network.whole(pose)
        self._plain.append(plain)
        self._poses.append(pose)
        self._state |= {"pose": pose, "phase": stored_phase(self._clock[t])}

    def dance(self) -> tuple[Tensor, Tensor]:
        """All poses, normalised and in plain units, [N, L, 60]."""
        return torch.stack(self._poses, dim=1), torch.stack(self._plain, dim=1)

    @property
    def state(self) -> dict[str, Tensor]:
        """Where they are now, detached. (`hidden` is for the recurrence to set.)"""
        hidden = {f"hidden{i}": h for i, h in enumerate(self.hidden)}
        return {name: value.detach() for name, value in (hidden | self._state).items()}


def beat_starts(beat: Tensor) -> tuple[Tensor, Tensor]:
    """First frame of every beat, int64 [B, K], and which beats there are, float [B, K]."""
    count = int(beat.max()) + 1
    index = torch.arange(count, device=beat.device)
    starts = (beat[..., None] < index).sum(dim=1)
    used = (index <= beat.max(dim=1, keepdim=True).values).float()
    return starts.clamp(max=beat.shape[1] - 1), used
