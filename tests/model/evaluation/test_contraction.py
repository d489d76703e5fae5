"""Whether the noise decides the dance, of performers who do nothing else and of one who wanders."""

import numpy as np
import pytest

pytest.importorskip("torch")

from live.body.pose import POSE_DIM
from live.dance.contract import ANEW
from model.evaluation.contraction import contraction


class Obedient:
    """Its pose is the noise of the beat; `stubborn` adds what each dancer has been since birth."""

    styles = ("street", "salsa")
    manifest = type("Manifest", (), {"latent_dim": 8})()

    def __init__(self, stubborn=0.0):
        self.stubborn = stubborn

    def reset(self, dancers, seed):
        self.own = np.random.default_rng(seed).normal(size=(dancers, POSE_DIM))

    def step(self, features, clock, style, control, noise):
        pose = np.zeros((len(noise), POSE_DIM))
        pose[:, :8] = 0.1 * noise
        return pose + self.stubborn * self.own, np.zeros(2)


@pytest.mark.parametrize("seed", [1, 2])  # of songs: beats fall elsewhere in a frame
def test_dancers_who_obey_come_together_and_a_phrase_comes_back(seed):
    found = contraction(Obedient(), "street", seed=seed)
    assert max(found.together_m) == pytest.approx(0.0, abs=1e-6)
    assert found.apart_m > 0.01
    assert found.again_m == pytest.approx(0.0, abs=1e-6)
    assert found.other_m > 0.01


def test_dancers_who_do_not_stay_apart():
    found = contraction(Obedient(stubborn=0.1), "street")
    assert min(found.together_m) > 0.06


class Forgetful(Obedient):
    """What each has been is over where it is to begin anew."""

    def step(self, features, clock, style, control, noise):
        self.own[control[:, ANEW] > 0.5] = 0.0
        return super().step(features, clock, style, control, noise)


def test_dancers_are_told_where_a_phrase_begins():
    found = contraction(Forgetful(stubborn=0.1), "street")
    assert max(found.together_m) == pytest.approx(0.0, abs=1e-6)
