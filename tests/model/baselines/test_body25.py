"""The paper's space: what is learned in it, and what is danced."""

import numpy as np
import torch

from model.baselines.body25 import BODY25
from model.baselines.fit import Fit, FitConfig
from model.baselines.systems import SPACES, trained, untrained
from model.data import body25
from model.data.prepared import read_motion
from model.evaluation.piece import Piece
from model.evaluation.take import FlatTake
from model.network.checkpoint import CHECKPOINT


def music(frames):
    t = np.arange(frames)
    features = np.random.default_rng(0).normal(size=(frames, 83)).astype(np.float32)
    return Piece("a song", "street", features, t / 15.0, 120.0)


def test_poses_features_and_beats_are_of_the_same_moments():
    heard = np.arange(40.0)[:, None] * np.ones(83)
    assert BODY25.of_features(heard[None])[0, :3, 0].tolist() == [1.0, 3.0, 5.0]
    assert BODY25.of_beats(np.arange(40.0))[:3].tolist() == [1.0, 3.0, 5.0]
    pose = np.zeros((2, 41, 60), np.float32)  # the pose before the window, and 40
    assert BODY25.of_poses(pose).shape == (2, 21, 50)
    for frames in (39, 40):
        assert len(BODY25.of_features(np.zeros((frames, 83)))) == len(
            BODY25.of_poses(np.zeros((1, frames + 1, 60), np.float32))[0, 1:]
        )


def test_a_system_learns_and_dances_in_it(prepared, tmp_path):
    styles = tuple(str(s) for s in read_motion(prepared)["styles"])
    torch.manual_seed(0)
    system = untrained("lstm", {"hidden": 12, "dropout": 0.5}, SPACES["body25"], styles)
    Fit(system, prepared, tmp_path, FitConfig(iterations=3, batch=4, window=40)).run()
    dance = trained(tmp_path / CHECKPOINT).dance(music(90), 1)
    assert isinstance(dance, FlatTake)
    assert dance.points.shape == (45, body25.N_POINTS, 2)
    assert len(dance.beats) == 45
    assert np.abs(dance.points).max() < 3  # around the picture
