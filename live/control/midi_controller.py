"""A MIDI controller as a desk: knobs, faders and pads to controls, by a mapping from a TOML file.

Enters: MIDI messages with their own thread, the mapping before the show. Leaves: controls in their
range, (name, value) as of `live.control.osc_in`, polled by the engine's thread; never waits or
raises.
"""

import json
import tomllib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live.control.scenes import Cue, CuePlayer
from live.dance.style import parse_style
from live.errors import ConfigError
from live.osc.schema import NEXT, PLAYED, PREVIOUS

KINDS = {"note": 127, "cc": 127, "program": 127, "bend": 0}  # and the highest number of each
MODES = ("toggle", "hold")
_KEYS = ("channel", "control", "value", "low", "high", "mode")
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


@dataclass(frozen=True)
class MidiMap:
    """port: a part of the controller's name; "" for the first there is."""

    port: str
    bindings: tuple[Binding, ...]


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


def load(path: Path, styles: tuple[str, ...] = (), cues: Sequence[Cue] = ()) -> MidiMap:
    """A mapping, for a model with these styles and a set list with these cues (none: not checked).

    ConfigError that names the file, the entry and the mistake.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the MIDI mapping {path}: {error.strerror}") from error
    except ValueError as error:  # of TOML, of UTF-8, or a number too long for Python
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    port, tables = content.pop("port", ""), content.pop("map", None)
    if content:
        raise ConfigError(f"{path}: unknown {next(iter(content))!r}; known are port and [[map]]")
    if not isinstance(port, str):
        raise ConfigError(f"{path}: port is {port!r}; it must be a text")
    if not isinstance(tables, list) or not tables:
        raise ConfigError(f"{path}: a MIDI mapping needs entries, each under [[map]]")
    bindings = []
    for number, table in enumerate(tables, 1):
        try:
            bindings.append(_binding(table, styles, cues))
        except ConfigError as error:
            raise ConfigError(f"{path}: map {number}: {error}") from error
    return MidiMap(port, tuple(bindings))


def _binding(table: Any, styles: tuple[str, ...], cues: Sequence[Cue]) -> Binding:
    if not isinstance(table, dict):
        raise ConfigError("write it as a table under [[map]]")
    kinds = [kind for kind in KINDS if kind in table]
    if len(kinds) != 1:
        raise ConfigError(f"it needs one of {', '.join(KINDS)}")
    kind = kinds[0]
    unknown = sorted(set(table) - {kind, *_KEYS})
    if unknown:
        raise ConfigError(f"unknown setting {unknown[0]!r}; known are {', '.join(_KEYS)}")
    number = _whole(kind, table[kind], 0, KINDS[kind])
    channel = _whole("channel", table.get("channel", 0), 0, 16)
    name = table.get("control")
    if not isinstance(name, str) or name not in PLAYED:
        raise ConfigError(f"control is {name!r}; it must be one of {', '.join(PLAYED)}")
    control = PLAYED[name]
    mode = table.get("mode", "hold" if kind in _MOVED else "toggle")
    if mode not in MODES:
        raise ConfigError(f"mode is {mode!r}; it must be one of {', '.join(MODES)}")
    low = _number("low", table.get("low", control.low), control.low, control.high)
    high = _number("high", table.get("high", control.high), control.low, control.high)
    value = _pressed(kind, name, table.get("value"), styles, cues)
    return Binding(kind, number, name, channel, value, low, high, mode)


def _pressed(
    kind: str, name: str, value: Any, styles: tuple[str, ...], cues: Sequence[Cue]
) -> float | str | None:
    """What a press sets, checked."""
    control = PLAYED[name]
    if control.types == "" or control.is_switch:
        if value is not None:
            raise ConfigError(f"{name} takes no value")
        return None
    if value is None:
        if control.types == "f" and kind in _MOVED:
            return None
        raise ConfigError(f"{name} needs the value that a press sets")
    if control.types == "s":
        if not isinstance(value, str):
            raise ConfigError(f"value is {value!r}; it must be a text")
        if styles:
            parse_style(value, styles)
        return value
    if control.choices and isinstance(value, str):
        known = (*control.choices, NEXT, PREVIOUS)
        if value not in known:
            raise ConfigError(f"value is {value!r}; it must be one of {', '.join(known)}")
        return value
    if control.types == "a" and isinstance(value, str):
        if cues:
            CuePlayer(cues).call(value)
        return value
    return _number("value", value, control.low, control.high)


def _whole(name: str, value: Any, low: int, high: int) -> int:
    if name == "bend" and value is True:
        return 0
    if type(value) is not int or not low <= value <= high:
        raise ConfigError(f"{name} is {value!r}; it must be a whole number, {low} to {high}")
    return value


def _number(name: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigError(f"{name} is {value!r}; it must be {low:.10g} to {high:.10g}")
    return float(value)


# Learning -------------------------------------------------------------------------------------


def parse_wish(text: str, styles: tuple[str, ...] = ()) -> tuple[str, float | str | None]:
    """'energy', 'cue=drop', 'seed=7' to (control, value). ConfigError that names the mistake."""
    name, equals, said = text.partition("=")
    if name not in PLAYED:
        raise ConfigError(f"no control {name!r}; there are {', '.join(PLAYED)}")
    value: float | str | None = None
    if equals:
        value = said
        if PLAYED[name].types == "f":
            try:
                value = float(said)
            except ValueError as error:
                raise ConfigError(f"{text!r}: {said!r} is not a number") from error
    # A knob needs no value, everything else does what a pad would.
    _pressed("cc" if value is None else "note", name, value, styles, ())
    return name, value


def learn(
    wishes: Sequence[str], events: Iterable[Event | None], say: Callable[[str], None]
) -> list[Binding]:
    """Ask for each wish (see `parse_wish`) and take what is moved next; None skips one.

    What is taken stays taken: a fader still moving is not taken for the next. Ends with the events.
    """
    bindings: list[Binding] = []
    coming = iter(events)
    for wish in wishes:
        name, value = parse_wish(wish)
        say(f"move what shall be {wish} (Enter: nothing)")
        taken = {(b.kind, b.number, b.channel) for b in bindings}
        for event in coming:
            if event is None:
                break
            if event.source in taken or not _suits(event, name, value):
                continue
            bindings.append(_learned(event, name, value))
            say(f"  {event.kind} {event.number} on channel {event.channel}")
            break
        else:
            return bindings
    return bindings


def _suits(event: Event, name: str, value: Value) -> bool:
    """A press, or for what has positions something that can be moved."""
    control = PLAYED[name]
    if control.types == "f" and not control.is_switch and value is None:
        return event.kind in _MOVED
    return event.position >= 0.5


def _learned(event: Event, name: str, value: Value) -> Binding:
    control = PLAYED[name]
    mode = "hold" if event.kind in _MOVED else "toggle"
    return Binding(
        event.kind, event.number, name, event.channel, value, control.low, control.high, mode
    )


def write(path: Path, mapping: MidiMap) -> None:
    """Write a mapping that `load` reads. ConfigError where the file cannot be written."""
    lines = [
        "# A MIDI mapping: posejockey live --midi-map FILE. Written by posejockey devices",
        "# --learn; docs/control.md says what may stand here.",
        "",
        f"port = {_quoted(mapping.port)}",
    ]
    for b in mapping.bindings:
        control = PLAYED[b.control]
        lines += ["", "[[map]]", f"{b.kind} = {b.number}"]
        lines += [f"channel = {b.channel}"] if b.channel else []
        lines += [f"control = {_quoted(b.control)}"]
        if b.value is not None:
            lines += [f"value = {_quoted(b.value) if isinstance(b.value, str) else b.value}"]
        elif control.is_switch:
            lines += [f"mode = {_quoted(b.mode)}"]
        elif control.types == "f":
            lines += [f"low = {b.low}", f"high = {b.high}"]
    try:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write the MIDI mapping {path}: {error.strerror}") from error


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # for printable text the same as TOML's
