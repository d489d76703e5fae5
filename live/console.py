"""The terminal as it may be: of few letters, closed half-way, or told to end.

Enters: texts for standard output and error. Leaves: what their encoding can say of them; nothing
here raises because nobody reads any more. Runs in the main thread.
"""

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

_POLITE_KILLS = ("SIGTERM", "SIGHUP", "SIGBREAK")  # those that this system has


def open_missing_streams() -> None:
    """Who starts a program without standard streams (a service, Windows' pythonw) wants no output.

    Left closed, their numbers would go to the first files that are opened, and what libraries
    print into those files.
    """
    number = os.open(os.devnull, os.O_RDWR)
    while number <= 2:
        os.set_inheritable(number, True)
        number = os.open(os.devnull, os.O_RDWR)
    os.close(number)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def allow_all_letters() -> None:
    """What a stream's encoding lacks is printed as \\u... from now on, and is no error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # missing from what stands in for a stream, or for none
            reconfigure(errors="backslashreplace")


def say(text: str, file: TextIO | None = None) -> None:
    """Print, if there is still somebody to read it."""
    stream = file or sys.stdout
    try:
        print(text, file=stream, flush=True)
    except (OSError, ValueError):  # ValueError: it was closed
        silence(stream)


def silence(stream: TextIO) -> None:
    """Nothing is written any more, nor what is left in the buffer tried again at the very end."""
    with suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)


def is_unread(error: OSError) -> bool:
    """Whether a write failed because its reader has gone; Windows says "invalid argument"."""
    broken = isinstance(error, BrokenPipeError)
    return broken or (os.name == "nt" and error.errno == errno.EINVAL and error.filename is None)


def finish() -> None:
    """Write what is left in the buffers; Python itself would complain of a reader that has gone."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError):
                silence(stream)


@contextmanager
def kills_as_interrupts() -> Iterator[None]:
    """A polite kill ends the block as Ctrl-C does, so that what was begun is tidied up.

    What is ignored already stays so (nohup). Does nothing but in the main thread.
    """
    before: dict[int, Any] = {}
    for name in _POLITE_KILLS:
        number = getattr(signal, name, None)
        with suppress(ValueError):  # another thread, where no signal arrives
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                before[number] = signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
