"""`posejockey train --data DIR --out DIR`: train, or go on where the folder's run was stopped."""

import argparse
import tomllib
from dataclasses import fields, replace
from pathlib import Path

from tqdm import tqdm

from live.errors import ConfigError
from model.config import TrainConfig
from model.curriculum import KINDS
from model.train import CHECKPOINT, Trainer


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    config = read_config(args.config) if args.config else TrainConfig()
    given = {
        "iterations": args.iterations, "seed": args.seed, "curriculum": args.curriculum,
    }  # fmt: skip
    config = replace(config, **{k: v for k, v in given.items() if v is not None})
    trainer = Trainer(args.data, args.out, config)
    with tqdm(total=config.iterations, unit="it") as bar:

        def report(row: dict) -> None:
            bar.update(row["iteration"] - bar.n)
            bar.set_postfix(loss=f"{row['loss']:.3f}", free=int(row["free"]), kl=f"{row['kl']:.2f}")

        trainer.run(report)
    print(f"trained {config.iterations} iterations: {args.out / CHECKPOINT}")
    return 0


def read_config(path: Path) -> TrainConfig:
    """A TOML file with settings of `TrainConfig`; ConfigError names what does not fit."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    known = {f.name: f.type for f in fields(TrainConfig)}
    for name, value in values.items():
        if name not in known:
            raise ConfigError(f"{path}: unknown setting {name!r}; known are {', '.join(known)}")
        if type(value) is not type(getattr(TrainConfig, name)):
            raise ConfigError(
                f"{path}: {name} must be of the kind of {getattr(TrainConfig, name)!r}"
            )
    return TrainConfig(**values)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="posejockey train", description=__doc__)
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="what `prepare` wrote")
    add("--out", type=Path, required=True, metavar="DIR", help="folder of the run")
    add("--config", type=Path, metavar="FILE", help="TOML file with the run's settings")
    add("--iterations", type=int, metavar="N", help="optimiser steps")
    add("--seed", type=int, metavar="N")
    add("--curriculum", choices=KINDS, help="how free running grows")
    return parser
