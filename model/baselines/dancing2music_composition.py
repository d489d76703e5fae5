"""How dance units become a dance: the composition of Lee et al. (2019), an adversarial network.

Enters: the movement codes of units in a row, and the style that is heard in music. Leaves: movement
codes in a row. Both sides meet in the code of a dance: it can be read out of movements, made from a
style and a draw of chance, and it unrolls into movements. Critics of dances and of movements see to
it that what is made from music is like what is read from dances.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Composer(nn.Module):
    """style: numbers of the style that is heard; noise: of the draw; dance: of a dance's code."""

    def __init__(self, movement: int, style: int, noise: int, dance: int, hidden: int):
        super().__init__()
        self.noise = noise
        self.movements_in = nn.GRU(movement, hidden, batch_first=True)
        self.movements_to_dance = nn.Linear(hidden, dance)
        self.style_to_dance = nn.Sequential(
            nn.Linear(style + noise, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, dance),
        )  # fmt: skip
        self.dance_to_style = nn.Linear(dance, style)
        self.begin = nn.Linear(dance, hidden)
        self.unroll = nn.GRU(dance, hidden, batch_first=True)
        self.movements_out = nn.Linear(hidden, movement)

    def read(self, movements: Tensor, counts: Tensor) -> Tensor:
        """Movement codes [B, N, movement], of which `counts` int64 [B] are units -> [B, dance]."""
        states = self.movements_in(movements)[0]
        return self.movements_to_dance(states[torch.arange(len(states)), counts - 1])

    def imagine(self, style: Tensor, noise: Tensor) -> Tensor:
        """Styles [B, style] and draws [B, noise] -> [B, dance]."""
        return self.style_to_dance(torch.cat([style, noise], dim=-1))

    def compose(self, dance: Tensor, count: int) -> Tensor:
        """Codes [B, dance] -> movement codes [B, count, movement]."""
        begin = torch.tanh(self.begin(dance))[None]
        states = self.unroll(dance[:, None].expand(-1, count, -1).contiguous(), begin)[0]
        return self.movements_out(states)


class Critics(nn.Module):
    """Least-squares critics (Mao et al., 2017): 1 for what was danced, 0 for what was made up."""

    def __init__(self, movement: int, dance: int, hidden: int):
        super().__init__()
        self.movements_in = nn.GRU(movement, hidden, batch_first=True)
        self.movements_out = nn.Linear(hidden, 1)
        self.dance = nn.Sequential(
            nn.Linear(dance, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, hidden),
            nn.LeakyReLU(0.2), nn.Linear(hidden, 1),
        )  # fmt: skip

    def movements(self, movements: Tensor) -> Tensor:
        """Movement codes [B, N, movement] -> [B, N]: what each is taken for, after those before."""
        return self.movements_out(self.movements_in(movements)[0])[..., 0]

    def dances(self, dance: Tensor) -> Tensor:
        """[B, dance] -> [B]."""
        return self.dance(dance)[..., 0]


def squared(score: Tensor, target: float, mask: Tensor | None = None) -> Tensor:
    """Mean squared distance of scores from the target, where the mask is 1."""
    distance = (score - target) ** 2
    return distance.mean() if mask is None else (distance * mask).sum() / mask.sum()


def masked_l1(answered: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute error of [B, N, K], where the mask [B, N] is 1."""
    error = F.l1_loss(answered, target, reduction="none").mean(dim=-1)
    return (error * mask).sum() / mask.sum()
