"""The `lights` profile: one short OSC message a level, for lighting desks and media servers.

Desks take single messages of one number each, not bundles (grandMA3 ignores those); at most 16
addresses, so that QLC+, which hashes a path to a channel, hardly ever lets two collide.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from live.errors import ConfigError
from live.osc.encoding import HealthReport, encode_message
from live.outputs.emission import Emission
from live.outputs.levels import LEVELS

MAX_ADDRESSES = 16
_FLOAT = struct.Struct(">f")


@dataclass(frozen=True)
class Preset:
    """A program's own paths. full: what its faders call full, 1 or 100."""

    program: str
    port: int  # where the program listens by default
    full: float
    addresses: dict[str, str] = field(default_factory=dict)


def _numbered(path: str, first: int = 1) -> dict[str, str]:
    return {level: path.format(first + i) for i, level in enumerate(LEVELS)}


_OWN = {level: f"/pj/lights/{level}" for level in LEVELS}
_LINKS = ("beat", "low", "mid", "high", "arms", "legs", "travel", "openness")

PRESETS = {
    "plain": Preset("any program that learns paths", 9000, 1.0, _OWN),
    "qlcplus": Preset("QLC+", 7700, 1.0, _OWN),
    "grandma3": Preset("grandMA3", 8000, 100.0, _numbered("/Page1/Fader{}", 201)),
    "eos": Preset("ETC Eos", 8000, 1.0, _numbered("/eos/sub/{}")),
    "resolume": Preset(
        "Resolume",
        7000,
        1.0,
        _OWN | {c: f"/composition/dashboard/link{i}" for i, c in enumerate(_LINKS, 1)},
    ),
    "chataigne": Preset("Chataigne", 12000, 1.0, _OWN),
}


class Lights:
    """chosen: whose dance, as in `Levels.of`. full: sent for a level of 1. addresses: path of
    a level, over the preset's own; an empty path leaves the level out. ConfigError for what does
    not exist.
    """

    def __init__(
        self,
        chosen: tuple[int, ...] = (),
        preset: str = "plain",
        full: float | None = None,
        addresses: Mapping[str, str] | None = None,
    ):
        if preset not in PRESETS:
            raise ConfigError(f"no preset {preset!r}; there are {', '.join(PRESETS)}")
        known = PRESETS[preset]
        paths = known.addresses | _checked(addresses or {})
        self._chosen = chosen
        self._full = known.full if full is None else full
        self._heads = [
            (i, encode_message(paths[level], "f", (0.0,))[:-4])
            for i, level in enumerate(LEVELS)
            if paths[level]
        ]

    def encode(self, emission: Emission, health: HealthReport | None) -> list[bytes]:
        values = emission.levels.of(self._chosen)
        return [head + _FLOAT.pack(self._full * values[i]) for i, head in self._heads]


def _checked(addresses: Mapping[str, str]) -> dict[str, str]:
    for level, path in addresses.items():
        if level not in LEVELS:
            raise ConfigError(f"no level {level!r}; there are {', '.join(LEVELS)}")
        fits = isinstance(path, str) and path.isascii() and path.isprintable()
        if not fits or (path and (path[0] != "/" or set(path) & set(" #*,?[]{}"))):
            raise ConfigError(f"address of {level}: {path!r} is not an OSC path such as /light/1")
    return dict(addresses)
