"""What style a piece of music is of: the extractor of Dancing2Music (Lee et al., 2019).

Enters: features of some seconds of music. Leaves: a guess at the class, and the numbers it was
guessed from, which are what Dancing2Music hears of the music.
"""

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F

from live.audio.features import FEATURE_DIM

_HEARD_HZ = 10.0  # features are averaged to so many a second


class Form(NamedTuple):
    """hidden, layers: of the GRU; dropout: on what it answers, and between its layers."""

    hidden: int
    layers: int
    dropout: float


PUBLISHED = Form(30, 1, 0.0)
LARGER = Form(512, 2, 0.5)


class MusicStyle(nn.Module):
    """A GRU over the features, whose last state tells the class. rate: features a second."""

    def __init__(self, form: Form, classes: int, rate: float):
        super().__init__()
        self.hop = max(round(rate / _HEARD_HZ), 1)
        between = form.dropout if form.layers > 1 else 0.0
        self.gru = nn.GRU(
            FEATURE_DIM, form.hidden, form.layers, batch_first=True, dropout=between
        )  # fmt: skip
        self.drop = nn.Dropout(form.dropout)
        self.out = nn.Linear(form.hidden, classes)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Features [B, T, 83], standardised -> (style [B, hidden], logits [B, classes])."""
        hop = min(self.hop, features.shape[1])
        heard = F.avg_pool1d(features.transpose(1, 2), hop).transpose(1, 2)
        style = self.drop(self.gru(heard)[1][-1])
        return style, self.out(style)
