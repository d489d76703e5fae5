"""`posejockey replay FILE`: send a recorded session's OSC packets again, in time."""

import argparse
from pathlib import Path

from live.osc.schema import DEFAULT_PORT
from live.outputs.udp import OscOut, parse_target
from live.session.replay import replay


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="posejockey replay", description=__doc__)
    parser.add_argument("file", type=Path, help="a session made with --record")
    parser.add_argument("--osc", action="append", metavar="HOST:PORT", help="targets")
    parser.add_argument("--speed", type=float, default=1.0, help="1 is as recorded")
    parser.add_argument("--loop", action="store_true", help="start again at the end")
    args = parser.parse_args(argv)
    targets = [parse_target(t) for t in args.osc or [f"127.0.0.1:{DEFAULT_PORT}"]]
    with OscOut(targets) as out:
        frames = replay(args.file, out.send, speed=args.speed, loop=args.loop)
    print(f"{args.file}: {frames} frames sent")
    return 0
