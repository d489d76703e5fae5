"""`posejockey prepare --source DIR --out DIR`: motion clips and rendered music to training data."""

import argparse
from pathlib import Path

from live.errors import ConfigError
from model.data.prepare import TIERS, prepare


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    if not 1 <= args.music_minutes <= 10_000:
        raise ConfigError(f"--music-minutes is {args.music_minutes:g}; it must be 1 to 10000")
    summary = prepare(args.source, args.out, tuple(args.tiers), args.music_minutes, args.seed)
    print(
        f"{args.out}: {summary['clips']} clips, {summary['motion_minutes']} minutes of "
        f"{', '.join(summary['styles'])}; {summary['songs']} songs"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="posejockey prepare", description=__doc__)
    add = parser.add_argument
    add("--source", type=Path, required=True, metavar="DIR", help="holds index.json and motion/")
    add("--out", type=Path, required=True, metavar="DIR", help="folder for the prepared data")
    add("--tiers", nargs="+", choices=TIERS, default=["open"], help="terms of the clips to take")
    add("--music-minutes", type=float, default=200.0, metavar="M", help="music to render (200)")
    add("--seed", type=int, default=1, metavar="N", help="of the songs (1)")
    return parser
