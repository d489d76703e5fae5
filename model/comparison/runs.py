"""The trainings of a comparison, one after the other, or as tasks of Ray on one machine or many.

Enters: the runs of a recipe and prepared data. Leaves: a folder for each run with its checkpoint
and log, and an `Outcome`. A run that is finished is not trained again, one that was stopped goes
on, and one that breaks down leaves its reason instead of ending all the others.
"""

import os
import platform
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric

from live.errors import ConfigError
from live.safe_write import write_text
from model.baselines.fit import Fit, FitConfig
from model.baselines.systems import SPACES, untrained
from model.comparison.recipe import Run
from model.data.prepared import read_motion

FAILURE = "failure.txt"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What a run came to. minutes: of processor time; reason: why it failed, where it did."""

    run: Run
    minutes: float
    steps: int
    machine: str
    reason: str = ""


def train(run: Run, data: Path, runs: Path, fabric: Fabric | None = None) -> Outcome:
    """Train one run, on from where it was stopped. runs: the folder of all of them.

    ConfigError where its folder holds another run: nothing would be gained by going on without it.
    """
    folder = runs / run.folder
    fit = None
    try:
        styles = tuple(str(s) for s in read_motion(data)["styles"])
        torch.manual_seed(run.seed)  # of the weights before the first step
        system = untrained(run.kind, dict(run.options), SPACES[run.space], styles)
        config = FitConfig(minutes=run.minutes, batch=run.batch, seed=run.seed)
        fit = Fit(system, data, folder, config, fabric)
        fit.run()
    except ConfigError:
        raise
    except Exception as error:  # a mistake in one system must not cost a night of the others
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / FAILURE, traceback.format_exc())
        reason = (str(error).splitlines() or [""])[0][:200]
        return _outcome(run, fit, f"{type(error).__name__}: {reason}")
    return _outcome(run, fit, "")


def _outcome(run: Run, fit: Fit | None, reason: str) -> Outcome:
    spent = fit.spent if fit else None
    return Outcome(
        run,
        spent.processor_s / 60 if spent else 0.0,
        spent.iteration if spent else 0,
        machine_name(),
        reason,
    )


def machine_name() -> str:
    """Processor and system, and nothing that names its owner."""
    return f"{platform.machine()}, {os.cpu_count()} logical processors, {platform.system()}"


def in_turn(
    runs: Sequence[Run], data: Path, folder: Path, fabric: Fabric | None, say: Say
) -> list[Outcome]:
    """One run after the other, in this process; fabric: over how many processes and devices."""
    found = []
    for number, run in enumerate(runs):
        say(f"run {number + 1} of {len(runs)}: {run.folder}")
        found.append(_said(train(run, data, folder, fabric), say))
    return found


def by_ray(runs: Sequence[Run], data: Path, folder: Path, address: str, say: Say) -> list[Outcome]:
    """Every run a task of one processor, as many at once as there are processors.

    address: of a cluster, whose machines must all see the data and the folder under these names and
    have this program installed; "" starts Ray on this machine alone and ends it.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers of the run
    import ray

    options = {"logging_level": "ERROR", "log_to_driver": False}
    try:
        if address:
            ray.init(address=address, **options)
        else:
            ray.init(address="local", include_dashboard=False, **options)
    except (ConnectionError, RuntimeError, ValueError) as error:
        where = address or "this machine"
        raise ConfigError(f"Ray does not start on {where}: {error}") from error
    try:
        return list(_tasks(runs, data.resolve(), folder.resolve(), say))
    finally:
        ray.shutdown()


def _tasks(runs: Sequence[Run], data: Path, folder: Path, say: Say) -> Iterator[Outcome]:
    import ray
    from ray.exceptions import RayTaskError

    task = ray.remote(num_cpus=1)(train)
    places = {task.remote(run, data, folder): number for number, run in enumerate(runs)}
    waiting, found = list(places), {}
    say(f"{len(waiting)} runs as tasks of Ray on {ray.cluster_resources().get('CPU', 0):g} CPUs")
    while waiting:
        ended, waiting = ray.wait(waiting)
        for reference in ended:
            try:
                outcome = ray.get(reference)
            except RayTaskError as error:
                if isinstance(error.cause, ConfigError):
                    raise error.cause from error
                raise
            found[places[reference]] = _said(outcome, say)
    yield from (found[number] for number in range(len(runs)))


def _said(outcome: Outcome, say: Say) -> Outcome:
    ended = f"failed: {outcome.reason}" if outcome.reason else f"{outcome.steps} steps"
    say(f"  {outcome.run.folder}: {outcome.minutes:.1f} minutes, {ended}")
    return outcome
