"""What the page may ask of `posejockey`, as command lines.

Enters: JSON values from a page, of any kind. Leaves: arguments that the commands accept, or a
ConfigError in one sentence. No text from a page becomes a path or an option's name.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from live.errors import ConfigError
from live.osc.schema import CAMERAS, LOOKS, PALETTES
from live.settings_file import (
    as_choice,
    as_number,
    as_switch,
    as_table,
    as_text,
    check_names,
)
from live.show.config import load

DANCE_OPTIONS = (
    "style", "energy", "openness", "travel", "temperature", "dancers", "unison", "canon", "form",
    "phrase", "variation", "recall", "formation", "ensemble", "seed",
)  # fmt: skip
FILM_SIZES = ("640x360", "1280x720", "1920x1080", "720x1280", "1080x1920", "1080x1080")
MOTION_SUFFIXES = (".bvh", ".glb", ".vrma", ".csv", ".usda", ".json")
_FPS = (25, 30, 50, 60)
_MOST_TEXT = 400


def checked_options(value: Any) -> dict[str, Any]:
    """How a song is to be danced, by the names of `ShowConfig`."""
    options = dict(as_table("options", value))
    check_names(options, DANCE_OPTIONS)
    for name in ("style", "form"):
        if len(str(options.get(name, ""))) > _MOST_TEXT:
            raise ConfigError(f"{name} is longer than {_MOST_TEXT} letters")
    load(None, options, {"latency_ms": 0.0})
    return options


def dance(
    song: Path, take: Path, options: Mapping[str, Any], *, rows: Path, phrases: Path, model: str
) -> list[str]:
    given = [_option(name, value) for name, value in options.items()]
    return [
        "perform", str(song), "-o", str(take), "--progress", "json", "--rows", str(rows),
        "--phrases", str(phrases), "--model", model, *given,
    ]  # fmt: skip


def film(take: Path, song: Path | None, out: Path, value: Any) -> list[str]:
    """value: the page's wishes of size, fps, look, palette and camera."""
    wishes = dict(as_table("film", value))
    check_names(wishes, ("size", "fps", "look", "palette", "camera"))
    given = [
        f"--size={as_choice('size', wishes.get('size', '1280x720'), FILM_SIZES)}",
        f"--fps={as_choice('fps', wishes.get('fps', 30), _FPS)}",
    ]
    for name, choices in (("look", LOOKS), ("palette", PALETTES), ("camera", CAMERAS)):
        if name in wishes:
            given.append(f"--{name}={as_choice(name, wishes[name], choices)}")
    music = [f"--music={song}"] if song else []
    return ["render", str(take), "-o", str(out), "--progress", "json", *music, *given]


def export(take: Path, out: Path) -> list[str]:
    return ["export", str(take), "-o", str(out)]


def capture(files: list[Path], clips: Path, style: str) -> list[str]:
    named = [f"--style={style}", "--progress", "json"]
    return ["capture", *map(str, files), "-o", str(clips), *named]


def learn(clips: Path, style: str, out: Path, minutes: object) -> list[str]:
    """minutes: how long it may take."""
    took = as_number("minutes", minutes, 1.0, 600.0)
    given = [f"--style={style}", f"--minutes={took:g}", "--progress", "json"]
    return ["learn", str(clips), "-o", str(out), *given]


def _option(name: str, value: Any) -> str:
    """--name=value, in one argument, so that no value is taken for an option."""
    if name == "recall":
        return "--recall" if as_switch(name, value) else "--no-recall"
    return f"--{name}={value}"


def as_vary(value: Any) -> float:
    return as_number("vary", value, 0.0, 1.0)


def as_name(value: Any, otherwise: str = "") -> str:
    """A title: one line of text."""
    return " ".join(as_text("name", value).split())[:80] or otherwise
