"""The file that says what a MIDI controller's knobs and pads do: read, checked, written."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live.control.midi_events import KINDS, POSITIONED, Binding
from live.control.scenes import Scene, ScenePlayer
from live.dance.choreography.form import parse_form
from live.dance.material.phrase import LAST, checked_name
from live.dance.style import parse_style
from live.errors import ConfigError
from live.osc.schema import NEXT, PLAYED, PREVIOUS
from live.safe_write import write_text
from live.settings_file import (
    as_choice,
    as_number,
    as_text,
    as_whole,
    check_names,
    named,
    read_toml,
)

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
    content = read_toml(path, "the MIDI mapping")
    port, tables = content.pop("port", ""), content.pop("map", None)
    if content:
        raise ConfigError(f"{path}: unknown {next(iter(content))!r}; known are port and [[map]]")
    with named(path):
        as_text("port", port)
    if not isinstance(tables, list) or not tables:
        raise ConfigError(f"{path}: a MIDI mapping needs entries, each under [[map]]")
    bindings = []
    for number, table in enumerate(tables, 1):
        with named(f"{path}: map {number}"):
            bindings.append(_binding(table, styles, scenes))
    return MidiMap(port, tuple(bindings))


def _binding(table: Any, styles: tuple[str, ...], scenes: Sequence[Scene]) -> Binding:
    if not isinstance(table, dict):
        raise ConfigError("write it as a table under [[map]]")
    kinds = [kind for kind in KINDS if kind in table]
    if len(kinds) != 1:
        raise ConfigError(f"it needs one of {', '.join(KINDS)}")
    kind = kinds[0]
    check_names(table, (kind, *_KEYS))
    is_bend = kind == "bend" and table[kind] is True  # there is one a channel
    number = 0 if is_bend else as_whole(kind, table[kind], 0, KINDS[kind])
    channel = as_whole("channel", table.get("channel", 0), 0, 16)
    name = as_choice("control", table.get("control"), PLAYED)
    control = PLAYED[name]
    mode = as_choice("mode", table.get("mode", "hold" if kind in POSITIONED else "toggle"), MODES)
    low = as_number("low", table.get("low", control.low), control.low, control.high)
    high = as_number("high", table.get("high", control.high), control.low, control.high)
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
        if control.is_optional or (control.types == "f" and kind in POSITIONED):
            return None
        raise ConfigError(f"{name} needs the value that a press sets")
    if control.types == "s":
        as_text("value", value)
        if name == "form":
            parse_form(value)
        elif styles:
            parse_style(value, styles)
        return value
    if control.choices and isinstance(value, str):
        return as_choice("value", value, (*control.choices, NEXT, PREVIOUS))
    if control.types == "a" and isinstance(value, str):
        if name == "cue" and scenes and value not in (NEXT, PREVIOUS):
            ScenePlayer(scenes).call(value)
        elif name != "cue" and value != LAST:
            checked_name(value)
        return value
    return as_number("value", value, control.low, control.high)


def write(path: Path, mapping: MidiMap) -> None:
    """Write a mapping that `load` reads. ArtifactError where the file cannot be written."""
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
    write_text(path, "\n".join(lines) + "\n")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # for printable text the same as TOML's
