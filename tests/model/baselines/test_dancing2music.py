"""Dancing2Music: units are cut at kinematic beats, both stages learn, dances keep the beat."""

import numpy as np
import pytest
import torch

from live.audio.features import FEATURE_DIM
from live.body.pose import FRAME_RATE
from model.baselines.dancing2music_units import (
    BEAT_POSES,
    UNIT,
    kinematic_beats,
    on_beats,
    units_of,
)
from model.baselines.pose_space import BODY
from model.baselines.system import Example
from model.baselines.systems import untrained

TINY = {
    "hidden": 24, "initial": 4, "movement": 8, "dance": 8, "noise": 4, "style_hidden": 8,
    "learning_rate": 1e-2, "composer_rate": 1e-2,
}  # fmt: skip
STYLES = ("salsa", "street")


@pytest.fixture
def system():
    torch.manual_seed(0)
    return untrained("dancing2music", TINY, BODY, STYLES)


def beats_at(tempo_bpm, frames, start=0.3):
    return start + np.arange(frames) * tempo_bpm / 60 / FRAME_RATE


def swaying(beats):
    """Poses [T, 60] that turn about at every whole beat, each number as far as it will."""
    size = np.random.default_rng(0).uniform(-2.0, 2.0, BODY.dim)
    return (size * np.cos(np.pi * beats)[:, None]).astype(np.float32)


def example():
    rng = np.random.default_rng(1)
    tempi = np.repeat([92.0, 130.0], 3)
    return Example(
        torch.as_tensor(rng.normal(size=(6, 120, FEATURE_DIM)), dtype=torch.float32),
        torch.as_tensor(np.stack([swaying(beats_at(t, 121, rng.random())) for t in tempi])),
        torch.tensor([0, 0, 0, 1, 1, 1]),
    )


def learn(system, share, steps):
    """Losses of each step on one batch."""
    optimisers, batch = system.optimisers(), example()

    def step(name, loss):
        system.zero_grad()
        loss.backward()
        optimisers[name].step()

    return [system.learn(batch, share, step) for _ in range(steps)]


def whole(beats):
    """Frames at which beats are passed."""
    return np.interp(np.arange(np.ceil(beats[0]), beats[-1]), beats, np.arange(len(beats)))


def test_units_lie_between_kinematic_beats():
    pose = swaying(beats_at(100.0, 121))
    found = kinematic_beats(pose, FRAME_RATE)
    assert np.abs(found[:, None] - whole(beats_at(100.0, 121))).min(axis=1).max() <= 1.0
    units = units_of(torch.as_tensor(pose)[None], FRAME_RATE, most=4)
    assert units.poses.shape == (int(units.counts[0]), UNIT + 1, BODY.dim)
    assert int(units.counts[0]) >= 2
    turned = units.poses[:, ::BEAT_POSES] / torch.as_tensor(swaying(np.zeros(1)))
    assert (turned.abs() > 0.97).all()  # the ends of the sway, in turn
    assert (turned[:, 0] * turned[:, 1] < 0).all()
    np.testing.assert_allclose(units.pace, 18.0 / BEAT_POSES, rtol=0.1)


def test_a_window_at_rest_is_one_unit():
    units = units_of(torch.zeros(2, 41, BODY.dim), FRAME_RATE, most=4)
    assert units.counts.tolist() == [1, 1]
    assert units.pace.mean() * UNIT == pytest.approx(40, rel=0.05)


def test_bent_units_have_their_kinematic_beats_on_the_music():
    units = units_of(torch.as_tensor(swaying(beats_at(100.0, 121)))[None], FRAME_RATE, most=4).poses
    dance = torch.cat([units[0, :1], *units[:, 1:]])
    beats = beats_at(130.0, 1000)
    beats = beats[beats < beats[0] + (len(dance) - 1) / BEAT_POSES - 1]
    bent, pace = on_beats(dance, torch.as_tensor(beats))
    found = kinematic_beats(bent.numpy(), FRAME_RATE)
    assert len(found) >= 3
    assert np.abs(found[:, None] - whole(beats)).min(axis=1).max() <= 1.0
    np.testing.assert_allclose(pace, BEAT_POSES * 130 / 60 / FRAME_RATE, rtol=1e-5)


def test_both_stages_learn(system):
    losses = learn(system, 0.0, 20)
    for name in ("reconstruction", "style"):
        assert losses[-1][name] < 0.7 * losses[0][name], name
    before = {k: v.clone() for k, v in system.units.state_dict().items()}
    losses = learn(system, 0.99, 20)
    for name in ("rebuilt", "heard"):
        assert losses[-1][name] < 0.7 * losses[0][name], name
    for name, value in system.units.state_dict().items():
        assert torch.equal(value, before[name]), name  # composed of, no more changed


def test_a_dance_is_one_of_many_and_each_can_be_had_again(system):
    features, beats = torch.randn(200, FEATURE_DIM), torch.as_tensor(beats_at(110.0, 200))

    def dance(seed, heard=features):
        with torch.inference_mode():
            return system.eval().poses(heard, beats, torch.Generator().manual_seed(seed))

    assert dance(1).shape == (200, BODY.dim)
    assert torch.equal(dance(1), dance(1))
    assert not torch.allclose(dance(1), dance(2))
    assert not torch.allclose(dance(1), dance(1, features.flip(1)))


def test_each_unit_begins_at_the_last_pose(system):
    last, movement = torch.randn(BODY.dim), torch.randn(TINY["movement"])
    with torch.inference_mode():
        unit = system._unit(last, movement)
        own = system.units.decode(system.units.encode_initial(last[None])[0], movement[None])[0]
    assert (unit[0] - last).abs().max() < (own[1] - last).abs().max() / 4
    assert torch.equal(unit[BEAT_POSES:], own[BEAT_POSES + 1 :])
