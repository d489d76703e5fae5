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
from torch.nn import functional as F

from live.dance.contract import BARS_REMEMBERED, BEATS_A_BAR
from model.data.windows import Batch
from model.network.config import TrainConfig
from model.network.dance_network import DanceNetwork
from model.network.decoder import beat_wrapped, stored_phase
from model.network.step_linear import weights_at_once
from model.network.unit_prior import is_blank, with_anew
from model.training import losses

_ANEW = 1 / (BARS_REMEMBERED * BEATS_A_BAR)  # of the beats of rollouts: as on stage, but by chance


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
        self,
        batch: Tensors,
        teacher: np.ndarray,
        state: dict[str, Tensor] | None = None,
        stage: str = "dance",
    ) -> Outcome:
        """teacher: bool [L], where forced rows are fed the real pose; state: of the rollouts,
        whose number says how many rows they are (the last dancers of each song); stage: of the run
        (`TrainConfig.stage`)."""
        network = self.network
        with torch.set_grad_enabled(torch.is_grad_enabled() and stage == "dance"):
            music, logits = network.hear(batch.features)
        length = batch.clock.shape[1]
        dancers = len(batch.clock) // len(music)
        music = music[:, -length:].repeat_interleave(dancers, dim=0)
        rollout_rows = 0 if state is None else len(state["pose"]) // (len(batch.clock) // dancers)
        dancer = torch.arange(len(batch.clock), device=music.device) % dancers
        forced = dancer < dancers - rollout_rows
        if stage != "dance":
            return self._learn_units(batch, music, stage)
        with weights_at_once(network.decoder):
            rollout = None if state is None else self._begin(batch, music, ~forced, state)
            parts, real = self._follow(batch, music, forced, teacher, rollout)
        parts["prior"] = self._predict_units(batch, music)
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
        self,
        target: Tensor,
        drive: Tensor,
        lead: Tensor,
        teacher: np.ndarray,
        rollout: "_Rollout | None",
        gate: Tensor | None,
    ) -> Tensor:
        """Step forced rows, and the rollouts beside them: products of twice the rows take less than
        twice the time. target [B, L + 1, 60], drive [B, L, hidden] and lead [B, L, 60] of the
        forced rows; gate: of the grafts, [B, grafts * rank]; returns their poses [B, L, 60]."""
        decoder, config = self.network.decoder, self.config
        forced = len(target)
        hidden = [drive.new_zeros(forced, decoder.config.hidden) for _ in decoder.cells]
        if rollout is not None:
            hidden = [torch.cat(pair) for pair in zip(hidden, rollout.hidden, strict=True)]
        beside = None if rollout is None else rollout.gate
        if gate is not None and beside is not None:
            gate = torch.cat([gate, beside])
        cold = (torch.rand(forced, 1, device=target.device) < config.cold_start).float()
        pose = target[:, 0] * (1 - cold)
        noise = config.input_noise * torch.randn_like(target)
        poses = []
        # Not drive[:, t]: the gradient of each slice would be a tensor as large as the whole.
        pushes = zip(teacher, drive.unbind(dim=1), lead.unbind(dim=1), strict=True)
        for t, (taught, driven, led) in enumerate(pushes):
            if t and taught:
                pose = target[:, t]
            given = pose + noise[:, t]
            if rollout is not None:
                entering = rollout.enter(t)
                given, driven, led = (
                    torch.cat(pair) for pair in zip((given, driven, led), entering, strict=True)
                )
            pose, hidden = decoder.advance(given, driven, led, hidden, gate)
            if rollout is not None:
                pose, beside = pose.split([forced, len(pose) - forced])
                rollout.moved(t, beside)
            poses.append(pose)
        if rollout is not None:
            rollout.hidden = [state[forced:] for state in hidden]
        return torch.stack(poses, dim=1)

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
        by_frame = self._latents(target[:, 1:], clock, beat)
        unit, lead = decoder.spell(by_frame, clock, condition)
        parts = self._unit_parts(unit, target)
        drive, gate = decoder.drive(condition, by_frame, unit), decoder.gate(condition[:, 0])
        pose = self._roll(target, drive, lead, teacher, rollout, gate)
        forced = torch.cat([target[:, :1], pose], dim=1)
        plain_forced = network.denormalise(forced)
        parts |= {
            "pose": losses.pose_loss(pose, target[:, 1:]),
            "velocity": losses.velocity_loss(forced, target),
            "contact": losses.contact_loss(plain_forced, plain),
            "bone": losses.bone_loss(plain_forced),
            "bend": losses.bend_loss(plain_forced[:, 1:], plain[:, 1:]),
        }
        return parts, Dances(target[:, 1:], plain[:, 1:], clock, control, style)

    @torch.no_grad()
    def _latents(self, pose: Tensor, clock: Tensor, beat: Tensor) -> Tensor:
        """The latent of each frame's beat, [B, L, Z]: of half of the beats the code for it, which
        is what a dancer on stage has."""
        network = self.network
        mean, log_std = network.posterior(pose, clock, beat)
        latent = mean + log_std.exp() * torch.randn_like(mean)
        coded = network.decoder.newest_prior.nearest(mean.flatten(0, 1)).unflatten(
            0, mean.shape[:2]
        )
        latent = torch.where(torch.rand_like(mean[..., :1]) < 0.5, coded, latent)
        return latent.gather(1, beat[..., None].expand(-1, -1, latent.shape[-1]))

    def _learn_units(self, batch: Tensors, music: Tensor, stage: str) -> Outcome:
        """Latents and what they spell out, or their prior: all frames at once."""
        network = self.network
        target = network.normalise(batch.pose)
        real = Dances(target[:, 1:], batch.pose[:, 1:], batch.clock, batch.control, batch.style)
        if stage == "prior":
            return Outcome({"prior": self._predict_units(batch, music)}, real, None)
        mean, log_std = network.posterior(target[:, 1:], batch.clock, batch.beat)
        latent = mean + log_std.exp() * torch.randn_like(mean)
        by_frame = latent.gather(1, batch.beat[..., None].expand(-1, -1, latent.shape[-1]))
        every = torch.ones(len(target), dtype=torch.bool, device=target.device)
        *_, condition = self._rows(batch, music, every, batch.style)
        unit = network.decoder.unit(by_frame, batch.clock, network.decoder.gate(condition))
        parts = self._unit_parts(unit, target) | {"kl": self._nats(mean, log_std, batch.beat)}
        return Outcome(parts, real, None)

    def _unit_parts(self, unit: Tensor, target: Tensor) -> dict[str, Tensor]:
        """unit: [B, L, 60]; target: [B, L + 1, 60]."""
        spelled = torch.cat([target[:, :1], unit], dim=1)
        velocity = self.config.velocity_weight * losses.velocity_loss(spelled, target)
        plain, true = self.network.denormalise(unit), self.network.denormalise(target[:, 1:])
        bend = self.config.bend_weight * losses.bend_loss(plain, true)
        return {"unit": losses.pose_loss(unit, target[:, 1:]) + velocity + bend}

    @staticmethod
    def _nats(mean: Tensor, log_std: Tensor, beat: Tensor) -> Tensor:
        """Of the latents against a standard normal, a frame."""
        standard, (_, used) = torch.zeros_like(mean), beat_starts(beat)
        nats = losses.kl_loss(mean, log_std, standard, standard, used)
        return nats / (beat.shape[1] * len(beat))

    def _predict_units(self, batch: Tensors, music: Tensor) -> Tensor:
        """Loss of the prior, over all beats that lie whole in a window, of forced and rollout rows
        alike: what it learns from is their real dances. Nothing else learns from it."""
        latent, before, row, first = self.units_of(batch)
        before = self._remembered(before)
        every = torch.ones(len(batch.pose), dtype=torch.bool, device=batch.pose.device)
        decoder = self.network.decoder
        with torch.no_grad():
            clock, _, condition = self._rows(batch, music, every, batch.style)
            clock, condition = clock[row, first], condition[row, first]
            lively = decoder.liveliness(before[:, 0], condition)
        return decoder.newest_prior.loss(
            latent, condition, clock, before, lively, self.config.prior_draws
        )

    @torch.no_grad()
    def _remembered(self, units: Tensor) -> Tensor:
        """Units [K, M, Z], half of them as the codes for them: what a dancer on stage remembers."""
        prior = self.network.decoder.newest_prior
        coded = prior.nearest(units.flatten(0, 1)).view_as(units)
        keep = is_blank(units) | (torch.rand(units.shape[:2], device=units.device) < 0.5)
        return torch.where(keep[..., None], units, coded)

    @torch.no_grad()
    def units_of(self, batch: Tensors) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Of all beats that lie whole in a window (of all, where the windows are too short for
        that): latents [K, Z], those of the beats before [K, M, Z], and their row and first frame,
        int64 [K]."""
        network = self.network
        target = network.normalise(batch.pose)[:, 1:]
        mean, _ = network.posterior(target, batch.clock, batch.beat)
        before = units_before(mean, network.config.decoder.units)
        starts, used = beat_starts(batch.beat)
        whole = used.bool() & used.roll(-1, dims=1).bool()
        whole[:, 0] = whole[:, -1] = False  # of the first and the last a part is missing
        whole = whole if whole.any() else used.bool()
        row, _ = whole.nonzero(as_tuple=True)
        return mean[whole], before[whole], row, starts[whole]

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
        self._state = {name: state[name] for name in ("pose", "units", "phase")}
        self.hidden = [state[f"hidden{i}"] for i in range(len(network.decoder.cells))]
        self._condition, self._clock = condition.unbind(1), clock.unbind(1)
        self._given = clock, control, style
        width = network.decoder.config.latent_dim
        self._noise = torch.randn(*clock.shape[:2], width, device=clock.device).unbind(1)
        # Not in the control that is given on: a critic would know the made ones by it.
        self._anew = torch.rand(clock.shape[:2], device=clock.device) < _ANEW
        self._poses: list[Tensor] = []
        self._plain: list[Tensor] = []

    def enter(self, t: int) -> tuple[Tensor, Tensor, Tensor]:
        """What they bring into frame t: their pose [N, 60], drive [N, hidden] and lead [N, 60]. The
        prior does not learn from where its latents lead: only from latents of real dances."""
        decoder, condition = self._network.decoder, self._condition[t]
        rows = beat_wrapped(self._clock[t], self._state["phase"])[:, 0].nonzero()[:, 0]
        if len(rows):
            with torch.no_grad():
                state = {name: self._state[name][rows] for name in ("units", "phase")}
                newer = decoder.renewed(
                    with_anew(condition[rows], decoder.n_styles, self._anew[rows, t]),
                    self._clock[t][rows],
                    self._noise[t][rows],
                    state,
                )
                self._state["units"] = self._state["units"].index_copy(0, rows, newer)
        latent = self._state["units"][:, 0]
        unit, lead = decoder.spell(latent, self._clock[t], condition)
        return self._state["pose"], decoder.drive(condition, latent, unit), lead

    def moved(self, t: int, pose: Tensor) -> None:
        """Where frame t took them: poses [N, 60]."""
        plain, pose = self._network.whole(pose)
        self._plain.append(plain)
        self._poses.append(pose)
        self._state |= {"pose": pose, "phase": stored_phase(self._clock[t])}

    @property
    def gate(self) -> Tensor | None:
        """Of the grafts, [N, grafts * rank]."""
        return self._network.decoder.gate(self._condition[0])

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


def units_before(latent: Tensor, units: int) -> Tensor:
    """The latents of the beats before each, newest first: [B, K, Z] -> [B, K, units, Z], zeros
    before the first of a window."""
    shifted = [F.pad(latent, (0, 0, back, 0))[:, : latent.shape[1]] for back in range(1, units + 1)]
    return torch.stack(shifted, dim=2)
