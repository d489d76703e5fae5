"""The paper's own writing of a dance: OpenPose's 25 points in a picture, 15 poses a second.

Enters: windows of prepared data, filmed (`model.data.body25`), and what a network answers. Leaves:
50 numbers a pose, and a `FlatTake` for `model.evaluation.body25_judge`.
"""

import numpy as np

from model.data import body25
from model.evaluation.piece import Piece
from model.evaluation.take import FlatTake


class Body25:
    """A `PoseSpace`. A pose stands for two frames and belongs to the second: what is heard up to
    there may be known. Of the two features only that one's is seen, as in the published code."""

    name = "body25"
    dim = body25.DIM
    velocities = 0
    frame_rate = float(body25.FRAME_RATE)

    def of_poses(self, pose: np.ndarray) -> np.ndarray:
        """Every other pose, from the one before the window on."""
        return body25.project_windows(pose)

    def of_features(self, features: np.ndarray) -> np.ndarray:
        return features[..., body25.EVERY - 1 :: body25.EVERY, :]

    def of_beats(self, beats: np.ndarray) -> np.ndarray:
        return beats[body25.EVERY - 1 :: body25.EVERY]

    def take(self, poses: np.ndarray, piece: Piece, label: str) -> FlatTake:
        beats = self.of_beats(piece.beats)[: len(poses)]
        points = body25.decode(poses)
        return FlatTake(label, piece.style, piece.tempo_bpm, points, beats, piece.name)


BODY25 = Body25()
