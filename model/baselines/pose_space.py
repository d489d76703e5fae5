"""How a dance is written down for a network to learn: how many numbers a pose, how many a second.

Enters: windows of prepared data, and what a network answers. Leaves: the windows in that writing,
and a dance that can be judged. The spaces are `BODY`, ours, and the paper's own
(`model.baselines.body25`).
"""

from typing import Any, Protocol

import numpy as np

from live.body.pose import FRAME_RATE, POSE_DIM, decode
from model.evaluation.piece import Piece
from model.evaluation.take import Take


class PoseSpace(Protocol):
    """name: as recipes and checkpoints know it; dim: D, numbers of a pose, of which the last
    `velocities` are velocities; frame_rate: poses a second."""

    name: str
    dim: int
    velocities: int
    frame_rate: float

    def of_poses(self, pose: np.ndarray) -> np.ndarray:
        """Pose vectors float32 [B, L + 1, 60] at 30 fps -> float32 [B, L' + 1, D]; both begin with
        the pose before the window."""
        ...

    def of_features(self, features: np.ndarray) -> np.ndarray:
        """Features [..., L, 83] at 30 fps -> [..., L', 83], one for each pose of the window."""
        ...

    def of_beats(self, beats: np.ndarray) -> np.ndarray:
        """Beat positions [L] at 30 fps -> [L']."""
        ...

    def take(self, poses: np.ndarray, piece: Piece, label: str) -> Any:
        """The dance of poses float32 [L', D] to a piece, for the judge of this space."""
        ...


class Body:
    """The network's own view of a body (`live.body.pose`): 60 numbers, 30 poses a second."""

    name = "body"
    dim = POSE_DIM
    velocities = 3
    frame_rate = float(FRAME_RATE)

    def of_poses(self, pose: np.ndarray) -> np.ndarray:
        return pose

    def of_features(self, features: np.ndarray) -> np.ndarray:
        return features

    def of_beats(self, beats: np.ndarray) -> np.ndarray:
        return beats

    def take(self, poses: np.ndarray, piece: Piece, label: str) -> Take:
        return danced(decode(poses), piece, label)


BODY = Body()


def danced(joints: np.ndarray, piece: Piece, label: str) -> Take:
    """Joints [T, 19, 3] as a dance to as much of the piece."""
    beats = piece.beats[: len(joints)]
    return Take(label, piece.style, piece.tempo_bpm, joints, beats, piece.name)
