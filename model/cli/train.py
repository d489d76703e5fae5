"""`posejockey train --data DIR --out DIR`: train, or go on where the folder's run was stopped."""

import argparse
from dataclasses import fields, replace
from pathlib import Path

from tqdm import tqdm

from live.dance.performer import find_model
from live.errors import ConfigError
from live.safe_write import check_output_folder
from live.settings_file import as_number, as_whole, check_names, named, read_toml
from model.data.prepared import check_windows, read_motion, read_music
from model.network.checkpoint import CHECKPOINT, load_checkpoint
from model.network.config import DecoderConfig, EncoderConfig, TrainConfig
from model.network.encoder import KINDS as KINDS_OF_ENCODER
from model.network.weights import load_weights
from model.training.curriculum import KINDS
from model.training.engine import engine
from model.training.trainer import Trainer
from model.training.watch import Watcher


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    config = read_config(args.config) if args.config else TrainConfig()
    given = {
        "iterations": args.iterations, "seed": args.seed, "curriculum": args.curriculum,
        "precision": args.precision,
    }  # fmt: skip
    config = replace(config, **{k: v for k, v in given.items() if v is not None})
    check_config(config)
    as_whole("--codes", args.codes, 1, 1 << 20)
    as_whole("--devices", args.devices, 1, 1024)
    as_whole("--nodes", args.nodes, 1, 1024)
    as_number("--watch", args.watch, 0.0, 1e6)
    check_output_folder(args.out)
    motion, music = read_motion(args.data), read_music(args.data)
    check_windows(args.data, motion, music, config)  # in a second; what follows takes longer
    initial = _beginning(args.init) if args.init else None
    fabric = engine(config.precision, args.accelerator, args.devices, args.nodes)
    encoder = EncoderConfig(kind=args.encoder)
    trainer = Trainer(
        args.data, args.out, config, encoder, DecoderConfig(codes=args.codes),
        fabric=fabric, initial=initial, allow_changes=args.allow_changes,
    )  # fmt: skip
    if args.compile:
        trainer.network.decoder.compile_gates()
    watcher = Watcher(args.data, args.out, 60 * args.watch) if args.watch else None

    def watch() -> None:
        if watcher is not None:
            watcher.look(trainer.dancer(), trainer.progress.iteration)

    with tqdm(total=config.iterations, unit="it", disable=not fabric.is_global_zero) as bar:

        def report(row: dict) -> None:
            bar.update(row["iteration"] - bar.n)
            bar.set_postfix(
                loss=f"{row['loss']:.3f}", free=int(row["free"]), kl=f"{row['kl']:.2f}",
                movement=f"{row['movement']:.2f}", judging=f"{row['judging']:.2f}",
            )  # fmt: skip

        try:
            trainer.run(report, watch)
        except KeyboardInterrupt:
            fabric.print(
                f"stopped at iteration {trainer.progress.iteration}; the same command goes on from "
                f"{args.out / CHECKPOINT}, which is at most two minutes older"
            )
            raise
    fabric.print(f"trained {config.iterations} iterations: {args.out / CHECKPOINT}")
    return 0


def _beginning(name: str) -> dict:
    """A checkpoint, or a file for the stage, or weights that ship by their name."""
    if name.endswith(".pt"):
        return load_checkpoint(Path(name))
    return load_weights(find_model(name))


def read_config(path: Path) -> TrainConfig:
    """A TOML file with settings of `TrainConfig`; ConfigError names what does not fit."""
    values = read_toml(path, "the settings")
    with named(path):
        check_names(values, (f.name for f in fields(TrainConfig)))
        for name, value in values.items():
            usual = getattr(TrainConfig, name)
            if type(value) is not type(usual):
                raise ConfigError(f"{name} must be of the kind of {usual!r}")
    return TrainConfig(**values)


def check_config(config: TrainConfig) -> None:
    """ConfigError for a setting no run can have: an endless one, an empty one, one of nothing but
    NaN."""
    for field in fields(config):
        value = getattr(config, field.name)
        low, high = _RANGES.get(field.name, (0, _SHARE if field.name in _SHARES else _MOST))
        if type(value) is int:
            as_whole(field.name, value, int(low), int(high))
        elif type(value) is float:
            as_number(field.name, value, low, high)
    if config.batch < config.dancers or config.free_dancers > config.dancers:
        raise ConfigError(
            f"batch is {config.batch}, dancers is {config.dancers}, free_dancers is "
            f"{config.free_dancers}; of a batch, so many dancers share a song, and no more are free"
        )


_MOST, _SHARE = 1_000_000_000, 1.0
_SHARES = ("decay_share", "restart", "mix_share", "average", "control_dropout", "cold_start")
_RANGES: dict[str, tuple[float, float]] = {
    "iterations": (1, _MOST), "batch": (1, 65_536), "dancers": (1, 64), "window": (8, 3_000),
    "context": (0, 3_000), "lag_max": (1, 30), "seed": (0, 2**31 - 1), "speed_low": (0.25, 1.0),
    "speed_high": (1.0, 4.0), "forced_frames": (1, _MOST),
}  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="posejockey train", description=__doc__)
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="what `prepare` wrote")
    add("--out", type=Path, required=True, metavar="DIR", help="folder of the run")
    add("--config", type=Path, metavar="FILE", help="TOML file with the run's settings")
    add("--iterations", type=int, metavar="N", help="optimiser steps")
    add("--seed", type=int, metavar="N")
    add("--curriculum", choices=KINDS, help="how free running grows")
    add("--encoder", choices=KINDS_OF_ENCODER, default="local",
        help="of the music; all but local are for comparison and run on no stage")  # fmt: skip
    add("--codes", type=int, default=DecoderConfig.codes, metavar="N",
        help="size of the vocabulary of units: some 200 to a minute of motion "
        f"({DecoderConfig.codes})")  # fmt: skip
    add("--init", metavar="CHECKPOINT",
        help="begin with the weights of another run, or with a model (open, FILE.onnx), "
        "to teach it a style of your own")  # fmt: skip
    add(
        "--allow-changes",
        action="store_true",
        help="go on with a run although its settings or its data are not those it began with",
    )
    add("--watch", type=float, default=15.0, metavar="MIN",
        help="let it dance, judge and draw it about so often (15; 0 never)")  # fmt: skip
    add("--accelerator", default="cpu", help="cpu, cuda, mps or auto (cpu)")
    add("--devices", type=int, default=1, metavar="N", help="so many, a process each (1)")
    add("--nodes", type=int, default=1, metavar="N",
        help="machines with --devices each; torchrun starts it on every one (1)")  # fmt: skip
    add("--compile", action="store_true",
        help="compile the decoder's gates: fewer launches, for a GPU that waits")  # fmt: skip
    add("--precision", help="of Lightning Fabric: 32-true, bf16-mixed, ...")
    return parser
