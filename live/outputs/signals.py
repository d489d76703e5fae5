"""What a channel follows: a level, a colour of a group, beats divided, a place; and how it is bent.

Enters: levels. Leaves: a number 0 to 1 for each signal, None at rest. Who sends keeps a `Reader` a
packet, so that the mean over the same dancers is taken once. In the thread of who sends.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from live.outputs.colour import mixed
from live.outputs.levels import COLOURS, LEVELS, PLACES, Levels

MIXED = {
    "white": "what red, green and blue have in common; they give it away",
    "amber": "the warm part of the colour",
    "cyan": "what takes red away: 1 is none",
    "magenta": "what takes green away",
    "yellow": "what takes blue away",
}
"""Further colours of a fixture, made of the group's."""

AIMS = ("pan", "tilt")
"""Of a moving head that follows its dancers."""

CURVES: dict[str, Callable[[float], float]] = {
    "linear": lambda x: x,
    "square": lambda x: x * x,
    "cube": lambda x: x * x * x,
    "root": lambda x: x**0.5,
    "soft": lambda x: x * x * (3.0 - 2.0 * x),
    "switch": lambda x: float(x >= 0.5),
}
"""Each leaves 0 at 0 and 1 at 1."""

DIVISIONS = (0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0)  # beats from flash to flash

NAMES = (*LEVELS, *COLOURS, *MIXED, *AIMS)
HELD_AT_REST = (*PLACES, "hue", "saturation", *AIMS)
"""They say where something is or what it looks like, and stay there in the dark."""

FILTERS = ("cyan", "magenta", "yellow")
_LEVEL = {name: i for i, name in enumerate(LEVELS)}
_COLOUR = {name: i for i, name in enumerate(COLOURS)}
_ON_THE_BEAT = ("beat", "level", "low", "mid", "high")
_LIT = ("intensity", "red", "green", "blue", *MIXED)


@dataclass(frozen=True)
class Signal:
    """name: one of NAMES. dancers: as in `Levels.of`. group: of colours, from 1. every, at: of the
    beat, see `Levels.flash`. threshold: below it is 0, and what is above it takes the whole range.
    curve: one of CURVES. is_full: a colour at its brightest, for the fixture dims itself.
    has_white: what the colours have in common is its white's."""

    name: str
    dancers: tuple[int, ...] = ()
    group: int = 1
    every: float = 1.0
    at: float = 0.0
    threshold: float = 0.0
    curve: str = "linear"
    is_full: bool = False
    has_white: bool = False

    @cached_property
    def is_limited(self) -> bool:
        """Whether it may flash."""
        return self.name not in (*HELD_AT_REST, "style", "state")

    @cached_property
    def is_together(self) -> bool:
        """Whether it may be a colour of a lamp that others colour, too."""
        return self.name in _ON_THE_BEAT or self.name in _LIT

    @cached_property
    def is_on_the_beat(self) -> bool:
        on_beats = self.name == "beat" and self.every >= 1.0 and self.at == int(self.at)
        return on_beats or self.name in _LIT

    def bent(self, value: float) -> float:
        if self.threshold:
            value = max(value - self.threshold, 0.0) / (1.0 - self.threshold)
        return value if self.curve == "linear" else CURVES[self.curve](min(max(value, 0.0), 1.0))


class Reader:
    """What the signals say at one moment."""

    def __init__(self, levels: Levels):
        self.levels = levels
        self._levels_of: dict[tuple[int, ...], list[float | None]] = {}
        self._colours_of: dict[int, list[float | None]] = {}

    def value(self, signal: Signal) -> float | None:
        value = self._read(signal)
        return None if value is None else signal.bent(value)

    def _read(self, signal: Signal) -> float | None:
        name = signal.name
        if name == "beat" and (signal.every != 1.0 or signal.at):
            return self.levels.flash(signal.every, signal.at)
        if name in _LEVEL:
            if signal.dancers not in self._levels_of:
                self._levels_of[signal.dancers] = self.levels.of(signal.dancers)
            return self._levels_of[signal.dancers][_LEVEL[name]]
        if signal.group not in self._colours_of:
            self._colours_of[signal.group] = self.levels.colour_of(signal.group)
        colours = self._colours_of[signal.group]
        if colours[0] is None:
            return None
        if name in ("hue", "saturation", "intensity"):
            return colours[_COLOUR[name]]
        return _mixed(signal, [value or 0.0 for value in colours])


def _mixed(signal: Signal, colours: list[float]) -> float:
    """One of the fixture's own colours, of the group's hue, saturation, intensity and so on."""
    hue, saturation, intensity = colours[:3]
    bright = 1.0 if signal.is_full else intensity
    red, green, blue = (bright * colour for colour in mixed(hue, saturation))
    white = min(red, green, blue) if signal.has_white else 0.0
    match signal.name:
        case "red" | "green" | "blue":
            return {"red": red, "green": green, "blue": blue}[signal.name] - white
        case "white":
            return min(red, green, blue)
        case "amber":
            return min(max(min(red, 2.0 * green) - blue, 0.0), 1.0)
        case _:
            return 1.0 - {"cyan": red, "magenta": green, "yellow": blue}[signal.name]
