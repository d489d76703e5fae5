"""Score files: a dance planned for a song, as TOML beside the phrases it names.

Enters: a path, or the text of one that was recorded; the bank. Leaves: a `PlannedScore`, or a
ConfigError that names the part and the mistake. Before the show.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live.dance.choreography.form import Part, parse_form
from live.dance.material.bank import PhraseBank
from live.dance.material.moment import SongMoment, parse_moment
from live.dance.material.phrase import StoredPhrase, checked_name, read_phrase
from live.errors import ArtifactError, ConfigError
from live.osc.schema import MAX_DANCERS
from live.settings_file import (
    as_number,
    as_switch,
    as_tables,
    as_text,
    as_whole,
    named,
    parse_toml,
    read_text,
    shown,
)

MAX_PARTS = 999
MAX_TIMES = 256
_VARIED = 0.5  # of a phrase that a form marks as varied
_FOLDER = re.compile(r"[A-Za-z0-9 _-]+(/[A-Za-z0-9 _-]+)*")

Value = float | str
ReadValue = Callable[[str, Any], Value]  # of a setting by its name; ConfigError if it may not be


@dataclass(frozen=True)
class PhraseUse:
    """A phrase of the bank as it is danced once. vary: 0..1; energy: added."""

    name: str
    mirrored: bool = False
    vary: float = 0.0
    energy: float = 0.0


@dataclass(frozen=True)
class ScorePart:
    """moment: when it begins; None: when the part before is over. uses: what is danced one after
    the other; none: the choreographer composes. times: of all of them. bars: how long a part lasts
    that is composed. dancers: from 0, whose these are; none: everybody's. others: what the others
    dance meanwhile; "": what the choreographer composes. controls: what it sets when it begins."""

    moment: SongMoment | None = None
    uses: tuple[PhraseUse, ...] = ()
    times: int = 1
    bars: float = 0.0
    dancers: tuple[int, ...] = ()
    others: str = ""
    controls: tuple[tuple[str, Value], ...] = ()

    @property
    def names(self) -> set[str]:
        return {use.name for use in self.uses} | ({self.others} if self.others else set())


@dataclass(frozen=True)
class PlannedScore:
    """parts: in order. phrases: all that they name. text: of the file, to be recorded."""

    parts: tuple[ScorePart, ...]
    phrases: Mapping[str, StoredPhrase]
    text: str = ""


def load_score(path: Path, bank: PhraseBank, read_value: ReadValue) -> PlannedScore:
    """The score of a file; its phrases are sought beside it, then in the bank."""
    text = read_text(path, "the score")
    content = parse_toml(text, path)
    with named(path):
        return _planned(content, text, path.parent, bank, read_value)


def parse_score(text: str, where: Path, bank: PhraseBank, read_value: ReadValue) -> PlannedScore:
    """As `load_score`, of a text that was recorded: its phrases are all in the bank."""
    content = parse_toml(text, where)
    with named(where):
        return _planned(content, text, None, bank, read_value)


def _planned(
    content: dict[str, Any], text: str, home: Path | None, bank: PhraseBank, read_value: ReadValue
) -> PlannedScore:
    folder = _folder(content.pop("phrases", ""), home)
    tables = content.pop("part", None)
    if content:
        name = next(iter(content))
        raise ConfigError(f"unknown {name!r}; a score holds 'phrases' and [[part]]")
    if not tables or len(as_tables("part", tables)) > MAX_PARTS:
        raise ConfigError(f"a score needs 1 to {MAX_PARTS} parts, each under [[part]]")
    parts: list[ScorePart] = []
    phrases: dict[str, StoredPhrase] = {}
    for number, table in enumerate(tables, 1):
        with named(f"part {number}"):
            part = _part(dict(table), read_value)
            _check_order(part, parts)
            for name in sorted(part.names - set(phrases)):
                phrases[name] = _find(name, folder, bank)
            parts.append(part)
    return PlannedScore(tuple(parts), phrases, text)


def _folder(value: Any, home: Path | None) -> Path | None:
    """Where the phrases are: beside the score, or in a folder there. A score comes from anybody, so
    it cannot have files opened elsewhere."""
    if as_text("phrases", value) and not _FOLDER.fullmatch(value):
        raise ConfigError(f"phrases is {shown(value)}; it must be a folder beside the score")
    return None if home is None else home / value


def _find(name: str, folder: Path | None, bank: PhraseBank) -> StoredPhrase:
    path = None if folder is None else folder / f"{name}.toml"
    if path is not None and path.is_file():
        try:
            return read_phrase(path)
        except ArtifactError as error:
            raise ConfigError(str(error)) from None
    return bank.find(name)


def _part(table: dict[str, Any], read_value: ReadValue) -> ScorePart:
    moment = parse_moment(table.pop("at")) if "at" in table else None
    listed, others = table.pop("phrase", []), table.pop("others", "")
    if type(listed) is int:  # no phrase, but how long those are that are composed
        table["phrase"], listed = listed, []
    names = _names(listed)
    times = as_whole("times", table.pop("times", 1), 1, MAX_TIMES)
    bars = as_number("bars", table.pop("bars", 0.0), 0.0, 10_000.0)
    dancers = _dancers(table.pop("dancers", []))
    others = checked_name(others) if as_text("others", others) else ""
    if not names and (others or dancers or times > 1 or set(table) & {"mirror"}):
        raise ConfigError("times, mirror, dancers and others are for a part with a phrase")
    if names and bars:
        raise ConfigError("bars is for a part without a phrase, which is as long as it is")
    if others and not dancers:
        raise ConfigError("others needs dancers: those who dance the phrase")
    uses = _uses(names, table) if names else ()
    controls = tuple((name, read_value(name, value)) for name, value in table.items())
    return ScorePart(moment, uses, times, bars, dancers, others, controls)


def _names(value: Any) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or len(listed) > 26 or not all(map(_is_text, listed)):
        raise ConfigError(f"phrase is {shown(value)}; it must be a name, or a list of up to 26")
    return tuple(map(checked_name, listed))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _dancers(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise ConfigError(f"dancers is {shown(value)}; it must be a list of numbers from 1")
    return tuple(as_whole("dancers", dancer, 1, MAX_DANCERS) - 1 for dancer in value)


def _uses(names: Sequence[str], table: dict[str, Any]) -> tuple[PhraseUse, ...]:
    """The phrases in the order of the form, or of the list. Takes its keys from the table."""
    mirrored = as_switch("mirror", table.pop("mirror", False))
    vary = as_number("variation", table.pop("variation", 0.0), 0.0, 1.0)
    parts = [Part(letter) for letter in range(len(names))]
    if "form" in table:
        parts = list(parse_form(as_text("form", table.pop("form")))) or parts
    missing = [part.letter for part in parts if part.letter >= len(names)]
    if missing:
        letter = chr(ord("A") + missing[0])
        raise ConfigError(f"form has a {letter}, but phrase lists only {len(names)}")
    return tuple(
        PhraseUse(
            names[part.letter],
            mirrored ^ part.mirrored,
            max(vary, _VARIED * part.varied),
            part.energy,
        )
        for part in parts
    )


def _check_order(part: ScorePart, before: list[ScorePart]) -> None:
    """Bars and times have to follow each other; a part with neither follows one that ends."""
    if part.moment is None:
        if not before:
            raise ConfigError('the first part needs at, such as at = 1 or at = "0:10"')
        if not before[-1].uses and not before[-1].bars:
            raise ConfigError("it needs at, or the part before bars: that one never ends")
        return
    kind = "bar" if part.moment.bar is not None else "time_s"
    earlier = [getattr(one.moment, kind) for one in before if one.moment]
    last = max((value for value in earlier if value is not None), default=None)
    if last is not None and getattr(part.moment, kind) <= last:
        raise ConfigError(f"at is {part.moment}, not after the part before")
