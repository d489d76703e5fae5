"""Safe for photosensitive people: few flashes, no glare, whatever the looks and the beat do.

The last step before the picture is shown: it measures the picture's light and turns it down where
it must. What a flash is, `live.flashes` says, for the lights as well: here it is one of relative
luminance, in any part of the picture. A part is a tile of a third by a third of the picture; its
luminance is the mean over it.
"""

from collections.abc import Callable

import numpy as np

from live.errors import ConfigError
from live.flashes import FLASHES_PER_S, LUMINANCE, UNLIMITED, Budget, Swing
from visuals.draw.options import BRIGHTNESS
from visuals.draw.surfaces import MULTIPLY, pygame

_TILES = 3
_EVERY = 6  # pixels between samples; 25 000 of them at 720p
_GAMMA = 2.2
_LINEAR = ((np.arange(256) / 255) ** _GAMMA).astype(np.float32)
_WEIGHTS = np.array(LUMINANCE, np.float32)


class Guard:
    """Watches picture after picture; keeps the last second of flashes.

    flashes_per_s: the most in any second and tile, 0 to 30; 0 holds every flash down. brightness:
    the most mean relative luminance of a picture, 0.05 to 1. ConfigError for anything else.
    """

    def __init__(self, flashes_per_s: int = FLASHES_PER_S, brightness: float = BRIGHTNESS):
        if not 0 <= flashes_per_s <= UNLIMITED:
            raise ConfigError(f"--flashes {flashes_per_s} is not between 0 and {UNLIMITED}")
        if not 0.05 <= brightness <= 1:
            raise ConfigError(f"--brightness {brightness} is not between 0.05 and 1")
        self.flashes_per_s = flashes_per_s
        self.brightness = brightness
        self.dimmed = 0  # pictures turned down so far
        self._now_s = 0.0
        budgets = (Budget(flashes_per_s, is_even=False) for _ in range(_TILES * _TILES))
        self._tiles = [Swing(budget) for budget in budgets]

    def apply(self, canvas: pygame.Surface, dt_s: float) -> float:
        """Turn the canvas down if it must be. dt_s: since the last picture. Returns the gain."""

        def light(gain: float) -> np.ndarray:
            if gain < 1.0:
                level = round(255 * gain)
                canvas.fill((level, level, level), special_flags=MULTIPLY)
            return luminance(canvas)

        return self.hold(light, dt_s)

    def hold(self, light: Callable[[float], np.ndarray], dt_s: float) -> float:
        """The gain of pixel values, in whole 255ths, at which the next picture may be shown.

        light: given a gain, the tiles' luminance [9] (as `luminance`) of the picture turned down
        so far; asked once, and again if the picture must be turned down: what is then shown is
        measured, not guessed. dt_s: since the last picture.
        """
        self._now_s += dt_s
        seen = light(1.0)
        gain = self._gain(seen)
        if gain < 1.0:
            gain = int(255 * gain) / 255  # downwards
            seen = light(gain)
            self.dimmed += 1
        self._remember(seen)
        return gain

    def _gain(self, seen: np.ndarray) -> float:
        """The gain of pixel values, 0..1, that keeps both limits."""
        held = [
            np.inf if tile.is_up or tile.budget.allows(self._now_s) else tile.held
            for tile in self._tiles
        ]
        most = np.array(held)
        light = min(1.0, self.brightness / max(float(seen.mean()), 1e-9))
        light = min(light, float((most / np.maximum(seen, 1e-9)).min()))
        return light ** (1 / _GAMMA) if light < 1.0 else 1.0

    def _remember(self, seen: np.ndarray) -> None:
        for tile, light in zip(self._tiles, seen.tolist(), strict=True):
            if tile.follow(light):
                tile.rise(light, self._now_s)


def luminance(canvas: pygame.Surface) -> np.ndarray:
    """Mean relative luminance [9], 0..1, of the canvas' tiles, column by column."""
    # A view without a copy: one pixel of every six, each way, is looked at.
    samples = pygame.surfarray.pixels3d(canvas)[::_EVERY, ::_EVERY]
    return tiles_of(_LINEAR[samples] @ _WEIGHTS)


def tiles_of(light: np.ndarray) -> np.ndarray:
    """Means [9] of the tiles of a picture's samples [width, height], column by column."""
    columns = np.array_split(light, _TILES, axis=0)
    tiles = [tile for column in columns for tile in np.array_split(column, _TILES, axis=1)]
    return np.array([tile.mean() if tile.size else 0.0 for tile in tiles])
