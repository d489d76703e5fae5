"""`posejockey export DANCE -o OUT`: a dance for other programs; or a network for the stage.

DANCE: a take of `posejockey perform`, or a session made with --record. The suffix of OUT says the
format. `posejockey export CHECKPOINT -o OUT.onnx` writes the network of a training run, if the file
computes what was trained.
"""

import argparse
from pathlib import Path

from export.motion import formats
from export.motion.motion import FRAME_RATES, sampled
from export.motion.options import add_motion_options, said
from live.errors import ConfigError

_NETWORK = ".onnx"


def main(argv: list[str]) -> int:
    parser = _parser()
    args = parser.parse_args(argv)
    given = {name for name, value in vars(args).items() if value != parser.get_default(name)}
    suffix = args.out.suffix.lower()
    if suffix == _NETWORK:
        _check_unused(given & {"fps", "skeleton", "dancer", "start", "seconds"}, "dances", args.out)
        return _network(args)
    if suffix not in formats.FORMATS:
        raise ConfigError(
            f"cannot write {args.out}: end its name in one of {formats.suffixes()}; "
            f"or in {_NETWORK}, for a network"
        )
    _check_unused(given & {"data", "float32", "recurrence"}, "networks", args.out)
    return _dance(args)


def _dance(args: argparse.Namespace) -> int:
    # Imported here: the audio libraries are of no use to a network.
    from visuals.feed.recorded import Dance, RecordedSession, RecordedTake

    if len(args.files) > 1:
        raise ConfigError(f"{args.out} is made of one dance; {len(args.files)} files are given")
    path: Path = args.files[0]
    formats.check(args.out, args.skeleton, (path,))
    dance: Dance
    match path.suffix.lower():
        case ".npz":
            dance = RecordedTake.read(path)
        case ".mcap":
            dance = RecordedSession(path)
        case _:
            raise ConfigError(
                f"{path} is no dance: give a take (.npz) or a session (.mcap); "
                f"`posejockey perform {path} -o {args.out}` dances to a sound file"
            )
    motion = sampled(dance, args.fps or FRAME_RATES[-1], args.dancer, args.start, args.seconds)
    print(said(motion, formats.write_motion(motion, args.out, args.skeleton, (path,))))
    return 0


def _network(args: argparse.Namespace) -> int:
    from export.to_onnx import TOLERANCE, export

    share = 1.0 if args.recurrence is None else args.recurrence
    parity = export(args.files, args.out, args.data, not args.float32, share)
    print(
        f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB; largest difference "
        f"{parity.stepped:.1e} stepped, {parity.onnx:.1e} ONNX (at most {TOLERANCE:.0e}); "
        f"eight-bit weights move the next pose by {parity.rounding:.1e}"
    )
    return 0


def _check_unused(names: set[str], what: str, out: Path) -> None:
    for name in sorted(names):
        raise ConfigError(f"--{name} is for {what}; {out} is none of them")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="posejockey export", description=__doc__)
    parser.add_argument(
        "files",
        type=Path,
        nargs="+",
        metavar="DANCE",
        help="a take (.npz) or a session (.mcap); or checkpoint.pt of a training run, of several "
        "that went on from each other the mean",
    )
    parser.add_argument(
        "-o", "--out", type=Path, required=True, help=f"{formats.suffixes()}; .onnx for a network"
    )
    dances = parser.add_argument_group("dances")
    add_motion_options(dances)
    dances.add_argument("--start", type=float, metavar="S", help="seconds into the dance")
    dances.add_argument("--seconds", type=float, metavar="S", help="how much of it")
    networks = parser.add_argument_group("networks")
    networks.add_argument(
        "--data", type=Path, metavar="DIR", help="what `prepare` wrote: match its dances' energy"
    )
    networks.add_argument(
        "--float32",
        action="store_true",
        help="keep all weights whole: three times the file, and slower on stage",
    )
    networks.add_argument(
        "--recurrence",
        type=float,
        metavar="SHARE",
        help="of what the recurrence adds to the units, 0 to 1 (1): less is nearer to the clips, "
        "and slides more",
    )
    return parser
