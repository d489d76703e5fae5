"""The perceptrons that judge sections: features in, chances out.

Enters: the weights file, once. Leaves: three judges, of a change, of a return and of a kind, fitted
by `model.beat.train_sections`. Nothing changes after that, so any thread may ask.
"""

from functools import cache
from importlib import resources

import numpy as np

WEIGHTS = "sections.weights"  # in live/weights
JUDGES = ("change", "return", "kind")

Array = np.ndarray


class Judge:
    """A perceptron of one hidden layer."""

    def __init__(self, arrays: dict[str, Array]) -> None:
        self._centre, self._scale = arrays["centre"], arrays["scale"]
        self._hidden, self._hidden_bias = arrays["hidden"], arrays["hidden_bias"]
        self._out, self._out_bias = arrays["out"], arrays["out_bias"]

    def chances(self, features: Array) -> Array:
        """float64 [n, features] to float64 [n, outputs], each 0..1 by itself."""
        hidden = np.tanh((features - self._centre) * self._scale @ self._hidden + self._hidden_bias)
        return 1.0 / (1.0 + np.exp(-(hidden @ self._out + self._out_bias)))


@cache
def judges() -> tuple[Judge, ...]:
    """One for each of JUDGES."""
    with (resources.files("live") / "weights" / WEIGHTS).open("rb") as file, np.load(file) as kept:
        arrays = {name: kept[name].astype(np.float64) for name in kept.files}
    return tuple(
        Judge({n.removeprefix(f"{w}_"): a for n, a in arrays.items() if n.startswith(f"{w}_")})
        for w in JUDGES
    )
