"""`posejockey capture FILES... -o CLIPS`: motion of any kind to clips that can be learned from."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from live.body.skeleton import JOINT_NAMES
from live.errors import ConfigError
from live.progress import Progress, add_progress
from model.data.capture.axes import UNITS, UPS, AxesTold
from model.data.capture.capture import Wanted, capture
from model.data.capture.captured import Filmed
from model.data.capture.settle import Told
from model.data.clip_index import METRES, TIERS, ClipError, check_style


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    return capture(args.files, args.out, _wanted(args), print)


def _wanted(args: argparse.Namespace) -> Wanted:
    try:
        check_style("--style", args.style)
    except ClipError as error:
        raise ConfigError(str(error).replace("clip '--style': style", "--style")) from None
    for value, name, low, high in (
        (args.fps, "--fps", 1.0, 1000.0), (args.bpm, "--bpm", 30.0, 300.0),
        (args.turn, "--turn", -360.0, 360.0), (args.floor, "--floor", -100.0, 100.0),
        (args.music_start, "--music-start", -36_000.0, 36_000.0),
        (args.height, "--height", 0.8, 2.4), (args.view, "--view", 10.0, 150.0),
    ):  # fmt: skip
        if value is not None and not low <= value <= high:
            raise ConfigError(f"{name} is {value:g}; it must be {low:g} to {high:g}")
    axes = AxesTold(args.up, _unit(args.unit), args.mirror, args.turn, args.floor)
    return Wanted(
        told=Told(_mapping(args.map), args.fps, axes),
        style=args.style, tier=args.tier, credit=args.credit, music=args.music,
        music_start_s=args.music_start, bpm=args.bpm, metre=args.metre,
        filmed=Filmed(args.person, args.height, args.view), only_show=args.only_show,
        progress=_progress(args.progress),
    )  # fmt: skip


def _progress(kind: str | None) -> Callable[[float, str], object]:
    """For programs as they asked; else on a terminal, on one line."""
    tell = Progress(kind)
    said = ""

    def progress(done: float, what: str) -> None:
        nonlocal said
        if kind:
            tell(done, what if what != said else "")
        elif sys.stderr.isatty():
            end = "\n" if done >= 1 else ""
            print(f"\r  {what}: {done:.0%}   ", end=end, file=sys.stderr, flush=True)
        said = what

    return progress


def _mapping(pairs: list[str]) -> dict[str, str]:
    told = {}
    for pair in pairs:
        joint, equals, name = pair.partition("=")
        if not equals or not name:
            raise ConfigError(
                f"--map {pair!r}; expected JOINT=NAME, such as l_toe=LeftToeBase; the joints are "
                f"{' '.join(JOINT_NAMES)}"
            )
        told[joint] = name
    return told


def _unit(text: str | None) -> str | float | None:
    if text is None or text in UNITS:
        return text
    try:
        metres = float(text)
    except ValueError:
        metres = 0.0
    if not 1e-6 <= metres <= 1e3:
        raise ConfigError(f"--unit is {text!r}; expected {', '.join(UNITS)}, or metres a unit")
    return metres


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="posejockey capture", description=__doc__)
    add = parser.add_argument
    add("files", nargs="+", type=Path, metavar="FILE", help="motion files; folders of OpenPose")
    add("-o", "--out", type=Path, required=True, metavar="CLIPS", help="folder that clips go into")
    add("--style", default="mine", metavar="NAME", help="style that these clips show (mine)")
    add("--tier", choices=TIERS, help="terms: may what is learned from them be given away?")
    add("--credit", metavar="TEXT", help="who made the motion, and under which terms")
    add("--music", type=Path, metavar="SONG", help="the song that was danced to")
    add("--music-start", type=float, default=0.0, metavar="S",
        help="where the song is when the motion begins, seconds (0)")  # fmt: skip
    add("--bpm", type=float, metavar="BPM", help="tempo, where it is known")
    add("--metre", type=int, choices=METRES, help="beats a bar, where they are known")
    add("--map", action="append", default=[], metavar="JOINT=NAME",
        help="which of the file's names a joint is; NAME+NAME for the middle of two")  # fmt: skip
    add("--fps", type=float, metavar="N", help="frames a second of the file")
    add("--up", choices=UPS, help="the file's axis that is up (write --up=-z)")
    add("--unit", metavar="U", help=f"{', '.join(UNITS)}, or metres a unit")
    add("--mirror", action=argparse.BooleanOptionalAction, help="whether its space is mirrored")
    add("--turn", type=float, metavar="DEG", help="turn the dancer to the own left by so much")
    add("--floor", type=float, metavar="M", help="height of the floor in the file, metres")
    add("--person", type=int, metavar="N",
        help="of several people in a film: 1 is most to the left (the most central)")  # fmt: skip
    add("--height", type=float, default=Filmed.height_m, metavar="M",
        help="of the person in a film, metres (1.7)")  # fmt: skip
    add("--view", type=float, default=Filmed.view_deg, metavar="DEG",
        help="what the film's camera sees along its long side (65)")  # fmt: skip
    add("--only-show", action="store_true", help="say what would be captured, and write nothing")
    add_progress(parser)
    return parser
