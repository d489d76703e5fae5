"""How the show goes, told to whoever asks: the summary, the line of status, /pj/health.

Enters: what the other parts count for themselves. Leaves: plain values. Engine's thread, but for
`status`, which another thread may ask.
"""

import math
from collections.abc import Sequence

import numpy as np

from live.beat.sources import ClockSource
from live.osc.encoding import HealthReport, StageFrame
from live.show.engine import Engine
from live.show.faults import Faults
from live.show.health import Health
from live.show.intake import Intake
from live.show.memory import MemoryWatch
from live.show.outputs import Outputs
from live.show.status import ShowStatus
from live.supervised_thread import failures

_HEALTH_EVERY_S = 1.0


class Latencies:
    """The newest 1024, in ms; their median."""

    def __init__(self) -> None:
        self._newest = np.zeros(1024)
        self._count = 0

    def add(self, latency_ms: float) -> None:
        self._newest[self._count % len(self._newest)] = latency_ms
        self._count += 1

    def median(self) -> float:
        """0 before the first."""
        return float(np.median(self._newest[: self._count])) if self._count else 0.0


class Report:
    """Owns the figures of a show.

    latencies: from the end of a frame's sound to the first packet that shows it. refused: controls
    that this model or set list cannot obey.
    """

    def __init__(
        self,
        engine: Engine,
        intake: Intake,
        outputs: Outputs,
        faults: Faults,
        beats: Sequence[ClockSource] = (),
    ):
        self._engine, self._intake, self._outputs, self._faults = engine, intake, outputs, faults
        self._beats = beats
        self.health = Health()
        self.memory = MemoryWatch()
        self.latencies = Latencies()
        self.refused = 0
        self._started = 0.0
        self._next_health = -math.inf
        self._last_state = ""
        self._failures_before = failures()

    def start(self, now: float) -> None:
        self._started = now
        self._next_health = now + _HEALTH_EVERY_S

    def summary(self, now: float) -> dict:
        """Everything counted since the start, fit for JSON."""
        self._count()
        self.memory.look(now - self._started)
        recorder = self._outputs.recorder
        return {
            "seconds": round(now - self._started, 2),
            **self.health.summary(),
            "faults": self._all_faults(),
            "latency_ms": round(self.latencies.median(), 1),
            "silence_s": round(self._intake.silence / self._intake.source.rate, 2),
            "timecode": str(self._engine.timecode or ""),
            "sound": self._intake.trouble(now) or "heard",
            "reopened": self._intake.source.reopens,
            "packets": self._outputs.packets,
            "recorder_lost": recorder.lost if recorder else 0,
            **self.memory.summary(),
        }

    def status(self, now: float, frame: StageFrame | None) -> ShowStatus:
        """How it is going. frame: the newest that was sent. Only reads."""
        engine, recorder = self._engine, self._outputs.recorder
        return ShowStatus(
            time_s=now,
            source=self._intake.source.name,
            sound=self._intake.trouble(now),
            level=engine.level,
            beat=frame.beat[2:] if frame else None,
            active_source=engine.clock.active_source,
            timecode="" if engine.timecode is None else str(engine.timecode),
            state=engine.state,
            style=engine.performer.styles[int(frame.style.argmax())] if frame else "",
            phrase=engine.steering.material.playing,
            frames=self.health.frames,
            counted={
                "late": self.health.late,
                "dropped": self._intake.losses,
                "skipped": self.health.skipped,
                "xruns": self._intake.source.xruns,
                "resets": engine.resets,
                "refused": self._outputs.errors,
                "rejected": self._rejected,
                "not recorded": recorder.lost if recorder else 0,
                **{f"{stage} failed": n for stage, n in self._all_faults().items()},
            },
            errors={target.name: target.errors for target in self._outputs.targets},
            is_recording=None if recorder is None else recorder.error is None,
            section=engine.section.name if engine.section.kind else "",
        )

    def health_due(self, now: float) -> HealthReport | None:
        """What /pj/health says: once a second, and at once when the state changes."""
        state = self._engine.state
        if now < self._next_health and state == self._last_state:
            return None
        self._count()
        if now >= self._next_health:
            self._next_health += _HEALTH_EVERY_S * math.ceil(now - self._next_health + 1e-9)
            self.memory.look(now - self._started)
        self._last_state = state
        times = self.health.recent()
        return HealthReport(
            fps=self.health.fps(now),
            step_p50_ms=times.p50,
            step_p99_ms=times.p99,
            xruns=self.health.xruns,
            dropped=self.health.dropped,
            latency_ms=self.latencies.median(),
            state=state,
        )

    def _all_faults(self) -> dict[str, int]:
        """Of the stages, and of the threads beside them since the show was built."""
        before = self._failures_before
        new = {name: count - before.get(name, 0) for name, count in failures().items()}
        return {**self._faults.counted, **{name: count for name, count in new.items() if count}}

    @property
    def _rejected(self) -> int:
        """Controls that were ignored, what scenes or the score asked for in vain, and messages of
        other clocks."""
        told = sum(source.rejected for source in self._beats)
        asked = self.refused + self._engine.steering.refused
        return self._outputs.control.rejected + asked + told

    def _count(self) -> None:
        """Gather what the other parts count for themselves."""
        self.health.dropped = self._intake.losses
        self.health.xruns = self._intake.source.xruns
        self.health.resets = self._engine.resets
        self.health.send_errors = self._outputs.errors
        self.health.rejected = self._rejected
