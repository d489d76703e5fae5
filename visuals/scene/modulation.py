"""The picture's parameters, faded, and moved by the beat, the level or the section.

Enters: what was played, and the view of every picture. Leaves: where each parameter is now. Pure
numbers.
"""

import math

from live.errors import ConfigError
from live.osc.schema import DRIVES, PICTURE
from visuals.feed.view import View
from visuals.scene.scene import pulses

FADE_S = 0.5
# Where a parameter rests that something moves: 0 of what moves it is here, 1 where it is set.
_AT_REST = {"glow": 0.25, "zoom": 1.0, "trail": 0.25}
NAMES = tuple(_AT_REST)
_SECTIONS = {
    "": 0.6, "unknown": 0.6, "intro": 0.3, "verse": 0.55, "build": 0.8, "drop": 1.0, "break": 0.25,
    "outro": 0.3,
}  # fmt: skip
_SECTION_S, _LEVEL_S = 1.5, 0.25  # time constants of what moves
_QUIET, _LOUD = 0.55, 0.95  # of the level, whose scale is in dB


class Modulation:
    """values: where the faders stand; drives: what moves them, one of DRIVES each."""

    def __init__(self, fade_s: float = FADE_S, **values: float):
        self.fade_s = fade_s
        self.values = {name: float(values.get(name, 1.0)) for name in NAMES}
        self.drives = dict.fromkeys(NAMES, DRIVES[0])
        self._at = dict(self.values)
        self._speed: dict[str, float] = {}
        self._level, self._section = 0.0, _SECTIONS[""]

    def set(self, name: str, value: float) -> None:
        """A fader goes there, and takes `fade_s`."""
        control = PICTURE[name]
        self.values[name] = min(max(value, control.low), control.high)
        way = abs(self.values[name] - self._at[name])
        self._speed[name] = way / self.fade_s if self.fade_s > 0 else math.inf

    def step(self, view: View, dt_s: float) -> dict[str, float]:
        """Where every parameter is now. dt_s: since the last picture."""
        loud = (view.level - _QUIET) / (_LOUD - _QUIET) if not view.lost else 0.0
        self._level += (min(max(loud, 0.0), 1.0) - self._level) * _gain(dt_s, _LEVEL_S)
        section = _SECTIONS.get(view.section, _SECTIONS[""])
        self._section += (section - self._section) * _gain(dt_s, _SECTION_S)
        moved = {
            "off": 1.0, "beat": pulses(view)[0], "level": self._level, "section": self._section,
        }  # fmt: skip
        now = {}
        for name, rest in _AT_REST.items():
            most = self._speed.get(name, math.inf) * dt_s if dt_s > 0 else 0.0
            way = self.values[name] - self._at[name]
            self._at[name] += min(max(way, -most), most)
            drive, at = self.drives[name], self._at[name]
            rest = rest if name == "zoom" else rest * at
            now[name] = at if drive == "off" else rest + (at - rest) * moved[drive]
        return now


def parse_driven(name: str, text: str) -> tuple[float, str]:
    """(value, drive) of `VALUE` or `VALUE:DRIVE`. ConfigError for what cannot be."""
    value_text, _, drive = text.partition(":")
    control, drive = PICTURE[name], drive or DRIVES[0]
    try:
        value = float(value_text)
    except ValueError:
        value = math.nan
    if not control.low <= value <= control.high:
        raise ConfigError(f"--{name} {text}: not a number from {control.low:g} to {control.high:g}")
    if drive not in DRIVES:
        raise ConfigError(f"--{name} {text}: {drive!r} is none of {', '.join(DRIVES)}")
    return value, drive


def _gain(dt_s: float, time_constant_s: float) -> float:
    return 1.0 - math.exp(-max(dt_s, 0.0) / time_constant_s)
