"""What a control's value may be: its type, its range, its choices.

Enters: the arguments of an OSC message, or the value in a session file, from anybody. Leaves: a
value the engine can use, or None. Pure functions, any thread.
"""

import math

from live.osc.schema import NEXT, PREVIOUS, Control

Value = float | str | None

RELEASE = ("", None)  # a button let go of: valid, but nothing happens
_MAX_TEXT = 256


def parse_arguments(control: Control, arguments: list) -> tuple[str, Value] | None:
    """(name, value) of a control that came with these arguments; None if they do not fit.

    The name is empty where nothing is to happen: a button was let go.
    """
    if control.types == "":
        return _trigger(control.name, arguments)
    if (control.is_switch or control.is_optional) and not arguments:
        return control.name, None
    if len(arguments) != 1:
        return None
    value = arguments[0]
    if control.types in ("s", "a") and isinstance(value, str):
        return (control.name, value) if _is_text(value) and _is_one_of(control, value) else None
    if control.types == "s" or not _is_number(value):
        return None
    if control.types == "a" and not value:  # of a button let go
        return RELEASE
    return control.name, float(min(max(value, control.low), control.high))


def parse_named(control: Control, name: str, arguments: list) -> tuple[str, Value] | None:
    """As `parse_arguments`, of an address that ends in one of the control's names: a button."""
    if not control.has_names:
        return None
    pressed = _trigger(control.name, arguments)
    return pressed if pressed is None or pressed == RELEASE else (control.name, name)


def chosen(control: Control, value: Value, now: str) -> str:
    """One of the control's choices: by its name, its number from 1, or as the neighbour of now."""
    choices = control.choices
    if isinstance(value, float):
        return choices[max(round(value), 1) - 1]
    if value in (NEXT, PREVIOUS):
        # One that the wire does not name: its neighbour is the first.
        at = choices.index(now) if now in choices else -1
        return choices[(at + (1 if value == NEXT else -1)) % len(choices)]
    return str(value)


def _trigger(name: str, arguments: list) -> tuple[str, Value] | None:
    """Buttons of most controllers send 1 when pressed and 0 when let go, which does nothing."""
    if not arguments:
        return name, None
    if not _is_number(arguments[0]):
        return None
    return (name, None) if arguments[0] else RELEASE


def _is_number(value) -> bool:
    """i, f, h, d, T and F, but not NaN."""
    return isinstance(value, (int, float)) and not math.isnan(value)


def _is_one_of(control: Control, value: str) -> bool:
    steps = (NEXT, PREVIOUS)
    return not control.choices or value in (*control.choices, *steps)


def _is_text(value: str) -> bool:
    return len(value) <= _MAX_TEXT and value.isprintable()
