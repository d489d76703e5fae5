"""Where a show goes, and what the operator plays it on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from live.control.osc_in import ControlIn
from live.control.watchers import Watchers
from live.osc.encoding import encode_panic, encode_picture, encode_styles
from live.osc.values import Value
from live.outputs.feeds import Feeds
from live.outputs.udp import OscOut, UdpTarget
from live.session.writer import SessionWriter

_STYLES_EVERY_S = 1.0


@dataclass(frozen=True)
class Outputs:
    """recorder: None unless recorded. feeds: None where everyone gets all. visualizers: who also
    gets the picture's controls and the styles' names; None for nobody. watchers: who asks to see
    the show while it runs."""

    osc: OscOut
    control: ControlIn
    recorder: SessionWriter | None = None
    feeds: Feeds | None = None
    visualizers: OscOut | None = None
    watchers: Watchers | None = None

    @property
    def packets(self) -> int:
        return self.osc.sent + (self.feeds.sent if self.feeds else 0)

    @property
    def errors(self) -> int:
        return self.osc.errors + (self.feeds.errors if self.feeds else 0)

    @property
    def targets(self) -> list[UdpTarget]:
        return self.osc.targets + (self.feeds.targets if self.feeds else [])


class Controller(Protocol):
    """What the operator plays on besides OSC: controls, checked, (name, value)."""

    def poll(self) -> list[tuple[str, Value]]: ...


class Visualizers:
    """What those who draw are told besides the frames: the picture's controls, the styles' names.

    out: where they are; None for nobody. watchers: who else looks.
    """

    def __init__(self, out: OscOut | None, watchers: Watchers | None = None):
        self._outs = [each for each in (out, watchers) if each is not None]
        self._told_style = ""
        self._next_styles = -math.inf

    def play(self, name: str, value: Value) -> None:
        """A control of `live.osc.schema.PICTURE`."""
        self._send([encode_picture(name, value)])

    def reset(self) -> None:
        """Panic: the picture as at the start."""
        self._send([encode_panic()])

    def name_styles(self, now: float, style: str, names: Sequence[str]) -> None:
        """What the styles are called, when another is asked for and once a second: a visualizer
        may have just begun."""
        if not self._outs or (now < self._next_styles and style == self._told_style):
            return
        self._next_styles, self._told_style = now + _STYLES_EVERY_S, style
        self._send([encode_styles(style, names)])

    def _send(self, packets: list[bytes]) -> None:
        for out in self._outs:
            out.send(packets)
