"""The `lights` profile: one short OSC message a level, for lighting desks and media servers.

Enters: emissions, in the engine's thread. Leaves: packets.
Desks take single messages of one number each, not bundles (grandMA3 ignores those). Without groups
there are 16 addresses, with all of them 64: in QLC+, which hashes a path to a channel, no two of
them collide, as a test holds.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from live.errors import ConfigError
from live.flashes import FLASHES_PER_S
from live.osc.encoding import HealthReport, check_finite, encode_message
from live.outputs.colour import GROUPS
from live.outputs.emission import Emission
from live.outputs.flash_limit import FlashLimit
from live.outputs.levels import COLOURS, LEVELS
from live.outputs.signals import HELD_AT_REST, Reader, Signal
from live.settings_file import as_number

_FLOAT = struct.Struct(">f")
_STATE = list(LEVELS).index("state")
_MIDDLE = 0.5  # of what stays where it is, before it was anywhere


@dataclass(frozen=True)
class Preset:
    """A program's own paths. full: what its faders call full, 1 or 100. is_light: its paths are
    faders of light, so that at rest all of them are down."""

    program: str
    port: int  # where the program listens by default
    full: float
    addresses: dict[str, str] = field(default_factory=dict)
    is_light: bool = False

    def paths(self, groups: int) -> dict[str, str]:
        """Of the levels, and of so many groups' colours."""
        names = names_of(groups)
        return {name: self.addresses[name] for name in names}


def names_of(groups: int) -> list[str]:
    """The levels, then each group's colours, such as `2/hue`."""
    return [*LEVELS, *(f"{group}/{c}" for group in range(1, groups + 1) for c in COLOURS)]


def _numbered(path: str, first: int = 1) -> dict[str, str]:
    return {name: path.format(first + i) for i, name in enumerate(names_of(GROUPS))}


_OWN = {name: f"/pj/lights/{name}" for name in names_of(GROUPS)}
_LINKS = ("beat", "low", "mid", "high", "arms", "legs", "travel", "openness")

PRESETS = {
    "plain": Preset("any program that learns paths", 9000, 1.0, _OWN),
    "qlcplus": Preset("QLC+", 7700, 1.0, _OWN),
    "grandma3": Preset("grandMA3", 8000, 100.0, _numbered("/Page1/Fader{}", 201), is_light=True),
    "eos": Preset("ETC Eos", 8000, 1.0, _numbered("/eos/sub/{}"), is_light=True),
    "resolume": Preset(
        "Resolume",
        7000,
        1.0,
        _OWN | {c: f"/composition/dashboard/link{i}" for i, c in enumerate(_LINKS, 1)},
    ),
    "chataigne": Preset("Chataigne", 12000, 1.0, _OWN),
}


class Lights:
    """chosen: whose dance, as in `Levels.of`. groups: how many groups' colours, 0 to 8. full: sent
    for a level of 1. addresses: path of a level, over the preset's own; an empty path leaves the
    level out. rest: where a level goes in a blackout, without its dancer and at the end, 0 to 1, or
    "hold" to stay. flashes: the most in a second, see `FlashLimit`. blackout_on_exit: false leaves
    the last look. ConfigError for what does not exist.
    """

    def __init__(
        self,
        chosen: tuple[int, ...] = (),
        preset: str = "plain",
        full: float | None = None,
        addresses: Mapping[str, str] | None = None,
        rest: Mapping[str, float | str] | None = None,
        flashes: int = FLASHES_PER_S,
        blackout_on_exit: bool = True,
        groups: int = 0,
    ):
        if preset not in PRESETS:
            raise ConfigError(f"no preset {preset!r}; there are {', '.join(PRESETS)}")
        known = PRESETS[preset]
        names = names_of(groups)
        paths = known.paths(groups) | _checked(addresses or {}, names)
        self._full = known.full if full is None else full
        self._tells_state = not known.is_light  # in the dark, too: there it lights nothing
        self._rest = _rest_of(rest or {}, () if known.is_light else HELD_AT_REST, names)
        self._values = [_MIDDLE if value is None else value for value in self._rest]
        self._limit = FlashLimit([_signal(name, chosen) for name in names], flashes)
        self._ends_dark = blackout_on_exit
        self._heads = [
            (i, encode_message(paths[name], "f", (0.0,))[:-4])
            for i, name in enumerate(names)
            if paths[name]
        ]

    def encode(self, emission: Emission, health: HealthReport | None) -> list[bytes]:
        levels = emission.levels
        values = self._limit.step(Reader(levels))
        if self._tells_state:
            values[_STATE] = levels.state
        return self._packets(values)

    def goodbye(self) -> list[bytes]:
        return self._packets([None] * len(self._rest)) if self._ends_dark else []

    def _packets(self, values: list[float | None]) -> list[bytes]:
        """None: at rest."""
        asked = [r if v is None else v for v, r in zip(values, self._rest, strict=True)]
        sent = [b if v is None else v for v, b in zip(asked, self._values, strict=True)]
        check_finite(sent)
        self._values = sent
        return [head + _FLOAT.pack(self._full * self._values[i]) for i, head in self._heads]


def _signal(name: str, dancers: tuple[int, ...]) -> Signal:
    group, _, colour = name.rpartition("/")
    return Signal(colour, group=int(group)) if group else Signal(name, dancers)


def _rest_of(
    given: Mapping[str, float | str], hold: tuple[str, ...], names: list[str]
) -> list[float | None]:
    """Where each level goes at rest; None: it stays."""
    known: dict[str, float | None] = {
        name: None if name.rpartition("/")[2] in hold else 0.0 for name in names
    }
    for level, value in given.items():
        _check_level(level, names)
        known[level] = None if value == "hold" else as_number(f"rest of {level}", value, 0.0, 1.0)
    return list(known.values())


def _check_level(level: str, names: list[str]) -> None:
    if level not in names:
        raise ConfigError(f"no level {level!r}; there are {', '.join(names)}")


def _checked(addresses: Mapping[str, str], names: list[str]) -> dict[str, str]:
    for level, path in addresses.items():
        _check_level(level, names)
        fits = isinstance(path, str) and path.isascii() and path.isprintable()
        if not fits or (path and (path[0] != "/" or set(path) & set(" #*,?[]{}"))):
            raise ConfigError(f"address of {level}: {path!r} is not an OSC path such as /light/1")
    return dict(addresses)
