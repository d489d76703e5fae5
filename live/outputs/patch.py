"""The fixture patch: what drives which DMX channel, from a TOML file.

Every mistake is a ConfigError that names the file, the fixture and what it may be. docs/lights.md
shows a file. What a fixture's table may say, `live.outputs.fixture` knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live.errors import ConfigError
from live.flashes import FLASHES_PER_S, UNLIMITED
from live.outputs.dmx_packets import SLOTS as CHANNELS
from live.outputs.fixture import Channel, Fixture, fixture_of
from live.settings_file import (
    as_choice,
    as_number,
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
MAX_DELAY_MS = 2000.0


@dataclass(frozen=True)
class Universe:
    """host: '' for sACN's multicast. bind: address of this machine's network card, '' for any.
    delay_ms: how much later than what the show makes up for its lamps are to light."""

    protocol: str
    number: int
    host: str
    bind: str
    priority: int
    fixtures: tuple[Fixture, ...]
    delay_ms: float = 0.0

    @property
    def channels(self) -> tuple[Channel, ...]:
        return tuple(channel for fixture in self.fixtures for channel in fixture.channels)

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
    check_names(table, ("protocol", "universe", "host", "bind", "priority", "delay", "fixture"))
    protocol = as_choice("protocol", table.get("protocol", "sacn"), PROTOCOLS)
    low, high = (1, 63_999) if protocol == "sacn" else (0, 32_767)
    number = as_whole("universe", table.get("universe", 1), low, high)
    host, bind = (as_text(name, table.get(name, "")) for name in ("host", "bind"))
    if protocol == "artnet" and not host:
        raise ConfigError("an artnet universe needs a host: the node's address, or a broadcast one")
    fixtures: list[Fixture] = []
    used: dict[int, str] = {}
    for given in as_tables("fixture", table.get("fixture", [])):
        first = shown(given.get("address", 1))
        name = as_text("name", given.get("name", f"the fixture at {first}"))
        with named(f"universe {number}, {name}"):
            fixture = fixture_of(given, name)
            for at in (at for channel in fixture.channels for at in channel.at):
                if at in used:
                    raise ConfigError(f"channel {at + 1} belongs to {used[at]!r} already")
                used[at] = name
        fixtures.append(fixture)
    priority = as_whole("priority", table.get("priority", 100), 0, 200)
    delay_ms = as_number("delay", table.get("delay", 0.0), 0.0, MAX_DELAY_MS)
    return Universe(protocol, number, host, bind, priority, tuple(fixtures), delay_ms)
