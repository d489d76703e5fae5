"""The program's one clock, and waiting by it.

Leaves: seconds that only go forward, in steps far below a millisecond on every system. On Windows
`time.monotonic` (before Python 3.13) and the time-outs of `threading.Event` step by 15.6 ms, about
a frame of the screen: bundles would leave 12 to 24 ms apart, and the beat of a MIDI clock would
wander by 8 ms. So nobody keeps time by them; ruff refuses the first.
"""

import time
from threading import Event
from time import perf_counter as monotonic_s

__all__ = ["monotonic_s", "wait_until"]

_NOTICE_S = 0.05


def wait_until(due_s: float, over: Event) -> bool:
    """Sleep until the clock says `due_s`; True, within 50 ms, once `over` is set."""
    while not over.is_set() and (left_s := due_s - monotonic_s()) > 0:
        time.sleep(min(left_s, _NOTICE_S))
    return over.is_set()
