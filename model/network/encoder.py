"""Music encoder: causal self-attention over a sliding window (Huang et al., 2021, section 3.2).

Enters: features, a whole sequence (banded mask) or one frame at a time (`KVCache`); both compute
the same. Leaves: the music context that a dance follows, and a guess at the style.
Positions enter only as a learned bias per distance, so nothing depends on how long a show runs.

Three other kinds stand beside it for comparison, as in the paper's table: attention to all that was
heard ("global"), an LSTM, and convolutions. They train and are evaluated, but only "local" can be
stepped and exported: it is what the stage runs. All are causal, unless they are told to hear what
follows as far as what was before: as the paper's own do, which has the whole song.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from live.errors import ArtifactError, ConfigError
from model.network.config import EncoderConfig

_KERNEL = 9  # frames of 1/30 s that a convolution sees
_UNHEARD = -1e9  # score of a slot of the cache that is not in use yet


class KVCache(NamedTuple):
    """Keys and values of the frames in the window, [window, width] each, oldest first. Shifted by
    one each frame, so that a slot's place is its distance and no counter grows during a show."""

    keys: Tensor
    values: Tensor

    def shifted(self, key: Tensor, value: Tensor) -> "KVCache":
        """The cache one frame later: key and value [1, width] come in, the oldest leave."""
        return KVCache(torch.cat([self.keys[1:], key]), torch.cat([self.values[1:], value]))


