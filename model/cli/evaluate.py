"""`posejockey evaluate CHECKPOINT --data DIR`: free-running dances judged beside the real ones."""

import argparse
from pathlib import Path

from live.pose import FRAME_RATE
from model.calibrate import energy_offsets
from model.contact_sheet import draw
from model.evaluate import evaluate, format_table
from model.train import load_checkpoint, network_of


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    network = network_of(load_checkpoint(args.checkpoint))
    energy = energy_offsets(network, args.data) if args.stage else None
    report = evaluate(args.checkpoint, args.data, args.seconds, args.seed, energy=energy)
    print(format_table(report))
    if args.sheet:
        draw({take.label: take.joints for take in report.takes}, args.sheet, FRAME_RATE)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="posejockey evaluate", description=__doc__)
    add = parser.add_argument
    add("checkpoint", type=Path, help="checkpoint.pt of a training run")
    add("--data", type=Path, required=True, metavar="DIR", help="what `prepare` wrote")
    add("--seconds", type=float, default=40.0, metavar="S", help="length of a dance (40)")
    add("--seed", type=int, default=1, metavar="N", help="of music and dances (1)")
    add("--stage", action="store_true", help="with the energy that the exported file asks for")
    add("--sheet", type=Path, metavar="PNG", help="draw the dances as a contact sheet")
    return parser
