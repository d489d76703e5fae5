"""What a network file says of itself, and what of it is believed.

Enters: the JSON text in an ONNX file's metadata. Leaves: a Manifest, whole and within bounds, or an
ArtifactError that names the field. Before the show; a file may come from anybody.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as shortened
from typing import Any, NoReturn

import numpy as np

from live.dance.contract import BEATS_A_BAR, CONTROL_NAMES, REQUIRED, STATE_PREFIX
from live.errors import ArtifactError
from live.osc.encoding import most_styles

MAX_MUSIC_LAG = 8.0  # frames
MAX_ACCENT_DELAY_MS = 100.0
METRES = (2, 7)  # fewest and most beats in a bar
MAX_ENERGY_OFFSET = 4.0  # twice the operator's whole range; those that ship are within 1
_MAX_STATE_NUMBERS = 1 << 24  # 64 MB a dancer; the model that ships has some 100 000
_MAX_STATES = 256
_MAX_LATENT = 4096
_MAX_NAME = 64  # characters
_RESERVED = frozenset(",=")  # of the texts in which styles are asked for


@dataclass(frozen=True)
class StateSpec:
    """name: of the input tensor; shape: of one dancer, who is its first axis if per_dancer."""

    name: str
    shape: tuple[int, ...]
    per_dancer: bool


@dataclass(frozen=True)
class Manifest:
    """What the file says of itself (`live.dance.contract`).

    energy_offset: float32 [S], what to add to the energy input for each style's own size;
    accent_delay_ms: float32 [S], how much later than the beat clock each style is to be driven for
    its accents to fall where its real dances have them; music_lag: frames from the music heard to
    the pose seen that it was trained for, 1 where the file does not say; metre: int [S], beats in a
    bar of each style, 4 where the file does not say; forgets: whether it knows the control `anew`,
    as files of before do not.
    """

    styles: tuple[str, ...]
    energy_offset: np.ndarray
    accent_delay_ms: np.ndarray
    latent_dim: int
    states: tuple[StateSpec, ...]
    music_lag: float
    metre: np.ndarray
    forgets: bool
    raw: dict

    @staticmethod
    def parse(text: str | None, path: Path) -> "Manifest":
        """Raises ArtifactError naming the first field that does not fit this program."""
        if text is None:
            raise ArtifactError(f"{path} is an ONNX file, but not one of PoseJockey (no manifest)")
        raw = _object(text, path)
        _check_contract(raw, path)
        read = _Reader(raw, path)
        styles = read.styles()
        manifest = Manifest(
            styles,
            read.by_style("energy_offset", styles, MAX_ENERGY_OFFSET),
            read.by_style("accent_delay_ms", styles, MAX_ACCENT_DELAY_MS, absent=0.0),
            read.whole("latent_dim"),
            read.states(),
            read.number("music_lag", 0.0, MAX_MUSIC_LAG, absent=1.0),
            read.metres(styles),
            raw.get("controls") == list(CONTROL_NAMES),
            raw,
        )
        manifest.check_sizes(path)
        return manifest

    def check_sizes(self, path: Path) -> None:
        """ArtifactError for a file whose states or noise would fill the memory."""
        numbers = sum(_size(state.shape) for state in self.states)
        if not (numbers <= _MAX_STATE_NUMBERS and 0 < self.latent_dim <= _MAX_LATENT):
            raise ArtifactError(
                f"{path}: its states have sizes that no model of this program has; do not trust it"
            )


def check_room(styles: Sequence[str], where: Path) -> None:
    """ArtifactError for more styles than one bundle of poses has room for the weights of."""
    if len(styles) > most_styles():
        raise ArtifactError(
            f"{where} has {len(styles)} styles; a bundle of poses has room for {most_styles()}: "
            "make it of fewer"
        )


class _Reader:
    """Takes one field after the other out of a manifest; ArtifactError for one that is wrong."""

    def __init__(self, raw: dict, path: Path):
        self._raw, self._path = raw, path

    def styles(self) -> tuple[str, ...]:
        names = self._raw.get("styles")
        if not (isinstance(names, list) and names and all(map(_is_style, names))):
            self._refuse("styles", names, "a list of names in small letters, without , and =")
        if len(set(names)) < len(names):
            self._refuse("styles", names, "no name twice")
        check_room(names, self._path)
        return tuple(names)

    def by_style(
        self, field: str, styles: tuple[str, ...], most: float, absent: float | None = None
    ) -> np.ndarray:
        """float32 [S] of a field that has a number for each style, -most..most."""
        default = None if absent is None else dict.fromkeys(styles, absent)
        found = self._raw.get(field, default)
        if not isinstance(found, dict):
            self._refuse(field, found, "a number for each style")
        for style in styles:
            self._check(
                f"{field} of {style}", found.get(style), f"a number within {most:g} of 0",
                lambda value: _is_number(value) and abs(value) <= most,
            )  # fmt: skip
        return np.array([found[style] for style in styles], np.float32)

    def metres(self, styles: tuple[str, ...]) -> np.ndarray:
        """int [S], of a field that has a whole number for some of the styles."""
        found = self._raw.get("metre", {})
        if not isinstance(found, dict):
            self._refuse("metre", found, "beats in a bar, by style")
        low, high = METRES
        return np.array([
            self._check(
                f"metre of {style}", found.get(style, BEATS_A_BAR),
                f"{low} to {high} beats in a bar",
                lambda value: _is_whole(value) and low <= value <= high,
            )
            for style in styles
        ])  # fmt: skip

    def whole(self, field: str) -> int:
        return self._check(field, self._raw.get(field), "a whole number", _is_whole)

    def number(self, field: str, low: float, high: float, absent: float) -> float:
        value = self._check(
            field, self._raw.get(field, absent), f"a number from {low:g} to {high:g}",
            lambda value: _is_number(value) and low <= value <= high,
        )  # fmt: skip
        return float(value)

    def states(self) -> tuple[StateSpec, ...]:
        found = self._raw.get("states")
        if not (isinstance(found, list) and len(found) <= _MAX_STATES):
            self._refuse("states", found, f"a list of at most {_MAX_STATES} tensors")
        states = tuple(map(self._state, found))
        if len({state.name for state in states}) < len(states):
            self._refuse("states", [state.name for state in states], "no name twice")
        return states

    def _state(self, found: Any) -> StateSpec:
        if not isinstance(found, dict):
            self._refuse("states", found, "objects with name, shape and per_dancer")
        name = self._check(
            "states: name", found.get("name"), f"a text that begins with {STATE_PREFIX}",
            lambda value: isinstance(value, str) and value.startswith(STATE_PREFIX),
        )  # fmt: skip
        shape = self._check(
            f"states: shape of {name}", found.get("shape"), "a list of sizes",
            lambda value: isinstance(value, list) and len(value) > 0,
        )  # fmt: skip
        per_dancer = self._check(
            f"states: per_dancer of {name}", found.get("per_dancer"), "true or false",
            lambda value: isinstance(value, bool),
        )  # fmt: skip
        return StateSpec(name, tuple(shape), per_dancer)

    def _check(self, field: str, value: Any, expected: str, fits: Callable[[Any], bool]) -> Any:
        if not fits(value):
            self._refuse(field, value, expected)
        return value

    def _refuse(self, field: str, found: Any, expected: str) -> NoReturn:
        raise ArtifactError(
            f"{self._path}: its manifest is damaged: {field} is {shortened(found)}, "
            f"expected {expected}"
        )


def _object(text: str, path: Path) -> dict:
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{path}: its manifest is damaged: it is no JSON ({error})") from error
    if not isinstance(raw, dict):
        raise ArtifactError(f"{path}: its manifest is damaged: it is {shortened(raw)}, no object")
    return raw


def _check_contract(raw: dict, path: Path) -> None:
    for field, expected in REQUIRED.items():
        found = raw.get(field)
        if type(found) is not type(expected) or found != expected:
            raise ArtifactError(
                f"{path}: {field} is {shortened(found)}, this program needs {expected!r}; "
                "export the model again with this version"
            )


def _is_style(name: Any) -> bool:
    """A name that can be asked for (`live.dance.style.parse_style`)."""
    return (
        isinstance(name, str)
        and 0 < len(name) <= _MAX_NAME
        and name == name.strip().lower()
        and name.isprintable()
        and name != "auto"
        and not _RESERVED & set(name)
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    """Also of whole numbers too large for a float, which are finite."""
    return _is_whole(value) or (isinstance(value, float) and math.isfinite(value))


def _size(shape: tuple) -> float:
    """Numbers in a state of one dancer; infinite if the shape is none."""
    if not all(_is_whole(n) and n > 0 for n in shape):
        return math.inf
    return math.prod(shape)
