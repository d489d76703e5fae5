"""Several targets, each with its own profile, rate and dancers.

Enters: every emission, in the engine's thread. Leaves: UDP packets; it never waits and never
raises: what cannot be encoded or sent is counted.

A target is written HOST:PORT, HOST:PORT/PROFILE or HOST:PORT/PROFILE/PRESET, then /name=value for
its options; in a settings file it may be a table, `[[osc]]`, of the same names.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Self

from live.audio.features import SAMPLE_RATE
from live.errors import ConfigError
from live.flashes import UNLIMITED
from live.monotonic import monotonic_s
from live.osc import bundles
from live.osc.encoding import HealthReport, StageFrame
from live.osc.finite import FiniteFrames
from live.osc.schema import MAX_DANCERS, PALETTES, PICTURE
from live.osc.values import Value, chosen
from live.outputs.colour import GROUPS
from live.outputs.dmx import DmxOut
from live.outputs.emission import Emission, Profile
from live.outputs.levels import BEFORE_THE_FIRST, LevelMaker, LightDesk
from live.outputs.lights import Lights
from live.outputs.native import Native
from live.outputs.psn import PSN_GROUP, PSN_PORT, Psn
from live.outputs.udp import OscOut, UdpTarget, format_target, parse_target
from live.outputs.vmc import Vmc
from live.outputs.vrchat import VrChat
from live.settings_file import as_choice, as_number, as_switch, as_table, as_text, named, shown

log = logging.getLogger(__name__)

MAX_RATE = 120
MAX_DELAY_MS = 2000.0
_COMMON = ("profile", "rate", "dancers", "delay", "bundle")
_LAST_WORDS = 3


@dataclass(frozen=True)
class ProfileKind:
    """A profile that can be asked for. make: from the dancers and the profile's own options."""

    make: Callable[..., Profile]
    meaning: str
    options: tuple[str, ...] = ()


PROFILES = {
    "native": ProfileKind(Native, "everything, one bundle a dancer, as above"),
    "visuals": ProfileKind(
        Native,
        "the native stream, and texts for another `posejockey visuals`: `/pj/styles`, and the "
        "picture's controls as they come",
    ),
    "flat": ProfileKind(
        lambda dancers: Native(dancers, flat=True),
        "the native stream with all joints of a dancer in one message, `/pj/{dancer}/pose`",
    ),
    "lights": ProfileKind(
        Lights,
        "faders for lights: one message a level, unbundled",
        ("preset", "full", "addresses", "rest", "flashes", "blackout_on_exit", "groups"),
    ),
    "vmc": ProfileKind(
        Vmc,
        "one dancer as an avatar's bones, Virtual Motion Capture protocol; usual port 39539",
        ("vrm", "fov"),
    ),
    "psn": ProfileKind(
        Psn,
        "where every dancer is, over PosiStageNet, which is not OSC; "
        f"usually to the group {PSN_GROUP}:{PSN_PORT}",
    ),
    "vrchat": ProfileKind(
        VrChat, "one dancer as VRChat's trackers, head and eight more; usual port 9000", ("height",)
    ),
}


@dataclass(frozen=True)
class FeedConfig:
    """One target. rate: emissions a second, 0 for all. dancers: from 1, ascending; () for all.

    delay_ms: how much later than the others it is sent everything. bundle: whether messages leave
    in bundles; None: as the profile has them. options: the profile's own, checked when the profile
    is made.
    """

    host: str
    port: int
    profile: str = "native"
    rate: int = 0
    dancers: tuple[int, ...] = ()
    delay_ms: float = 0.0
    bundle: bool | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether it is the native stream, all of it, in bundles and at once."""
        is_native = self.profile in ("native", "visuals") and self.bundle is not False
        return is_native and not (self.rate or self.dancers or self.delay_ms)

    def make(self) -> Profile:
        """ConfigError, naming the target, for an option that does not fit."""
        with named(f"OSC target {self}"):
            return PROFILES[self.profile].make(self.dancers, **self.options)

    def __str__(self) -> str:
        rate = f", {self.rate} a second" if self.rate else ""
        who = f", dancers {', '.join(map(str, self.dancers))}" if self.dancers else ""
        late = f", {self.delay_ms:g} ms later" if self.delay_ms else ""
        return f"{format_target(self.host, self.port)} ({self.profile}{rate}{who}{late})"


def parse_feed(given: str | Mapping[str, Any]) -> FeedConfig:
    """A target's text or table to its config. ConfigError that names the mistake."""
    text = given if isinstance(given, str) else given.get("target", "")
    if not isinstance(text, str):
        raise ConfigError(f"OSC target {shown(given)}: target must be a text such as 'host:port'")
    address, *rest = text.strip().split("/")
    host, port = parse_target(address)
    values: dict[str, Any] = {}
    for place, part in enumerate(rest):
        name, equals, value = part.partition("=")
        if equals:
            values[name.strip()] = value.strip()
        elif place < 2:
            values["preset" if place else "profile"] = part
        else:
            raise ConfigError(f"OSC target {text!r}: {part!r} is not name=value")
    if not isinstance(given, str):
        values |= {name: value for name, value in given.items() if name != "target"}
    with named(f"OSC target {text!r}"):
        return _feed(host, port, values)


