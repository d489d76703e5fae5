"""The last line of the terminal while a show runs, and everything else that is printed above it.

Enters: the show's status; what any thread writes to standard output and error meanwhile. Leaves:
text on the terminal. One thread of its own writes, and it alone: a terminal that takes nothing
(Ctrl-S, an ssh connection that stalls) stops this thread and nobody else.
"""

import io
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self, TextIO, cast

from live.show.status import ShowStatus, StatusText
from live.supervised_thread import SupervisedThread

_EVERY_S = 0.25
_LEAVE_S = 1.0  # a terminal that takes nothing for so long is left alone at the end
_MAX_PIECES = 2_000  # of text that a stalled terminal has not taken


class StatusLine:
    """A context: redraws the line four times a second while it is open.

    look: asked in this thread. Only where `fits` is true.
    """

    def __init__(self, look: Callable[[], ShowStatus]):
        self._look = look
        self._text = StatusText()
        self._done = threading.Event()
        self._thread = SupervisedThread("status line", self._run, self._done)
        self._streams = sys.stdout, sys.stderr
        self._written: deque[str] = deque(maxlen=_MAX_PIECES)

    @staticmethod
    def fits() -> bool:
        """Whether standard output is a terminal whose last line can be drawn again."""
        if sys.stdout is None or not sys.stdout.isatty():
            return False
        from rich.console import Console  # here: nobody else who dances needs it

        return Console().is_interactive

    def __enter__(self) -> Self:
        self._thread.start()
        sys.stdout, sys.stderr = map(self._relay, self._streams)
        return self

    def __exit__(self, *exc: object) -> None:
        self._done.set()
        self._thread.join(_LEAVE_S)
        sys.stdout, sys.stderr = self._streams
        if not self._thread.is_alive:  # what came too late for it
            with suppress(OSError, ValueError):
                sys.stderr.write("".join(self._written))

    def _relay(self, stream: TextIO) -> TextIO:
        if stream is None or not stream.isatty():  # a file is nobody's last line
            return stream
        return cast(TextIO, _Relay(stream, self._written, lambda: self._thread.is_alive))

    def _run(self) -> None:
        from rich.console import Console
        from rich.live import Live

        terminal = self._streams[0]
        console = Console(file=terminal, highlight=False, markup=False, emoji=False)
        line = Live(
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,  # rich would write in the thread of whoever prints
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        try:
            with line:
                console.show_cursor(True)  # a show that is killed could not bring it back
                while not self._done.wait(_EVERY_S):
                    self._draw(console, line)
                self._print_above(console, everything=True)
        except (OSError, ValueError):  # the terminal was closed: the show goes on without it
            self._written.clear()

    def _draw(self, console: Any, line: Any) -> None:
        from rich.text import Text

        self._print_above(console)
        text = self._text.line(self._look())
        style = "yellow" if self._text.is_troubled else ""
        line.update(Text(text, style, no_wrap=True, overflow="crop"), refresh=True)

    def _print_above(self, console: Any, everything: bool = False) -> None:
        """Print the whole lines that were written since the last time."""
        from rich.text import Text

        text = "".join(self._written.popleft() for _ in range(len(self._written)))
        whole, newline, rest = text.rpartition("\n")
        if everything and rest:
            whole, newline, rest = text, "\n", ""
        if rest:
            self._written.appendleft(rest)
        if newline:
            known = whole.encode(console.encoding, "backslashreplace").decode(console.encoding)
            console.print(Text(known), soft_wrap=True)


class _Relay(io.TextIOBase):
    """Stands in for a stream: what is written waits for the thread above, whoever writes it."""

    def __init__(self, stream: TextIO, written: deque[str], is_read: Callable[[], bool]):
        self._stream, self._written, self._is_read = stream, written, is_read

    def write(self, text: str, /) -> int:
        if not self._is_read():
            return self._stream.write(text)
        self._written.append(text)
        return len(text)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._stream.encoding
