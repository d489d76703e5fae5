"""A MIDI controller as a desk: knobs, faders and pads to controls, by a mapping from a TOML file.

Enters: MIDI messages with their own thread, the mapping before the show. Leaves: controls in their
range, (name, value) as of `live.control.osc_in`, polled by the engine's thread; never waits or
raises.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from live.osc.schema import PLAYED

KINDS = {"note": 127, "cc": 127, "program": 127, "bend": 0}  # and the highest number of each
_MOVED = ("cc", "bend")  # what has positions, and not only presses

Value = float | str | None


@dataclass(frozen=True)
class Event:
    """Something was moved: kind of KINDS, channel 1 to 16, position 0 to 1 (0: let go)."""

    kind: str
    number: int
    channel: int
    position: float

    @property
    def source(self) -> tuple[str, int, int]:
        return self.kind, self.number, self.channel


@dataclass(frozen=True)
class Binding:
    """What a knob or pad does. channel 0: any. value: what a press sets. low, high: the ends of a
    knob. mode: whether a switch changes over with each press, or is on while held (or high)."""

    kind: str
    number: int
    control: str
    channel: int = 0
    value: float | str | None = None
    low: float = 0.0
    high: float = 1.0
    mode: str = "toggle"

    def hears(self, event: Event) -> bool:
        return (
            event.kind == self.kind
            and event.number == self.number
            and self.channel in (0, event.channel)
        )


def event_of(message: Any) -> Event | None:
    """A message of mido as an event; None for one that moves nothing, such as the clock's.

    The middle of a knob, 64 of 127, is exactly the middle.
    """
    match message.type:
        case "note_on":
            return _event("note", message.note, message, float(message.velocity > 0))
        case "note_off":
            return _event("note", message.note, message, 0.0)
        case "control_change":
            return _event("cc", message.control, message, _centred(message.value, 64, 127))
        case "program_change":
            return _event("program", message.program, message, 1.0)
        case "pitchwheel":
            return _event("bend", 0, message, _centred(message.pitch + 8192, 8192, 16383))
    return None


class MidiDesk:
    """A mapping at an input; port: as mido's inputs, with a settable `callback`."""

    def __init__(self, port: Any, bindings: Sequence[Binding]):
        self._port = port
        self._bindings = bindings
        self._down: dict[Binding, bool] = {}
        self._arrived: deque[Event] = deque(maxlen=1024)
        port.callback = self._note

    def poll(self) -> list[tuple[str, Value]]:
        """The controls that were played since the last time, oldest first; of a fader that moved
        only where it is now."""
        played: list[tuple[str, Value]] = []
        for _ in range(len(self._arrived)):
            played += self.play(self._arrived.popleft())
        return [
            c for i, c in enumerate(played) if not (_is_fader(c) and _again(c, played[i + 1 :]))
        ]

    def play(self, event: Event) -> list[tuple[str, Value]]:
        """What one event does."""
        heard = [b for b in self._bindings if b.hears(event)]
        return [control for b in heard for control in self._play(b, event.position)]

    def close(self) -> None:
        self._port.close()

    def _play(self, binding: Binding, position: float) -> list[tuple[str, Value]]:
        control = PLAYED[binding.control]
        if control.types == "f" and not control.is_switch and binding.value is None:
            return [(binding.control, binding.low + position * (binding.high - binding.low))]
        was, now = self._down.get(binding, False), position >= 0.5
        self._down[binding] = now and binding.kind != "program"  # which is never let go
        if was == now:
            return []
        if control.is_switch and binding.mode == "hold":
            return [(binding.control, float(now))]
        return [(binding.control, binding.value)] if now else []

    def _note(self, message: Any) -> None:
        event = event_of(message)
        if event is not None:
            self._arrived.append(event)


def _event(kind: str, number: int, message: Any, position: float) -> Event:
    return Event(kind, number, message.channel + 1, position)


def _centred(value: int, middle: int, top: int) -> float:
    if value <= middle:
        return 0.5 * value / middle
    return 0.5 + 0.5 * (value - middle) / (top - middle)


def _is_fader(control: tuple[str, Value]) -> bool:
    return PLAYED[control[0]].types == "f" and not PLAYED[control[0]].is_switch


def _again(control: tuple[str, Value], later: list[tuple[str, Value]]) -> bool:
    return any(name == control[0] for name, _ in later)


# The file -------------------------------------------------------------------------------------


# Learning -------------------------------------------------------------------------------------
