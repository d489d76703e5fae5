"""Which style is danced: asked for, mixed, or heard in the music; always faded, never cut.

Enters: the operator's request and the network's style logits. Leaves: weights that sum to 1, a
frame at a time. Engine's thread.
"""

import numpy as np

from live.body.pose import FRAME_RATE
from live.errors import ConfigError

AUTO = "auto"
_FADE_S = 1.0
_HEARD_OVER_S = 6.0
_CHANGE_MARGIN = 0.15  # what is heard must lead by this much before the style changes


def parse_style(text: str, styles: tuple[str, ...]) -> np.ndarray | None:
    """'auto' -> None; 'salsa' or 'street=2,salsa=1' -> float32 [S] weights that sum to 1.

    Raises ConfigError naming the style that is unknown or the weight that is no number.
    """
    if text.strip().lower() == AUTO:
        return None
    weights = np.zeros(len(styles), np.float32)
    for part in text.split(","):
        name, _, weight = part.partition("=")
        name = name.strip().lower()
        if name not in styles:
            raise ConfigError(f"style {name!r} is unknown; this model has {', '.join(styles)}")
        weights[styles.index(name)] += _weight(name, weight)
    if weights.sum() <= 0:
        raise ConfigError(f"style {text!r}: the weights sum to nothing")
    return weights / weights.sum()


def _weight(name: str, text: str) -> float:
    if not text.strip():
        return 1.0
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    if not 0.0 <= weight < 1e6:
        raise ConfigError(f"style {name}={text}: the weight must be a number of 0 or more")
    return weight


class StyleMixer:
    """Owns the weights in force; `request` None means: what the music sounds like."""

    def __init__(self, n_styles: int, request: np.ndarray | None):
        self.request = request
        self._heard = np.full(n_styles, 1.0 / n_styles)
        self._choice = 0
        first = request if request is not None else np.eye(n_styles, dtype=np.float32)[0]
        self.weights = first.astype(np.float32)

    def listen(self, logits: np.ndarray) -> None:
        """One frame's style logits [S] from the network; a frame of bad ones is not heard."""
        if not np.isfinite(logits).all():
            return
        odds = np.exp(logits - logits.max())
        share = 1.0 / (_HEARD_OVER_S * FRAME_RATE)
        self._heard += share * (odds / odds.sum() - self._heard)
        best = int(self._heard.argmax())
        if self._heard[best] > self._heard[self._choice] + _CHANGE_MARGIN:
            self._choice = best

    def step(self) -> np.ndarray:
        """The weights of the next frame, float32 [S], on their way to what is wanted."""
        target = (
            self.request if self.request is not None else np.eye(len(self.weights))[self._choice]
        )
        move = target - self.weights
        reach = 1.0 / (_FADE_S * FRAME_RATE)
        largest = np.abs(move).max()
        step = move if largest <= reach else move * (reach / largest)
        self.weights = (self.weights + step).astype(np.float32)
        return self.weights
