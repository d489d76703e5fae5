"""What to dance next: the unit of a beat, chosen from a vocabulary by noise, music, style, place
in the bar and the beats danced before.

Dance is composed of units (Lee et al., 2019), and what follows what is a choice among them: a
Gaussian over latents knows only the middle of what could come, half as fast as any dancer, with
arms that never rise. The vocabulary is a codebook of latents (k-means; compare van den Oord et al.,
2017), and the prior gives each code a logit.

The choice is made by the Gumbel-max rule, with Gumbel variables that are a fixed function of the
noise: each code has a direction in noise space. So the unit is a function of its noise; two dancers
with the same noise choose the same unit wherever both find it likely, and nearly the same noise
nearly always gives the same unit. A score that is written in noise can be danced again. A style
never dances a code that was not found in its dances: however unlikely the network finds the codes
of other styles, there are thousands, and one in a hundred beats would give a dance away.

With every phrase the memory begins anew (`PoseDecoder.renewed`), so that dancers with the same
noise meet there, whatever they danced before, and a phrase returns whole. Within it the memory is
seen through a thin fog, before the bar through a denser one (`DecoderConfig.fog_before`). What the
fog does not hide is how lively the last beat was. Without it nobody stands still over a bar line,
since what is seldom on the whole is begun anew as seldom.

Enters: noise and context. Leaves: a latent.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.network.config import DecoderConfig

_LAYERS = 2
_QUARTER, _THIRD = 0.7071, 0.3  # of the waves at the beats of a bar
_FORGETS = 0.15  # share of training contexts without any memory
# Fog in training: of the beats before the bar, and of those within it. On stage it is as thin.
_CLEAREST_BEFORE, _DENSEST_BEFORE, _DENSEST_WITHIN = 0.1, 0.6, 0.4
_NEVER = -1e4
_ASKED = 0.5
_LEAST = 1e-6  # probability, at the ends of the Gumbel variables
_LEAST_DANCED = 1e-5  # of a code by a style
_LEAST_SHARE = 1e-3  # of a dance: less is what is left of rounding
_BLUR = 0.3  # of how lively the last beat was, in training: it is not to name a clip
_SOFTNESS = 0.15  # of the latents' spread: codes so near to a unit are nearly as right


class UnitPrior(nn.Module):
    """Noise [N, E] -> latent [N, Z], one of `codes` [K, Z], given condition [N, C + S], whose last
    S are the shares of the styles, and the latents of the last M beats. dancing [S, K]: 1 where a
    style dances a code."""

    codes: Tensor
    dancing: Tensor
    directions: Tensor
    latent_std: Tensor

    def __init__(self, config: DecoderConfig, condition: int, n_styles: int):
        super().__init__()
        self.config, self.n_styles = config, n_styles
        width, latent, units = config.prior_width, config.unit_dim, config.units
        self.context = nn.Linear(condition + units * (latent + 1) + config.liveliness, width)
        self.middle = nn.ModuleList(nn.Linear(width, width) for _ in range(_LAYERS))
        self.narrow = nn.Linear(width, config.prior_rank)
        self.out = nn.Linear(config.prior_rank, config.codes)
        generator = torch.Generator().manual_seed(config.codes)
        directions = torch.randn(config.codes, config.latent_dim, generator=generator)
        # until some are found
        self.register_buffer("codes", torch.randn(config.codes, latent, generator=generator))
        self.register_buffer("dancing", torch.ones(n_styles, config.codes))
        self.register_buffer("directions", F.normalize(directions, dim=-1))
        self.register_buffer("latent_std", torch.ones(latent))

    def sample(
        self, condition: Tensor, clock: Tensor, units: Tensor, lively: Tensor, noise: Tensor
    ) -> Tensor:
        """condition [N, C + S]; clock [N, 8]; units [N, M, Z], newest first, zeros where none was
        danced yet; lively [N, 1], of the newest (`PoseDecoder.liveliness`), or [N, 0] where the
        prior does not ask; noise [N, E], standard normal, or less for a calmer choice -> latent
        [N, Z]."""
        chance = self.chances(condition, clock, units, lively)
        return self.codes[(chance + self.gumbel(noise)).argmax(dim=-1)]

    def chances(self, condition: Tensor, clock: Tensor, units: Tensor, lively: Tensor) -> Tensor:
        """Logarithms of how likely each code is to be chosen, up to a constant: [N, K]."""
        c = self.config
        fog = torch.where(within_bar(clock, c.units), c.fog_within, c.fog_before)
        fog = torch.where(is_blank(units), 1.0, fog)
        logits = self.logits(condition, self._through(units, fog), fog, lively)
        likely = logits > logits.amax(dim=-1, keepdim=True) - c.margin
        return torch.where(likely, c.sharpness * logits, _NEVER)

    def gumbel(self, noise: Tensor) -> Tensor:
        """Noise [N, E] -> a standard Gumbel variable for each code, [N, K]."""
        share = 0.5 + 0.5 * torch.erf(noise @ self.directions.T / math.sqrt(2))
        return -torch.log(-torch.log(share.clamp(_LEAST, 1 - _LEAST)))

    def logits(self, condition: Tensor, units: Tensor, fog: Tensor, lively: Tensor) -> Tensor:
        """condition [N, C + S], units [N, M, Z] as seen through fog [N, M], lively as above ->
        [N, K]."""
        heard = heard_of(condition, self.n_styles)
        h = self.context(torch.cat([heard, units.flatten(1), fog, lively], dim=-1))
        for layer in self.middle:
            h = h + layer(F.silu(h))
        danced = self._danced(condition).clamp(min=_LEAST_DANCED)
        return self.out(self.narrow(F.silu(h))) + torch.log(danced)

    def loss(
        self,
        latent: Tensor,
        condition: Tensor,
        clock: Tensor,
        units: Tensor,
        lively: Tensor,
        draws: int,
    ) -> Tensor:
        """Cross entropy of the codes near to the units that were danced, nats.

        latent [B, Z] of beats danced, units [B, M, Z] of those before (zeros: none known), lively
        as above, condition [B, C + S] and clock [B, 8] at their first frames; draws: of fog for
        each.
        """
        right = self.nearness(latent) * self._danced(condition)
        right = right / right.sum(dim=-1, keepdim=True).clamp(min=_LEAST)
        right, condition, clock, units, lively = (
            x.repeat_interleave(draws, dim=0) for x in (right, condition, clock, units, lively)
        )
        fog = self._fog(clock, units)
        seen = self._through(units, fog) + fog[..., None] * torch.randn_like(units)
        lively = lively + _BLUR * torch.randn_like(lively)
        return F.cross_entropy(self.logits(condition, seen, fog, lively), right)

    def nearness(self, latent: Tensor) -> Tensor:
        """How right each code would be for latents [B, Z]: [B, K], rows sum to 1."""
        width = _SOFTNESS * math.sqrt(2 * latent.shape[-1])
        scale = self.latent_std * width
        return torch.softmax(-(torch.cdist(latent / scale, self.codes / scale) ** 2), dim=-1)

    def nearest(self, latent: Tensor) -> Tensor:
        """The code nearest to each latent: [B, Z] -> [B, Z]."""
        return self.codes[_nearest(latent / self.latent_std, self.codes / self.latent_std)]

    @torch.no_grad()
    def fit_codes(self, latents: Tensor, style: Tensor | None = None, steps: int = 12) -> None:
        """The vocabulary: of each cluster (k-means; Lloyd, 1982) of latents [B, Z] met in training
        the one nearest to its mean, for a mean of several is a smaller movement than any. style
        [B, S], one-hot: whose they are; by default all styles dance all codes."""
        generator = torch.Generator().manual_seed(0)
        self.latent_std.copy_(latents.std(dim=0).clamp(min=0.05))
        count = len(self.codes)
        chosen = torch.randperm(len(latents), generator=generator)
        points = latents / self.latent_std
        codes = points[chosen[torch.arange(count) % len(points)]].clone()
        for _ in range(steps):
            owner = _nearest(points, codes)
            total = torch.zeros_like(codes).index_add_(0, owner, points)
            members = torch.bincount(owner, minlength=count)[:, None]
            # A code that nobody uses moves to some unit.
            stray = points[torch.randint(len(points), (count,), generator=generator)]
            codes = torch.where(members > 0, total / members.clamp(min=1), stray)
        codes = points[_nearest(codes, points)]
        self.codes.copy_(codes * self.latent_std)
        if style is not None:
            counts = torch.zeros_like(self.dancing).T.index_add(0, _nearest(points, codes), style)
            self.dancing.copy_(counts.T > 0)

    def _danced(self, condition: Tensor) -> Tensor:
        """How much the styles of a condition dance each code: [N, K], 0 to 1."""
        return condition[:, condition.shape[1] - self.n_styles :] @ self.dancing

    def _through(self, units: Tensor, fog: Tensor) -> Tensor:
        """What is left of units [N, M, Z], standardised, behind fog [N, M]."""
        return (1 - fog**2).sqrt()[..., None] * units / self.latent_std

    def _fog(self, clock: Tensor, units: Tensor) -> Tensor:
        """How much of each of the units is hidden in a training context, [B, M] of 0 to 1."""
        draw = torch.rand(3, len(units), 1, device=units.device)
        before = _CLEAREST_BEFORE + (_DENSEST_BEFORE - _CLEAREST_BEFORE) * draw[1]
        fog = torch.where(within_bar(clock, units.shape[1]), _DENSEST_WITHIN * draw[0], before)
        return torch.where(is_blank(units) | (draw[2] < _FORGETS), 1.0, fog)


def one_of_all(
    priors: Sequence[nn.Module],
    shares: Tensor,
    condition: Tensor,
    clock: Tensor,
    units: Tensor,
    lively: Tensor,
    noise: Tensor,
) -> Tensor:
    """`UnitPrior.sample` of several priors, each of which is asked as often as it has a share: a
    mixture, of which the same Gumbel variables choose. shares [N, P], rows sum to 1; -> [N, Z]."""
    chances, gumbel, codes = [], [], []
    for i, prior in enumerate(priors):
        assert isinstance(prior, UnitPrior)
        share = shares[:, i : i + 1]
        chance = torch.log_softmax(prior.chances(condition, clock, units, lively), dim=-1)
        weighed = chance + torch.log(share.clamp(min=_LEAST))
        chances.append(torch.where(share > _LEAST_SHARE, weighed, 2 * _NEVER))
        gumbel.append(prior.gumbel(noise))
        codes.append(prior.codes)
    chosen = torch.cat(chances, dim=-1) + torch.cat(gumbel, dim=-1)
    return torch.cat(codes)[chosen.argmax(dim=-1)]


def heard_of(condition: Tensor, n_styles: int) -> Tensor:
    """What layers hear of a condition [..., C + S]: [..., C], without the shares of the styles, and
    with 0 for the control `anew`, which is a switch."""
    return F.pad(condition[..., : condition.shape[-1] - n_styles - 1], (0, 1))


def begins_anew(condition: Tensor, n_styles: int) -> Tensor:
    """Whether a condition [N, C + S] asks for a beat that does without memory: bool [N, 1]."""
    at = condition.shape[-1] - n_styles
    return condition[:, at - 1 : at] > _ASKED


def with_anew(condition: Tensor, n_styles: int, anew: Tensor) -> Tensor:
    """A condition [N, C + S] that asks for that in the rows marked True, bool [N]."""
    at = condition.shape[-1] - n_styles - 1
    condition = condition.clone()
    condition[:, at] = anew.to(condition.dtype)
    return condition


def _nearest(points: Tensor, to: Tensor) -> Tensor:
    """Which of `to` [K, Z] is nearest to each point: [B, Z] -> int64 [B]."""
    return torch.cat([torch.cdist(p, to).argmin(dim=1) for p in points.split(1024)])


def is_blank(units: Tensor) -> Tensor:
    """bool [N, M]: which of the units [N, M, Z] were never danced."""
    return (units == 0).all(dim=-1)


def within_bar(clock: Tensor, units: int) -> Tensor:
    """Which of the last beats, newest first, lie in the bar of a beat that falls at clock [N, 8]:
    bool [N, units]. A bar is what the slowest wave of the clock counts: of four beats, or three."""
    cos, sin = clock[:, 4:5], clock[:, 5:6]
    second, left = sin > _QUARTER, cos < -_THIRD
    third, fourth = left & ~second, (sin < -_QUARTER) & ~left
    flags = [second | third | fourth, third | fourth, fourth]
    none = torch.zeros_like(second)
    return torch.cat([*flags[:units], *(none for _ in range(units - len(flags)))], dim=1)