def _feed(host: str, port: int, values: dict[str, Any]) -> FeedConfig:
    profile = values.get("profile", "native")
    if not isinstance(profile, str) or profile not in PROFILES:
        raise ConfigError(f"no profile {shown(profile)}; there are {', '.join(PROFILES)}")
    own = PROFILES[profile].options
    options = {name: value for name, value in values.items() if name not in _COMMON}
    for name, value in options.items():
        if name not in own:
            known = ", ".join((*_COMMON[1:], *own))
            raise ConfigError(f"{profile} has no option {name!r}; there are {known}")
        options[name] = _OPTIONS[name](name, value)
    rate = round(_number("rate", values.get("rate", 0), 0, MAX_RATE))
    delay_ms = _number("delay", values.get("delay", 0), 0, MAX_DELAY_MS)
    bundle = as_switch("bundle", _switch(values["bundle"])) if "bundle" in values else None
    dancers = _dancers(values.get("dancers", ()))
    config = FeedConfig(host, port, profile, rate, dancers, delay_ms, bundle, options)
    PROFILES[profile].make(config.dancers, **options)  # what it refuses is known before the show
    return config


def _number(name: str, value: Any, low: float, high: float) -> float:
    """As in a settings file; in a target's text every value is one."""
    if isinstance(value, str):
        with suppress(ValueError):
            value = float(value)
    return as_number(name, value, low, high)


def _switch(value: Any) -> Any:
    """As in a settings file; in a target's text every value is one."""
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value), value)


_OPTIONS: dict[str, Callable[[str, Any], Any]] = {
    "preset": as_text,
    "addresses": as_table,
    "height": lambda name, value: _number(name, value, 0.3, 3.0),
    "vrm": lambda name, value: as_choice(name, int(_number(name, value, 0, 1)), (0, 1)),
    "fov": lambda name, value: _number(name, value, 1.0, 170.0),
    "full": lambda name, value: _number(name, value, 0.0, 1000.0),
    "rest": as_table,
    "groups": lambda name, value: round(_number(name, value, 0, GROUPS)),
    "flashes": lambda name, value: round(_number(name, value, 0, UNLIMITED)),
    "blackout_on_exit": lambda name, value: as_switch(name, _switch(value)),
}


def _dancers(value: Any) -> tuple[int, ...]:
    """2, [1, 3], '2' or '1,3-5' to ascending numbers."""
    parts = value.split(",") if isinstance(value, str) else value
    parts = parts if isinstance(parts, list | tuple) else [parts]
    chosen: set[int] = set()
    for part in parts:
        text = part if isinstance(part, str) else shown(part)
        first, _, last = text.partition("-")
        ends = [end.strip() for end in (first, last or first)]
        if not all(end.isascii() and end.isdigit() and len(end) < 4 for end in ends):
            raise ConfigError(f"dancers is {shown(value)}; it must be such as 2 or 1,3 or 1-4")
        chosen |= set(range(int(ends[0]), int(ends[1]) + 1)) or {0}
    if chosen and not 1 <= min(chosen) <= max(chosen) <= MAX_DANCERS:
        raise ConfigError(f"dancers is {shown(value)}; they count from 1 to {MAX_DANCERS}")
    return tuple(sorted(chosen))


