"""One show's settings: defaults, then one TOML file, then the command line; frozen and checked.

Every mistake is a ConfigError that names the key and what it may be.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from live.beat.clock import TRACKERS
from live.beat.link import LINK_ROLES
from live.beat.os2l import DEFAULT_OS2L_PORT
from live.beat.sources import CLOCKS
from live.control.allow_list import check_bind
from live.dance.choreography.form import parse_form
from live.dance.performer import DEVICES
from live.errors import ConfigError
from live.osc.schema import (
    DEFAULT_CONTROL_PORT,
    DEFAULT_PORT,
    ENSEMBLES,
    FORMATIONS,
    FORMS,
    MAX_CANON_BEATS,
    MAX_DANCERS,
    PHRASE_BEATS,
)
from live.outputs.feeds import FeedConfig, parse_feed
from live.settings_file import (
    as_choice,
    as_number,
    as_switch,
    as_text,
    as_texts,
    as_whole,
    check_names,
    named,
    read_toml,
    shown,
)
from live.show.controls import Controls

EMISSION_RATES = (30, 60, 90, 120)  # bundles a second
_AT_START = Controls()


def _setting(default, *, low=None, high=None, choices=None, help: str):
    limits = {"low": low, "high": high, "choices": choices, "help": help}
    return field(default=default, metadata=limits)


@dataclass(frozen=True)
class ShowConfig:
    """What `posejockey live` and `perform` can be told; the TOML keys are these names."""

    input: str = _setting(
        "auto",
        help="auto, system (what this computer plays), demo, a sound file, or the name of an input",
    )
    model: str = _setting("open", help="weights that ship (open), or the path of an ONNX file")
    device: str = _setting("auto", choices=DEVICES, help="where the network runs")
    osc: tuple[str | dict[str, Any], ...] = _setting(
        (), help="targets of the stream, HOST:PORT[/PROFILE], see docs/osc.md"
    )
    dmx: str = _setting("", help="DMX patch file, see docs/lights.md: lights without a desk")
    dancers: int = _setting(1, low=1, high=MAX_DANCERS, help="number of dancers")
    style: str = _setting("auto", help="auto, a style, or a mix such as street=2,salsa=1")
    seed: int = _setting(0, low=0, high=2**31 - 1, help="of all chance: same seed, same dance")
    energy: float = _setting(0.0, low=-2.0, high=2.0, help="size of the movement; 0 is the style's")
    openness: float = _setting(0.0, low=-2.0, high=2.0, help="reach of the limbs; 0 is the style's")
    travel: float = _setting(0.0, low=-2.0, high=2.0, help="ground covered; 0 is the style's")
    temperature: float = _setting(1.0, low=0.0, high=2.0, help="variety; 1 is the model's own")
    unison: float = _setting(
        _AT_START.unison, low=0.0, high=1.0, help="share of the dance that all have in common"
    )
    canon: float = _setting(
        _AT_START.canon, low=0.0, high=float(MAX_CANON_BEATS), help="beats from dancer to dancer"
    )
    form: str = _setting(
        _AT_START.form, help=f"the order of phrases: {', '.join(FORMS)}, or letters such as ABAC"
    )
    phrase: int = _setting(
        _AT_START.phrase, choices=PHRASE_BEATS, help="beats of a phrase: 4, 8, 16 or 32"
    )
    variation: float = _setting(
        _AT_START.variation,
        low=0.0,
        high=1.0,
        help="how much a phrase differs when its form repeats it",
    )
    recall: bool = _setting(
        _AT_START.recall, help="dance again what was danced when a section returns"
    )
    formation: str = _setting(
        _AT_START.formation, choices=FORMATIONS, help=f"where they stand: {', '.join(FORMATIONS)}"
    )
    ensemble: str = _setting(
        _AT_START.ensemble, choices=ENSEMBLES, help=f"who dances with whom: {', '.join(ENSEMBLES)}"
    )
    score: str = _setting("", help="a planned dance: score file, see docs/choreography.md")
    phrases: str = _setting("phrases", help="folder of the phrases that are kept")
    latency_ms: float = _setting(
        60.0, low=0.0, high=500.0, help="from the OSC packet to the eye; 60 suits a projector"
    )
    emission_rate: int = _setting(60, choices=EMISSION_RATES, help="bundles a second")
    beat_tracker: str = _setting("native", choices=TRACKERS, help="what hears the beat")
    clock: str = _setting(
        "audio",
        choices=CLOCKS,
        help="whose beat counts besides sound: auto, audio, link, midi, os2l",
    )
    link: str = _setting(
        "follow", choices=LINK_ROLES, help="lead: give Ableton Link our tempo and phase"
    )
    os2l_port: int = _setting(
        DEFAULT_OS2L_PORT, low=0, high=65535, help="port that DJ programs send OS2L to"
    )
    ltc: str = _setting("", help="hear LTC: a channel of the input (2), or a device (NAME, NAME:2)")
    mtc: bool = _setting(False, help="follow MIDI timecode, at the MIDI input")
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
            _check(f.name, getattr(self, f.name), f)
        if self.link == "lead" and self.clock == "link":
            raise ConfigError("link = lead and clock = link: who leads cannot follow; choose one")
        for target in self.osc:
            parse_feed(target)
        parse_form(self.form)
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
            unison=self.unison,
            canon=self.canon,
            form=self.form,
            phrase=self.phrase,
            variation=self.variation,
            recall=self.recall,
            formation=self.formation,
            ensemble=self.ensemble,
        )

    @property
    def opens_visualizer(self) -> bool:
        return self.visuals is not False

    @property
    def visualizer_options(self) -> list[str]:
        """What the visualizer is started with; which there are and what they may be, it says."""
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
    values = read_toml(path, "the settings") if path else {}
    for name in ("osc", "control_allow"):
        if isinstance(values.get(name), list):
            values[name] = tuple(values[name])
    with named(path):
        check_names(values, sorted(f.name for f in fields(ShowConfig)))
        config = ShowConfig(**((defaults or {}) | values))
    given = {name: value for name, value in overrides.items() if value is not None}
    if given.get("visuals") is True and isinstance(config.visuals, Mapping):
        del given["visuals"]  # it opens anyway, and the table says how
    return replace(config, **given)


def _check(name: str, value: Any, spec) -> None:
    wanted, limits = spec.default, spec.metadata
    if name == "visuals" and isinstance(value, Mapping):
        _options(value)
    elif name == "control_allow":
        as_texts(name, value)
    elif isinstance(wanted, tuple):
        if not isinstance(value, tuple) or not all(isinstance(v, str | Mapping) for v in value):
            raise ConfigError(f"{name} is {shown(value)}; it must be a list of texts or tables")
    elif limits["choices"]:
        as_choice(name, value, limits["choices"])
    elif isinstance(wanted, bool):
        as_switch(name, value)
    elif isinstance(wanted, str):
        as_text(name, value)
    else:
        (as_whole if isinstance(wanted, int) else as_number)(
            name, value, limits["low"], limits["high"]
        )


_REPEATED = ("out", "background")  # the visualizer's options that may come several times


def _options(table: Mapping[str, Any]) -> list[str]:
    """The visualizer's options in a table, as its command line has them."""
    options = []
    for name, value in table.items():
        if not re.fullmatch("[a-z]+([_-][a-z]+)*", name):
            raise ConfigError(f"[visuals] {name!r} is no name of an option")
        option = name.replace("_", "-")
        if isinstance(value, bool):
            options.append(f"--{option}" if value else f"--no-{option}")
        elif isinstance(value, list) and name in _REPEATED:
            options += [f"--{option}={text}" for text in as_texts(f"[visuals] {name}", value)]
        elif isinstance(value, list):
            options.append(f"--{option}={','.join(as_texts(f'[visuals] {name}', value))}")
        elif isinstance(value, str | int | float):
            options.append(f"--{option}={value if isinstance(value, str) else shown(value)}")
        else:
            raise ConfigError(
                f"[visuals] {name} is {shown(value)}; it must be text, number, switch"
            )
    return options
