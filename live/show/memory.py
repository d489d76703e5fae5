"""How much memory this process holds, and how much more than when it had settled.

Enters: moments, from the engine's thread. Leaves: megabytes for the exit summary. No library:
psutil would be one more compiled wheel on stage for a single number.
"""

import math
import os
import sys

SETTLE_S = 600.0  # buffers fill, caches warm: what grows after ten minutes is a leak
_MB = 1 << 20


def resident_mb() -> float:
    """Megabytes of this process in memory now; its peak on macOS; NaN where that is not known."""
    if sys.platform.startswith("linux"):
        try:
            with open("/proc/self/statm", "rb") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / _MB
        except (OSError, ValueError, IndexError):
            return math.nan
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MB
    return math.nan


class MemoryWatch:
    """Compares what is held now with what was held once the show had settled."""

    def __init__(self) -> None:
        self.now_mb = math.nan
        self._settled_mb = math.nan

    def look(self, elapsed_s: float) -> None:
        """elapsed_s: since the start of the show."""
        self.now_mb = resident_mb()
        if elapsed_s >= SETTLE_S and math.isnan(self._settled_mb):
            self._settled_mb = self.now_mb

    def summary(self) -> dict[str, float | None]:
        """memory_mb now, memory_growth_mb since the tenth minute; None for what is not known."""
        figures = {"memory_mb": self.now_mb, "memory_growth_mb": self.now_mb - self._settled_mb}
        return {name: None if math.isnan(mb) else round(mb, 2) for name, mb in figures.items()}
