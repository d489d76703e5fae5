"""The world of the soak: time that is skipped, a simulated sound card, and what goes wrong.

Enters: the moments at which the show wakes up. Leaves: blocks, as the fault of the moment will have
them. Used by `benchmarks.soak`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from live.audio import demo
from live.audio.files import read_audio
from live.audio.ring import SampleRing
from live.audio.source import BlockTime
from live.dance.performer import Performer
from live.osc import encoding
from live.show.engine import Engine

RATE, BLOCK, EMISSION_RATE = 48_000, 256, 60
_DRIFT = 50e-6
_JITTER_S = 1e-3
EVERY_S = 150.0  # from fault to fault
FIRST_S = 60.0
AFTER_S = 5.0  # what happens this long after a fault still counts as its doing
MINUTE_S = 60.0
MISSED_S = 1.5 / EMISSION_RATE  # a gap between two bundles that shows
_TIMER_S = 4e-3  # nobody is woken up sooner; a coarse timer, but fewer wakes to simulate
_SLOW_STEP_S = 0.04  # ten times a long one
FLOOD_PER_WAKE = 20


# Time -----------------------------------------------------------------------------------------


class SkippedTime:
    """The clock and the sleep of the show: its own processor time, and the skipped sleeps."""

    def __init__(self) -> None:
        self._skipped = 0.0
        self.on_wake: Callable[[float], None] = lambda now: None

    def __call__(self) -> float:
        return time.thread_time() + self._skipped

    def spend(self, seconds: float) -> None:
        """Pass time without waking anybody: somebody is busy."""
        self._skipped += seconds

    def sleep(self, seconds: float) -> None:
        """What the simulation computes meanwhile takes no time."""
        self._skipped += max(seconds, _TIMER_S)
        entered = time.thread_time()
        self.on_wake(entered + self._skipped)
        self._skipped -= time.thread_time() - entered


# Faults ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """name; seconds it lasts; what it is, for the report."""

    name: str
    seconds: float
    what: str


FAULTS = (
    Fault("unplugged", 20.0, "the sound device is gone, then back"),
    Fault("frozen", 3.0, "the sound server stands still, then hands over its backlog at once"),
    Fault("gap", 0.5, "blocks are lost and nobody says so"),
    Fault("jitter", 10.0, "blocks come up to 20 ms late"),
    Fault("silence", 15.0, "the music stops"),
    Fault("not a number", 3.0, "every tenth sample is NaN or infinite"),
    Fault("clipping", 5.0, "40 dB too loud, clipped"),
    Fault("DC", 5.0, "a constant 0.9"),
    Fault("ultrasound", 5.0, "a full-scale tone of 22 kHz instead of the music"),
    Fault("bad network", 2.0, "every step returns NaN"),
    Fault("slow network", 1.0, "every step takes 40 ms longer, a frame has 33"),
    Fault("stall", 0.5, "the show's thread gets no processor; the sound card's goes on"),
    Fault("long stall", 6.0, "longer than the ring keeps sound"),
    Fault("unreachable", 20.0, "the operating system refuses every packet to one of two targets"),
    Fault("flood", 10.0, "some 10 000 random and mutated control packets a second"),
    Fault("four dancers", 20.0, "the operator asks for four dancers, and for one again"),
)


@dataclass
class Outcome:
    """What one fault did, from its beginning to `AFTER_S` after its end.

    missed: bundles not sent. worst_ms: the latest of those sent. odd_s: from the beginning to the
    last bundle that was missed or later than a frame. top_speed_m_s: of any joint; the dance's own
    is some 6. still_s: the longest time nobody moved. counted: what the counters gained.
    """

    fault: str
    start_s: float
    missed: int = 0
    worst_ms: float = 0.0
    odd_s: float = 0.0
    top_speed_m_s: float = 0.0
    still_s: float = 0.0
    states: list[str] = field(default_factory=list)
    counted: dict[str, float] = field(default_factory=dict)


class BreakablePerformer(Performer):
    """The network, and what may happen to it."""

    fault = ""
    spend: Callable[[float], None] = staticmethod(lambda seconds: None)

    def step(self, *args, **kwargs):
        pose, logits = super().step(*args, **kwargs)
        if self.fault == "slow network":
            self.spend(_SLOW_STEP_S)
        if self.fault == "bad network":
            pose = np.full_like(pose, np.nan)
        return pose, logits


class WatchedEngine(Engine):
    """Keeps the frame it emitted last."""

    frame: encoding.StageFrame | None = None

    def emit(self, number: int, sample: int) -> encoding.StageFrame | None:
        self.frame = super().emit(number, sample)
        return self.frame


class SimulatedCard:
    """An `AudioSource` that delivers its blocks by the skipped time, as the fault will have it."""

    rate, name, note, listens, seeks = RATE, "simulated", "", True, True

    def __init__(self, now: float):
        self.ring = SampleRing(4 * RATE)
        self.xruns, self.reopens, self.finished, self.active = 0, 0, False, True
        self.fault = ""
        self._audio = read_audio(demo.PATH)[0]
        self._start = now
        self._number = 0
        self._held: list[np.ndarray] = []
        self._rng = np.random.default_rng(5)
        self._last = BlockTime(now, 0)

    @property
    def last_block_s(self) -> BlockTime:
        return self._last

    def reopen(self) -> None:
        """Comes back by itself when its fault is over."""

    def deliver(self, now: float) -> None:
        while (due := self._start + self._due(self._number + 1)) <= now:
            block = self._block(self._number)
            self._number += 1
            if self.fault in ("unplugged", "gap"):
                self.active = self.fault == "gap"
                continue
            if not self.active:
                self.active = True
                self.reopens += 1
            self._held.append(block)
            if self.fault == "frozen":
                continue
            if self.fault == "jitter" and self._rng.random() > 0.25 and len(self._held) < 4:
                continue  # comes with one of the next
            for held in self._held:
                self.ring.write(held)
                # A backlog comes now, a block on time with the jitter of its callback.
                late = now if len(self._held) > 1 else due + self._rng.uniform(0, _JITTER_S)
                self._last = BlockTime(min(late, now), self.ring.written)
            self._held.clear()

    def _due(self, number: int) -> float:
        return number * BLOCK / RATE * (1 + _DRIFT)

    def _block(self, number: int) -> np.ndarray:
        at = number * BLOCK % (len(self._audio) - BLOCK)
        block = self._audio[at : at + BLOCK]
        time_s = (number * BLOCK + np.arange(BLOCK)) / RATE
        match self.fault:
            case "silence":
                return np.zeros(BLOCK, np.float32)
            case "not a number":
                spoilt = block.copy()
                spoilt[::20], spoilt[10::20] = np.nan, np.inf
                return spoilt
            case "clipping":
                return np.clip(100 * block, -1, 1)
            case "DC":
                return np.full(BLOCK, 0.9, np.float32)
            case "ultrasound":
                return np.sin(2 * np.pi * 22_000 * time_s).astype(np.float32)
        return block
