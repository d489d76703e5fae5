"""What a lesson says while it goes on: one bar in a terminal, or a line of JSON for a program.

Enters: stages by name, how much of each is done, and what is thought to be left. Leaves: text on
standard output. The time left is honest: what is left of this stage at the pace it has had, and
what the later ones are expected to take, by the same machine's own measurements where there are.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from live import console
from live.monotonic import monotonic_s

KINDS = ("bar", "json", "none")
_WIDTH = 28
_EVERY_S = 1.0
_LINE_EVERY_S = 15.0  # where nobody watches: a line now and then


class Progress:
    """kind: of `KINDS`; expected: seconds that each stage takes, in their order."""

    def __init__(self, kind: str, expected: Mapping[str, float]):
        self._kind = kind
        self._expected = dict(expected)
        self._began = self._said = monotonic_s()
        self._behind = 0.0  # seconds of an earlier try
        self.stage = next(iter(expected))
        self._done = 0.0

    def expect(self, **seconds: float) -> None:
        """Better estimates of stages."""
        self._expected |= seconds

    def resume(self, seconds: float) -> None:
        """So much was done before this try began."""
        self._behind = seconds

    def at(self, stage: str, done: float = 0.0, text: str = "", figure: Path | None = None) -> None:
        """done: 0..1 of the stage. text: in a few words; figure: a picture to look at now."""
        is_new = stage != self.stage
        self.stage, self._done = stage, done
        now = monotonic_s()
        every = _EVERY_S if self._kind == "json" or sys.stdout.isatty() else _LINE_EVERY_S
        if is_new or figure is not None or now - self._said >= every:
            self._said = now
            self._say(text, figure)

    def end(self, text: str, **files: Path) -> None:
        """All is done: where the files are."""
        if self._kind == "json":
            paths = {name: str(path) for name, path in files.items()}
            self._print(json.dumps({"stage": "done", "done": 1.0, "eta_s": 0, "say": text} | paths))
        else:
            if self._kind == "bar" and sys.stdout.isatty():
                self._print("\r" + " " * 78 + "\r", end="")
            self._print(text)

    @property
    def eta_s(self) -> float:
        """Seconds that are left."""
        names = list(self._expected)
        later = names[names.index(self.stage) + 1 :]
        left = (1 - self._done) * self._expected[self.stage]
        return left + sum(self._expected[name] for name in later)

    def _say(self, text: str, figure: Path | None) -> None:
        spent = monotonic_s() - self._began + self._behind
        done = spent / max(spent + self.eta_s, 1e-9)
        if self._kind == "json":
            row = {"stage": self.stage, "done": round(done, 4), "eta_s": round(self.eta_s)}
            row |= {"say": text} if text else {}
            row |= {"figure": str(figure)} if figure else {}
            self._print(json.dumps(row))
        elif self._kind == "bar":
            bar = ("#" * round(done * _WIDTH)).ljust(_WIDTH, ".")
            line = f"[{bar}] {done:4.0%}  {_left(self.eta_s)} left  {self.stage} {text}"
            if sys.stdout.isatty():
                self._print("\r" + line[:78].ljust(78), end="")
            else:
                self._print(line)

    @staticmethod
    def _print(text: str, end: str = "\n") -> None:
        try:
            print(text, end=end, flush=True)
        except (OSError, ValueError):  # nobody reads any more: the lesson goes on
            console.silence(sys.stdout)


def _left(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{max(seconds, 0):.0f} s"
