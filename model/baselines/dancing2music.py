"""Dancing to Music (Lee et al., 2019): a dance is composed of units that lie between its beats.

Enters: features, and the beats of the music. Leaves: poses. First an autoencoder learns units, and
an extractor the style of music; then a composer learns which movements follow each other, and to
make such rows from a style and chance. A dance is danced unit by unit, each begun from the last
pose of the one before, and bent in time so that its kinematic beats fall on those of the music.

It is told the beats of the music, which the paper has from a beat tracker: here the true ones.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from model.baselines.dancing2music_composition import Composer, Critics, masked_l1, squared
from model.baselines.dancing2music_units import (
    BEAT_POSES,
    UNIT,
    UNIT_BEATS,
    UnitNetwork,
    on_beats,
    units_of,
)
from model.baselines.music_style import Form, MusicStyle
from model.baselines.pose_space import PoseSpace
from model.baselines.system import Example, Step, TrainedSystem

PHRASE = 4  # units at most that are composed in a row, in training as in a dance
_JOIN = BEAT_POSES  # over which a unit leaves the pose it is begun from: at rest on both beats
_KL = 0.01
_MOTION = 3.0  # the paper has none, and longer to learn that poses that hardly move are wrong
_SHIFT = 0.1  # at 1, as in the paper, codes shrink for a minute before they say anything
_CRITIC = 0.1
_BETAS = (0.5, 0.999)  # of adversarial steps


@dataclass(frozen=True)
class Dancing2MusicOptions:
    """hidden: of all networks but the style extractor, which has style_*; initial, movement, dance,
    noise: numbers of the codes; units_share: of the budget, for units and the style of music;
    units_a_step: at most."""

    hidden: int = 192
    initial: int = 16
    movement: int = 64
    dance: int = 32
    noise: int = 16
    style_hidden: int = 30
    style_layers: int = 1
    style_dropout: float = 0.0
    units_share: float = 0.6
    units_a_step: int = 48
    learning_rate: float = 3e-3
    composer_rate: float = 5e-4


class Dancing2Music(TrainedSystem):
    """Sections 3.2 to 3.4 of the paper."""

    kind = "dancing2music"
    name = "Dancing2Music"
    Options = Dancing2MusicOptions

    def __init__(self, options: Dancing2MusicOptions, space: PoseSpace, styles: tuple[str, ...]):
        super().__init__(options, space, styles)
        o = options
        form = Form(o.style_hidden, o.style_layers, o.style_dropout)
        self.units = UnitNetwork(space.dim, o.hidden, o.initial, o.movement)
        self.style = MusicStyle(form, len(styles), space.frame_rate)
        self.composer = Composer(o.movement, o.style_hidden, o.noise, o.dance, o.hidden)
        self.critics = Critics(o.movement, o.dance, o.hidden)

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        o = self.options
        return {
            "units": torch.optim.Adam(self.units.parameters(), o.learning_rate),
            "style": torch.optim.Adam(self.style.parameters(), o.learning_rate),
            "composer": torch.optim.Adam(self.composer.parameters(), o.composer_rate, _BETAS),
            "critics": torch.optim.Adam(self.critics.parameters(), o.composer_rate, _BETAS),
        }

    def learn(self, example: Example, share: float, step: Step) -> dict[str, float]:
        units = units_of(example.pose, self.space.frame_rate, PHRASE)
        poses = self._paced(units.poses, units.pace)
        if share < self.options.units_share:
            return self._learn_units(poses, example, step)
        return self._learn_composition(poses, units.counts, example, step)

    def _learn_units(self, poses: Tensor, example: Example, step: Step) -> dict[str, float]:
        chosen = torch.randperm(len(poses))[: self.options.units_a_step]
        losses = self.units.losses(poses[chosen.to(poses.device)])
        reconstruction = losses["reconstruction"] + _MOTION * losses["motion"]
        step("units", reconstruction + _KL * losses["kl"] + _SHIFT * losses["shift"])
        losses["style"] = F.cross_entropy(self.style(example.features)[1], example.style)
        step("style", losses["style"])
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _learn_composition(
        self, poses: Tensor, counts: Tensor, example: Example, step: Step
    ) -> dict[str, float]:
        composer, critics, most = self.composer, self.critics, int(counts.max())
        mask = (torch.arange(most, device=counts.device) < counts[:, None]).to(poses.dtype)
        with torch.no_grad():
            movements = poses.new_zeros(*mask.shape, self.options.movement)
            movements[mask.bool()] = self.units.encode_movement(poses)[0]
            style = self.style(example.features)[0]
        noise = torch.randn(len(style), composer.noise).to(style)

        read, made = composer.read(movements, counts), composer.imagine(style, noise)
        composed = composer.compose(made, most)
        judged = (
            squared(critics.movements(movements), 1.0, mask)
            + squared(critics.movements(composed.detach()), 0.0, mask)
            + squared(critics.dances(read.detach()), 1.0)
            + squared(critics.dances(made.detach()), 0.0)
        )
        step("critics", judged)

        rebuilt = masked_l1(composer.compose(read, most), movements, mask)
        heard = F.l1_loss(composer.dance_to_style(read), style) + F.l1_loss(
            composer.dance_to_style(made), style
        )
        movement_critic = squared(critics.movements(composed), 1.0, mask)
        dance_critic = squared(critics.dances(made), 1.0)
        step("composer", rebuilt + heard + _CRITIC * (movement_critic + dance_critic))
        return {
            "critics": float(judged.detach()),
            "rebuilt": float(rebuilt.detach()),
            "heard": float(heard.detach()),
            "movement_critic": float(movement_critic.detach()),
            "dance_critic": float(dance_critic.detach()),
        }

    def poses(self, features: Tensor, beats: Tensor, generator: torch.Generator) -> Tensor:
        unit = ((beats - beats[0].floor()) / UNIT_BEATS).long()
        movements = self._movements(features, unit, generator)
        code = torch.randn(1, self.options.initial, generator=generator)
        danced = [self.units.decode(code, movements[:1])[0, :1]]
        for movement in movements:
            danced.append(self._unit(danced[-1][-1], movement))
        return self._paced(*on_beats(torch.cat(danced), beats))

    def _movements(self, features: Tensor, unit: Tensor, generator: torch.Generator) -> Tensor:
        """The movements of all units, [n, movement]: phrase by phrase, from the style of the music
        that is danced to in each. unit: which one each frame is in, int64 [T]."""
        phrases = []
        for first in range(0, int(unit[-1]) + 1, PHRASE):
            heard = features[(unit >= first) & (unit < first + PHRASE)]
            style = self.style(heard[None])[0]
            noise = torch.randn(1, self.options.noise, generator=generator)
            phrases.append(self.composer.compose(self.composer.imagine(style, noise), PHRASE)[0])
        return torch.cat(phrases)[: int(unit[-1]) + 1]

    def _unit(self, last: Tensor, movement: Tensor) -> Tensor:
        """The poses [16, D] of a movement that begins from the pose [D]."""
        code = self.units.encode_initial(last[None])[0]
        unit = self.units.decode(code, movement[None])[0]
        left = (1 - torch.arange(UNIT + 1) / _JOIN).clamp(min=0)
        left = left**2 * (3 - 2 * left)
        return (unit + left[:, None] * (last - unit[0]))[1:]

    def _paced(self, pose: Tensor, pace: Tensor) -> Tensor:
        """Poses [..., D] whose velocities are multiplied by the pace [...]."""
        first = self.space.dim - self.space.velocities
        mean, std = self.pose_mean[first:], self.pose_std[first:]
        velocity = (pose[..., first:] * std + mean) * pace[..., None]
        return torch.cat([pose[..., :first], (velocity - mean) / std], dim=-1)
