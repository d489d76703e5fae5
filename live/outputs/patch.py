"""The fixture patch: which level drives which DMX channel, from a TOML file.

Every mistake is a ConfigError that names the file, the fixture and what it may be. docs/lights.md
shows a file.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live.errors import ConfigError
from live.osc.schema import MAX_DANCERS
from live.outputs.levels import LEVELS, Levels

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
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the DMX patch {path}: {error.strerror}") from error
    except ValueError as error:  # of TOML or of UTF-8
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    try:
        return _patch(table)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def _patch(table: Mapping[str, Any]) -> Patch:
    _known(table, "rate", "blackout_on_exit", "universe")
    universes = tuple(_universe(t) for t in _tables(table, "universe"))
    if not universes:
        raise ConfigError("no [[universe]] in it")
    places = [(u.protocol, u.number, u.host) for u in universes]
    for place in places:
        if places.count(place) > 1:
            raise ConfigError(f"{place[0]} universe {place[1]} is there twice")
    blackout = table.get("blackout_on_exit", True)
    if not isinstance(blackout, bool):
        raise ConfigError(f"blackout_on_exit is {blackout!r}; it must be true or false")
    return Patch(universes, _whole(table, "rate", 40, 1, MAX_RATE), blackout)


def _universe(table: Mapping[str, Any]) -> Universe:
    _known(table, "protocol", "universe", "host", "bind", "priority", "fixture")
    protocol = table.get("protocol", "sacn")
    if protocol not in PROTOCOLS:
        raise ConfigError(f"protocol is {protocol!r}; it must be one of {', '.join(PROTOCOLS)}")
    low, high = (1, 63_999) if protocol == "sacn" else (0, 32_767)
    number = _whole(table, "universe", 1, low, high)
    host = _text(table, "host", "")
    if protocol == "artnet" and not host:
        raise ConfigError("an artnet universe needs a host: the node's address, or a broadcast one")
    channels: list[Channel] = []
    used: dict[int, str] = {}
    for fixture in _tables(table, "fixture"):
        name = _text(fixture, "name", f"the fixture at {fixture.get('address', 1)}")
        try:
            for channel in _fixture(fixture):
                for at in range(channel.at, channel.at + 1 + channel.is_fine):
                    if at in used:
                        raise ConfigError(f"channel {at + 1} belongs to {used[at]!r} already")
                    used[at] = name
                channels.append(channel)
        except ConfigError as error:
            raise ConfigError(f"universe {number}, {name}: {error}") from error
    priority = _whole(table, "priority", 100, 0, 200)
    return Universe(protocol, number, host, _text(table, "bind", ""), priority, tuple(channels))


def _fixture(table: Mapping[str, Any]) -> list[Channel]:
    _known(table, "name", "address", "channels", "dancers")
    at = _whole(table, "address", 1, 1, CHANNELS) - 1
    dancers = table.get("dancers", [])
    if not isinstance(dancers, list) or not all(
        type(d) is int and 1 <= d <= MAX_DANCERS for d in dancers
    ):
        raise ConfigError(f"dancers is {dancers!r}; it must be a list such as [1, 2]")
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
        raise ConfigError(f"channel {entry!r} is no level, no number from 0 to 255 and no table")
    if "cue" in table and "level" not in table:  # as files of before have it
        table = {"level" if k == "cue" else k: v for k, v in table.items()}
    _known(table, "level", "from", "to", "fine")
    level, fine = table.get("level"), table.get("fine", False)
    if not isinstance(level, str) or level not in LEVELS:
        raise ConfigError(f"no level {level!r}; there are {', '.join(LEVELS)}")
    if not isinstance(fine, bool):
        raise ConfigError(f"fine is {fine!r}; it must be true or false")
    low, high = _whole(table, "from", 0, 0, 255), _whole(table, "to", 255, 0, 255)
    return Channel(at, _LEVEL_INDEX[level], low, high, fine, dancers)


def _known(table: Mapping[str, Any], *names: str) -> None:
    unknown = sorted(set(table) - set(names))
    if unknown:
        raise ConfigError(f"unknown setting {unknown[0]!r}; known are {', '.join(names)}")


def _tables(table: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    tables = table.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(t, Mapping) for t in tables):
        raise ConfigError(f"{name} must be written as [[{name}]]")
    return tables


def _whole(table: Mapping[str, Any], name: str, default: int, low: int, high: int) -> int:
    value = table.get(name, default)
    if type(value) is not int or not low <= value <= high:
        raise ConfigError(f"{name} is {value!r}; it must be a whole number from {low} to {high}")
    return value


def _text(table: Mapping[str, Any], name: str, default: str) -> str:
    value = table.get(name, default)
    if not isinstance(value, str):
        raise ConfigError(f"{name} is {value!r}; it must be a text")
    return value
