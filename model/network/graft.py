"""A style learned on top of a network whose own weights stand still.

What a style of one's own adds to a matrix is a product of two thin ones (low-rank adaptation, Hu
et al., 2021), times the share that the style has of the dance. So where it has none, nothing is
added: the other styles dance as they did before, number for number. A new style also has its own
vocabulary of units and its own idea of what follows what (`PriorOfAll`), of which a mix of styles
takes its share by chance, unit by unit.

Enters: what the layer of a network reads, and the shares of the grafts. Leaves: what it says.
"""

import torch
from torch import Tensor, nn

from model.network.step_linear import StepLinear


class GraftedLinear(StepLinear):
    """A linear layer with room for `grafts` styles of so many `rank`s each; a plain one for 0."""

    def __init__(self, inputs: int, outputs: int, grafts: int, rank: int):
        super().__init__(inputs, outputs)
        self.down = self.up = None
        if grafts:
            self.down = StepLinear(inputs, grafts * rank)
            self.up = StepLinear(grafts * rank, outputs, bias=False)
            nn.init.zeros_(self.up.weight)  # nothing is added at first

    def forward(self, input: Tensor, gate: Tensor | None = None) -> Tensor:
        """input [..., I]; gate [..., grafts * rank], see `gate_of`; -> [..., O]."""
        said = super().forward(input)
        if self.down is None or self.up is None or gate is None:
            return said
        return said + self.up(self.down(input) * gate)


def gate_of(share: Tensor, rank: int) -> Tensor | None:
    """The shares [..., grafts] of a dance, each for all ranks of its graft; None if there is no
    graft."""
    if not share.shape[-1]:
        return None
    return torch.cat([share[..., i : i + 1].expand(*share.shape[:-1], rank)
                      for i in range(share.shape[-1])], dim=-1)  # fmt: skip
