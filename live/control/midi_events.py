"""What a MIDI controller sends and what it is bound to, in the words of the mapping.

Enters: messages of mido, in its own thread. Leaves: events; which control a binding plays is
decided by `live.control.midi_controller`.
"""

from dataclasses import dataclass
from typing import Any

KINDS = {"note": 127, "cc": 127, "program": 127, "bend": 0}
"""What can be bound, and the highest number of each."""
POSITIONED = ("cc", "bend")
"""Of these, what has positions, and not only presses."""


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


def _event(kind: str, number: int, message: Any, position: float) -> Event:
    return Event(kind, number, message.channel + 1, position)


def _centred(value: int, middle: int, top: int) -> float:
    if value <= middle:
        return 0.5 * value / middle
    return 0.5 + 0.5 * (value - middle) / (top - middle)
