"""Where the time of a training step goes.

    python -m benchmarks.training --data data/open
    python -m benchmarks.training --data data/open --config model/recipes/dance.toml

Runs some steps with the critic at work and prints milliseconds a step by part: medians over the
steps, one thread. "rest" is what no part below covers: losses of the whole, clipping, book-keeping.
"""

import argparse
import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from live.monotonic import monotonic_s
from model.cli.train import read_config
from model.network.config import TrainConfig
from model.training.trainer import Trainer


class Stopwatch:
    """Times of wrapped functions, seconds a step; of nested ones, each counts its own time only."""

    def __init__(self):
        self.steps: list[dict[str, float]] = []
        self._inside: list[float] = []

    def wrap(self, owner: object, method: str, part: str) -> None:
        plain: Callable = getattr(owner, method)

        def timed(*args, **kwargs):
            started = monotonic_s()
            self._inside.append(0.0)
            try:
                return plain(*args, **kwargs)
            finally:
                whole = monotonic_s() - started
                own = whole - self._inside.pop()
                if self._inside:
                    self._inside[-1] += whole
                now = self.steps[-1]
                now[part] = now.get(part, 0.0) + own

        setattr(owner, method, timed)


def profile(data: Path, config: TrainConfig, steps: int) -> list[dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(data, Path(folder), config)
    watch = Stopwatch()
    objective = trainer.objective.module
    parts = [
        (trainer, "iterate", "rest"),
        (trainer.windows, "batch", "drawing a batch"),
        (objective.network, "hear", "hearing the music"),
        (objective, "_follow", "dancing, forced and rollouts, forward"),
        (trainer, "_teach_critic", "teaching the critic"),
        (trainer.critic, "forward", "the critic's verdicts, forward"),
        (trainer, "_read", "reading, forward"),
        (trainer.fabric, "backward", "backward (network, critic and reader)"),
        (trainer.optimiser, "step", "optimiser"),
        (trainer.average, "update_parameters", "average of the weights"),
    ]
    for part in parts:
        watch.wrap(*part)
    for _ in range(steps):
        watch.steps.append({})
        trainer.iterate()
    return watch.steps[1:]  # the first allocates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="what `prepare` wrote")
    parser.add_argument("--config", type=Path, help="settings of the run, TOML")
    parser.add_argument("--steps", type=int, default=8)
    args = parser.parse_args()
    config = read_config(args.config) if args.config else TrainConfig()
    config = dataclasses.replace(config, units_iterations=0, prior_iterations=0, critic_from=0)
    found = profile(args.data, config, args.steps + 1)
    whole = np.median([sum(step.values()) for step in found])
    print(f"{1000 * whole:8.0f} ms a step of {config.batch} windows of {config.window} frames")
    for part in sorted(found[0], key=lambda p: -np.median([s.get(p, 0.0) for s in found])):
        own = np.median([step.get(part, 0.0) for step in found])
        print(f"{1000 * own:8.0f} ms {own / whole:6.1%}  {part}")


if __name__ == "__main__":
    main()
