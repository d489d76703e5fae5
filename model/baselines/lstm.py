"""Audio to body dynamics (Shlizerman et al., 2018): one LSTM from sound to pose, and nothing else.

Enters: features. Leaves: poses. A fully connected layer reads each pose out of the LSTM's state,
some frames after the sound it answers, so that a little of the future is heard; the squared error
is the only loss. No pose is fed back and nothing is drawn, so the same music gives the same dance.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from live.audio.features import FEATURE_DIM
from model.baselines.pose_space import PoseSpace
from model.baselines.system import Example, Step, TrainedSystem


@dataclass(frozen=True)
class LstmOptions:
    """hidden: of the LSTM; dropout: on its input; delay_s: from a sound to the pose it moves."""

    hidden: int = 200
    dropout: float = 0.1
    delay_s: float = 0.2
    learning_rate: float = 1e-3


class Lstm(TrainedSystem):
    """Section 4 of the paper."""

    kind = "lstm"
    name = "LSTM"
    Options = LstmOptions

    def __init__(self, options: LstmOptions, space: PoseSpace, styles: tuple[str, ...]):
        super().__init__(options, space, styles)
        self.delay = round(options.delay_s * space.frame_rate)
        self.drop = nn.Dropout(options.dropout)
        self.lstm = nn.LSTM(FEATURE_DIM, options.hidden, batch_first=True)
        self.out = nn.Linear(options.hidden, space.dim)

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        return {"lstm": torch.optim.Adam(self.parameters(), lr=self.options.learning_rate)}

    def learn(self, example: Example, share: float, step: Step) -> dict[str, float]:
        answered = self(example.features)[:, self.delay :]
        loss = F.mse_loss(answered, example.pose[:, 1 : 1 + answered.shape[1]])
        step("lstm", loss)
        return {"loss": float(loss.detach())}

    def forward(self, features: Tensor) -> Tensor:
        """features [B, T, 83] -> the poses answered [B, T, D], each `delay` frames late."""
        return self.out(self.lstm(self.drop(features))[0])

    def poses(self, features: Tensor, beats: Tensor, generator: torch.Generator) -> Tensor:
        ahead = features[-1:].expand(self.delay, -1)
        return self(torch.cat([features, ahead])[None])[0, self.delay :]
