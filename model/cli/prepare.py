"""`posejockey prepare --source DIR --out DIR`: motion clips and rendered music to training data."""

import argparse
from pathlib import Path

from live.errors import ConfigError
from model.data.clip_index import TIERS
from model.data.prepare import prepare


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    if not 1 <= args.music_minutes <= 10_000:
        raise ConfigError(f"--music-minutes is {args.music_minutes:g}; it must be 1 to 10000")
    if args.seed < 0:
        raise ConfigError(f"--seed is {args.seed}; it must be 0 or more")
    tiers = tuple(args.tiers)
    summary = prepare(args.source, args.out, tiers, args.music_minutes, args.seed, args.skip_bad)
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
    add("--skip-bad", action="store_true", help="leave out clips that are refused, and say which")
    add("--seed", type=int, default=1, metavar="N", help="of the songs (1)")
    return parser
