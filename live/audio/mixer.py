"""All channels of a source as one, also where their sum would be silence.

Enters: blocks float32 [n, channels]. Leaves: float32 [n], the mean of a stereo pair, but half the
sum of more: one microphone among eight inputs must not come out 18 dB down. Runs where the blocks
come from, the card's callback or the decoding thread.

A balanced cable on two inputs, a microphone with its poles swapped or a widened recording have
channels that are each other's negative: their mean is silence. Where the mix stays 10 dB below what
the loudest channel's own would be, the channels that go against it are left out. That loses nothing
which the mean would have kept: what is alike in both channels is in each of them too.
"""

import numpy as np

_CELL_S = 0.02  # what is decided, is decided for the next cell: chopping changes no sample
_AVERAGE = 0.2  # of a cell in the running covariance: a tenth of a second
_CANCELLED = 0.1  # share of the power that is left of it
_AUDIBLE = 1e-7  # power, -70 dB: what is quieter decides nothing
_FIRST_S, _LEAVE_S, _RETURN_S = 0.1, 0.5, 2.0  # how long channels must (not) cancel


class Mixer:
    """Mixes one stream; chopping it otherwise changes no bit. channels: 1 or more; rate: Hz."""

    def __init__(self, channels: int, rate: int):
        self._gain = np.float32(1.0 / min(channels, 2))
        self._cell = np.zeros((round(_CELL_S * rate), channels), np.float32)
        self._filled = 0
        self._covariance = np.zeros((channels, channels))
        self._weights: np.ndarray | None = None  # float32 [channels] where some are left out
        self._next: np.ndarray | None = None  # what they become within the next cell
        self._fading = False
        self._contrary_s = 0.0  # how long the mix has not been what it should
        self._was_loud = False

    def step(self, block: np.ndarray) -> np.ndarray:
        """float32 [n, channels] to [n]."""
        if block.shape[1] == 1:
            return block[:, 0].copy()
        mixed = np.empty(len(block), np.float32)
        at = 0
        while at < len(block):
            part = block[at : at + len(self._cell) - self._filled]
            mixed[at : at + len(part)] = self._mixed(part)
            self._cell[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            at += len(part)
            if self._filled == len(self._cell):
                self._filled = 0
                self._decide()
        return mixed

    def _mixed(self, part: np.ndarray) -> np.ndarray:
        if self._fading:
            share = (self._filled + np.arange(len(part), dtype=np.float32)) / len(self._cell)
            weights = self._of(self._weights) + share[:, None] * (
                self._of(self._next) - self._of(self._weights)
            )
            return (part * weights).sum(axis=1, dtype=np.float32)
        if self._weights is None:
            return part.sum(axis=1, dtype=np.float32) * self._gain
        return (part * self._weights).sum(axis=1, dtype=np.float32)

    def _of(self, weights: np.ndarray | None) -> np.ndarray:
        return np.full(self._cell.shape[1], self._gain) if weights is None else weights

    def _decide(self) -> None:
        """After a whole cell: what the weights of the next one are."""
        if self._fading:
            self._weights, self._fading = self._next, False
        cell = self._cell.astype(np.float64)
        covariance = cell.T @ cell / len(cell)
        if not np.isfinite(covariance).all():
            return
        self._covariance += _AVERAGE * (covariance - self._covariance)
        loudest = int(np.argmax(np.diag(self._covariance)))
        if self._covariance[loudest, loudest] < _AUDIBLE:
            return
        self._turn(self._kept(loudest))

    def _kept(self, loudest: int) -> np.ndarray:
        """float32 [channels]: weights without the channels that go against the loudest."""
        powers = np.diag(self._covariance)
        against = self._covariance[loudest] < -0.5 * np.sqrt(powers[loudest] * powers)
        kept = ~against & (powers >= 0)
        return (kept / min(int(kept.sum()), 2)).astype(np.float32)

    def _turn(self, kept: np.ndarray) -> None:
        """Leave channels out when they have cancelled for long enough; take them back likewise."""
        cancels = self._power(self._of(None)) < _CANCELLED * self._power(kept)
        self._was_loud |= not cancels
        if cancels == (self._weights is not None):
            self._contrary_s = 0.0
            return
        self._contrary_s += _CELL_S
        patience_s = _LEAVE_S if self._was_loud else _FIRST_S
        if self._contrary_s >= (_RETURN_S if self._weights is not None else patience_s):
            self._next = kept if cancels else None
            self._fading, self._contrary_s = True, 0.0

    def _power(self, weights: np.ndarray) -> float:
        return float(weights @ self._covariance @ weights)
