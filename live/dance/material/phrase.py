"""A phrase that was kept: what each dancer drew on each beat, and how it was danced.

Enters: what the choreographer and the engine know of the beats just danced; or a pair of files from
anybody, NAME.toml and NAME.npz. Leaves: a StoredPhrase, checked, or an ArtifactError in one
sentence; the files. Whoever keeps or reads one calls, in that thread.

The noise of a beat is the choreography (the network is contractive: the same noise leads dancers to
the same movement within seconds), so a phrase fits any style, tempo and body of the same network.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from live.body.skeleton import N_JOINTS
from live.errors import ArtifactError, ConfigError
from live.osc.schema import CONTROLS, MAX_DANCERS
from live.safe_read import read_arrays
from live.safe_write import whole_file, write_text
from live.settings_file import (
    as_number,
    as_switch,
    as_table,
    as_text,
    as_whole,
    check_names,
    named,
    read_toml,
    shown,
)

PHRASE_VERSION = 1
MAX_BEATS = 64
KEPT_CONTROLS = ("energy", "openness", "travel", "temperature")
LAST = "last"  # means the phrase that was kept last, so none can be called so

_PLAIN = ("version", "name", "beats", "dancers", "bpm", "mirrored")
_MAX_NAME = 40
_NAME = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{_MAX_NAME - 1}}}")
# Names of devices on Windows, with any suffix.
_DEVICES = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
}
_MAX_STYLES = 64
_MAX_BPM = 400.0
_MAX_ARRAYS_BYTES = 1 << 24
_MAX_LATENT = 4096
_MOST_NOISE = 20.0  # standard deviations
_MOST_M = 100.0
_HINT = "give a phrase that was kept by PoseJockey"


@dataclass(frozen=True)
class StoredPhrase:
    """noise: float32 [B, N, Z], the standard normal draws of N dancers on B beats. style: weight by
    name, summing to 1. controls: by KEPT_CONTROLS, where the faders stood. bpm: of the beats it was
    kept from. poses: float32 [B, 19, 3], metres, the first dancer in the middle of each beat, as
    seen from the front; [0, 19, 3] where nobody saw it. mirrored: danced the other way round."""

    name: str
    noise: np.ndarray
    style: Mapping[str, float] = field(default_factory=dict)
    controls: Mapping[str, float] = field(default_factory=dict)
    bpm: float = 120.0
    poses: np.ndarray = field(default_factory=lambda: np.zeros((0, N_JOINTS, 3), np.float32))
    mirrored: bool = False

    @property
    def beats(self) -> int:
        return len(self.noise)

    @property
    def dancers(self) -> int:
        return self.noise.shape[1]

    def for_dancers(self, dancers: int) -> np.ndarray:
        """The noise for so many dancers, float32 [B, dancers, Z]: who is missing dances what
        another one does, in turn."""
        return self.noise[:, np.arange(dancers) % self.dancers]


def checked_name(name: str) -> str:
    """The name in small letters. ConfigError unless it can be a file's name on every system.

    It may come from the network, and becomes a part of a path.
    """
    folded = name.strip().lower() if len(name) <= 4 * _MAX_NAME else name
    if not _NAME.fullmatch(folded) or folded in _DEVICES or folded == LAST:
        raise ConfigError(
            f"{shown(name)} cannot be a phrase's name; take 1 to {_MAX_NAME} of a-z, 0-9, - and _"
        )
    return folded


def write_phrase(phrase: StoredPhrase, folder: Path) -> Path:
    """Write NAME.npz and NAME.toml into a folder that is there; returns the latter's path.

    ArtifactError where they cannot be written. The TOML comes last: who sees it finds both.
    """
    path = folder / f"{checked_name(phrase.name)}.toml"
    with whole_file(path.with_suffix(".npz")) as partial, partial.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, noise=phrase.noise, poses=phrase.poses)
    write_text(path, _toml(phrase))
    return path


def read_phrase(path: Path) -> StoredPhrase:
    """The phrase of NAME.toml, with NAME.npz beside it. ArtifactError names what does not fit."""
    try:
        content = read_toml(path, "the phrase")
        with named(path):
            said = _checked(content, path.stem)
    except ConfigError as error:
        raise ArtifactError(str(error)) from None
    arrays_path = path.with_suffix(".npz")
    arrays = read_arrays(arrays_path, _HINT, _MAX_ARRAYS_BYTES)
    return phrase_of_arrays(said, arrays, str(arrays_path))


def describe(phrase: StoredPhrase) -> dict[str, Any]:
    """What the TOML says, as a table; with the arrays it is the whole phrase."""
    return {
        "version": PHRASE_VERSION,
        "name": phrase.name,
        "beats": phrase.beats,
        "dancers": phrase.dancers,
        "bpm": round(float(phrase.bpm), 2),
        "mirrored": phrase.mirrored,
        "style": {name: round(float(weight), 4) for name, weight in phrase.style.items()},
        "controls": {name: round(float(value), 4) for name, value in phrase.controls.items()},
    }


def phrase_of_tables(
    table: Mapping[str, Any], arrays: dict[str, np.ndarray], where: str
) -> StoredPhrase:
    """The inverse of `describe`. ArtifactError, with `where` in it, for what does not fit."""
    try:
        said = _checked(dict(table), str(table.get("name")))
    except ConfigError as error:
        raise ArtifactError(f"{where}: {error}") from None
    return phrase_of_arrays(said, arrays, where)


def phrase_of_arrays(
    said: Mapping[str, Any], arrays: dict[str, np.ndarray], where: str
) -> StoredPhrase:
    """said: a checked table. ArtifactError where the arrays are not what it promises."""
    shape = (said["beats"], said["dancers"])
    noise, poses = arrays.get("noise"), arrays.get("poses")
    if noise is None or noise.ndim != 3 or noise.shape[:2] != shape or noise.dtype.kind != "f":
        raise _damaged(where, f"'noise' must be numbers of {shape[0]} beats and {shape[1]} dancers")
    if not 1 <= noise.shape[2] <= _MAX_LATENT or not _within(noise, _MOST_NOISE):
        raise _damaged(where, "'noise' holds what no dancer can draw")
    if poses is None:
        poses = np.zeros((0, N_JOINTS, 3), np.float32)
    if poses.dtype.kind != "f" or poses.shape[1:] != (N_JOINTS, 3) or len(poses) > MAX_BEATS:
        raise _damaged(where, f"'poses' must be numbers of the shape [beats, {N_JOINTS}, 3]")
    if not _within(poses, _MOST_M):
        raise _damaged(where, "'poses' holds what is no body")
    return StoredPhrase(
        said["name"],
        noise.astype(np.float32),
        said["style"],
        said["controls"],
        said["bpm"],
        poses.astype(np.float32),
        said["mirrored"],
    )


def _within(array: np.ndarray, most: float) -> bool:
    return bool((np.abs(array) <= most).all())  # NaN is not


def _damaged(where: str, what: str) -> ArtifactError:
    return ArtifactError(f"cannot read {where}: {what}; {_HINT}")


def _checked(table: dict[str, Any], stem: str) -> dict[str, Any]:
    check_names(table, (*_PLAIN, "style", "controls"))
    version = table.get("version")
    if version != PHRASE_VERSION:
        raise ConfigError(
            f"version is {shown(version)}; this PoseJockey reads phrases of {PHRASE_VERSION}"
        )
    name = checked_name(as_text("name", table.get("name", stem)))
    return {
        "name": name,
        "beats": as_whole("beats", table.get("beats"), 1, MAX_BEATS),
        "dancers": as_whole("dancers", table.get("dancers"), 1, MAX_DANCERS),
        "bpm": as_number("bpm", table.get("bpm", 120.0), 1.0, _MAX_BPM),
        "mirrored": as_switch("mirrored", table.get("mirrored", False)),
        "style": _style(as_table("style", table.get("style", {}))),
        "controls": _controls(as_table("controls", table.get("controls", {}))),
    }


def _style(table: Mapping[str, Any]) -> dict[str, float]:
    if len(table) > _MAX_STYLES:
        raise ConfigError(f"style has more than {_MAX_STYLES} names")
    return {name: as_number(f"style {name}", weight, 0.0, 1.0) for name, weight in table.items()}


def _controls(table: Mapping[str, Any]) -> dict[str, float]:
    check_names(table, KEPT_CONTROLS)
    return {
        name: as_number(name, value, CONTROLS[name].low, CONTROLS[name].high)
        for name, value in table.items()
    }


def _toml(phrase: StoredPhrase) -> str:
    """`describe` as TOML. The keys of styles may be any text, so they are quoted."""
    table = describe(phrase)
    lines = [
        "# A phrase kept by PoseJockey, with the file of the same name that ends in .npz.",
        f"# Play it: /pj/control/phrase/{phrase.name}; docs/choreography.md says what else.",
    ]
    for name in _PLAIN:
        lines.append(f"{name} = {json.dumps(table[name], ensure_ascii=False)}")
    for name in ("style", "controls"):
        lines += ["", f"[{name}]"]
        lines += [f"{_quoted(key)} = {_number(value)}" for key, value in table[name].items()]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # for printable text the same as TOML's


def _number(value: float) -> str:
    return repr(value) if math.isfinite(value) else "0.0"
