"""The fixture patch: which level drives which DMX channel, from a TOML file.

Every mistake is a ConfigError that names the file, the fixture and what it may be. docs/lights.md
shows a file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live.errors import ConfigError
from live.flashes import FLASHES_PER_S, UNLIMITED
from live.osc.schema import MAX_DANCERS
from live.outputs.dmx_packets import SLOTS as CHANNELS
from live.outputs.levels import LEVELS, PLACES
from live.settings_file import (
    as_choice,
    as_switch,
    as_tables,
    as_text,
    as_whole,
    check_names,
    named,
    read_toml,
    shown,
)

PROTOCOLS = ("sacn", "artnet")
MAX_RATE = 44  # what a DMX line of 512 channels carries
LevelsOf = Callable[[tuple[int, ...]], list[float | None]]

_LEVEL_INDEX = {level: i for i, level in enumerate(LEVELS)}


@dataclass(frozen=True)
class Channel:
    """One value, 8 or 16 bits. level: index in LEVELS, -1 for the constant `low`. rest: 0 to 255,
    where it goes in a blackout, without its dancer and at the end; None: it stays where it is."""

    at: int  # from 0
    level: int
    low: float
    high: float
    is_fine: bool
    dancers: tuple[int, ...]
    rest: float | None = 0.0

    def put(self, slots: bytearray, value: float) -> None:
        """value: 0 to 255."""
        if self.is_fine:
            slots[self.at : self.at + 2] = round(257 * value).to_bytes(2, "big")
        else:
            slots[self.at] = round(value)


@dataclass(frozen=True)
class Universe:
    """host: '' for sACN's multicast. bind: address of this machine's network card, '' for any."""

    protocol: str
    number: int
    host: str
    bind: str
    priority: int
    channels: tuple[Channel, ...]

    def slots(self, levels_of: LevelsOf, before: bytes) -> bytearray:
        """The universe's 512 bytes. levels_of: as `Levels.of`, asked once for each group of
        dancers. before: the bytes of the last time, for what stays; `home` at first."""
        slots = bytearray(before)
        groups = {channel.dancers for channel in self.channels}
        known = {dancers: levels_of(dancers) for dancers in groups}
        for channel in self.channels:
            share = known[channel.dancers][channel.level] if channel.level >= 0 else 0.0
            if share is not None:
                channel.put(slots, channel.low + (channel.high - channel.low) * share)
            elif channel.rest is not None:
                channel.put(slots, channel.rest)
        return slots

    def rest(self, before: bytes) -> bytearray:
        """The bytes of the end: everything at rest, constants too."""
        slots = bytearray(before)
        for channel in self.channels:
            if channel.rest is not None:
                channel.put(slots, channel.rest)
        return slots

    @property
    def home(self) -> bytes:
        """The bytes before the first: at rest, and what has a place in its middle."""
        slots = bytearray(CHANNELS)
        for channel in self.channels:
            middle = (channel.low + channel.high) / 2
            channel.put(slots, middle if channel.rest is None else channel.rest)
        return bytes(slots)


@dataclass(frozen=True)
class Patch:
    """rate: packets a second and universe. flashes: the most in a second, see `FlashLimit`."""

    universes: tuple[Universe, ...]
    rate: int = 40
    blackout_on_exit: bool = True
    flashes: int = FLASHES_PER_S


def load_patch(path: Path) -> Patch:
    table = read_toml(path, "the DMX patch")
    with named(path):
        return _patch(table)


def _patch(table: Mapping[str, Any]) -> Patch:
    check_names(table, ("rate", "blackout_on_exit", "flashes", "universe"))
    universes = tuple(_universe(t) for t in as_tables("universe", table.get("universe", [])))
    if not universes:
        raise ConfigError("no [[universe]] in it")
    places = [(u.protocol, u.number, u.host) for u in universes]
    for place in places:
        if places.count(place) > 1:
            raise ConfigError(f"{place[0]} universe {place[1]} is there twice")
    blackout = as_switch("blackout_on_exit", table.get("blackout_on_exit", True))
    rate = as_whole("rate", table.get("rate", 40), 1, MAX_RATE)
    flashes = as_whole("flashes", table.get("flashes", FLASHES_PER_S), 0, UNLIMITED)
    return Patch(universes, rate, blackout, flashes)


def _universe(table: Mapping[str, Any]) -> Universe:
    check_names(table, ("protocol", "universe", "host", "bind", "priority", "fixture"))
    protocol = as_choice("protocol", table.get("protocol", "sacn"), PROTOCOLS)
    low, high = (1, 63_999) if protocol == "sacn" else (0, 32_767)
    number = as_whole("universe", table.get("universe", 1), low, high)
    host, bind = (as_text(name, table.get(name, "")) for name in ("host", "bind"))
    if protocol == "artnet" and not host:
        raise ConfigError("an artnet universe needs a host: the node's address, or a broadcast one")
    channels: list[Channel] = []
    used: dict[int, str] = {}
    for fixture in as_tables("fixture", table.get("fixture", [])):
        name = as_text("name", fixture.get("name", f"the fixture at {shown(_address(fixture))}"))
        with named(f"universe {number}, {name}"):
            for channel in _fixture(fixture):
                for at in range(channel.at, channel.at + 1 + channel.is_fine):
                    if at in used:
                        raise ConfigError(f"channel {at + 1} belongs to {used[at]!r} already")
                    used[at] = name
                channels.append(channel)
    priority = as_whole("priority", table.get("priority", 100), 0, 200)
    return Universe(protocol, number, host, bind, priority, tuple(channels))


def _address(fixture: Mapping[str, Any]) -> Any:
    return fixture.get("address", 1)


def _fixture(table: Mapping[str, Any]) -> list[Channel]:
    check_names(table, ("name", "address", "channels", "dancers"))
    at = as_whole("address", _address(table), 1, CHANNELS) - 1
    dancers = table.get("dancers", [])
    if not isinstance(dancers, list) or not all(
        type(d) is int and 1 <= d <= MAX_DANCERS for d in dancers
    ):
        raise ConfigError(f"dancers is {shown(dancers)}; it must be a list such as [1, 2]")
    entries = table.get("channels")
    if not isinstance(entries, list) or not entries:
        raise ConfigError("channels must be a list of levels, such as ['beat', 'low']")
    channels = []
    for entry in entries:
        channel = _channel(entry, at, tuple(dancers))
        at += 1 + channel.is_fine
        if at > CHANNELS:
            raise ConfigError(f"it reaches channel {at}; a universe has {CHANNELS}")
        channels.append(channel)
    return channels


def _channel(entry: Any, at: int, dancers: tuple[int, ...]) -> Channel:
    """A level's name, a constant from 0 to 255, or a table of level (or cue), from, to, fine, rest;
    or of value and rest."""
    if type(entry) is int and 0 <= entry <= 255:
        return Channel(at, -1, entry, entry, False, dancers)
    table = {"level": entry} if isinstance(entry, str) else entry
    if not isinstance(table, Mapping):
        raise ConfigError(
            f"channel {shown(entry)} is no level, no number from 0 to 255 and no table"
        )
    if "value" in table:
        check_names(table, ("value", "rest"))
        value = as_whole("value", table["value"], 0, 255)
        return Channel(at, -1, value, value, False, dancers, _rest(table, "dark"))
    if "cue" in table and "level" not in table:  # as files of before have it
        table = {"level" if k == "cue" else k: v for k, v in table.items()}
    check_names(table, ("level", "from", "to", "fine", "rest"))
    level, fine = table.get("level"), as_switch("fine", table.get("fine", False))
    if not isinstance(level, str) or level not in LEVELS:
        raise ConfigError(f"no level {shown(level)}; there are {', '.join(LEVELS)}")
    low = as_whole("from", table.get("from", 0), 0, 255)
    high = as_whole("to", table.get("to", 255), 0, 255)
    rest = _rest(table, "hold" if level in PLACES or fine else "dark")
    return Channel(at, _LEVEL_INDEX[level], low, high, fine, dancers, rest)


def _rest(table: Mapping[str, Any], default: str) -> float | None:
    """0 to 255; None for "hold"."""
    rest = table.get("rest", default)
    if rest in ("hold", "dark"):
        return None if rest == "hold" else 0.0
    if type(rest) is not int or not 0 <= rest <= 255:
        raise ConfigError(f"rest is {shown(rest)}; it must be 'hold', 'dark' or from 0 to 255")
    return float(rest)
