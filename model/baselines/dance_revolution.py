"""Dance Revolution (Huang et al., 2021): attention over the whole song, and a recurrent dancer.

Enters: features. Leaves: poses. An encoder hears the music on both sides of each frame; an LSTM
hears its own last pose, and the music only through it; a linear layer reads each pose out of both
(section 3). The L1 distance is the only loss. What stands between learning and dancing is the
curriculum: at first the last pose is nearly always the true one, later the network's own.

From the published training, where the paper is silent: no gradient flows through a pose that is fed
back, and the LSTM's first state is drawn, in training and in dancing. That and a real dancer's
first pose, which is drawn too, are all the chance there is: the rest of a dance follows from them.

Smaller than theirs (3 layers of attention of 512 to 1 024, 3 of LSTM), for minutes of one
processor; distances are learned instead of places, as everywhere in `model.network.encoder`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from live.errors import ConfigError
from model.baselines.pose_space import PoseSpace
from model.baselines.system import Example, Step, TrainedSystem
from model.network.config import EncoderConfig
from model.network.encoder import MusicEncoder
from model.training.curriculum import KINDS, free_frames, teacher_mask

State = tuple[Tensor, Tensor]  # of the LSTM

_STARTS = 256  # first poses that are kept
_GROWING = 0.8  # of the budget, after which the curriculum stands at its most


@dataclass(frozen=True)
class DanceRevolutionOptions:
    """encoder: one of `model.network.encoder.KINDS`; reach_s: how far it hears to either side, a
    layer; curriculum: one of `model.training.curriculum.KINDS`; forced and free_most: frames of
    the true poses, and at most of the network's own, in turn."""

    encoder: str = "local"
    width: int = 96
    encoder_layers: int = 2
    heads: int = 4
    reach_s: float = 2.0
    hidden: int = 256
    layers: int = 1
    curriculum: str = "linear"
    forced: int = 10
    free_most: int = 100
    learning_rate: float = 1e-3


class DanceRevolution(TrainedSystem):
    """Raises ConfigError for an unknown kind of encoder or curriculum."""

    kind = "dance_revolution"
    name = "Dance Revolution"
    Options = DanceRevolutionOptions
    starts: Tensor

    def __init__(self, options: DanceRevolutionOptions, space: PoseSpace, styles: tuple[str, ...]):
        super().__init__(options, space, styles)
        if options.curriculum not in KINDS:
            raise ConfigError(f"curriculum {options.curriculum!r}: one of {', '.join(KINDS)}")
        hears = EncoderConfig(
            width=options.width,
            layers=options.encoder_layers,
            heads=options.heads,
            window=1 + round(options.reach_s * space.frame_rate),
            kind=options.encoder,
            causal=False,
        )
        self.encoder = MusicEncoder(hears, len(styles))
        self.lstm = nn.LSTM(space.dim, options.hidden, options.layers)
        self.out = nn.Linear(options.hidden + options.width, space.dim)
        self.register_buffer("starts", torch.zeros(_STARTS, space.dim))

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        return {"dancer": torch.optim.Adam(self.parameters(), lr=self.options.learning_rate)}

    def learn(self, example: Example, share: float, step: Step) -> dict[str, float]:
        before, true = example.pose[:, :-1].transpose(0, 1), example.pose[:, 1:].transpose(0, 1)
        self.starts.copy_(torch.cat([before[0], self.starts])[:_STARTS])
        music = self.heard(example.features)
        state = self._first_state(before.shape[1], None)
        with torch.no_grad():
            fed = self.fed(before, music, state, self._teacher(len(before), share))
        loss = F.l1_loss(self.answers(fed, music, state)[0], true)
        step("dancer", loss)
        return {"loss": float(loss.detach()), "free": self._free(share)}

    def poses(self, features: Tensor, beats: Tensor, generator: torch.Generator) -> Tensor:
        start = self.starts[torch.randint(_STARTS, (1,), generator=generator)]
        state = self._first_state(1, generator)
        music = self.heard(features[None])
        return self.fed(start[None], music, state, [True] + [False] * len(music))[1:, 0]

    def heard(self, features: Tensor) -> Tensor:
        """[B, T, 83] -> what the music adds to each pose, with the bias: [T, B, D]. The linear
        layer over both is the sum of one over each."""
        music = self.encoder(features)[0].transpose(0, 1)
        return F.linear(music, self.out.weight[:, self.options.hidden :], self.out.bias)

    def fed(self, true: Tensor, music: Tensor, state: State, teacher: Sequence[bool]) -> Tensor:
        """The pose before each frame, [len(teacher), B, D]: true[t] [B, D] where teacher[t], which
        the first is, and what the network answered elsewhere. music: of `heard`."""
        if all(teacher):
            return true
        fed = [true[0]]
        for t, forced in enumerate(teacher[1:], start=1):
            answer, state = self.answers(fed[-1][None], music[t - 1 : t], state)
            fed.append(true[t] if forced else answer[0])
        return torch.stack(fed)

    def answers(self, fed: Tensor, music: Tensor, state: State) -> tuple[Tensor, State]:
        """The poses after those fed [T, B, D], to as much music of `heard`, and the state then."""
        hidden, state = self.lstm(fed, state)
        return F.linear(hidden, self.out.weight[:, : self.options.hidden]) + music, state

    def _first_state(self, count: int, generator: torch.Generator | None) -> State:
        """Of the LSTM, standard normal, as published."""
        shape = (2, self.options.layers, count, self.options.hidden)
        drawn = torch.randn(shape, generator=generator, device=self.out.weight.device)
        return drawn[0], drawn[1]

    def _free(self, share: float) -> int:
        o = self.options
        return free_frames(o.curriculum, share / _GROWING, o.free_most)

    def _teacher(self, length: int, share: float) -> list[bool]:
        """Where the true pose is fed; a window begins anywhere in that cycle."""
        forced, free = self.options.forced, self._free(share)
        offset = int(torch.randint(forced + free, (1,)))
        return teacher_mask(length, forced, free, offset).tolist()
