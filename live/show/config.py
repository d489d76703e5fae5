"""One show's settings: defaults, then one TOML file, then the command line; frozen and checked.

Every mistake is a ConfigError that names the key and what it may be.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from live.beat.clock import TRACKERS
from live.beat.sources import CLOCKS
from live.control.allow_list import check_bind
from live.dance.performer import DEVICES
from live.errors import ConfigError
from live.osc.schema import DEFAULT_CONTROL_PORT, DEFAULT_PORT, MAX_DANCERS
from live.outputs.feeds import FeedConfig, parse_feed
from live.show.engine import EMISSION_RATES, Controls

# The options of the visualizer that a show's file may set; a test holds them against its own.
VISUALS: dict[str, type] = {
    "look": str, "palette": str, "camera": str, "lineup": str, "mirror": bool, "canon": float,
    "cast": int, "styles": list, "display": int, "fullscreen": bool, "terminal": bool,
    "renderer": str, "flashes": int, "brightness": float,
}  # fmt: skip


def _setting(default, *, low=None, high=None, choices=None, help: str):
    limits = {"low": low, "high": high, "choices": choices, "help": help}
    return field(default=default, metadata=limits)


@dataclass(frozen=True)
class ShowConfig:
    """What `posejockey live` and `perform` can be told; the TOML keys are these names."""

    input: str = _setting("auto", help="auto, demo, a sound file, or the name of an input device")
    model: str = _setting("open", help="weights that ship (open), or the path of an ONNX file")
    device: str = _setting("auto", choices=DEVICES, help="where the network runs")
    osc: tuple[str | dict[str, Any], ...] = _setting(
        (), help="targets of the stream, HOST:PORT[/PROFILE], see docs/osc.md"
    )
    dmx: str = _setting("", help="DMX patch file, see docs/lights.md: lights without a desk")
    dancers: int = _setting(1, low=1, high=MAX_DANCERS, help="number of dancers")
    style: str = _setting("auto", help="auto, a style, or a mix such as street=2,salsa=1")
    seed: int = _setting(0, low=0, high=2**31 - 1, help="the dice: same seed, same dance")
    energy: float = _setting(0.0, low=-2.0, high=2.0, help="size of the movement; 0 is the style's")
    openness: float = _setting(0.0, low=-2.0, high=2.0, help="reach of the limbs; 0 is the style's")
    travel: float = _setting(0.0, low=-2.0, high=2.0, help="ground covered; 0 is the style's")
    temperature: float = _setting(1.0, low=0.0, high=2.0, help="variety; 1 is the model's own")
    latency_ms: float = _setting(
        60.0, low=0.0, high=500.0, help="from the OSC packet to the eye; 60 suits a projector"
    )
    emission_rate: int = _setting(60, choices=EMISSION_RATES, help="bundles a second")
    beat_tracker: str = _setting("native", choices=TRACKERS, help="what hears the beat")
    clock: str = _setting(
        "audio", choices=CLOCKS, help="whose beat counts besides sound: auto, audio, link, midi"
    )
    midi_port: str = _setting("", help="MIDI input, or a part of its name")
    midi_map: str = _setting("", help="what a MIDI controller's knobs and pads do (TOML)")
    block: int = _setting(256, low=32, high=8192, help="samples a sound card block")
    loop: bool = _setting(False, help="start a file again at its end")
    play: bool = _setting(True, help="play a file or the demo aloud")
    # Or a table: open it with these options, by their names.
    visuals: bool | Mapping[str, Any] = _setting(True, help="open the visualizer")
    seconds: float = _setting(0.0, low=0.0, high=1e7, help="stop after this long; 0 never")
    record: str = _setting("", help="session file to write")
    cues: str = _setting("", help="set list: scenes to be called by name (TOML)")
    control_bind: str = _setting("127.0.0.1", help="address that listens for control messages")
    control_allow: tuple[str, ...] = _setting(
        (), help="address or network that may control the show besides this machine"
    )
    control_port: int = _setting(
        DEFAULT_CONTROL_PORT, low=0, high=65535, help="port that listens for control messages"
    )
    announce: bool = _setting(
        False, help="announce the controls on the network (Zeroconf, OSCQuery)"
    )

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name == "visuals" and isinstance(value, Mapping):
                _options(value)
            else:
                _check(f.name, value, f)
        for target in self.osc:
            parse_feed(target)
        check_bind(self.control_bind, self.control_allow)

    @property
    def controls(self) -> Controls:
        """Where the engine's faders stand at the start."""
        return Controls(
            energy=self.energy,
            temperature=self.temperature,
            latency_ms=self.latency_ms,
            openness=self.openness,
            travel=self.travel,
        )

    @property
    def opens_visualizer(self) -> bool:
        return self.visuals is not False

    @property
    def visualizer_options(self) -> list[str]:
        """What the visualizer is started with; what the values may be, it says itself."""
        return _options(self.visuals) if isinstance(self.visuals, Mapping) else []

    @property
    def targets(self) -> list[tuple[str, int]]:
        """(host, port) of everyone who gets the whole native stream; the visualizer's port where no
        target is named or the visualizer is to open."""
        whole = [feed for feed in map(parse_feed, self.osc) if feed.is_whole]
        targets = [(feed.host, feed.port) for feed in whole]
        own = ("127.0.0.1", DEFAULT_PORT)
        if (self.opens_visualizer or not self.osc) and own not in targets:
            targets.append(own)
        return targets

    @property
    def visualizers(self) -> list[tuple[str, int]]:
        """(host, port) of everyone who gets the picture's controls and the styles' names too."""
        asked = [feed for feed in map(parse_feed, self.osc) if feed.profile == "visuals"]
        targets = [(feed.host, feed.port) for feed in asked]
        own = ("127.0.0.1", DEFAULT_PORT)
        return [*targets, own] if own in self.targets and own not in targets else targets

    @property
    def feeds(self) -> list[FeedConfig]:
        """Everyone who gets something else."""
        return [feed for feed in map(parse_feed, self.osc) if not feed.is_whole]


