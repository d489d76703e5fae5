"""What raised during the show, and when the stage that did is asked again.

Whatever a stage trips over, the show goes on without what it would have said: that is counted,
logged at a limited rate, and tried again at a limited rate. Runs in the engine's thread; no clock
of its own.
"""

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from live.limited_log import LimitedLog

T = TypeVar("T")
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1 / 30, 1.0  # until a stage that raised is asked again


class Faults:
    """Keeps a stage of the show that raises from ending it.

    survives: False has every exception come through `run`, for work that is not on stage. counted:
    how often each stage has raised, by its name. again_s: when one that did may be asked again.
    Times are of any steady clock, the same for all calls of a stage.
    """

    def __init__(self, survives: bool = True):
        self.counted: Counter[str] = Counter()
        self.again_s: dict[str, float] = {}
        self._survives = survives
        self._pauses_s: dict[str, float] = {}
        self._logs: dict[str, LimitedLog] = {}

    def run(self, stage: str, now_s: float, do: Callable[..., T], *args: object) -> T | None:
        """What `do` says; None if it raises, or has raised so lately that it is not asked."""
        if now_s < self.again_s.get(stage, now_s):
            return None
        try:
            return do(*args)
        except Exception as error:
            if not self._survives:
                raise
            self.note(stage, error, now_s)
            return None

    def note(self, stage: str, error: Exception, now_s: float) -> None:
        """A stage has raised. The next pause is twice as long where it raised again at once."""
        pause_s = self._pauses_s.get(stage, 0.0)
        again = pause_s and now_s < self.again_s[stage] + pause_s
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S) if again else _FIRST_PAUSE_S
        self._pauses_s[stage], self.again_s[stage] = pause_s, now_s + pause_s
        self.counted[stage] += 1
        limited = self._logs.setdefault(stage, LimitedLog())
        limited.warn(now_s, "%s failed, and the show goes on without: %r", stage, error)
