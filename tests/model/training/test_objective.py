"""Rollouts in training: as on stage, on from where they were, whoever is beside them."""

from dataclasses import replace

import numpy as np
import torch

from live.body.pose import POSE_DIM
from model.training.curriculum import teacher_mask
from model.training.objective import Objective, Tensors
from tests.helpers.training import TINY, trainer


def test_rollouts_dance_as_on_stage_whoever_is_beside_them(prepared, windows):
    """Forced rows and rollouts share the recurrence's products, and nothing else."""
    run = trainer(prepared, prepared / "unused")
    network, decoder = run.network, run.network.decoder
    batch = Tensors.of(windows.batch(np.random.default_rng(2)), torch.device("cpu"))
    config = replace(TINY, mix_share=0.0)
    forced = teacher_mask(TINY.window, 4, 0, 0)
    state = decoder.initial_state(4)
    torch.manual_seed(3)
    outcome = Objective(network, config, run.reference())(batch, forced, state)
    torch.manual_seed(3)
    torch.rand(4, 1), torch.rand(4, 1)  # the draws of mixing come first
    noise = torch.randn(4, TINY.window, decoder.config.latent_dim)
    anew = torch.rand(4, TINY.window) < 1 / 8  # as often as a phrase begins
    generated = outcome.rollouts.generated
    control = torch.cat([generated.control[..., :3], anew[..., None]], dim=-1)
    music = network.hear(batch.features)[0][:, -TINY.window :]  # one free dancer to each song
    for t in range(TINY.window):
        clock = generated.clock[:, t]
        plain, state = network.dance_frame(
            music[:, t], clock, generated.style, control[:, t], noise[:, t], state
        )
        torch.testing.assert_close(generated.plain[:, t], plain, atol=1e-3, rtol=0)
    for name, value in state.items():
        torch.testing.assert_close(outcome.rollouts.state[name], value, atol=1e-5, rtol=1e-5)


def test_rollouts_go_on_from_where_they_were(prepared, windows):
    run = trainer(prepared, prepared / "unused")
    batch = Tensors.of(windows.batch(np.random.default_rng(2)), torch.device("cpu"))
    state = run.network.decoder.initial_state(4)
    forced = teacher_mask(TINY.window, 4, 0, 0)
    objective = Objective(run.network, TINY, run.reference())
    torch.manual_seed(3)
    outcome = objective(batch, forced, state)
    assert (
        outcome.rollouts.generated.pose.shape
        == outcome.real.pose.shape
        == (4, TINY.window, POSE_DIM)
    )
    assert not any(v.requires_grad for v in outcome.rollouts.state.values())
    torch.testing.assert_close(
        outcome.rollouts.state["pose"], outcome.rollouts.generated.pose[:, -1].detach()
    )
    torch.manual_seed(3)
    onward = objective(batch, forced, outcome.rollouts.state)
    assert not torch.equal(
        onward.rollouts.generated.pose[:, 0], outcome.rollouts.generated.pose[:, 0]
    )
    assert "movement" in outcome.parts
    assert "movement" not in objective(batch, forced).parts


def test_a_rollout_goes_on_in_its_own_style(prepared):
    run = trainer(
        prepared, prepared / "unused", replace(TINY, restart=0.0, dancers=4, free_dancers=2)
    )
    styles = torch.eye(2)[[0, 0, 0, 1, 1, 1, 0, 1]]  # two songs of four dancers, the last two free
    rows = torch.arange(4.0)
    fresh = run.network.decoder.initial_state(4)
    run.carried = {
        name: rows.view(4, *(1,) * (value.dim() - 1)).expand_as(value)
        for name, value in fresh.items()
    }
    run.carried["style"] = torch.tensor([0, 1, 0, 1])
    # Asked for are the styles 0, 1 | 0, 1: every dancer finds a place of its own style.
    entering = run._entering(styles)["pose"][:, 0].long()
    assert sorted(entering.tolist()) == [0, 1, 2, 3]
    assert run.carried["style"][entering].tolist() == [0, 1, 0, 1]
    again = trainer(
        prepared, prepared / "unused", replace(TINY, restart=1.0, dancers=4, free_dancers=2)
    )
    again.carried = run.carried
    torch.testing.assert_close(again._entering(styles)["pose"], fresh["pose"])
