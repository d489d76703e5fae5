"""`posejockey export CHECKPOINT -o OUT.onnx`: the file for the stage, if both compute alike."""

import argparse
from pathlib import Path

from export.to_onnx import TOLERANCE, export


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="posejockey export", description=__doc__)
    parser.add_argument(
        "checkpoint",
        type=Path,
        nargs="+",
        help="checkpoint.pt of a training run; of several that went on from each other the mean",
    )
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="OUT.onnx")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="what `prepare` wrote: match its dances' energy",
    )
    parser.add_argument(
        "--float32",
        action="store_true",
        help="keep all weights whole: three times the file, and slower on stage",
    )
    args = parser.parse_args(argv)
    parity = export(args.checkpoint, args.out, args.data, eight_bits=not args.float32)
    print(
        f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB; largest difference "
        f"{parity.stepped:.1e} stepped, {parity.onnx:.1e} ONNX (at most {TOLERANCE:.0e}); "
        f"eight-bit weights move the next pose by {parity.rounding:.1e}"
    )
    return 0
