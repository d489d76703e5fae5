"""Settings from TOML files: read, and held against what they may be.

Enters: a path, or the values of a table. Leaves: values of the kind and range asked for; every
mistake is a ConfigError that says which setting it is, what it is and what it may be. Runs in the
caller's thread, before the show.

Ours rather than msgspec's or cattrs': half of the ranges are known only at run time (the model's
styles, `live.osc.schema`), and their messages name types and paths, not what an operator may write.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from live.errors import ArtifactError, ConfigError
from live.safe_read import read_file

_MOST_BYTES = 1 << 20


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """The tables of a file. what: "the settings", for what is said where it cannot be read."""
    return parse_toml(read_text(path, what), path)


def read_text(path: Path, what: str) -> str:
    """The text of a TOML file, at most 1 MB."""
    try:
        content = read_file(path, "give a TOML file", _MOST_BYTES, what)
    except ArtifactError as error:
        raise ConfigError(str(error)) from error
    try:
        return content.decode("utf-8-sig")  # Windows' editor begins a file with a mark
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """As `read_toml`, of a text that was read before; path: where, for what is said of mistakes."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also a number too long for Python
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


@contextmanager
def named(where: object) -> Iterator[None]:
    """Put `where` (a file, an entry) before what is said of a mistake in the block."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


def check_names(table: Mapping[str, Any], known: Iterable[str]) -> None:
    """ConfigError for the first name in the table that is not known."""
    known = tuple(known)
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise ConfigError(f"unknown setting {unknown[0]!r}; known are {', '.join(known)}")


def as_text(name: str, value: Any) -> str:
    return _of_kind(name, value, isinstance(value, str), "a text")


def as_switch(name: str, value: Any) -> bool:
    return _of_kind(name, value, isinstance(value, bool), "true or false")


def as_table(name: str, value: Any) -> Mapping[str, Any]:
    return _of_kind(name, value, isinstance(value, Mapping), "a table")


def as_tables(name: str, value: Any) -> list[Mapping[str, Any]]:
    """What stands under [[name]]."""
    fits = isinstance(value, list) and all(isinstance(item, Mapping) for item in value)
    return _of_kind(name, value, fits, f"tables, written as [[{name}]]")


def as_texts(name: str, value: Any) -> list[str] | tuple[str, ...]:
    fits = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    return _of_kind(name, value, fits, "a list of texts")


def as_choice(name: str, value: Any, choices: Iterable[Any]) -> Any:
    choices = tuple(choices)
    fits = any(type(value) is type(choice) and value == choice for choice in choices)
    return _of_kind(name, value, fits, f"one of {', '.join(map(str, choices))}")


def as_whole(name: str, value: Any, low: int, high: int) -> int:
    fits = type(value) is int and low <= value <= high
    return _of_kind(name, value, fits, f"a whole number from {low} to {high}")


def as_number(name: str, value: Any, low: float, high: float) -> float:
    """Whole numbers fit, too. NaN never does."""
    fits = type(value) in (int, float) and low <= value <= high
    return float(_of_kind(name, value, fits, f"a number from {low:.10g} to {high:.10g}"))


def _of_kind(name: str, value: Any, fits: bool, wanted: str) -> Any:
    if not fits:
        raise ConfigError(f"{name} is {shown(value)}; it must be {wanted}")
    return value


def shown(value: Any) -> str:
    """A value as a message shows it, however long it is."""
    try:
        text = repr(value)
    except ValueError:  # of a number with thousands of digits, Python says none
        return "a number of thousands of digits"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


_LONGEST = 200  # characters
