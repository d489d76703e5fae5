"""Training a system of the comparison: the same windows and the same time for each.

Enters: an untrained system, prepared data, a `FitConfig`. Leaves: a checkpoint and a log in the
run's folder; a killed run goes on from there. The engine is that of the network's own training
(`model.training.engine`): any devices, any number of processes. Each process draws windows of its
own and their gradients are averaged here, not by a wrapper around the module, for in adversarial
systems several losses go backward through one step.

Time is processor time, so that a busy machine does not shorten a run.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from live.errors import ArtifactError, ConfigError
from live.monotonic import monotonic_s
from model.baselines.system import Example, Statistics, TrainedSystem
from model.baselines.systems import PARTS, described
from model.data.prepared import read_summary
from model.data.windows import PairedWindows
from model.network.checkpoint import (
    CHECKPOINT,
    VERSION,
    check_finite,
    machine,
    read_checkpoint,
    write_checkpoint,
)
from model.network.config import TrainConfig
from model.training.engine import engine
from model.training.log import write_row
from model.training.resume import check_processes, gathered, process_state, process_states, restore

_SAVE_EVERY_S = 60.0
_LOG_EVERY = 20
_STATISTICS_BATCHES = 16
_CLIP = 1.0


@dataclass(frozen=True)
class FitConfig:
    """minutes: of processor time in each process; iterations: instead of that, where not 0; batch
    and window: of each step, in rows and in frames of 1/30 s."""

    minutes: float = 4.0
    iterations: int = 0
    batch: int = 32
    window: int = 120
    seed: int = 1
    precision: str = "32-true"

    def windows(self) -> TrainConfig:
        """How windows are drawn: music and pose of one moment, one dancer to each stretch."""
        return TrainConfig(
            batch=self.batch, dancers=1, window=self.window, context=0, lag_max=1, seed=self.seed
        )


@dataclass
class Spent:
    """What a run has behind it: steps, and seconds of processor time and of time."""

    iteration: int = 0
    processor_s: float = 0.0
    seconds: float = 0.0


class Fit:
    """One run of one system, in `folder`."""

    def __init__(
        self,
        system: TrainedSystem,
        data: Path,
        folder: Path,
        config: FitConfig,
        fabric: Fabric | None = None,
    ):
        torch.set_num_threads(1)
        self.system, self.folder, self.config = system, folder, config
        self.fabric = fabric or engine(config.precision)
        self.windows = PairedWindows(data, config.windows(), suited=True)
        self.data = self.windows.fingerprint()
        self.prepared = read_summary(data, self.windows.styles)
        if self.windows.styles != system.styles:
            raise ConfigError(f"{data} has other styles than the system: {self.windows.styles}")
        system.set_statistics(self._statistics())
        self.rng = np.random.default_rng([config.seed, self.fabric.global_rank])
        torch.manual_seed(config.seed + self.fabric.global_rank)
        system.to(self.fabric.device)
        if self.fabric.world_size > 1:  # only gradients are shared: weights must begin as equals
            system.load_state_dict(self.fabric.broadcast(system.state_dict()))
        self.optimisers = system.optimisers()
        self.spent = Spent()

    def run(self, report: Callable[[dict], None] = lambda row: None) -> None:
        """Train to the end of the budget, on from a checkpoint where there is one.

        report: called with every row of the log. ArtifactError where the run breaks down."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if (self.folder / CHECKPOINT).is_file():
            self.load()
        before, saved = Spent(**asdict(self.spent)), monotonic_s()
        processor, began = time.process_time(), saved
        rows: list[dict[str, float]] = []
        self.system.train()
        while (share := self._share()) < 1.0:
            rows.append(self.iterate(share))
            self.spent.processor_s = before.processor_s + time.process_time() - processor
            now = monotonic_s()
            self.spent.seconds = before.seconds + now - began
            if self.spent.iteration % _LOG_EVERY == 0:
                self._log(rows, report)
                rows = []
            if self._agreed(float(now - saved > _SAVE_EVERY_S)):
                self.save()
                saved = now
        self.save()
        self.system.eval()

    def iterate(self, share: float) -> dict[str, float]:
        """One step, at a share 0..1 of the budget."""
        parts = self.system.learn(self._example(), share, self._step)
        self.spent.iteration += 1
        return parts

    def _share(self) -> float:
        """How much of the budget is spent: by the first process, for all."""
        c, spent = self.config, self.spent
        if c.iterations:
            return spent.iteration / c.iterations
        return self._agreed(spent.processor_s / (60 * c.minutes))

    def _agreed(self, value: float) -> float:
        return value if self.fabric.world_size == 1 else self.fabric.broadcast(value)

    def _example(self) -> Example:
        batch, space = self.windows.batch(self.rng), self.system.space
        system, device = self.system, self.fabric.device
        features = torch.as_tensor(space.of_features(batch.features), device=device)
        pose = torch.as_tensor(space.of_poses(batch.pose), device=device)
        return Example(
            (features - system.feature_mean) / system.feature_std,
            (pose - system.pose_mean) / system.pose_std,
            torch.as_tensor(batch.style.argmax(axis=1), device=device),
        )

    def _step(self, name: str, loss: Tensor) -> None:
        optimiser = self.optimisers[name]
        self.system.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        own = [p for group in optimiser.param_groups for p in group["params"]]
        for parameter in own:
            if self.fabric.world_size > 1:
                # A part that one process has no use for in this step may have one in another.
                gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
                parameter.grad = torch.as_tensor(self.fabric.all_reduce(gradient))
        norm = torch.nn.utils.clip_grad_norm_(own, _CLIP)
        if not torch.isfinite(norm):
            raise ArtifactError(
                f"{self.system.name} broke down at step {self.spent.iteration}: its loss is not "
                "finite; a smaller learning_rate or another seed may help"
            )
        optimiser.step()

    def _statistics(self) -> Statistics:
        """Of windows drawn once, in the system's space: equal in all processes."""
        rng, space = np.random.default_rng(0), self.system.space
        drawn = [self.windows.batch(rng) for _ in range(_STATISTICS_BATCHES)]
        pose = np.concatenate([space.of_poses(b.pose) for b in drawn]).reshape(-1, space.dim)
        features = np.concatenate([b.features for b in drawn])
        features = features.reshape(-1, features.shape[-1])
        return Statistics(
            pose.mean(axis=0),
            np.maximum(pose.std(axis=0), 0.01),
            features.mean(axis=0),
            np.maximum(features.std(axis=0), 0.05),
        )

    def save(self) -> None:
        """Write the checkpoint. All processes have to call it."""
        processes = gathered(process_state(self.rng, None, self.fabric.device), self.fabric)
        if not self.fabric.is_global_zero:
            return
        check_finite(self.system.state_dict())
        state = {
            "version": VERSION,
            **described(self.system),
            "system": self.system.state_dict(),
            "optimisers": {name: o.state_dict() for name, o in self.optimisers.items()},
            "processes": processes,
            "spent": asdict(self.spent),
            "fit_config": asdict(self.config),
            "prepared": self.prepared,
            "data": self.data,
            "machine": machine(),
        }
        write_checkpoint(state, self.folder / CHECKPOINT)

    def load(self) -> None:
        """Go on from the folder's checkpoint: ConfigError where that run was another one;
        ArtifactError where it cannot be read. A larger budget may be asked for."""
        path = self.folder / CHECKPOINT
        state = read_checkpoint(path, (*PARTS, "optimisers", "processes", "spent", "fit_config"))
        now = described(self.system) | {"data": self.data, "fit": _fixed(asdict(self.config))}
        before = {name: state.get(name) for name in now} | {"fit": _fixed(state["fit_config"])}
        for name, value in now.items():
            if before[name] != value:
                raise ConfigError(
                    f"{self.folder} holds a run of another {name}: {before[name]!r}, and not "
                    f"{value!r}; choose another folder"
                )
        check_processes(state, self.fabric)
        try:
            self.system.load_state_dict(state["system"])
            for name, optimiser in self.optimisers.items():
                optimiser.load_state_dict(state["optimisers"][name])
            restore(
                process_states(state)[self.fabric.global_rank], self.rng, self.fabric.device,
                self.config.seed + self.fabric.global_rank,
            )  # fmt: skip
            self.spent = Spent(**state["spent"])
        except (KeyError, RuntimeError, TypeError, ValueError, AttributeError) as error:
            reason = (str(error).splitlines() or [""])[0][:200]
            raise ArtifactError(f"{path} is damaged, or of another version ({reason})") from error

    def _log(self, rows: list[dict[str, float]], report: Callable[[dict], None]) -> None:
        if not self.fabric.is_global_zero or not rows:
            return
        names = dict.fromkeys(name for row in rows for name in row)
        means = {n: float(np.mean([row[n] for row in rows if n in row])) for n in names}
        head = {
            "iteration": self.spent.iteration,
            "processor_s": round(self.spent.processor_s, 1),
        }
        losses = " ".join(f"{name}={value:.5g}" for name, value in means.items())
        # Stages of a system have losses of their own.
        write_row(self.folder, head | {"losses": losses})
        report(head | means)


def _fixed(config: dict) -> dict:
    """The settings that a run cannot go on with if they change."""
    return {k: v for k, v in config.items() if k not in ("minutes", "iterations")}
