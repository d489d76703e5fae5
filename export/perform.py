"""`posejockey perform` with every format that a dance can leave in: see `live.cli.perform`."""

import argparse
from pathlib import Path

import numpy as np

from export.motion import formats
from export.motion.motion import FRAME_RATES, sampled
from export.motion.options import add_motion_options
from live.cli import perform
from live.errors import ConfigError
from live.safe_write import check_output
from live.session.take import write_take

_TAKE = ".npz"


def main(argv: list[str]) -> int:
    return perform.main(argv, MotionWriter())


class MotionWriter:
    """A `live.cli.perform.TakeWriter`: the take as it is into .npz, else by `formats`."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        what = f"{formats.suffixes()}; .npz is the take, for `render` and `export`"
        add_motion_options(parser.add_argument_group("the file", what))

    def check(self, args: argparse.Namespace, read: tuple[Path, ...]) -> None:
        if not _is_take(args.out):
            formats.check(args.out, args.skeleton, read)
            return
        check_output(args.out, (), read)
        for name in ("fps", "skeleton", "dancer"):
            if getattr(args, name):
                raise ConfigError(f"--{name} is for files of other programs; a take has everything")

    def write(
        self, take: dict[str, np.ndarray], args: argparse.Namespace, read: tuple[Path, ...]
    ) -> str:
        if _is_take(args.out):
            write_take(take, args.out)
            return str(args.out)
        from visuals.feed.recorded import RecordedTake

        motion = sampled(RecordedTake(take), args.fps or FRAME_RATES[-1], args.dancer)
        return ", ".join(map(str, formats.write_motion(motion, args.out, args.skeleton, read)))


def _is_take(out: Path) -> bool:
    return out.suffix.lower() == _TAKE
