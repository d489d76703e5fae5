"""A MIDI controller: its knobs, faders and pads to controls, by a mapping from a TOML file.

Enters: MIDI messages with their own thread, the mapping before the show. Leaves: controls in their
range, (name, value) as of `live.osc.values`, polled by the engine's thread; never waits or
raises.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any

from live.control.midi_events import Binding, Event, event_of
from live.osc.schema import PLAYED
from live.osc.values import Value


class MidiController:
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


def _is_fader(control: tuple[str, Value]) -> bool:
    return PLAYED[control[0]].types == "f" and not PLAYED[control[0]].is_switch


def _again(control: tuple[str, Value], later: list[tuple[str, Value]]) -> bool:
    return any(name == control[0] for name, _ in later)
