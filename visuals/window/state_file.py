"""The state of the window, in a small file, so that one started anew goes on with it.

Enters: the state, after every picture, in the window's thread. Leaves: JSON, written
when something has changed, whoever changed it: keys, OSC, scenes, MIDI. A file that cannot be
written, or holds nonsense, changes nothing: the picture goes on, or begins as it was started.
"""

import json
import math
import os
from contextlib import suppress
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path

from live.osc.schema import DRIVES

_EVERY_S = 0.25  # a fader that is turned costs no more writing than this


@dataclass(frozen=True)
class WindowState:
    """The value of everything that can be played on the window."""

    look: str
    palette: str
    camera: str
    lineup: str
    mirror: bool
    canon: float
    cast: int
    dark: bool
    hud: bool
    fullscreen: bool
    energy: float  # from where the keys go on
    temperature: float
    glow: float = 1.0
    zoom: float = 1.0
    trail: float = 1.0
    glow_by: str = DRIVES[0]
    zoom_by: str = DRIVES[0]
    trail_by: str = DRIVES[0]
    picture_fade: float = 0.5
    corners: str = ""  # as `visuals.scene.corner_pin` writes them; "": as the window began


class WindowStateFile:
    """Reads and writes a WindowState; path: None does neither."""

    def __init__(self, path: Path | None = None):
        self._path = path
        self._written: WindowState | None = None
        self._next_s = -math.inf

    def read(self) -> WindowState | None:
        """What another window has left; None if there is no such file, or it cannot be read."""
        if self._path is None:
            return None
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            self._written = WindowState(
                **{
                    f.name: _checked(found[f.name], f.type)
                    for f in fields(WindowState)
                    if f.name in found or f.default is MISSING
                }
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return self._written

    def write(self, state: WindowState, now_s: float) -> None:
        """Write it if it has changed, and not too often. now_s: of any clock."""
        if self._path is None or state == self._written or now_s < self._next_s:
            return
        self._written, self._next_s = state, now_s + _EVERY_S
        half = self._path.with_name(self._path.name + ".part")
        with suppress(OSError):
            half.write_text(json.dumps(asdict(state)), encoding="utf-8")
            os.replace(half, self._path)  # whoever is killed meanwhile leaves the old one


def _checked(value, kind):
    if type(value) is not kind or (kind is float and not math.isfinite(value)):
        raise TypeError(f"{value!r} is no {kind}")
    return value
