"""The options of a dance that leaves as a file, and what is said when it has left."""

import argparse
from pathlib import Path

from export.motion.motion import FRAME_RATES, Motion
from export.motion.rig import SKELETONS
from live.osc.schema import MAX_DANCERS


def add_motion_options(parser: argparse._ArgumentGroup) -> None:
    """--fps, --skeleton, --dancer; None and () where they are not given."""
    parser.add_argument(
        "--fps", type=int, choices=FRAME_RATES, help=f"frames a second ({FRAME_RATES[-1]})"
    )
    parser.add_argument(
        "--skeleton", choices=SKELETONS, help="whose names the bones get (the format's usual ones)"
    )
    parser.add_argument(
        "--dancer",
        type=int,
        action="append",
        default=[],
        metavar="N",
        choices=range(1, MAX_DANCERS + 1),
        help="this one alone; again for more (all)",
    )


def said(motion: Motion, written: list[Path]) -> str:
    """One line: which files, how long, who."""
    files = ", ".join(map(str, written[:3])) + (f" ... {written[-1]}" if len(written) > 3 else "")
    seconds = len(motion.joints) / motion.fps
    from_s = f" from {motion.start_s:.2f} s on" if motion.start_s >= 0.1 else ""
    each = "; one file a dancer" if len(written) > 1 else ""
    return (
        f"{files}: {seconds:.1f} s{from_s}, {len(motion.joints)} frames at {motion.fps}, "
        f"{len(motion.dancers)} dancer(s){each}"
    )
