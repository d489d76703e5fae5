"""A whole comparison: train what is missing, let all dance, judge them, write it down.

Enters: a `Recipe`, prepared data, a folder. Leaves: `Compared`, and in the folder's `judged/` the
figures of every row, so that what was judged is not judged again; delete that folder after a change
of the judge itself.
"""

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from live.dance.performer import find_model
from model.baselines.plain import plain
from model.baselines.pose_space import BODY
from model.baselines.systems import KINDS, trained
from model.comparison.judge import Curve, Figures, Judge, chance, takes_to
from model.comparison.kept import keep, read_kept
from model.comparison.programme import (
    Dancer,
    Music,
    of_system,
    on_stage,
    on_true_clock,
    programme,
)
from model.comparison.recipe import SYSTEMS, Recipe, Run
from model.comparison.runs import Outcome, Say
from model.network.checkpoint import CHECKPOINT

_VERSION = 1  # of what is kept of a row that was judged


@dataclass
class Row:
    """A row of a table. seeds: figures for each; curve: (middles s, FID, floor) of each; outcomes:
    of the trainings behind it; reason: why there is nothing."""

    name: str
    table: str = SYSTEMS
    seeds: list[Figures] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    reason: str = ""


@dataclass(frozen=True)
class Compared:
    """rows: of all tables; dancers: one for each row of the main table that dances in space, for
    films; flat_dancers: those that dance in a picture; music: what all danced to."""

    rows: list[Row]
    dancers: dict[str, Dancer]
    flat_dancers: dict[str, Dancer]
    music: tuple[Music, ...]


def judge_all(
    recipe: Recipe, data: Path, out: Path, outcomes: Sequence[Outcome], judge: Judge, say: Say
) -> Compared:
    """Everything in one run by one judge; the trainings have ended."""
    torch.set_num_threads(1)
    music = programme(data, recipe.judging)
    judged = _Judged(recipe, judge, music, _digest(data / "motion.npz"), out / "judged", say)
    styles = list(dict.fromkeys(song.style for song in music))
    rows = [
        Row("real", seeds=[judge.real_figures(styles)]),
        Row("chance", seeds=[chance(music, len(judge.ref.styles))]),
    ]
    dancers: dict[str, Dancer] = {}
    flat_dancers: dict[str, Dancer] = {}
    for name, weights, dancer, seeds in _untrained(recipe, data):
        row = Row(name)
        for seed in seeds:
            judged.add(row, f"{name}-{seed}", weights, seed, lambda dancer=dancer: dancer)
        if row.seeds:
            dancers[name] = dancer
        rows.append(row)
    for found in _by_row(outcomes):
        run = found[0].run
        row = Row(_title(run), run.table, outcomes=found)
        failed = [outcome for outcome in found if outcome.reason]
        row.reason = failed[0].reason if failed else ""
        for outcome in found:
            if outcome.reason:
                continue
            path = out / "runs" / outcome.run.folder / CHECKPOINT
            judged.add(
                row, outcome.run.folder, _digest(path), outcome.run.seed,
                lambda path=path: of_system(trained(path)),
            )  # fmt: skip
            shown = dancers if run.space == BODY.name else flat_dancers
            if run.table == SYSTEMS and row.seeds and row.name not in shown:
                shown[row.name] = of_system(trained(path))
        rows.append(row)
    return Compared(rows, dancers, flat_dancers, music)


def _untrained(recipe: Recipe, data: Path) -> Iterator[tuple[str, str, Dancer, tuple[int, ...]]]:
    """Those that no run of the recipe trains: name, digest of their weights if they have any, and
    the seeds of their dances."""
    for system in plain(data):
        yield system.name, "", of_system(system), recipe.seeds
    for model in recipe.shown:
        name, weights = Path(model).stem, _digest(find_model(model))
        yield f"{name}, true clock", weights, on_true_clock(model), recipe.seeds
        yield f"{name}, on stage", weights, on_stage(model), recipe.seeds[:1]


def _by_row(outcomes: Sequence[Outcome]) -> list[list[Outcome]]:
    rows: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        rows.setdefault((outcome.run.table, outcome.run.name), []).append(outcome)
    return list(rows.values())


def _title(run: Run) -> str:
    """The system's own name, where the recipe gives it no other."""
    name = KINDS[run.kind].name
    if run.name == run.kind:
        return name
    return f"{name}, in a picture" if run.name == f"{run.kind}-{run.space}" else run.name


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass(frozen=True)
class _Judged:
    recipe: Recipe
    judge: Judge
    music: Sequence[Music]
    data: str  # digest
    kept: Path
    say: Say

    def add(
        self, row: Row, name: str, weights: str, seed: int, dancer: Callable[[], Dancer]
    ) -> None:
        """Let it dance and judge it, where that has not been done; a row that cannot is one with
        its reason. weights: digest of what it learned."""
        path, recipe = self.kept / f"{name}.json", self.recipe
        key = [_VERSION, self.data, weights, seed, recipe.curve_s, recipe.flat]
        key += [asdict(recipe.judging)]
        found = read_kept(path, key)
        if found is None:
            self.say(f"judging {name}")
            try:
                takes = takes_to(dancer(), self.music, recipe.judging.dancers, seed)
                figures, curve = self.judge.figures(takes), self.judge.curve(takes, recipe.curve_s)
            except Exception as error:  # nor is what it dances a reason to lose all the others
                row.reason = f"{type(error).__name__}: {str(error)[:200]}"
                self.say(f"  {name} failed: {row.reason}")
                return
            found = keep(path, key, {"figures": figures, "curve": curve})
        row.seeds.append(found["figures"])
        row.curves.append(tuple(found["curve"]))


def mean_and_spread(row: Row, name: str) -> tuple[float, float]:
    """Of a figure over the seeds of a row; the spread is the standard deviation of the seeds (n -
    1), NaN for one seed; both NaN where the row has no such figure."""
    values = [f[name] for f in row.seeds if name in f and math.isfinite(f[name])]
    if not values:
        return math.nan, math.nan
    mean = sum(values) / len(values)
    if len(values) < 2:
        return mean, math.nan
    return mean, math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))
