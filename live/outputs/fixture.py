"""One fixture of a patch: its channels, what drives them, and where its head stands.

Enters: its table in the patch. Leaves: a `Fixture`. Every mistake is a ConfigError.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from live.errors import ConfigError
from live.osc.schema import MAX_DANCERS
from live.outputs.colour import GROUPS
from live.outputs.dmx_packets import SLOTS as CHANNELS
from live.outputs.heads import SIDES, Corner, Head, calibrated
from live.outputs.signals import AIMS, CURVES, DIVISIONS, FILTERS, HELD_AT_REST, NAMES, Signal
from live.settings_file import (
    as_choice,
    as_number,
    as_switch,
    as_tables,
    as_text,
    as_whole,
    check_names,
    named,
    shown,
)

MAX_FADE_S = 60.0


@dataclass(frozen=True)
class Channel:
    """One value. at: its slots from 0, the coarse one first. signal: None for the constant `low`.
    low, high: 0 to 255, for 0 and 1. rest: 0 to 255, where it goes in a blackout, without its
    dancer and at the end; None: it stays where it is. fade_s: seconds for the whole way up, and
    down."""

    at: tuple[int, ...]
    signal: Signal | None
    low: float
    high: float
    rest: float | None = 0.0
    fade_s: tuple[float, float] = (0.0, 0.0)

    def put(self, slots: bytearray, value: float) -> None:
        """value: 0 to 255."""
        size = len(self.at)
        whole = round(value * (256**size - 1) / 255)
        for at, byte in zip(self.at, whole.to_bytes(size, "big"), strict=True):
            slots[at] = byte

    def get(self, slots: bytes) -> float:
        """0 to 255."""
        size = len(self.at)
        return int.from_bytes(bytes(slots[at] for at in self.at), "big") * 255 / (256**size - 1)


@dataclass(frozen=True)
class Fixture:
    """head: None where it does not follow its dancers."""

    name: str
    channels: tuple[Channel, ...]
    dancers: tuple[int, ...] = ()
    head: Head | None = None


def fixture_of(table: Mapping[str, Any], name: str) -> Fixture:
    check_names(table, ("name", "address", "channels", "dancers", "group", "head"))
    first = as_whole("address", table.get("address", 1), 1, CHANNELS) - 1
    dancers = table.get("dancers", [])
    if not isinstance(dancers, list) or not all(
        type(d) is int and 1 <= d <= MAX_DANCERS for d in dancers
    ):
        raise ConfigError(f"dancers is {shown(dancers)}; it must be a list such as [1, 2]")
    group = as_whole("group", table.get("group", 1), 1, GROUPS)
    entries = table.get("channels")
    if not isinstance(entries, list) or not entries:
        raise ConfigError("channels must be a list of levels, such as ['beat', 'low']")
    channels: list[Channel] = []
    at = first
    for entry in entries:
        channel, at = _channel(entry, at, first, tuple(dancers), group)
        channels.append(channel)
    head = _head(table["head"]) if "head" in table else None
    names = {channel.signal.name for channel in channels if channel.signal}
    if head is None and names & set(AIMS):
        raise ConfigError("pan and tilt need a head: [universe.fixture.head], see docs/lights.md")
    return Fixture(name, tuple(_mixing(channels, names)), tuple(dancers), head)


def _mixing(channels: list[Channel], names: set[str]) -> list[Channel]:
    """Channels that know what colours the fixture has besides, and whether it dims itself."""
    found = []
    for channel in channels:
        if channel.signal:
            signal = replace(
                channel.signal, is_full="intensity" in names, has_white="white" in names
            )
            channel = replace(channel, signal=signal)
        found.append(channel)
    return found


def _channel(
    entry: Any, at: int, first: int, dancers: tuple[int, ...], group: int
) -> tuple[Channel, int]:
    """The channel, and where the next one is. entry: a signal's name, a constant from 0 to 255, or
    a table of level (or cue) and how it is to be followed, or of value and rest."""
    if type(entry) is int and 0 <= entry <= 255:
        entry = {"value": entry}
    table = {"level": entry} if isinstance(entry, str) else entry
    if not isinstance(table, Mapping):
        raise ConfigError(
            f"channel {shown(entry)} is no level, no number from 0 to 255 and no table"
        )
    places, after = _places(table, at, first)
    if "value" in table:
        check_names(table, ("value", "rest", "fine", "offsets"))
        value = as_number("value", table["value"], 0, 255)
        return Channel(places, None, value, value, _rest(table, "dark")), after
    if "cue" in table and "level" not in table:  # as files of before have it
        table = {"level" if k == "cue" else k: v for k, v in table.items()}
    check_names(
        table,
        ("level", "from", "to", "fine", "rest", "offsets", "curve", "fade", "threshold", "every",
         "at", "group"),
    )  # fmt: skip
    signal = _signal(table, dancers, group)
    low = as_number("from", table.get("from", 0), 0, 255)
    high = as_number("to", table.get("to", 255), 0, 255)
    is_held = signal.name in HELD_AT_REST or (len(places) > 1 and signal.name not in _LIGHT)
    default = "hold" if is_held else 255 if signal.name in FILTERS else "dark"
    return Channel(places, signal, low, high, _rest(table, default), _fade(table)), after


_LIGHT = ("intensity", "red", "green", "blue", "white", "amber")


def _places(table: Mapping[str, Any], at: int, first: int) -> tuple[tuple[int, ...], int]:
    """Slots from 0, and the next free one. offsets: from 1, as a fixture's manual counts them."""
    fine = as_switch("fine", table.get("fine", False))
    if "offsets" in table:
        given = table["offsets"]
        if not isinstance(given, list) or not 1 <= len(given) <= 3:
            raise ConfigError(f"offsets is {shown(given)}; it must be a list such as [1, 3]")
        places = tuple(first + as_whole("offset", n, 1, CHANNELS) - 1 for n in given)
    else:
        places = (at, at + 1) if fine else (at,)
    if max(places) >= CHANNELS:
        raise ConfigError(f"it reaches channel {max(places) + 1}; a universe has {CHANNELS}")
    return places, max(at, max(places) + 1)


