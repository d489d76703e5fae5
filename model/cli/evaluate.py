"""`posejockey evaluate CHECKPOINT --data DIR`: free-running dances judged beside the real ones."""

import argparse
from pathlib import Path

from model.evaluate import evaluate, format_table


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    report = evaluate(args.checkpoint, args.data, seconds=args.seconds, seed=args.seed)
    print(format_table(report))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="posejockey evaluate", description=__doc__)
    add = parser.add_argument
    add("checkpoint", type=Path, help="checkpoint.pt of a training run")
    add("--data", type=Path, required=True, metavar="DIR", help="what `prepare` wrote")
    add("--seconds", type=float, default=40.0, metavar="S", help="length of a dance (40)")
    add("--seed", type=int, default=1, metavar="N", help="of music and dances (1)")
    return parser
