"""The bar evidence network: what is trained is what the stage steps."""

import numpy as np
import pytest
import torch

from live.beat.bar_evidence import INPUT_DIM, BarEvidence
from live.errors import ArtifactError
from model.beat import train_bars
from model.beat.heard_songs import write
from model.beat.train_bars import BarNetwork, BarTraining, beats_of, told_song
from model.data.music.render import render_song
from model.data.music.song import random_song

TINY = BarTraining(held_out=1, iterations=2, batch=2, beats=16, hidden=8, embedding=8)


@pytest.fixture(scope="module")
def song():
    rendered = render_song(random_song(5, "house", 120.0, 12.0, False))
    return told_song("rendered-00000", rendered, rendered.audio)


def test_every_fourth_beat_is_a_downbeat(song):
    inputs, is_first = beats_of(song)
    assert inputs.shape == (len(is_first), INPUT_DIM)
    assert len(is_first) >= 18
    assert (np.diff(np.flatnonzero(is_first)) == 4).all()


def test_a_network_is_fitted_and_steps_on_stage_as_it_was_trained(song, tmp_path):
    for number in range(3):
        write(tmp_path / f"rendered-{number:05d}.npz", song)
    train_bars.train(tmp_path, tmp_path / "any.weights", TINY)
    arrays = np.load(tmp_path / "any.weights")
    network = BarNetwork(TINY).eval()
    with torch.no_grad():
        for name, weights in network.named().items():
            weights.copy_(torch.tensor(arrays[name].astype(np.float32)))
        inputs = np.random.default_rng(0).standard_normal((20, INPUT_DIM)).astype(np.float32)
        whole = torch.sigmoid(network(torch.tensor(inputs)[None]))[0].numpy()
    stage = BarEvidence(tmp_path / "any.weights")
    stage._inputs.push = lambda told: told  # what comes in is told already
    np.testing.assert_allclose([stage.push(told) for told in inputs], whole, atol=1e-5)


def test_says_where_no_songs_are(tmp_path):
    with pytest.raises(ArtifactError, match="render them first"):
        train_bars.train(tmp_path, tmp_path / "any.weights", TINY)
