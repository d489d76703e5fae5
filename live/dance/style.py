"""Which style is danced: asked for, mixed, or heard in the music; always faded, never cut.

Enters: the operator's request and the network's style logits. Leaves: weights that sum to 1, a
frame at a time. Engine's thread.
"""

import numpy as np

from live.body.pose import FRAME_RATE
from live.errors import ConfigError
from live.settings_file import shown

AUTO = "auto"
_FADE_S = 1.0
_HEARD_OVER_S = 6.0
_DECIDES_AFTER_S = 1.5
# What is heard must lead by this much before the style changes: where a section begins, and within
# one, for a change of the music that no section told of, or a first choice that was wrong.
_CHANGE_MARGIN = 0.15
_MARGIN_WITHIN = 0.5
_WITHIN_S = 4.0  # and for so long
_BEGINS_S = 8.0  # of a section in which its style may be chosen: the first bars tell little


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
            raise ConfigError(f"style {shown(name)} is unknown; this model has {', '.join(styles)}")
        weights[styles.index(name)] += _weight(name, weight)
    if weights.sum() <= 0:
        raise ConfigError(f"style {shown(text)}: the weights sum to nothing")
    return weights / weights.sum()


def _weight(name: str, text: str) -> float:
    if not text.strip():
        return 1.0
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    if not 0.0 <= weight < 1e6:
        raise ConfigError(f"style {name}={text[:40]}: the weight must be a number of 0 or more")
    return weight


class StyleMixer:
    """Owns the weights in force; `request` None means: what the music sounds like.

    Until that is known, an even mix of all is danced. A second and a half of music decides first;
    after that the style stays through a section, and may change where another begins.
    """

    def __init__(self, n_styles: int, request: np.ndarray | None):
        self.request = request
        self.borrowed: np.ndarray | None = None  # danced instead of what is heard
        self._heard = np.full(n_styles, 1.0 / n_styles)
        self._listened = 0  # frames of this piece
        self._choice: int | None = None
        self._section = 0
        self._since_section = 0  # frames
        self._leads_within = 0  # frames
        first = request if request is not None else self._heard
        self.weights = first.astype(np.float32)

    def listen(self, logits: np.ndarray, silent: bool = False, section: int = 0) -> None:
        """One frame's style logits [S] from the network; a frame of bad ones is not heard.

        silent: no music; what sounds next is another piece, and judged by itself. section: number
        of the section that is heard.
        """
        self._since_section = 0 if section != self._section else self._since_section + 1
        self._section = section
        if silent:
            self._listened = self._since_section = 0
        elif np.isfinite(logits).all():
            odds = np.exp(logits - logits.max())
            self._listened += 1
            share = 1.0 / min(self._listened, _HEARD_OVER_S * FRAME_RATE)
            self._heard += share * (odds / odds.sum() - self._heard)
            if self._listened >= _DECIDES_AFTER_S * FRAME_RATE:
                self._decide()

    def step(self) -> np.ndarray:
        """The weights of the next frame, float32 [S], on their way to what is wanted."""
        move = self._target() - self.weights
        if not move.any():
            return self.weights
        reach = 1.0 / (_FADE_S * FRAME_RATE)
        largest = np.abs(move).max()
        step = move if largest <= reach else move * (reach / largest)
        self.weights = (self.weights + step).astype(np.float32)
        return self.weights

    def _decide(self) -> None:
        """The strongest at first; later another one if it leads, where the music changes."""
        best = int(self._heard.argmax())
        if self._choice is None:
            self._choice = best
            return
        lead = self._heard[best] - self._heard[self._choice]
        self._leads_within = self._leads_within + 1 if lead > _MARGIN_WITHIN else 0
        begins = self._since_section < _BEGINS_S * FRAME_RATE
        if (begins and lead > _CHANGE_MARGIN) or self._leads_within >= _WITHIN_S * FRAME_RATE:
            self._choice = best

    def _target(self) -> np.ndarray:
        if self.request is not None:
            return self.request
        if self.borrowed is not None:
            return self.borrowed
        return self.weights if self._choice is None else np.eye(len(self.weights))[self._choice]
