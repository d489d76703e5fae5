"""The process of one job: a sub-command of `posejockey` that ends with whoever started it.

Enters: the command line. Standard input stays open as long as the studio wants the job: when it
closes, because the job is cancelled or the studio was killed, the command is interrupted as by
Ctrl-C and tidies up. That works alike on every system, where signals do not. Main thread, and one
that waits.
"""

import _thread
import os
import signal
import sys
import threading
import time
from importlib import import_module

URGENT = "--urgent"  # first, for a show: it does not give way
_TIDY_UP_S = 5.0
_NICE = 5  # the show goes before


def main(argv: list[str]) -> int:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell ignores it
    is_urgent = argv[:1] == [URGENT]
    if hasattr(os, "nice") and not is_urgent:
        os.nice(_NICE)
    threading.Thread(target=_end_with_studio, daemon=True).start()
    return import_module("posejockey").main(argv[is_urgent:])


def _end_with_studio() -> None:
    try:
        # Not sys.stdin: its lock, held by this thread, would be fatal when the command is done.
        while os.read(0, 1024):
            pass
    except OSError:
        pass
    _thread.interrupt_main()
    time.sleep(_TIDY_UP_S)
    os._exit(130)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
