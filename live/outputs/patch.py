"""The fixture patch: which level drives which DMX channel, from a TOML file.

Every mistake is a ConfigError that names the file, the fixture and what it may be. docs/lights.md
shows a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live.errors import ConfigError
from live.osc.schema import MAX_DANCERS
from live.outputs.levels import LEVELS, Levels
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

CHANNELS = 512
PROTOCOLS = ("sacn", "artnet")
MAX_RATE = 44  # what a DMX line of 512 channels carries
_LEVEL_INDEX = {level: i for i, level in enumerate(LEVELS)}


@dataclass(frozen=True)
class Channel:
    """One value, 8 or 16 bits. level: index in LEVELS, -1 for the constant `low`."""

    at: int  # from 0
    level: int
    low: float
    high: float
    is_fine: bool
    dancers: tuple[int, ...]


@dataclass(frozen=True)
class Universe:
    """host: '' for sACN's multicast. bind: address of this machine's network card, '' for any."""

    protocol: str
    number: int
    host: str
    bind: str
    priority: int
    channels: tuple[Channel, ...]

    def slots(self, levels: Levels) -> bytearray:
        """The universe's 512 bytes for these levels."""
        slots = bytearray(CHANNELS)
        known: dict[tuple[int, ...], list[float]] = {}
        for channel in self.channels:
            if channel.dancers not in known:
                known[channel.dancers] = levels.of(channel.dancers)
            share = known[channel.dancers][channel.level] if channel.level >= 0 else 0.0
            value = channel.low + (channel.high - channel.low) * share
            if channel.is_fine:
                slots[channel.at : channel.at + 2] = round(257 * value).to_bytes(2, "big")
            else:
                slots[channel.at] = round(value)
        return slots


@dataclass(frozen=True)
class Patch:
    """rate: packets a second and universe."""

    universes: tuple[Universe, ...]
    rate: int = 40
    blackout_on_exit: bool = True


def load_patch(path: Path) -> Patch:
    table = read_toml(path, "the DMX patch")
    with named(path):
        return _patch(table)


def _patch(table: Mapping[str, Any]) -> Patch:
    check_names(table, ("rate", "blackout_on_exit", "universe"))
    universes = tuple(_universe(t) for t in as_tables("universe", table.get("universe", [])))
    if not universes:
        raise ConfigError("no [[universe]] in it")
    places = [(u.protocol, u.number, u.host) for u in universes]
    for place in places:
        if places.count(place) > 1:
            raise ConfigError(f"{place[0]} universe {place[1]} is there twice")
    blackout = as_switch("blackout_on_exit", table.get("blackout_on_exit", True))
    return Patch(universes, as_whole("rate", table.get("rate", 40), 1, MAX_RATE), blackout)


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
    """A level's name, a constant from 0 to 255, or a table of level (or cue), from, to, fine."""
    if type(entry) is int and 0 <= entry <= 255:
        return Channel(at, -1, entry, entry, False, dancers)
    table = {"level": entry} if isinstance(entry, str) else entry
    if not isinstance(table, Mapping):
        raise ConfigError(
            f"channel {shown(entry)} is no level, no number from 0 to 255 and no table"
        )
    if "cue" in table and "level" not in table:  # as files of before have it
        table = {"level" if k == "cue" else k: v for k, v in table.items()}
    check_names(table, ("level", "from", "to", "fine"))
    level, fine = table.get("level"), as_switch("fine", table.get("fine", False))
    if not isinstance(level, str) or level not in LEVELS:
        raise ConfigError(f"no level {shown(level)}; there are {', '.join(LEVELS)}")
    low = as_whole("from", table.get("from", 0), 0, 255)
    high = as_whole("to", table.get("to", 255), 0, 255)
    return Channel(at, _LEVEL_INDEX[level], low, high, fine, dancers)
