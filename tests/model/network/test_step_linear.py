"""Layers stepped through time: the gradient computed at the end is the one summed step by step."""

import copy

import pytest
import torch
from torch import nn

from model.network.step_linear import StepLinear, weights_at_once

STEPS = 7


class Recurrence(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.enter, self.stay, self.unused = (StepLinear(5, 5) for _ in range(3))

    def forward(self, music):
        """[B, T, 5]; `enter` takes all frames at once, `stay` one by one."""
        state = torch.zeros(len(music), 5)
        for now in self.enter(music).unbind(dim=1):
            state = torch.tanh(now + self.stay(state))
        return state


def gradients(module, music, at_once):
    module = copy.deepcopy(module)
    music = music.clone().requires_grad_()
    if at_once:
        with weights_at_once(module):
            made = module(music)
    else:
        made = module(music)
    made.square().sum().backward()
    found = {name: p.grad for name, p in module.named_parameters()}
    return made.detach(), found | {"music": music.grad}


@pytest.fixture
def module():
    return Recurrence()


@pytest.fixture
def music():
    return torch.randn(3, STEPS, 5, generator=torch.Generator().manual_seed(1))


def test_gradients_are_those_of_plain_layers(module, music):
    plain, expected = gradients(module, music, at_once=False)
    made, found = gradients(module, music, at_once=True)
    assert torch.equal(made, plain)
    for name, gradient in expected.items():
        if gradient is None:
            assert found[name] is None  # no optimiser moves what took no part
        else:
            assert gradient.abs().max() > 0.01
            torch.testing.assert_close(found[name], gradient)


def test_each_parameter_gets_its_gradient_once(module, music):
    """So that engines which wait for it (several devices) can send it on."""
    arrived = []
    module.stay.weight.register_post_accumulate_grad_hook(lambda p: arrived.append(p.grad.clone()))
    with weights_at_once(module):
        made = module(music)
    made.sum().backward()
    (only,) = arrived
    assert torch.equal(only, module.stay.weight.grad)


def test_two_batches_do_not_mix(module, music):
    first, second = music, music.flip(0) + 1
    expected = gradients(module, second, at_once=False)[1]["stay.weight"]
    for batch in (first, second):
        module.zero_grad()
        with weights_at_once(module):
            made = module(batch)
        made.square().sum().backward()
    torch.testing.assert_close(module.stay.weight.grad, expected)


def test_outside_the_layers_are_plain_ones(module, music):
    with pytest.raises(ValueError, match="stop"), weights_at_once(module):
        raise ValueError("stop")
    module(music).sum().backward()
    assert module.stay.weight.grad is not None
    with torch.no_grad(), weights_at_once(module):
        assert not module(music).requires_grad


def test_under_autocast_they_are_plain_as_well(module, music):
    with torch.autocast("cpu", torch.bfloat16):
        with weights_at_once(module):
            made = module(music)
        plain = module(music)
    assert torch.equal(made, plain)
    made.float().sum().backward()
    assert torch.isfinite(module.stay.weight.grad).all()
