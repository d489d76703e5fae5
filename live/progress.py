"""How far a job is, for the program that started it: one JSON object a line on standard output.

Enters: what a command has done. Leaves, with `--progress json`: {"done": 0..1, "say": TEXT} and
what else the command has to tell, at most five a second; without it nothing. Main thread.
"""

import argparse
import json

from live import console
from live.monotonic import monotonic_s

_EVERY_S = 0.2


def add_progress(parser: argparse.ArgumentParser) -> None:
    """The option --progress."""
    parser.add_argument(
        "--progress", choices=("json",), help="say on standard output how far it is, for programs"
    )


class Progress:
    """kind: of `--progress`; None says nothing."""

    def __init__(self, kind: str | None = None):
        self._says = kind == "json"
        self._last_s = -_EVERY_S

    def __call__(self, done: float, say: str = "", **more: object) -> None:
        """done: share of the whole, 0..1. more: JSON values. A line that comes too soon after the
        last is left out, unless it says something or is the end."""
        now_s = monotonic_s()
        if not self._says or (now_s - self._last_s < _EVERY_S and not say and done < 1):
            return
        self._last_s = now_s
        line = {"done": round(min(max(float(done), 0.0), 1.0), 4), "say": say} | more
        console.say(json.dumps(line))
