"""Linear layers that are stepped through time, and the gradient of their weights as one product.

A recurrent decoder multiplies by the same few matrices 120 times a window. Left to itself, each of
these steps computes a gradient as large as the matrix and adds it to the last: more memory traffic
than anything else a step does, for products of few rows. What came in and what gradient came back
are instead kept, and multiplied once, when all steps have been gone back through (as cuDNN's own
recurrent layers do; Appleyard et al., 2016, arXiv 1604.01946).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class StepLinear(nn.Linear):
    """`nn.Linear`, which inside of `weights_at_once` has its gradient computed at the end."""

    def __init__(self, inputs: int, outputs: int, bias: bool = True):
        super().__init__(inputs, outputs, bias)
        self._uses: _Uses | None = None

    def forward(self, input: Tensor) -> Tensor:
        if self._uses is None:
            return F.linear(input, self.weight, self.bias)
        return _Use.apply(input, *self._uses.parameters, self._uses)


@contextmanager
def weights_at_once(module: nn.Module) -> Iterator[None]:
    """All `StepLinear` of a module, for one forward pass; backward may come after it, once.

    The gradients are those of plain layers, up to rounding. Without effect where no gradient is
    kept, on layers that stand still, and under autocast, whose casts it does not know.
    """
    layers = [m for m in module.modules() if isinstance(m, StepLinear)]
    if not torch.is_grad_enabled() or torch.is_autocast_enabled(layers[0].weight.device.type):
        layers = []
    layers = [layer for layer in layers if layer.weight.requires_grad]
    for layer in layers:
        layer._uses = _Uses(layer)
    try:
        yield
    finally:
        for layer in layers:
            layer._uses = None


class _Uses:
    """What went through one layer. parameters: its weight and bias, as far as a step sees them."""

    def __init__(self, layer: StepLinear):
        self.inputs: list[Tensor] = []
        self.gradients: list[Tensor] = []
        self.has_bias = layer.bias is not None
        parameters = _AllUses.apply(layer.weight, *([layer.bias] if self.has_bias else []), self)
        self.parameters = parameters if self.has_bias else (parameters, None)


class _AllUses(torch.autograd.Function):
    """Stands between the parameters and their uses: gone back through after the last of them."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> Any:
        """given: weight, bias where there is one, uses."""
        weight, *bias, ctx.uses = given
        ctx.set_materialize_grads(False)
        return (
            (weight.view_as(weight), bias[0].view_as(bias[0])) if bias else weight.view_as(weight)
        )

    @staticmethod
    def backward(ctx: Any, *_: None) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        uses: _Uses = ctx.uses
        if not uses.inputs:
            return (None,) * (3 if uses.has_bias else 2)
        inputs, gradients = torch.cat(uses.inputs), torch.cat(uses.gradients)
        uses.inputs, uses.gradients = [], []
        of_bias = (gradients.sum(dim=0),) if uses.has_bias else ()
        return gradients.T @ inputs, *of_bias, None


class _Use(torch.autograd.Function):
    """One product with a layer's weights."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, weight: Tensor, bias: Tensor | None, uses: _Uses
    ) -> Tensor:
        ctx.save_for_backward(input, weight)
        ctx.uses = uses
        return F.linear(input, weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, None, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        input, weight = ctx.saved_tensors
        ctx.uses.inputs.append(input.detach().flatten(0, -2))
        ctx.uses.gradients.append(gradient.flatten(0, -2))
        return gradient @ weight if ctx.needs_input_grad[0] else None, None, None, None
