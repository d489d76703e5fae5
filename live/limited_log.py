"""Warnings that may come in floods, such as about what others send.

Runs in any one thread; no clock of its own.
"""

import logging
import math

log = logging.getLogger(__name__)

_EVERY_S = 10.0  # of one kind


class LimitedLog:
    """Warnings of one kind, at most one in ten seconds: a flood of them must not hold up a show
    whose terminal is slow."""

    def __init__(self) -> None:
        self._again_s = -math.inf
        self._left_out = 0

    def warn(self, now_s: float, text: str, *args: object) -> None:
        if now_s < self._again_s:
            self._left_out += 1
            return
        more = f" ({self._left_out} more like it)" if self._left_out else ""
        log.warning(text + more, *args)
        self._again_s, self._left_out = now_s + _EVERY_S, 0
