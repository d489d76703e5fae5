"""What one batch teaches: real dances to follow, and dances of the network's own for the critic.

Enters: a batch of windows and the state of the rollouts. Leaves: losses by name, the dances, and
the state for the next batch.

Rows of a batch are of two kinds. Forced rows follow one real dance (the posterior reads it, the
curriculum feeds part of its frames) and are compared with it. Rollout rows dance as on stage, with
latents from the prior and poses of their own, on from where an earlier batch left them; nothing
they do has one right answer, so `model.training.critic` and the movement they are conditioned on
say how good it is.
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


class Rollouts(NamedTuple):
    """What the rollout rows did. generated: their dances; target: the real dances that have their
    styles and controls; state: where the dancers are after the batch, detached."""

    generated: Dances
    target: Dances
    state: dict[str, Tensor]


class Outcome(NamedTuple):
    """parts: losses by name; real: the real dances of the forced rows; rollouts: None while all
    rows are forced."""

    parts: dict[str, Tensor]
    real: Dances
    rollouts: Rollouts | None


class Objective(nn.Module):
    """The network with the losses of a batch; the module a training engine wraps."""

    reference_spread: Tensor
    reference_moments: Tensor
    foot_skate_reference: Tensor

    def __init__(
        self, network: DanceNetwork, config: TrainConfig, reference: losses.ReferenceStats
    ):
        super().__init__()
        self.network, self.config = network, config
        self.register_buffer("reference_spread", reference.spread)
        self.register_buffer("reference_moments", reference.moments)
        self.register_buffer("foot_skate_reference", reference.foot_skate)

    def forward(
        self, batch: Tensors, teacher: np.ndarray, state: dict[str, Tensor] | None = None
    ) -> Outcome:
        """teacher: bool [L], where forced rows are fed the real pose; state: of the rollouts,
        whose number says how many rows they are (the last dancers of each song)."""
        network = self.network
        music, logits = network.hear(batch.features)
        length = batch.clock.shape[1]
        dancers = len(batch.clock) // len(music)
        music = music[:, -length:].repeat_interleave(dancers, dim=0)
        rollout_rows = 0 if state is None else len(state["pose"]) // (len(batch.clock) // dancers)
        dancer = torch.arange(len(batch.clock), device=music.device) % dancers
        forced = dancer < dancers - rollout_rows
        with weights_at_once(network.decoder):
            rollout = None if state is None else self._begin(batch, music, ~forced, state)
            parts, real = self._follow(batch, music, forced, teacher, rollout)
        parts["style"] = losses.style_loss(logits[:, -length:], batch.danced)
        if rollout is None:
            return Outcome(parts, real, None)
        plain, style = batch.pose[~forced][:, 1:], batch.style[~forced]
        generated = rollout.dances()
        target = Dances(network.normalise(plain), plain, generated.clock, generated.control, style)
        conditioned = batch.control[~forced].abs().sum(dim=(1, 2)) > 0
        parts |= self._compare(generated, target, conditioned)
        return Outcome(parts, real, Rollouts(generated, target, rollout.state))

    def _begin(
        self, batch: Tensors, music: Tensor, rows: Tensor, state: dict[str, Tensor]
    ) -> "_Rollout":
        """The dancers of these rows, some of them in mixed styles."""
        style = self._mixed(batch.style[rows])
        clock, control, condition = self._rows(batch, music, rows, style)
        return _Rollout(self.network, condition, clock, control, style, state)

    def _compare(self, generated: Dances, target: Dances, conditioned: Tensor) -> dict[str, Tensor]:
        """Losses of the rollouts against real dances of their styles; conditioned: bool [B], rows
        that were given their target's movement as control."""
        unmixed = (generated.style == target.style).all(dim=1)
        skip = self.config.critic_skip
        counts = target.style * unmixed[:, None]
        reference = losses.ReferenceStats(
            self.reference_spread, self.reference_moments, self.foot_skate_reference
        )
        ours, theirs = generated.after(skip), target.after(skip)
        return {
            "skate": losses.skate_loss(
                generated.plain, target.plain, target.style, reference.foot_skate
            ),
            "movement": losses.movement_loss(
                generated.plain, target.plain, (conditioned & unmixed).float()
            ),
            "moments": losses.moments_loss(ours.pose, theirs.pose, counts, reference),
            "accent": losses.accent_loss(ours.plain, theirs.plain, ours.clock, counts),
        }

    def _rows(
        self, batch: Tensors, music: Tensor, rows: Tensor, style: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Clock, control and condition of these rows, who dance styles [B, S]."""
        clock, control = batch.clock[rows], batch.control[rows]
        styles = style[:, None].expand(-1, clock.shape[1], -1)
        decoder = self.network.decoder
        return clock, control, decoder.conditions(music[rows], clock, styles, control)

    def _roll(
        self, target: Tensor, drive: Tensor, teacher: np.ndarray, rollout: "_Rollout | None"
    ) -> tuple[Tensor, Tensor]:
        """Step forced rows, and the rollouts beside them: products of twice the rows take less than
        twice the time. target [B, L + 1, 60] and drive [B, L, hidden] of the forced rows; returns
        their poses [B, L, 60] and the top state before each frame [B, L, hidden]."""
        decoder, config = self.network.decoder, self.config
        forced = len(target)
        hidden = [drive.new_zeros(forced, decoder.config.hidden) for _ in decoder.cells]
        if rollout is not None:
            hidden = [torch.cat(pair) for pair in zip(hidden, rollout.hidden, strict=True)]
        cold = (torch.rand(forced, 1, device=target.device) < config.cold_start).float()
        pose = target[:, 0] * (1 - cold)
        noise = config.input_noise * torch.randn_like(target)
        poses, tops = [], []
        # Not drive[:, t]: the gradient of each slice would be a tensor as large as the whole.
        for t, (taught, driven) in enumerate(zip(teacher, drive.unbind(dim=1), strict=True)):
            if t and taught:
                pose = target[:, t]
            given, top = pose + noise[:, t], hidden[-1]
            if rollout is not None:
                top, others = top.split([forced, len(top) - forced])
                beside, pushed = rollout.enter(t, others)
                given, driven = torch.cat([given, beside]), torch.cat([driven, pushed])
            tops.append(top)
            pose, hidden = decoder.advance(given, driven, hidden)
            if rollout is not None:
                pose, beside = pose.split([forced, len(pose) - forced])
                rollout.moved(t, beside)
            poses.append(pose)
        if rollout is not None:
            rollout.hidden = [state[forced:] for state in hidden]
        return torch.stack(poses, dim=1), torch.stack(tops, dim=1)

    def _follow(
        self,
        batch: Tensors,
        music: Tensor,
        rows: Tensor,
        teacher: np.ndarray,
        rollout: "_Rollout | None",
    ) -> tuple[dict[str, Tensor], Dances]:
        """Let all rows dance; losses of the forced ones against their real dances, and those."""
        network, decoder = self.network, self.network.decoder
        beat, style, plain = batch.beat[rows], batch.style[rows], batch.pose[rows]
        clock, control, condition = self._rows(batch, music, rows, style)
        target = network.normalise(plain)
        mean, log_std = network.posterior(target[:, 1:], clock, beat)
        latent = mean + log_std.exp() * torch.randn_like(mean)
        by_frame = latent.gather(1, beat[..., None].expand(-1, -1, latent.shape[-1]))
        pose, tops = self._roll(target, decoder.drive(condition, by_frame), teacher, rollout)
        starts, used = beat_starts(beat)
        at_start = starts[..., None]
        prior = decoder.prior_of(
            condition.gather(1, at_start.expand(-1, -1, condition.shape[-1])),
            tops.gather(1, at_start.expand(-1, -1, tops.shape[-1])),
        )
        forced = torch.cat([target[:, :1], pose], dim=1)
        plain_forced = network.denormalise(forced)
        nats = losses.kl_loss(mean, log_std, *prior, used)
        parts = {
            "pose": losses.pose_loss(pose, target[:, 1:]),
            "velocity": losses.velocity_loss(forced, target),
            "contact": losses.contact_loss(plain_forced, plain),
            "bone": losses.bone_loss(plain_forced),
            "kl": nats / (beat.shape[1] * len(beat)),
        }
        return parts, Dances(target[:, 1:], plain[:, 1:], clock, control, style)

    def _mixed(self, style: Tensor) -> Tensor:
        """One-hot styles [B, S], `mix_share` of them blended with the style of another row."""
        share = torch.rand(len(style), 1, device=style.device)
        share = share * (torch.rand_like(share) < self.config.mix_share)
        return style + share * (style.roll(1, dims=0) - style)


class _Rollout:
    """Dancers who go on from where they were, frame by frame: `DanceNetwork.dance_frame`, cut in
    two where the recurrence takes them together with the forced rows.

    condition [N, L, C], clock [N, L, 8], control [N, L, 4], style [N, S]; state: of `PoseDecoder`,
    of N dancers. `hidden` is for the recurrence to set.
    """

    def __init__(
        self,
        network: DanceNetwork,
        condition: Tensor,
        clock: Tensor,
        control: Tensor,
        style: Tensor,
        state: dict[str, Tensor],
    ):
        self._network = network
        self._state = {name: state[name] for name in ("pose", "latent", "phase")}
        self.hidden = [state[f"hidden{i}"] for i in range(len(network.decoder.cells))]
        self._condition, self._clock = condition.unbind(1), clock.unbind(1)
        self._given = clock, control, style
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

    def dances(self) -> Dances:
        """All that they danced, and what they were given for it."""
        return Dances(
            torch.stack(self._poses, dim=1), torch.stack(self._plain, dim=1), *self._given
        )

    @property
    def state(self) -> dict[str, Tensor]:
        """Where they are now, detached."""
        hidden = {f"hidden{i}": h for i, h in enumerate(self.hidden)}
        return {name: value.detach() for name, value in (hidden | self._state).items()}


def beat_starts(beat: Tensor) -> tuple[Tensor, Tensor]:
    """First frame of every beat, int64 [B, K], and which beats there are, float [B, K]."""
    count = int(beat.max()) + 1
    index = torch.arange(count, device=beat.device)
    starts = (beat[..., None] < index).sum(dim=1)
    used = (index <= beat.max(dim=1, keepdim=True).values).float()
    return starts.clamp(max=beat.shape[1] - 1), used
