"""The file that says what a MIDI controller's knobs and pads do: read, checked, written."""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live.control.midi_events import KINDS, POSITIONED, Binding
from live.control.scenes import Scene, ScenePlayer
from live.dance.style import parse_style
from live.errors import ConfigError
from live.osc.schema import NEXT, PLAYED, PREVIOUS

MODES = ("toggle", "hold")
_KEYS = ("channel", "control", "value", "low", "high", "mode")


@dataclass(frozen=True)
class MidiMap:
    """port: a part of the controller's name; "" for the first there is."""

    port: str
    bindings: tuple[Binding, ...]


def load(path: Path, styles: tuple[str, ...] = (), scenes: Sequence[Scene] = ()) -> MidiMap:
    """A mapping, for a model with these styles and scenes (none: not checked).

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
            bindings.append(_binding(table, styles, scenes))
        except ConfigError as error:
            raise ConfigError(f"{path}: map {number}: {error}") from error
    return MidiMap(port, tuple(bindings))


def _binding(table: Any, styles: tuple[str, ...], scenes: Sequence[Scene]) -> Binding:
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
    mode = table.get("mode", "hold" if kind in POSITIONED else "toggle")
    if mode not in MODES:
        raise ConfigError(f"mode is {mode!r}; it must be one of {', '.join(MODES)}")
    low = _number("low", table.get("low", control.low), control.low, control.high)
    high = _number("high", table.get("high", control.high), control.low, control.high)
    value = check_press(kind, name, table.get("value"), styles, scenes)
    return Binding(kind, number, name, channel, value, low, high, mode)


def check_press(
    kind: str, name: str, value: Any, styles: tuple[str, ...], scenes: Sequence[Scene]
) -> float | str | None:
    """What a press sets, checked. ConfigError where it does not suit the control."""
    control = PLAYED[name]
    if control.types == "" or control.is_switch:
        if value is not None:
            raise ConfigError(f"{name} takes no value")
        return None
    if value is None:
        if control.types == "f" and kind in POSITIONED:
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
        if scenes:
            ScenePlayer(scenes).call(value)
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
