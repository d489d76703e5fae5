"""What a comparison compares, and how: `posejockey compare --recipe`.

Enters: a TOML file. Leaves: a `Recipe`; every mistake in it is a ConfigError that names it.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from live.errors import ConfigError
from live.settings_file import (
    as_number,
    as_table,
    as_tables,
    as_text,
    as_texts,
    as_whole,
    check_names,
    named,
    read_toml,
)
from model.baselines.pose_space import BODY
from model.baselines.systems import SPACES, untrained

SYSTEMS = "systems"  # the main table; the others are ablations, by their names
_MOST_MINUTES = 100_000.0
_NAME = "abcdefghijklmnopqrstuvwxyz0123456789_-"


@dataclass(frozen=True)
class Run:
    """One training. table: which it is a row of; name: of the row; minutes: of processor time."""

    table: str
    name: str
    kind: str
    options: Mapping[str, Any]
    space: str
    seed: int
    minutes: float
    batch: int

    @property
    def folder(self) -> str:
        """Under the folder of all runs."""
        start = "" if self.table == SYSTEMS else f"{self.table}-"
        return f"{start}{self.name}-{self.seed}"


@dataclass(frozen=True)
class Judging:
    """What all dance to: a song of `seconds` in each style at each tempo, so many dancers to each.
    seed: of the songs; styles: those of the data where empty."""

    tempi_bpm: tuple[float, ...] = (90.0, 120.0, 150.0)
    seconds: float = 60.0
    dancers: int = 2
    seed: int = 1
    styles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """runs: all trainings, the rows of one table together; shown: a stage file or the name of
    weights that ship, which dance beside them; curve_s: length of the windows of the curve;
    film_s: length of the films to prefer one of, none for 0."""

    runs: tuple[Run, ...]
    judging: Judging = field(default_factory=Judging)
    shown: tuple[str, ...] = ("open",)
    curve_s: float = 10.0
    film_s: float = 12.0
    style_extractor_minutes: float = 0.0

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(run.seed for run in self.runs if run.table == SYSTEMS))

    @property
    def flat(self) -> bool:
        """Whether a system dances in a picture, so that all are judged there as well."""
        return any(run.space != BODY.name for run in self.runs)

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(run.table for run in self.runs))


def read_recipe(path: Path) -> Recipe:
    """ConfigError where the file is none, or what it asks for cannot be had."""
    table = read_toml(path, "the recipe")
    with named(path):
        return _recipe(table)


def _recipe(table: Mapping[str, Any]) -> Recipe:
    check_names(
        table, ("budget", "systems", "ablation", "judge", "curve", "films", "style_extractor")
    )
    if "budget" not in table or "systems" not in table:
        raise ConfigError("a recipe has a [budget] and at least one [[systems]]")
    budget = as_table("budget", table["budget"])
    check_names(budget, ("minutes", "seeds", "batch"))
    minutes = _minutes("budget.minutes", budget.get("minutes", 4.0))
    seeds = _seeds("budget.seeds", budget.get("seeds", [1, 2, 3]))
    batch = as_whole("budget.batch", budget.get("batch", 32), 2, 65_536)
    runs = [
        Run(SYSTEMS, *_system(i, entry), seed, minutes, batch)
        for i, entry in enumerate(as_tables("systems", table["systems"]))
        for seed in seeds
    ]
    for name, entry in as_table("ablation", table.get("ablation", {})).items():
        runs += _ablation(name, as_table(f"ablation.{name}", entry), seeds[0], batch)
    folders = [run.folder for run in runs]
    if twice := [f for f in folders if folders.count(f) > 1]:
        raise ConfigError(f"two runs would be in the folder {twice[0]}: give one another name")
    judging, shown = _judging(as_table("judge", table.get("judge", {})))
    curve_s = _seconds(table, "curve", "window_s", 10.0, 5.0, judging.seconds)
    film_s = _seconds(table, "films", "seconds", min(12.0, judging.seconds), 0.0, judging.seconds)
    extractor = as_table("style_extractor", table.get("style_extractor", {}))
    check_names(extractor, ("minutes",))
    extractor_minutes = as_number(
        "style_extractor.minutes", extractor.get("minutes", 0.0), 0.0, _MOST_MINUTES
    )
    return Recipe(tuple(runs), judging, shown, curve_s, film_s, extractor_minutes)


def _system(number: int, entry: Mapping[str, Any]) -> tuple[str, str, Mapping[str, Any], str]:
    where = f"systems[{number}]"
    with named(where):
        check_names(entry, ("kind", "name", "space", "options"))
        kind = as_text("kind", entry.get("kind"))
        options = as_table("options", entry.get("options", {}))
        space = as_text("space", entry.get("space", "body"))
        _check_system(kind, options, space)
        usual = kind if space == "body" else f"{kind}-{space}"
        return _name("name", entry.get("name", usual)), kind, options, space


def _ablation(name: str, entry: Mapping[str, Any], seed: int, batch: int) -> list[Run]:
    with named(f"ablation.{_name('its name', name)}"):
        if name == SYSTEMS:
            raise ConfigError(f"an ablation cannot be called {SYSTEMS}")
        check_names(entry, ("kind", "option", "values", "minutes", "seeds", "options"))
        kind, option = as_text("kind", entry.get("kind")), as_text("option", entry.get("option"))
        values = as_texts("values", entry.get("values", ()))
        if not values:
            raise ConfigError("values names nothing")
        minutes = _minutes("minutes", entry.get("minutes", 3.0))
        seeds = _seeds("seeds", entry.get("seeds", [seed]))
        rest = as_table("options", entry.get("options", {}))
        runs = []
        for value, own_seed in itertools.product(values, seeds):
            options = {**rest, option: value}
            _check_system(kind, options, "body")
            run = Run(
                name, _name("a value", value), kind, options, "body", own_seed, minutes, batch
            )
            runs.append(run)
        return runs


def _check_system(kind: str, options: Mapping[str, Any], space: str) -> None:
    if space not in SPACES:
        raise ConfigError(f"no space {space!r}: one of {', '.join(SPACES)}")
    try:
        untrained(kind, dict(options), SPACES[space], ("one", "other"))
    except (ValueError, RuntimeError, TypeError) as error:
        raise ConfigError(f"{kind} cannot be made with {dict(options)}: {error}") from error


def _judging(entry: Mapping[str, Any]) -> tuple[Judging, tuple[str, ...]]:
    usual = Judging()
    with named("judge"):
        check_names(entry, ("tempi", "seconds", "dancers", "seed", "styles", "shown"))
        tempi = entry.get("tempi", list(usual.tempi_bpm))
        if not isinstance(tempi, list) or not tempi:
            raise ConfigError("tempi must be a list of numbers")
        judging = Judging(
            tuple(as_number("tempi", tempo, 60.0, 200.0) for tempo in tempi),
            as_number("seconds", entry.get("seconds", usual.seconds), 16.0, 600.0),
            as_whole("dancers", entry.get("dancers", usual.dancers), 2, 16),
            as_whole("seed", entry.get("seed", usual.seed), 0, 99_999),
            tuple(as_texts("styles", entry.get("styles", ()))),
        )
        shown = tuple(as_texts("shown", entry.get("shown", ("open",))))
        if len({Path(model).stem for model in shown}) < len(shown):
            raise ConfigError("shown has two files of one name: they would be one row")
        return judging, shown


def _seconds(
    table: Mapping[str, Any], name: str, key: str, usual: float, low: float, high: float
) -> float:
    entry = as_table(name, table.get(name, {}))
    with named(name):
        check_names(entry, (key,))
        return as_number(key, entry.get(key, usual), low, high)


def _minutes(name: str, value: Any) -> float:
    return as_number(name, value, 0.001, _MOST_MINUTES)


def _seeds(name: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or not value:
        raise ConfigError(f"{name} must be a list of whole numbers")
    return tuple(dict.fromkeys(as_whole(name, seed, 0, 2**31 - 1) for seed in value))


def _name(what: str, value: Any) -> str:
    """A folder's name on any system."""
    name = as_text(what, value)
    if not _fits(name):
        raise ConfigError(f"{what} is {name!r}; it may have a-z, 0-9, _ and -, and 40 letters")
    return name


def _fits(letters: Iterable[str]) -> bool:
    found = list(letters)
    return 0 < len(found) <= 40 and all(letter in _NAME for letter in found)
