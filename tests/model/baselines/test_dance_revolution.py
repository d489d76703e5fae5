"""Dance Revolution: it hears ahead, and is fed what its curriculum says."""

import pytest
import torch

from live.audio.features import FEATURE_DIM
from live.errors import ConfigError
from model.baselines.dance_revolution import DanceRevolution
from model.baselines.pose_space import BODY
from model.baselines.system import Example
from model.baselines.systems import untrained

TINY = {"width": 16, "encoder_layers": 1, "heads": 2, "hidden": 24, "free_most": 20, "forced": 5}
REACH = 4  # frames


def tiny(**options):
    torch.manual_seed(3)
    options = TINY | {"reach_s": REACH / 30} | options
    system = untrained("dance_revolution", options, BODY, ("a", "b"))
    assert isinstance(system, DanceRevolution)
    return system


def example(count=4, length=30):
    """Poses that swing, each row at another place, to music that says where."""
    generator = torch.Generator().manual_seed(1)
    place = torch.rand(count, 1, generator=generator) + torch.arange(length + 1) / 12
    swing = torch.sin(2 * torch.pi * place)[..., None]
    pose = swing * torch.randn(BODY.dim, generator=generator)
    features = swing[:, 1:] * torch.randn(FEATURE_DIM, generator=generator)
    return Example(features, pose, torch.zeros(count, dtype=torch.int64))


def learning(system):
    optimisers = system.optimisers()

    def step(name, loss):
        system.zero_grad()
        loss.backward()
        optimisers[name].step()

    return step


def dance(system, features, seed=1):
    with torch.inference_mode():
        beats = torch.zeros(len(features))
        return system.poses(features, beats, torch.Generator().manual_seed(seed))


def test_it_hears_as_far_ahead_as_it_reaches_and_no_further():
    system = tiny()
    features = torch.randn(30, FEATURE_DIM, generator=torch.Generator().manual_seed(2))
    changed = features.clone()
    changed[20] += 3.0
    difference = (dance(system, features) - dance(system, changed)).abs().amax(dim=1)
    assert difference[: 20 - REACH].max() < 1e-6
    assert difference[20 - REACH] > 1e-4
    assert difference[-1] > 1e-6  # the recurrence carries it on, out of reach


@pytest.mark.parametrize("encoder", ["global", "lstm", "conv"])
def test_every_encoder_hears_ahead(encoder):
    system = tiny(encoder=encoder)
    features = torch.randn(30, FEATURE_DIM, generator=torch.Generator().manual_seed(2))
    changed = features.clone()
    changed[20] += 3.0
    assert (dance(system, features) - dance(system, changed))[19].abs().max() > 1e-5


def test_what_is_fed_is_the_true_pose_or_its_own_answer():
    system = tiny()
    system.requires_grad_(False)
    given = example()
    true, music = given.pose[:, :-1].transpose(0, 1), system.heard(given.features)
    state = (torch.zeros(1, 4, 24), torch.zeros(1, 4, 24))
    teacher = [True] * 5 + [False] * 20 + [True] * 5
    fed = system.fed(true, music, state, teacher)
    answers, _ = system.answers(fed, music, state)
    for t, forced in enumerate(teacher):
        torch.testing.assert_close(fed[t], true[t] if forced else answers[t - 1])


@pytest.mark.parametrize(
    ("curriculum", "free"),
    [
        ("forced", [0, 0, 0, 0]),
        ("const", [20, 20, 20, 20]),
        ("linear", [0, 10, 20, 20]),
        ("quadratic", [0, 5, 20, 20]),
        ("exponential", [0, 7, 20, 20]),
    ],
)
def test_the_curriculum_is_at_its_most_after_four_fifths_of_the_budget(curriculum, free):
    system, given = tiny(curriculum=curriculum), example()
    step = learning(system)
    assert [system.learn(given, share, step)["free"] for share in (0.0, 0.4, 0.8, 1.0)] == free


def test_the_curriculum_decides_what_the_loss_is_of():
    """Equal weights, music and first state: only the poses that are fed are others."""
    losses = {}
    for curriculum in ("forced", "const"):
        system = tiny(curriculum=curriculum, forced=1, free_most=40)
        system.requires_grad_(False)
        system.lstm.get_parameter("weight_ih_l0").mul_(4.0)  # what is fed matters
        torch.manual_seed(4)
        losses[curriculum] = system.learn(example(), 1.0, lambda name, loss: None)["loss"]
    assert abs(losses["forced"] - losses["const"]) > 1e-3


@pytest.mark.parametrize("curriculum", ["forced", "linear"])
def test_it_learns(curriculum):
    system, given = tiny(curriculum=curriculum, learning_rate=0.02), example()
    step = learning(system)
    losses = [system.learn(given, i / 25, step)["loss"] for i in range(25)]
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])


def test_equal_seeds_dance_alike_and_others_begin_elsewhere():
    system, given = tiny(), example(count=8)
    for _ in range(2):
        system.learn(given, 0.0, learning(system))
    one, again, other = (dance(system, given.features[0], seed) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert one.shape == (30, BODY.dim)
    assert (one - other).abs().max() > 1e-3


def test_unknown_kinds_are_refused_with_those_there_are():
    with pytest.raises(ConfigError, match=r"curriculum 'none': one of forced, const"):
        tiny(curriculum="none")
    with pytest.raises(ConfigError, match=r"encoder kind 'ear': one of local"):
        tiny(encoder="ear")