class _Group:
    """Targets that are sent the same packets: encoded once."""

    def __init__(self, config: FeedConfig, targets: list[tuple[str, int]]):
        self.out = OscOut(targets, tells_closed=True)
        self._config, self._profile = config, config.make()
        self.delay_ms = config.delay_ms
        self._turn = -1
        self._health: HealthReport | None = None
        self._later: deque[tuple[float, list[bytes]]] = deque()  # when, and what
        self.failures = 0

    def send(self, emission: Emission, health: HealthReport | None, now_s: float) -> None:
        self._health = health or self._health
        if not self._is_due(emission.frame.sample):
            return
        try:
            packets = self._wrapped(self._profile.encode(emission, self._health))
        except Exception as error:  # whatever it trips over, the show and the others go on
            if not self.failures:
                log.warning("%s cannot be encoded: %r", self._config, error)
            self.failures += 1
            return
        self._health = None
        if self.delay_ms:
            self._later.append((now_s + self.delay_ms / 1000, packets))
        else:
            self.out.send(packets)

    def release(self, now_s: float) -> None:
        """Send what has waited long enough."""
        while self._later and self._later[0][0] <= now_s:
            self.out.send(self._later.popleft()[1])

    def _wrapped(self, packets: list[bytes]) -> list[bytes]:
        if self._config.bundle is None or self._config.profile == "psn":
            return packets
        return bundles.join(packets) if self._config.bundle else bundles.split(packets)

    def close(self) -> None:
        """Say goodbye where something was said before, more than once: a packet may be lost. What
        still waited is not sent any more."""
        try:
            packets = self._wrapped(self._profile.goodbye()) if self.out.sent else []
            for _ in range(_LAST_WORDS):
                self.out.send(packets)
        except Exception as error:  # whatever it trips over, the others are told
            log.warning("%s is not told of the end: %r", self._config, error)
        self.out.close()

    def _is_due(self, sample: int) -> bool:
        """The first emission in each period of the rate; by presentation time, so it never drifts.

        A rate that does not divide the emissions' own makes periods of unequal length.
        """
        if not self._config.rate:
            return True
        turn = sample * self._config.rate // SAMPLE_RATE
        due, self._turn = turn != self._turn, turn
        return due


class Feeds:
    """Owns every target that wants something else than the whole native stream.

    dmx: also gets the levels; started and stopped by who made it. clock: in seconds, for delays.
    palette: the picture's at the start. ConfigError for a name that does not resolve.
    """

    def __init__(
        self,
        configs: list[FeedConfig],
        dmx: DmxOut | None = None,
        clock: Callable[[], float] = monotonic_s,
        palette: str = PALETTES[0],
    ):
        self._dmx, self._now = dmx, clock
        self._maker = LevelMaker()
        self._levels = BEFORE_THE_FIRST
        self._failures = 0  # of the levels
        self._finite = FiniteFrames()
        self._state = "starting"
        self._desk = self._at_start = LightDesk(palette=palette)
        self._groups: list[_Group] = []
        try:
            for config, targets in _alike(configs):
                self._groups.append(_Group(config, targets))
        except ConfigError:
            self.close()
            raise
        self._delayed = [group for group in self._groups if group.delay_ms]

    @property
    def sent(self) -> int:
        return sum(group.out.sent for group in self._groups) + (self._dmx.sent if self._dmx else 0)

    @property
    def errors(self) -> int:
        """Packets that could not be sent, and emissions that could not be encoded."""
        osc = sum(group.out.errors + group.failures for group in self._groups)
        return osc + self._failures + (self._dmx.errors if self._dmx else 0)

    @property
    def targets(self) -> list[UdpTarget]:
        osc = [target for group in self._groups for target in group.out.targets]
        return osc + (self._dmx.targets if self._dmx else [])

    def send(self, frame: StageFrame, health: HealthReport | None) -> None:
        """One emission to everyone whose turn it is. health: when the native stream carries it,
        which is also when the state has changed."""
        if not self._groups and not self._dmx:
            return
        if health is not None:
            self._state = health.state
        frame = self._finite.step(frame)
        try:
            self._levels = self._maker.step(frame, self._state, self._desk)
        except Exception as error:  # the lights hold
            if not self._failures:
                log.warning("the levels cannot be made: %r", error)
            self._failures += 1
        if self._dmx:
            self._dmx.update(self._levels)
        emission = Emission(frame, self._levels)
        now_s = self._now()
        for group in self._groups:
            group.send(emission, health, now_s)

    def ask(self, master: float, is_out: bool) -> None:
        """How bright the lights may be from now on, and whether they are out."""
        if (master, is_out) != (self._desk.master, self._desk.is_out):
            self._desk = replace(self._desk, master=master, is_out=is_out)

    def play(self, name: str, value: Value) -> None:
        """A control of `live.osc.schema.PICTURE`: the lights take the picture's palette."""
        if name == "palette":
            now = chosen(PICTURE[name], value, self._desk.palette)
            self._desk = replace(self._desk, palette=now)

    def reset(self) -> None:
        """Panic: the palette as at the start."""
        self._desk = replace(self._desk, palette=self._at_start.palette)

    def release(self) -> None:
        """Send to those with a delay what is due; often, for it is as exact as it is often."""
        for group in self._delayed:
            group.release(self._now())

    def close(self) -> None:
        for group in self._groups:
            group.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _alike(configs: list[FeedConfig]) -> list[tuple[FeedConfig, list[tuple[str, int]]]]:
    """Configs that differ in nothing but their address, together; in order."""
    groups: list[tuple[FeedConfig, list[tuple[str, int]]]] = []
    for config in configs:
        address = (config.host, config.port)
        alike = next(
            (g for g in groups if g[0] == replace(config, host=g[0].host, port=g[0].port)), None
        )
        if alike is None:
            groups.append((config, [address]))
        else:
            alike[1].append(address)
    return groups