def load(
    path: Path | None, overrides: dict[str, Any], defaults: dict[str, Any] | None = None
) -> ShowConfig:
    """`defaults` over the class's own, then the TOML file, then `overrides` (None: not given)."""
    values = _read_toml(path) if path else {}
    known = {f.name for f in fields(ShowConfig)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ConfigError(
            f"{path}: unknown setting {unknown[0]!r}; known are {', '.join(sorted(known))}"
        )
    for name in ("osc", "control_allow"):
        if isinstance(values.get(name), list):
            values[name] = tuple(values[name])
    try:
        config = ShowConfig(**((defaults or {}) | values))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return replace(config, **{k: v for k, v in overrides.items() if v is not None})


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the settings {path}: {error.strerror}") from error
    except ValueError as error:  # of TOML, of UTF-8, or a number too long for Python
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


def _options(table: Mapping[str, Any]) -> list[str]:
    """The visualizer's options in a table, as its command line has them."""
    options = []
    for name, value in table.items():
        if name not in VISUALS:
            known = ", ".join(sorted(VISUALS))
            raise ConfigError(f"[visuals] has no {name!r}; it has {known}")
        kind = VISUALS[name]
        fits = type(value) is kind or (kind is float and type(value) is int)
        texts = value if isinstance(value, list) else []
        if not fits or not all(isinstance(text, str) for text in texts):
            raise ConfigError(f"[visuals] {name} is {value!r}; it must be {_KINDS[kind]}")
        if kind is bool:
            options.append(f"--{name}" if value else f"--no-{name}")
        else:
            options.append(f"--{name}={','.join(texts) if kind is list else value}")
    return options


def _check(name: str, value: Any, spec) -> None:
    wanted = type(spec.default)
    if wanted is float and type(value) is int:
        value = float(max(min(value, 2**64), -(2**64)))  # a larger one has no float
    if type(value) is not wanted:
        raise ConfigError(f"{name} is {value!r}; it must be {_KINDS[wanted]}")
    if name == "control_allow" and not all(isinstance(item, str) for item in value):
        raise ConfigError(f"{name} is {value!r}; it must be a list of texts")
    if wanted is tuple and not all(isinstance(item, str | dict) for item in value):
        raise ConfigError(f"{name} is {value!r}; it must be a list of texts")
    choices = spec.metadata["choices"]
    if choices and value not in choices:
        raise ConfigError(f"{name} is {value!r}; it must be one of {', '.join(map(str, choices))}")
    low, high = spec.metadata["low"], spec.metadata["high"]
    if low is not None and not low <= value <= high:
        raise ConfigError(f"{name} is {value}; it must be {low} to {high}")


_KINDS = {
    str: "a text", int: "a whole number", float: "a number", bool: "true or false",
    tuple: "a list of texts or tables", list: "a list of texts",
}  # fmt: skip
