"""Aud-MoCoGAN: both sides of the game learn, each its own part, and the music moves the dance."""

import pytest
import torch

from live.audio.features import FEATURE_DIM
from live.errors import ConfigError
from model.baselines.pose_space import BODY
from model.baselines.system import Example
from model.baselines.systems import untrained

TINY = {
    "content": 8,
    "noise": 4,
    "motion": 16,
    "width": 24,
    "learning_rate": 0.01,
    "judging_rate": 0.01,
}


def tiny():
    torch.manual_seed(3)
    return untrained("aud_mocogan", TINY, BODY, ("a", "b"))


def example(count=2, length=60):
    """Poses around one that is not the middle."""
    generator = torch.Generator().manual_seed(1)
    pose = 2.0 + 0.1 * torch.randn(count, length + 1, BODY.dim, generator=generator)
    features = torch.randn(count, length, FEATURE_DIM, generator=generator)
    return Example(features, pose, torch.zeros(count, dtype=torch.int64))


def learning(system, only=None):
    optimisers = system.optimisers()

    def step(name, loss):
        system.zero_grad()
        loss.backward()
        if only in (None, name):
            optimisers[name].step()

    return step


def dance(system, features, seed=1):
    with torch.inference_mode():
        beats = torch.zeros(len(features))
        return system.poses(features, beats, torch.Generator().manual_seed(seed))


def test_the_generator_comes_to_what_is_real():
    system, given = tiny(), example()
    before = dance(system, given.features[0]).mean()
    step = learning(system)
    for _ in range(20):
        system.learn(given, 0.0, step)
    after = dance(system, given.features[0]).mean()
    assert abs(after - 2.0) < 0.7 * abs(before - 2.0)


def test_the_discriminators_learn_to_tell_them_apart():
    system, given = tiny(), example()
    step = learning(system, only="discriminators")
    judged = [system.learn(given, 0.0, step)["judging"] for _ in range(8)]
    assert judged[-1] < 0.6 * judged[0]


def test_each_side_changes_its_own_part_alone():
    makes = ("motion.", "frame.")
    for only, own in (("generator", True), ("discriminators", False)):
        system = tiny()
        before = {name: p.detach().clone() for name, p in system.named_parameters()}
        system.learn(example(), 1.0, learning(system, only))
        changed = {n for n, p in system.named_parameters() if not torch.equal(p, before[n])}
        assert changed
        assert all(name.startswith(makes) is own for name in changed)
        assert all(p.requires_grad for p in system.parameters())


def test_dances_to_be_judged_grow():
    """A window's end counts at the end of training, and not at its beginning."""
    given = example(length=90)
    other = given._replace(features=given.features.clone(), pose=given.pose.clone())
    other.features[:, 70:] += 1.0
    other.pose[:, 71:] -= 3.0

    def judged(given, share):
        system = tiny()
        torch.manual_seed(5)
        return system.learn(given, share, lambda name, loss: None)

    assert judged(given, 0.0) == judged(other, 0.0)
    assert judged(given, 1.0) != judged(other, 1.0)


def test_the_music_moves_it_from_where_it_sounds():
    system = tiny()
    features = torch.randn(40, FEATURE_DIM, generator=torch.Generator().manual_seed(2))
    changed = features.clone()
    changed[20] += 3.0
    difference = (dance(system, features) - dance(system, changed)).abs().amax(dim=1)
    assert difference[:20].max() < 1e-6
    assert difference[20] > 1e-4


def test_windows_that_are_too_short_are_refused():
    with pytest.raises(ConfigError, match="54 poses at a time: not 50"):
        tiny().learn(example(length=50), 1.0, lambda name, loss: None)


def test_equal_seeds_dance_alike_and_others_do_not():
    system = tiny()
    features = torch.randn(40, FEATURE_DIM, generator=torch.Generator().manual_seed(2))
    one, again, other = (dance(system, features, seed) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert (one - other).abs().max() > 1e-2
