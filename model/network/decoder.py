"""Pose decoder: a recurrent network that makes one pose after another, with one latent a beat.

Enters: music context, clock, style, control and noise, and its state. Leaves: the next pose and the
state after it.

Variety comes from a variational latent (Kingma & Welling, 2014), a dance unit of one beat (Lee et
al., 2019), that is drawn from a prior when the beat phase wraps and held until the next beat
(`model.network.unit_prior`). Timing can then only come from the clock and variety only from the
latent: a latent per frame would carry the timing and ignore the beat, and none at all freezes
within a minute of free running.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from live.dance.contract import CLOCK_DIM, CONTROL_DIM, clock_vector
from live.errors import ConfigError
from model.network.config import DecoderConfig
from model.network.graft import GraftedLinear, gate_of
from model.network.unit_decoder import UnitDecoder
from model.network.unit_prior import UnitPrior, begins_anew, heard_of, one_of_all

TWICE_DIM = 2  # of `twice_a_beat`

_LEAST_MOVED = 0.02
_PULL = -0.8  # towards a unit, before the sigmoid: a third of the way each frame
_PLACES = 12  # of a beat, where the posterior reads it
_UNSET = 0.0  # the state's marker for "no beat seen yet": a stored phase is always below zero
_PHASE_SHIFT = 2.0


class PoseDecoder(nn.Module):
    """GRU stack: previous pose + music, clock, style, control and latent -> next pose."""

    fifths: Tensor

    def __init__(self, config: DecoderConfig, music_width: int, n_styles: int):
        super().__init__()
        self.config, self.n_styles = config, n_styles
        hidden, grafts = config.hidden, (config.grafts, config.graft_rank)
        self.style = nn.Linear(n_styles, config.style_width, bias=False)
        condition = music_width + CLOCK_DIM + TWICE_DIM + config.style_width + CONTROL_DIM
        self.unit = UnitDecoder(config)
        fifths = torch.from_numpy(clock_vector(np.arange(5) / 5 + 0.1, 120.0))  # places in a beat
        self.register_buffer("fifths", fifths, persistent=False)
        self.condition = GraftedLinear(condition + config.unit_dim, hidden, *grafts)
        self.unit_in = GraftedLinear(config.pose_dim, hidden, *grafts)
        self.pull = nn.Parameter(torch.full((config.pose_dim,), _PULL))
        self.pose_in = GraftedLinear(config.pose_dim, hidden, *grafts)
        self.cells = nn.ModuleList(GatedCell(hidden, hidden, *grafts) for _ in range(config.layers))
        self.pose_out = nn.Sequential(
            GraftedLinear(2 * hidden, hidden, *grafts),
            nn.SiLU(),
            GraftedLinear(hidden, config.pose_dim, *grafts),
        )
        if config.leading:  # at first what is danced is what the units spell out
            last = self.pose_out[2]
            assert isinstance(last, GraftedLinear)
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
        self.prior = UnitPrior(config, condition, n_styles)
        own = replace(config, codes=config.graft_codes)
        self.graft_priors = nn.ModuleList(
            UnitPrior(own, condition, n_styles) for _ in range(config.grafts)
        )

    @property
    def newest_prior(self) -> UnitPrior:
        """That of the style learned last: the one to be trained."""
        newest = self.graft_priors[-1] if len(self.graft_priors) else self.prior
        assert isinstance(newest, UnitPrior)
        return newest

    def conditions(self, music: Tensor, clock: Tensor, style: Tensor, control: Tensor) -> Tensor:
        """Everything outside the recurrence, concatenated: [..., music + 8 + 2 + style + 4], and at
        the end the shares of the styles [..., S]."""
        return torch.cat(
            [music, clock, twice_a_beat(clock), self.style(style), control, style], dim=-1
        )

    def shares(self, condition: Tensor) -> Tensor:
        """Of the grafts in a condition: [..., grafts]."""
        return condition[..., condition.shape[-1] - self.config.grafts :]

    def gate(self, condition: Tensor) -> Tensor | None:
        """What lets the grafts have their say, [..., grafts * rank]; None if there are none."""
        return gate_of(self.shares(condition), self.config.graft_rank)

    def spell(self, latent: Tensor, clock: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """What a latent spells out for this moment, in the styles of the condition, and the lead:
        what this asks of the next pose besides a share of the last, see `advance`. [..., 60]
        each."""
        gate = self.gate(condition)
        if not self.config.leading:
            unit = self.unit(latent, clock, gate)
            return unit, unit - self._kept() * unit
        # Of both moments at once: a frame on stage reads the matrices once.
        ago = torch.arange(2.0, device=clock.device).view(2, *(1 for _ in clock.shape))
        unit, before = self.unit(latent, clock, gate, ago)
        return unit, unit - self._kept() * before

    def liveliness(self, latent: Tensor, condition: Tensor) -> Tensor:
        """How much the units of latents [N, Z] move, in the styles of the condition: logarithm of
        the mean change of a pose in a fifth of the beat, about -2 (still) to 2; 0 where none was
        danced. [N, 1], or [N, 0] where the prior does not ask."""
        if not self.config.liveliness:
            return latent[:, :0]
        gate = self.gate(condition)
        clocks = self.fifths[:, None].expand(-1, len(latent), -1)
        poses = self.unit(latent, clocks, gate)
        moved = (poses[1:] - poses[:-1]).abs().mean(dim=(0, 2))
        known = (latent != 0).any(dim=-1)
        return (known * (torch.log(moved + _LEAST_MOVED) + 1))[:, None]

    def _kept(self) -> Tensor:
        """How much of its distance from the unit a pose keeps with every frame, [60]."""
        return 1 - torch.sigmoid(self.pull)

    def drive(self, condition: Tensor, latent: Tensor, unit: Tensor) -> Tensor:
        """What the recurrence hears besides its own poses: [..., hidden]. unit [..., 60]: what the
        latent spells out for this moment."""
        heard = heard_of(condition, self.n_styles)
        gate, given = self.gate(condition), torch.cat([heard, latent], dim=-1)
        return self.condition(given, gate) + self.unit_in(unit, gate)

    def advance(
        self,
        pose: Tensor,
        drive: Tensor,
        lead: Tensor,
        hidden: list[Tensor],
        gate: Tensor | None = None,
    ) -> tuple[Tensor, list[Tensor]]:
        """One frame: normalised pose [N, 60], drive [N, hidden] and lead [N, 60] -> (next pose,
        hidden).

        The pose goes where its unit goes, and its distance from the unit shrinks by a share, so
        that dancers of the same units meet; to this comes what the recurrence adds. In games such
        a passage from one recorded movement into another is called inertialisation (Bollo, 2018):
        blending both would make both smaller. gate: of the grafts, see `gate`.
        """
        x = torch.nn.functional.silu(self.pose_in(pose, gate) + drive)
        after = []
        for cell, state in zip(self.cells, hidden, strict=True):
            state = cell(x, state, gate)
            after.append(state)
            x = x + state
        first, between, last = self.pose_out
        change = last(between(first(torch.cat([x, drive], dim=-1), gate)), gate)
        return lead + self._kept() * pose + self.config.residual_scale * change, after

    @torch.no_grad()
    def lessen(self, share: float) -> None:
        """Let the recurrence add that share of what it now adds to the units, 0 to 1. With less a
        dance is nearer to its clips, and its feet slide more."""
        last = self.pose_out[2]
        assert isinstance(last, GraftedLinear)
        for weight in (last.weight, last.bias, *(last.up.parameters() if last.up else ())):
            weight *= share

    def compile_gates(self) -> None:
        """One kernel for what a cell does besides its products, where PyTorch launches ten: for a
        graphics card that waits for launches (`torch.compile`).

        Raises ConfigError where there is no compiler for this device.
        """
        compiled = torch.compile(gates)
        for cell in self.cells:
            assert isinstance(cell, GatedCell)
            cell.gates = compiled
        device = self.pose_in.weight.device
        products = torch.zeros(2, 3 * self.config.hidden, device=device)
        try:
            compiled(products, products, products[:, : self.config.hidden])
        except Exception as error:
            # torch raises a family of its own classes, by what the compiler lacks
            reason = str(error).strip().splitlines()[0]
            raise ConfigError(
                f"nothing can be compiled here ({reason}); leave out --compile"
            ) from error

    def initial_state(self, dancers: int) -> dict[str, Tensor]:
        c = self.config
        state = {f"hidden{i}": torch.zeros(dancers, c.hidden) for i in range(c.layers)}
        state["pose"] = torch.zeros(dancers, c.pose_dim)
        state["units"] = torch.zeros(dancers, c.units, c.unit_dim)
        state["phase"] = torch.full((dancers, 1), _UNSET)
        return state

    def step(
        self, condition: Tensor, clock: Tensor, noise: Tensor, state: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """One frame on stage: renew the latent on a beat, then advance.

        condition: [N, C] of `conditions`; clock: [N, 8]; noise: [N, Z] standard normal, used only
        on a beat.
        """
        hidden = [state[f"hidden{i}"] for i in range(self.config.layers)]
        units = self.renewed(condition, clock, noise, state)
        latent = units[:, 0]
        unit, lead = self.spell(latent, clock, condition)
        drive = self.drive(condition, latent, unit)
        pose, hidden = self.advance(state["pose"], drive, lead, hidden, self.gate(condition))
        after = {f"hidden{i}": h for i, h in enumerate(hidden)}
        after |= {"pose": pose, "units": units, "phase": stored_phase(clock)}
        return pose, after

    def renewed(
        self, condition: Tensor, clock: Tensor, noise: Tensor, state: dict[str, Tensor]
    ) -> Tensor:
        """The latents [N, M, Z] of this beat and those before it: the state's, or on a beat one
        more from the prior, and the oldest forgotten, or all."""
        units = state["units"]
        renew = beat_wrapped(clock, state["phase"])

        def on_beat(*given: Tensor) -> Tensor:
            condition, clock, noise, units, renew = given
            remembered = units
            if self.config.forgets:
                anew = begins_anew(condition, self.n_styles)
                remembered = torch.where(anew[..., None], 0.0, units)
            latent = self._choose(condition, clock, remembered, noise)
            newer = torch.cat([latent[:, None], remembered[:, :-1]], dim=1)
            return torch.where(renew[..., None], newer, units)

        given = (condition, clock, noise, units, renew)
        if torch.compiler.is_exporting():  # an `If` in the graph: most frames need no prior
            return torch.cond(renew.any(), on_beat, lambda *given: given[3].clone(), given)
        return on_beat(*given) if renew.any() else units

    def _choose(self, condition: Tensor, clock: Tensor, units: Tensor, noise: Tensor) -> Tensor:
        """The latent of a beat, [N, Z]: of the prior's vocabulary, or of that of a graft, as often
        as it has a share."""
        lively = self.liveliness(units[:, 0], condition)
        if not self.config.grafts:
            return self.prior.sample(condition, clock, units, lively, noise)
        share = self.shares(condition)
        priors = [self.prior, *self.graft_priors]
        shares = torch.cat([1 - share.sum(dim=-1, keepdim=True), share], dim=-1)
        return one_of_all(priors, shares, condition, clock, units, lively, noise)


class GatedCell(nn.Module):
    """Gated recurrent unit (Cho et al., 2014), in the form whose gates take two matrix products.

    Written out because torch's own cell takes several times as long a step through oneDNN.
    """

    gates: Callable[[Tensor, Tensor, Tensor], Tensor]

    def __init__(self, inputs: int, hidden: int, grafts: int = 0, rank: int = 0):
        super().__init__()
        self.from_input = GraftedLinear(inputs, 3 * hidden, grafts, rank)
        self.from_state = GraftedLinear(hidden, 3 * hidden, grafts, rank)
        nn.init.orthogonal_(self.from_state.weight)
        self.gates = gates  # or a compiled form of it

    def forward(self, x: Tensor, state: Tensor, gate: Tensor | None = None) -> Tensor:
        return self.gates(self.from_input(x, gate), self.from_state(state, gate), state)


def gates(from_input: Tensor, from_state: Tensor, state: Tensor) -> Tensor:
    """The next state [N, H] of a cell, by its two products [N, 3 H]."""
    xr, xu, xc = from_input.chunk(3, dim=-1)
    hr, hu, hc = from_state.chunk(3, dim=-1)
    update = torch.sigmoid(xu + hu)
    candidate = torch.tanh(xc + torch.sigmoid(xr + hr) * hc)
    return candidate + update * (state - candidate)


class Posterior(nn.Module):
    """What a beat's motion says about its latent; training only.

    Each beat is read at twelve places of equal distance, whatever its tempo, with the pose before.
    """

    def __init__(self, config: DecoderConfig, width: int = 512):
        super().__init__()
        inputs = (_PLACES + 1) * config.pose_dim + 2
        out = nn.Linear(width, 2 * config.unit_dim)
        # Clear latents at first: a decoder learns nothing from what is mostly chance.
        nn.init.constant_(out.bias[config.unit_dim :], -1.5)
        self.read = nn.Sequential(
            nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), out
        )

    def forward(self, pose: Tensor, clock: Tensor, beat: Tensor) -> tuple[Tensor, Tensor]:
        """pose [B, T, 60], clock [B, T, 8], beat int64 [B, T] (0-based, non-decreasing).

        Returns mean and log standard deviation per beat, [B, beats, Z]; of a beat that is not whole
        in the window, by what is there.
        """
        length = pose.shape[1]
        index = torch.arange(int(beat.max()) + 1, device=beat.device)
        first = (beat[..., None] < index).sum(dim=1).clamp(max=length - 1)
        last = (beat[..., None] <= index).sum(dim=1) - 1
        place = (torch.arange(_PLACES, device=beat.device) + 0.5) / _PLACES
        within = first[..., None] + place * (last - first + 1)[..., None]
        frames = torch.cat([(first - 1).clamp(min=0)[..., None], within.long()], dim=-1)
        rows = torch.arange(len(pose), device=beat.device)[:, None, None]
        read = pose[rows, frames.clamp(max=length - 1)].flatten(2)
        ends = torch.stack([clock[rows[..., 0], at, 0] for at in (first, last)], dim=-1)
        mean, log_std = self.read(torch.cat([read, ends], dim=-1)).chunk(2, dim=-1)
        return mean, log_std.clamp(-4.0, 1.0)


def twice_a_beat(clock: Tensor) -> Tensor:
    """Cosine and sine of twice the beat phase, by the double angle: [..., 8] -> [..., 2].

    The clock vector stops at once a beat. A dance stepped twice to each beat of slow music needs
    this, and would otherwise have to square the clock within its recurrence.
    """
    cos, sin = clock[..., 0], clock[..., 1]
    return torch.stack([cos**2 - sin**2, 2 * sin * cos], dim=-1)


def stored_phase(clock: Tensor) -> Tensor:
    """The sine of the beat phase, moved below zero, for the state: [N, 1]."""
    return clock[:, 1:2] - _PHASE_SHIFT


def beat_wrapped(clock: Tensor, phase: Tensor) -> Tensor:
    """True where a beat fell since the frame before, or nothing was heard yet: bool [N, 1].

    The phase wraps where its sine rises through zero on the side where its cosine is positive.
    """
    # Both moments rounded alike: a sine of -1e-15 is stored as zero, and would belong to neither.
    now = stored_phase(clock)
    rising = (phase < -_PHASE_SHIFT) & (now >= -_PHASE_SHIFT) & (clock[:, 0:1] > 0)
    return rising | (phase > -0.5)
