"""A gated recurrent unit in numpy (Cho et al. 2014), as PyTorch's `nn.GRU` computes it.

Networks this small are faster so than in ONNX Runtime, whose call alone takes longer.
"""

from collections.abc import Mapping

import numpy as np


class GatedUnit:
    """Immutable; its state, float32 [H], is passed through.

    weights: `input` [3H, X], `input_bias` [3H], `hidden` [3H, H], `hidden_bias` [3H]; KeyError
    where one is missing.
    """

    def __init__(self, weights: Mapping[str, np.ndarray]):
        self._w_in, self._b_in = weights["input"].T.copy(), weights["input_bias"]
        self._w_hid, self._b_hid = weights["hidden"].T.copy(), weights["hidden_bias"]
        self.size = len(self._w_hid)

    def initial_state(self) -> np.ndarray:
        return np.zeros(self.size, np.float32)

    def step(self, x: np.ndarray, state: np.ndarray) -> np.ndarray:
        """The state after x, float32 [X]."""
        size = self.size
        given = x @ self._w_in + self._b_in
        kept = state @ self._w_hid + self._b_hid
        gates = 0.5 + 0.5 * np.tanh(0.5 * (given[: 2 * size] + kept[: 2 * size]))
        reset, update = gates[:size], gates[size:]
        new = np.tanh(given[2 * size :] + reset * kept[2 * size :])
        return new + update * (state - new)
