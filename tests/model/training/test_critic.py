"""The critic and the reader: what they learn, and what they are content with."""

import numpy as np
import pytest
import torch

from live.body.pose import POSE_DIM
from live.body.skeleton import JOINT
from live.dance.contract import clock_vector
from model.training import losses
from model.training.critic import MotionCritic, StyleReader, critic_loss, mismatched, slipped
from model.training.objective import Tensors


def test_a_slipped_clock_is_later_by_so_many_beats():
    beats = np.linspace(0.0, 9.0, 50)
    clock = torch.as_tensor(clock_vector(beats, 100.0, 0.7))[None]
    later = torch.as_tensor(clock_vector(beats + 0.3, 100.0, 0.7))[None]
    torch.testing.assert_close(slipped(clock, torch.tensor([0.3])), later, atol=1e-5, rtol=0)


def test_the_critic_is_content_beyond_the_margin_only():
    far, near = torch.full((2, 4), 5.0), torch.zeros(2, 4)
    assert float(critic_loss(far, -far, -far)) == 0.0
    assert float(critic_loss(near, near, near)) == 2.0
    assert float(critic_loss(far, -far, near)) == 0.5  # off the beat, and not noticed


def test_what_does_not_match_is_either_the_style_or_the_clock():
    torch.manual_seed(0)
    clock = torch.as_tensor(clock_vector(np.linspace(0.0, 9.0, 50), 100.0, 0.7)).repeat(200, 1, 1)
    style = torch.eye(4)[torch.arange(200) % 4]
    other_clock, other_style = mismatched(clock, style)
    assert torch.equal(other_style.sum(dim=1), torch.ones(200))
    restyled = (other_style != style).any(dim=1)
    off_beat = (other_clock != clock).flatten(1).any(dim=1)
    assert torch.equal(restyled, ~off_beat)
    assert 50 < int(restyled.sum()) < 100  # three in four of one half meet another style


def reaching(windows):
    """Draws poses, normalised and plain, and their batch; one of the two styles reaches out."""
    mean, std = (torch.as_tensor(windows.statistics()[k]) for k in ("pose_mean", "pose_std"))
    rng = np.random.default_rng(1)

    def draw():
        batch = Tensors.of(windows.batch(rng), torch.device("cpu"))
        plain = batch.pose[:, 1:].clone()
        plain[..., 3 * JOINT["l_wrist"]] += 0.2 * batch.style[:, :1]
        return (plain - mean) / std, plain, batch

    return draw


@pytest.mark.parametrize("wrong", ["clock", "style"])
def test_the_critic_learns_what_belongs_together(windows, wrong):
    torch.manual_seed(0)
    critic = MotionCritic(POSE_DIM, 2, width=32)
    critic.velocity_std.copy_(torch.as_tensor(windows.velocity_std()))
    optimiser = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.0, 0.9))
    draw = reaching(windows)

    def verdicts():
        pose, plain, batch = draw()
        clock, style = batch.clock, batch.style
        if wrong == "clock":
            other = slipped(clock, torch.full((len(plain),), 0.5)), style
        else:
            other = clock, style.flip(dims=(1,))
        return [critic(pose, plain, c, batch.control, s) for c, s in ((clock, style), other)]

    for _ in range(150):
        right, off = verdicts()
        optimiser.zero_grad()
        critic_loss(right, off, off).backward()
        optimiser.step()
    right, off = verdicts()
    each, whole = (right > off).float().chunk(2, dim=1)
    assert float(each.mean()) > 0.9
    assert float(whole.mean()) > 0.9


def test_the_reader_learns_styles_by_what_it_reads(windows):
    torch.manual_seed(0)
    reader = StyleReader(POSE_DIM, 2, width=16)
    optimiser = torch.optim.Adam(reader.parameters(), lr=3e-3)
    draw = reaching(windows)
    for _ in range(80):
        pose, _, batch = draw()
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(reader(pose), batch.style).backward()
        optimiser.step()
    pose, _, batch = draw()
    assert torch.equal(reader(pose).argmax(dim=1), batch.style.argmax(dim=1))
    read = reader.read(pose).detach()
    assert torch.equal(read, reader.read(pose))  # no noise where dances are compared
    of_one = read[batch.style[:, 0] == 0][:1].expand_as(read)
    assert float(losses.features_loss(of_one, read, batch.style)) > 0.1
