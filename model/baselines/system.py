"""What every dancer of the comparison is: music in, a dance out; and how those that learn do it.

Enters: a `Piece` of music, or examples to learn from. Leaves: a dance in a `PoseSpace`. Each system
is built from its paper, learns from the same windows for the same time (`model.baselines.fit`), and
is judged alike. It hears features and nothing else, unless its docstring says so: no clock, and no
style, which it has to hear as well, for every style is danced to genres of its own.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from live.audio.features import FEATURE_DIM
from model.baselines.pose_space import PoseSpace
from model.evaluation.piece import Piece


class System(Protocol):
    """A dancer. name: as the table has it."""

    name: str

    def dance(self, piece: Piece, seed: int) -> Any:
        """A dance to the whole piece: a `Take` in the space of bodies. Equal piece and seed give an
        equal dance."""
        ...


class Example(NamedTuple):
    """B windows to learn from, standardised, on the device of the run. features: [B, L, 83]; pose:
    [B, L + 1, D], from the pose before the window on; style: int64 [B], of the real dance."""

    features: Tensor
    pose: Tensor
    style: Tensor


Step = Callable[[str, Tensor], None]


@dataclass(frozen=True)
class Statistics:
    """Mean and standard deviation of poses [D] and features [83], float32."""

    pose_mean: np.ndarray
    pose_std: np.ndarray
    feature_mean: np.ndarray
    feature_std: np.ndarray


class TrainedSystem(nn.Module, ABC):
    """A system that learns; all its networks are parts of this module.

    kind: its name in recipes; options: those of its dataclass `Options`, which are stored with its
    weights; styles: of the data. Statistics come with `set_statistics`, or with the weights.
    """

    kind: ClassVar[str]
    name: ClassVar[str]
    Options: ClassVar[type]
    pose_mean: Tensor
    pose_std: Tensor
    feature_mean: Tensor
    feature_std: Tensor

    def __init__(self, options: Any, space: PoseSpace, styles: tuple[str, ...]):
        super().__init__()
        self.options, self.space, self.styles = options, space, styles
        for part, dim in (("pose", space.dim), ("feature", FEATURE_DIM)):
            self.register_buffer(f"{part}_mean", torch.zeros(dim))
            self.register_buffer(f"{part}_std", torch.ones(dim))

    def set_statistics(self, statistics: Statistics) -> None:
        for name, value in vars(statistics).items():
            getattr(self, name).copy_(torch.as_tensor(value))

    @abstractmethod
    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """By name; called once, before the first step."""

    @abstractmethod
    def learn(self, example: Example, share: float, step: Step) -> dict[str, float]:
        """One step of training, at `share` 0..1 of the budget; returns what to log.

        step(name, loss): the gradients of the loss, and a step of the optimiser of that name along
        those of its own parameters; the gradients of all others are dropped.
        """

    @abstractmethod
    def poses(self, features: Tensor, beats: Tensor, generator: torch.Generator) -> Tensor:
        """A dance, standardised [T, D], to features [T, 83], standardised; beats float64 [T]: only
        for a system that is told the beat. All chance is drawn from the generator."""

    def dance(self, piece: Piece, seed: int) -> Any:
        features = self.space.of_features(piece.features)
        beats = torch.as_tensor(self.space.of_beats(piece.beats))
        heard = (torch.as_tensor(features) - self.feature_mean) / self.feature_std
        generator = torch.Generator().manual_seed(seed)
        with torch.inference_mode():
            poses = self.poses(heard, beats, generator) * self.pose_std + self.pose_mean
        label = f"{piece.style} {piece.tempo_bpm:.0f} {self.kind} #{seed}"
        return self.space.take(poses.numpy().astype(np.float32), piece, label)
