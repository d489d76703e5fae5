"""The set list: named scenes from a TOML file, called live or planned, taking effect on the bar.

Enters: the file, before the show; calls, beat readings, the place in the song and where the faders
stand, from the engine's thread. Leaves: the controls that a scene sets, at the frame that is seen
on the bar. Time is the beat's and the song's alone, so that the same music and calls give the same
dance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from live.beat.timecode import TimecodeReading
from live.dance.choreography.form import parse_form
from live.dance.material.moment import SongMoment, parse_moment
from live.dance.material.phrase import LAST, checked_name
from live.dance.style import parse_style
from live.errors import ConfigError
from live.osc.schema import NEXT, PHRASE_BEATS, PICTURE, PLAYED, PREVIOUS, SECTION_KINDS
from live.settings_file import (
    as_choice,
    as_number,
    as_switch,
    as_text,
    named,
    parse_toml,
    read_toml,
)

QUANTIZATIONS = ("bar", "beat", "now")
# What can move over some bars.
FADERS = ("energy", "openness", "travel", "temperature", "unison", "variation", "master")
SETTABLE = (
    "style", *FADERS, "mirror", "freeze", "blackout", "dancers", "seed", "bpm", "canon", "form",
    "recall", "formation", "ensemble", "phrase", "loop", "lights_out", *PICTURE,
)  # fmt: skip
SECTIONS = {**dict(zip(SECTION_KINDS[1:], SECTION_KINDS[1:], strict=True)), "chorus": "drop"}

_MAX_SCENES = 999
_MAX_NAME = 64
_MAX_BARS = 64.0
_HALF_A_BEAT = 0.125  # of a bar of four

Value = float | str


class Position(Protocol):
    """What is needed of a `live.beat.song_position.SongPosition`."""

    @property
    def bars(self) -> float: ...
    @property
    def seconds(self) -> float: ...
    @property
    def has_begun(self) -> bool: ...
    @property
    def timecode(self) -> TimecodeReading | None: ...


class Section(Protocol):
    """What is needed of a `live.beat.section.SectionReading`."""

    @property
    def index(self) -> int: ...
    @property
    def name(self) -> str: ...


class Beat(Protocol):
    """What is needed of a `live.beat.clock.BeatReading`: phases in [0, 1)."""

    @property
    def phase(self) -> float: ...
    @property
    def bar_phase(self) -> float: ...


@dataclass(frozen=True)
class Scene:
    """controls: what it sets, (name, value) of SETTABLE; what it does not name stays as it is.
    at: one of QUANTIZATIONS. bars: how long FADERS take to get there; 0: at once. moment: when it
    comes by itself, None: never; on: the kind of section that calls it, "": none."""

    name: str
    controls: tuple[tuple[str, Value], ...]
    at: str = "bar"
    bars: float = 0.0
    moment: SongMoment | None = None
    on: str = ""


class ScenePlayer:
    """Waits with a called scene for its bar or beat, then moves the faders."""

    def __init__(self, scenes: Sequence[Scene] = ()):
        self.scenes = tuple(scenes)
        self._called = -1  # index of the last scene called, for next and previous
        self._waiting: Scene | None = None
        self._before: Beat | None = None
        self._glides: dict[str, _Glide] = {}
        self._come: set[int] = set()  # indices of planned scenes whose moment has passed
        self._section = (-1, "")

    @property
    def called(self) -> str:
        """The name of the scene that was called last; "" before the first."""
        return self.scenes[self._called].name if self._called >= 0 else ""

    def call(self, wanted: Value | None) -> None:
        """Take up a scene by its name, its number (from 1), "next" or "previous".

        One that still waited gives way. ConfigError if there is no such scene, or none after the
        last or before the first; then nothing changes.
        """
        self._called = self._find(wanted)
        self._waiting = self.scenes[self._called]

    def reset(self) -> None:
        """As at the start: none called, none waiting, no fader moved."""
        self._called, self._waiting = -1, None
        self._glides.clear()

    def take_over(self, name: str) -> None:
        """The operator has this fader now: no scene moves it any more."""
        self._glides.pop(name, None)

    def step(
        self,
        beat: Beat,
        stands: object,
        position: Position | None = None,
        section: Section | None = None,
    ) -> list[tuple[str, Value]]:
        """The controls to set for the next frame, seen at `beat`; stands: has the FADERS' values.
        position, section: in the song, for scenes that come by themselves.

        Frames follow each other by less than a beat.
        """
        before, self._before = self._before or beat, beat
        moved = [self._glide(name, beat, before) for name in tuple(self._glides)]
        if section is not None:
            self._call_for(section)
        come = self._planned(position) if position is not None else []
        if self._waiting is not None and _has_come(self._waiting.at, before, beat):
            come.append(self._waiting)
            self._waiting = None
        for scene in come:
            moved = [(name, value) for name, value in moved if name not in dict(scene.controls)]
            moved += self._start(scene, stands)
        return moved

    def _planned(self, position: Position) -> list[Scene]:
        """Scenes whose moment has come; all of them come again when the song begins anew."""
        found = []
        for index, scene in enumerate(self.scenes):
            if scene.moment is None or not position.has_begun:
                continue
            if not scene.moment.has_come(
                position.bars, position.seconds, timecode=position.timecode
            ):
                self._come.discard(index)
            elif index not in self._come:
                self._come.add(index)
                self._called = index
                found.append(scene)
        return found

    def _call_for(self, section: Section) -> None:
        """Call the scene for a section that has begun, or whose kind was understood only now."""
        now = section.index, section.name
        if now == self._section:
            return
        self._section = now
        for index, scene in enumerate(self.scenes):
            if scene.on == section.name:
                self._called, self._waiting = index, scene
                return

    def _start(self, scene: Scene, stands: object) -> list[tuple[str, Value]]:
        at_once = []
        for name, value in scene.controls:
            self._glides.pop(name, None)
            if name in FADERS and scene.bars > 0 and not isinstance(value, str):
                self._glides[name] = _Glide(float(getattr(stands, name)), value, scene.bars)
            else:
                at_once.append((name, value))
        return at_once

    def _glide(self, name: str, beat: Beat, before: Beat) -> tuple[str, Value]:
        glide = self._glides[name]
        passed = (beat.bar_phase - before.bar_phase) % 1.0
        # The downbeat may be found anew; that is no bar gone by.
        glide.passed += passed if passed < 0.5 else 0.0
        share = min(glide.passed / glide.bars, 1.0)
        if share == 1.0:
            del self._glides[name]
        return name, glide.start + share * (glide.end - glide.start)

    def _find(self, wanted: Value | None) -> int:
        if not self.scenes:
            raise ConfigError("there are no scenes; start the show with --cues FILE")
        if isinstance(wanted, str):
            text = wanted.strip().casefold()
            if text in (NEXT, PREVIOUS):
                return self._neighbour(1 if text == NEXT else -1)
            names = [scene.name.casefold() for scene in self.scenes]
            if text in names:
                return names.index(text)
            wanted = float(text) if text.isascii() and text.isdigit() else None
        if isinstance(wanted, int | float) and 1 <= wanted < len(self.scenes) + 1:
            return int(wanted) - 1
        raise ConfigError(
            f"there is no such scene; there are {', '.join(c.name for c in self.scenes)}"
        )

    def _neighbour(self, step: int) -> int:
        """The first scene before any was called. ConfigError at the ends of the list."""
        index = self._called + step if self._called >= 0 else 0
        if not 0 <= index < len(self.scenes):
            raise ConfigError(f"{self.called} is the {'last' if step > 0 else 'first'} scene")
        return index


@dataclass
class _Glide:
    start: float
    end: float
    bars: float
    passed: float = 0.0  # bars


def _has_come(at: str, before: Beat, beat: Beat) -> bool:
    if at == "now":
        return True
    back = before.phase - beat.phase if at == "beat" else before.bar_phase - beat.bar_phase
    if back > 0.5:
        return True
    # A sync jumps to a downbeat from anywhere; a downbeat found anew jumps anywhere.
    return back > 0 and (beat.bar_phase if at == "bar" else beat.phase) < _HALF_A_BEAT


def load_scenes(path: Path, styles: tuple[str, ...]) -> tuple[Scene, ...]:
    """The scenes of a file, for a model with these styles. ConfigError that names the mistake."""
    return _scenes(read_toml(path, "the set list"), path, styles)


def parse_scenes(text: str, path: Path, styles: tuple[str, ...]) -> tuple[Scene, ...]:
    """As `load_scenes`, of a file that was read before; path: its name, for mistakes."""
    return _scenes(parse_toml(text, path), path, styles)


def _scenes(content: dict[str, Any], path: Path, styles: tuple[str, ...]) -> tuple[Scene, ...]:
    tables = content.pop("cue", None)
    if content:
        raise ConfigError(f"{path}: unknown {next(iter(content))!r}; a set list holds [[cue]] only")
    if not isinstance(tables, list) or not 1 <= len(tables) <= _MAX_SCENES:
        raise ConfigError(f"{path}: a set list needs 1 to {_MAX_SCENES} scenes, each under [[cue]]")
    scenes: list[Scene] = []
    for number, table in enumerate(tables, 1):
        with named(f"{path}: cue {number}"):
            scenes.append(_scene(table, styles, scenes))
    return tuple(scenes)


def _scene(table: Any, styles: tuple[str, ...], before: list[Scene]) -> Scene:
    if not isinstance(table, dict):
        raise ConfigError("write it as a table under [[cue]]")
    table = dict(table)
    name = _name(table.pop("name", None), [scene.name.casefold() for scene in before])
    at, moment = _at(table.pop("at", "bar"))
    bars = as_number("bars", table.pop("bars", 0.0), 0.0, _MAX_BARS)
    on = _on(table.pop("on", ""), [scene.on for scene in before])
    controls = tuple((k, value_of(k, v, styles)) for k, v in table.items())
    return Scene(name, controls, at, bars, moment, on)


def _at(value: Any) -> tuple[str, SongMoment | None]:
    """What of the beat it waits for where it is called, and the moment of the song it comes at."""
    if value in QUANTIZATIONS:
        return value, None
    try:
        return "bar", parse_moment(value)
    except ConfigError as error:
        raise ConfigError(f"{error}, or {', '.join(QUANTIZATIONS)}") from None


def _on(value: Any, taken: list[str]) -> str:
    if value == "":
        return ""
    kind = SECTIONS[as_choice("on", value, SECTIONS)]
    if kind in taken:
        raise ConfigError(f"another one comes on {kind!r} as well")
    return kind


def _name(name: Any, taken: list[str]) -> str:
    if not isinstance(name, str) or not name.strip() or len(name) > _MAX_NAME:
        raise ConfigError(f"it needs a name, a text of 1 to {_MAX_NAME} characters")
    folded = name.strip().casefold()
    if folded in (NEXT, PREVIOUS) or folded.isdigit() or not name.isprintable():
        raise ConfigError(f"{name!r} cannot be its name; it has a meaning already")
    if folded in taken:
        raise ConfigError(f"another one is called {name!r} as well")
    return name.strip()


def value_of(name: str, value: Any, styles: tuple[str, ...]) -> Value:
    """What a scene or a score sets, as the engine takes it. ConfigError for what it may not be."""
    if name not in SETTABLE:
        raise ConfigError(f"unknown setting {name!r}; a scene may set {', '.join(SETTABLE)}")
    control = PLAYED[name]
    if name == "style":
        parse_style(as_text(name, value), styles)
        return value
    if name == "form":
        parse_form(as_text(name, value))
        return value
    if name == "phrase":
        return _phrase(value)
    if control.is_switch:
        return float(as_switch(name, value))
    if control.choices:
        return as_choice(name, value, control.choices)
    return as_number(name, value, control.low, control.high)


def _phrase(value: Any) -> Value:
    """The name of one to play, or how long they are to be."""
    if isinstance(value, str):
        return value if value == LAST else checked_name(value)
    return float(as_choice("phrase", value, PHRASE_BEATS))