class WindowAttention(nn.Module):
    """Pre-norm attention block. Each query sees itself and the window - 1 frames before it, and as
    many after it where it is not causal."""

    of_head: Tensor

    def __init__(self, config: EncoderConfig):
        super().__init__()
        self.heads, self.window, self.causal = config.heads, config.window, config.causal
        width = config.width
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        distances = config.window if config.causal else 2 * config.window - 1
        self.distance_bias = nn.Parameter(torch.zeros(config.heads, distances))
        own = torch.eye(config.heads).repeat_interleave(width // config.heads, dim=1)
        self.register_buffer("of_head", own, persistent=False)  # [heads, width]: 1 where it reads
        self.mlp = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """x: float [B, T, width] -> the same shape."""
        batch, length, width = x.shape
        query, key, value = (
            part.view(batch, length, self.heads, -1).transpose(1, 2)
            for part in self.qkv(self.norm(x)).chunk(3, dim=-1)
        )
        attended = F.scaled_dot_product_attention(query, key, value, self._mask(length))
        x = x + self.out(attended.transpose(1, 2).reshape(batch, length, width))
        return x + self.mlp(x)

    def step(self, x: Tensor, cache: KVCache, unheard: Tensor) -> tuple[Tensor, KVCache]:
        """x: [1, width]; unheard: [1, window], to be added to the scores -> (y [1, width], cache).

        On stage a node of the graph costs more than what it computes. So each head has its query
        in a row of its own, zero elsewhere: one product with all keys, and one with all values.
        """
        query, key, value = self.qkv(self.norm(x)).chunk(3, dim=-1)
        cache = cache.shifted(key, value)
        rows = query * (self.of_head / (query.shape[-1] // self.heads) ** 0.5)
        scores = torch.addmm(self.distance_bias.flip(1) + unheard, rows, cache.keys.T)
        attended = (scores.softmax(dim=-1) @ cache.values * self.of_head).sum(dim=0, keepdim=True)
        x = x + self.out(attended)
        return x + self.mlp(x), cache

    def _mask(self, length: int) -> Tensor:
        """Additive mask [heads, T, T]: the bias of each distance, -inf where nothing is seen."""
        index = torch.arange(length, device=self.distance_bias.device)
        distance = index[:, None] - index[None, :]
        least = 0 if self.causal else 1 - self.window
        bias = self.distance_bias[:, distance.clamp(least, self.window - 1) - least]
        return bias.masked_fill(self._unseen(distance), float("-inf"))

    def _unseen(self, distance: Tensor) -> Tensor:
        """distance: int, of a query from what is before it -> bool of the same shape."""
        ahead = distance < 0 if self.causal else distance <= -self.window
        return ahead | (distance >= self.window)


class GlobalAttention(WindowAttention):
    """The same block, each query seeing itself and every frame before it, and after it where it is
    not causal. The distance bias goes up to the window; whatever lies further away shares the last
    one."""

    def _unseen(self, distance: Tensor) -> Tensor:
        return distance < 0 if self.causal else torch.zeros_like(distance, dtype=torch.bool)


class Recurrence(nn.Module):
    """Pre-norm LSTM block, with the attention block's residuals and its other half; two LSTMs of
    half the width, one from the end, where it is not causal."""

    def __init__(self, config: EncoderConfig):
        super().__init__()
        width = config.width
        self.norm = nn.LayerNorm(width)
        own = width if config.causal else width // 2
        self.lstm = nn.LSTM(width, own, batch_first=True, bidirectional=not config.causal)
        self.mlp = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """x: float [B, T, width] -> the same shape."""
        x = x + self.lstm(self.norm(x))[0]
        return x + self.mlp(x)


class GatedConvolution(nn.Module):
    """Gated convolution over this frame and those before it, or around it where it is not causal
    (ConvS2S: Gehring et al., 2017)."""

    def __init__(self, config: EncoderConfig):
        super().__init__()
        width = config.width
        self.around = (_KERNEL - 1, 0) if config.causal else (_KERNEL // 2, _KERNEL // 2)
        self.norm = nn.LayerNorm(width)
        self.conv = nn.Conv1d(width, 2 * width, _KERNEL)
        self.mlp = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """x: float [B, T, width] -> the same shape."""
        heard = F.pad(self.norm(x).transpose(1, 2), self.around)
        x = x + F.glu(self.conv(heard), dim=1).transpose(1, 2)
        return x + self.mlp(x)


_BLOCKS: dict[str, type[nn.Module]] = {
    "local": WindowAttention,
    "global": GlobalAttention,
    "lstm": Recurrence,
    "conv": GatedConvolution,
}
KINDS = tuple(_BLOCKS)


class MusicEncoder(nn.Module):
    """Features [B, T, 83] to music context [B, T, width], and a guess at the style.

    Raises ConfigError for a kind that is none of `KINDS`.
    """

    def __init__(self, config: EncoderConfig, n_styles: int):
        super().__init__()
        if config.kind not in _BLOCKS:
            raise ConfigError(f"encoder kind {config.kind!r}: one of {', '.join(KINDS)}")
        self.config = config
        self.embed = nn.Linear(config.feature_dim, config.width)
        self.blocks = nn.ModuleList(_BLOCKS[config.kind](config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.style_head = nn.Linear(config.width, n_styles)

    @property
    def receptive_field(self) -> int | None:
        """Frames of music that can influence one output; None: all that were heard."""
        if self.config.kind in ("global", "lstm"):
            return None
        if self.config.kind == "conv":
            reach = _KERNEL
        else:
            reach = self.config.window if self.config.causal else 2 * self.config.window - 1
        return self.config.layers * (reach - 1) + 1

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """features: [B, T, F] -> context [B, T, width], style logits [B, T, S]."""
        x = self.embed(features)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        return x, self.style_head(x)

    def initial_state(self) -> dict[str, Tensor]:
        """Zeros. Raises ArtifactError for one that cannot be stepped, and so not be exported."""
        if self.config.kind != "local" or not self.config.causal:
            what = f"of kind {self.config.kind!r}" if self.config.causal else "that hears ahead"
            raise ArtifactError(
                f"an encoder {what} is for comparison: it can be trained and evaluated, but only "
                "the causal kind 'local' runs on stage"
            )
        shape = (self.config.window, self.config.width)
        state = {}
        for i in range(self.config.layers):
            state[f"key{i}"] = torch.zeros(shape)
            state[f"value{i}"] = torch.zeros(shape)
        state["written"] = torch.zeros(1)
        return state

    def step(
        self, features: Tensor, state: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """features: [1, F] -> (context [1, width], style logits [1, S], state)."""
        x = self.embed(features)
        written = state["written"]
        distance = torch.arange(self.config.window - 1, -1, -1, device=x.device)
        unheard = (distance - written[:, None]).clamp(0.0, 1.0) * _UNHEARD
        after = {}
        for i, block in enumerate(self.blocks):
            assert isinstance(block, WindowAttention)
            x, cache = block.step(x, KVCache(state[f"key{i}"], state[f"value{i}"]), unheard)
            after[f"key{i}"], after[f"value{i}"] = cache
        # Saturates at the window: the count stays exact in float32 however long the show.
        after["written"] = torch.clamp(written + 1, max=float(self.config.window))
        x = self.norm(x)
        return x, self.style_head(x), after