def _signal(table: Mapping[str, Any], dancers: tuple[int, ...], group: int) -> Signal:
    name = table.get("level")
    if not isinstance(name, str) or name not in NAMES:
        raise ConfigError(f"no level {shown(name)}; there are {', '.join(NAMES)}")
    if name != "beat" and ("every" in table or "at" in table):
        raise ConfigError(f"every and at divide the beat, not {name}")
    every = float(as_number("every", table.get("every", 1), 0.25, 32))
    if every not in DIVISIONS:
        raise ConfigError(f"every is {every:g}; there are {', '.join(f'{d:g}' for d in DIVISIONS)}")
    at = as_number("at", table.get("at", 0), 0, 32)
    if at and at >= every:
        raise ConfigError(f"at is {at:g}; it must be less than every, {every:g}")
    return Signal(
        name,
        dancers,
        as_whole("group", table.get("group", group), 1, GROUPS),
        every,
        float(at),
        as_number("threshold", table.get("threshold", 0.0), 0.0, 0.99),
        as_choice("curve", table.get("curve", "linear"), tuple(CURVES)),
    )


def _fade(table: Mapping[str, Any]) -> tuple[float, float]:
    """Seconds up and down: one number for both, or two."""
    given = table.get("fade", 0.0)
    both = given if isinstance(given, list) else [given, given]
    if len(both) != 2:
        raise ConfigError(f"fade is {shown(given)}; it must be seconds, or [up, down]")
    up, down = (as_number("fade", seconds, 0.0, MAX_FADE_S) for seconds in both)
    return up, down


def _rest(table: Mapping[str, Any], default: str | int) -> float | None:
    """0 to 255; None for "hold"."""
    rest = table.get("rest", default)
    if rest in ("hold", "dark"):
        return None if rest == "hold" else 0.0
    if type(rest) is not int or not 0 <= rest <= 255:
        raise ConfigError(f"rest is {shown(rest)}; it must be 'hold', 'dark' or from 0 to 255")
    return float(rest)


def _head(table: Any) -> Head:
    if not isinstance(table, Mapping):
        raise ConfigError(f"head is {shown(table)}; it must be a table, [universe.fixture.head]")
    with named("head"):
        check_names(
            table,
            ("hangs", "side", "pan_range", "tilt_range", "corners", "position", "yaw", "sense"),
        )
        hangs = as_switch("hangs", table.get("hangs", True))
        pan_range = float(as_number("pan_range", table.get("pan_range", 540), 90, 1080))
        tilt_range = float(as_number("tilt_range", table.get("tilt_range", 270), 45, 720))
        if "corners" not in table:
            return _placed(table, hangs, pan_range, tilt_range)
        corners = as_tables("corners", table["corners"])
        if len(corners) != 2:
            raise ConfigError(f"corners are two, not {len(corners)}")
        first, second = (_corner(corner) for corner in corners)
        side = as_choice("side", as_text("side", table.get("side", "front")), SIDES)
        return calibrated(
            first, second, hangs=hangs, side=side, pan_range=pan_range, tilt_range=tilt_range
        )


def _corner(table: Mapping[str, Any]) -> Corner:
    check_names(table, ("x", "z", "pan", "tilt"))
    x, z = (as_number(name, table.get(name), -50.0, 50.0) for name in "xz")
    pan, tilt = (as_number(name, table.get(name), 0.0, 255.0) for name in AIMS)
    return Corner(x, z, pan / 255, tilt / 255)


def _placed(table: Mapping[str, Any], hangs: bool, pan_range: float, tilt_range: float) -> Head:
    """As measured, or from a plan: where it is and which way it is turned."""
    position = table.get("position")
    if not isinstance(position, list) or len(position) != 3:
        raise ConfigError("a head needs two corners, or position = [x, y, z] and yaw")
    x, y, z = (as_number("position", metres, -100.0, 100.0) for metres in position)
    yaw = as_number("yaw", table.get("yaw", 0.0), -360.0, 360.0)
    sense = as_choice("sense", table.get("sense", 1), (1, -1))
    return Head((x, y, z), math.radians(yaw), float(sense), hangs, pan_range, tilt_range)
