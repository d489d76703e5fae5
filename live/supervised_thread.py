"""Threads that begin again when what they do raises.

Enters: what a thread has to do. Leaves: the same, done again after a pause that grows; how often
each thread of the process has failed, for the line of status and the summary. Every thread that
the program starts is one of these.
"""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack

from live.limited_log import LimitedLog
from live.monotonic import monotonic_s, wait_until

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
_TRUSTED_AFTER_S = 10.0  # one that did its work for so long begins again after the first pause

_lock = threading.Lock()
_failures: Counter[str] = Counter()
_logs: dict[str, LimitedLog] = {}


def failures() -> dict[str, int]:
    """How often what a thread of this process did has raised, by the thread's name."""
    with _lock:
        return dict(_failures)


def note_failure(name: str, error: BaseException | None) -> None:
    """Count what raised in the thread of that name, and log it at a limited rate. Any thread."""
    with _lock:
        _failures[name] += 1
        limited = _logs.setdefault(name, LimitedLog())
        limited.warn(monotonic_s(), "%s failed, and goes on: %r", name, error)


def note_deaths(stack: ExitStack) -> None:
    """Until the stack ends, count also the threads of libraries that die; of those Python would
    write a traceback over the line of status."""

    def died(args: threading.ExceptHookArgs) -> None:
        note_failure(args.thread.name if args.thread else "unnamed", args.exc_value)

    stack.callback(setattr, threading, "excepthook", threading.excepthook)
    threading.excepthook = died


class SupervisedThread:
    """A daemon thread that does `body`, and does it again for as long as that raises.

    over: set by who wants it to end, which `body` has to notice by itself; then nothing is begun
    again. name: what failures are counted as. failures: how often `body` has raised.
    """

    def __init__(self, name: str, body: Callable[[], object], over: threading.Event):
        self.failures = 0
        self._name, self._body, self._over = name, body, over
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Once only."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether it is at work, or waits to begin again."""
        return self._thread.is_alive()

    def join(self, seconds: float | None = None) -> None:
        """Wait for its end; not for one that was never started."""
        if self._thread.ident is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            began_s = monotonic_s()
            try:
                self._body()
                return
            except BaseException as error:  # no thread of a show may die unseen
                self.failures += 1
                note_failure(self._name, error)
            if monotonic_s() - began_s > _TRUSTED_AFTER_S:
                pause_s = _FIRST_PAUSE_S
            if wait_until(monotonic_s() + pause_s, self._over):
                return
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
