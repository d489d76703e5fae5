"""Hours of show in minutes, with everything going wrong on schedule.

    python -m benchmarks.soak 8 --json soak.json --png soak.png      (or: posejockey bench --soak 8)

The show is the real one: loop, engine, network, UDP out and in. Only waiting is skipped: the clock
is this thread's processor time plus the sleeps it asked for, so that a step costs what it costs on
this machine, whoever else is busy on it. The sound card is simulated (48 kHz, blocks of 256, 50 ppm
slow, 1 ms of jitter). Every two and a half minutes the next fault of `FAULTS` strikes.

Leaves: memory, step times and lateness of the packets by the minute; for every fault what the
audience saw (frames missed, lateness, the fastest joint), how long, and what was counted.
"""

import argparse
import json
import math
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import numpy as np

from benchmarks.soak_world import (
    AFTER_S,
    BLOCK,
    EMISSION_RATE,
    EVERY_S,
    FAULTS,
    FIRST_S,
    FLOOD_PER_WAKE,
    MINUTE_S,
    MISSED_S,
    RATE,
    BreakablePerformer,
    Fault,
    Outcome,
    SimulatedCard,
    SkippedTime,
    WatchedEngine,
)
from live.audio.features import SAMPLE_RATE
from live.audio.source import AudioSource
from live.control.osc_in import ControlIn
from live.dance.performer import files_of
from live.monotonic import monotonic_s
from live.osc import encoding
from live.outputs.udp import OscOut
from live.safe_write import check_output, write_text
from live.show.engine import EngineConfig
from live.show.loop import Show
from live.show.memory import SETTLE_S, resident_mb
from live.show.outputs import Outputs
from live.show.timing import lead_samples, receive_margin_s
from model.evaluation import line_chart

# The show, and those who watch it -------------------------------------------------------------


@dataclass(frozen=True)
class Minute:
    """step_ms: of the last two minutes. late_ms: of the packets, outside faults."""

    minute: int
    memory_mb: float
    blocks: int  # of Python's memory
    step_ms_p50: float
    step_ms_p99: float
    late_ms_p99: float
    late_ms_max: float


class Watcher(OscOut):
    """Tells the soak of every bundle that has left."""

    def __init__(self, soak: "Soak", targets: list[tuple[str, int]]):
        super().__init__(targets)
        self._soak = soak

    def send(self, packets: list[bytes]) -> None:
        super().send(packets)
        self._soak.saw()


class Soak:
    """One long show. Build it, `run` it, read `report`."""

    def __init__(self, hours: float, model: str, device: str, stack: ExitStack):
        self._seconds = 3600 * hours
        self._time = SkippedTime()
        self._time.on_wake = self._wake
        self._card = SimulatedCard(self._time())
        self._performer = BreakablePerformer(model, device)
        self._performer.spend = self._time.spend
        sink = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sink.bind(("127.0.0.1", 0))  # never read: the system drops what does not fit
        address = sink.getsockname()
        self._out = stack.enter_context(Watcher(self, [address, address]))
        self._control = stack.enter_context(ControlIn(port=0))
        self._sender = stack.enter_context(OscOut([("127.0.0.1", self._control.port)]))
        self._rng = np.random.default_rng(7)
        margin_s = receive_margin_s(BLOCK, RATE)
        config = EngineConfig(RATE, lead_samples(EMISSION_RATE, margin_s))
        self.engine = WatchedEngine(config, self._performer)
        outputs = Outputs(self._out, self._control)
        card = cast(AudioSource, self._card)  # nobody starts or stops it
        self.show = Show(
            self.engine, card, outputs, EMISSION_RATE, margin_s, self._time, self._time.sleep
        )
        self._begun = self._time()
        self._schedule = self._faults()
        self._next = next(self._schedule)
        self._fault: Fault | None = None
        self._fault_ends = self._outcome_ends = math.inf
        self._outcome: Outcome | None = None
        self._before: dict[str, float] = {}
        self._seen: tuple[int, np.ndarray] | None = None
        self._moved_s = 0.0
        self._late_ms = np.zeros(int(MINUTE_S * 2 * EMISSION_RATE))
        self._late_count = 0
        self._missed = 0
        self.outcomes: list[Outcome] = []
        self.minutes: list[Minute] = []

    @property
    def elapsed_s(self) -> float:
        return self._time() - self._begun

    def run(self, progress: Callable[[dict], None] = lambda report: None) -> dict:
        """The report, fit for JSON. progress: gets the report so far, every ten minutes of show."""
        self._progress = progress
        self._began = monotonic_s()
        self.show.run(lambda: True, self._seconds)
        return self._report()

    def _report(self) -> dict:
        return {
            "hours": round(self.elapsed_s / 3600, 2),
            "took_s": round(monotonic_s() - self._began, 1),
            "summary": self.show.summary(),
            "missed_outside_faults": self._missed,
            "memory_growth_mb": self._growth_mb(),
            "late_ms_max_outside_faults": max((m.late_ms_max for m in self.minutes), default=0.0),
            "faults": [asdict(outcome) for outcome in self.outcomes],
            "minutes": [asdict(minute) for minute in self.minutes],
        }

    def _growth_mb(self) -> float | None:
        settled = [m.memory_mb for m in self.minutes if m.minute * MINUTE_S >= SETTLE_S]
        return round(settled[-1] - settled[0], 2) if settled else None

    def _faults(self) -> Iterator[tuple[float, Fault]]:
        for number in range(sys.maxsize):
            yield FIRST_S + number * EVERY_S, FAULTS[number % len(FAULTS)]

    # What happens --------------------------------------------------------------------------

    def _wake(self, now: float) -> None:
        elapsed = now - self._begun
        if self._fault and elapsed >= self._fault_ends:
            self._end_fault()
        if self._outcome and elapsed >= self._outcome_ends:
            self._conclude()
        if elapsed >= self._next[0]:
            self._begin_fault(self._next[1], elapsed)
            self._next = next(self._schedule)
        if self._fault and self._fault.name == "flood":
            self._sender.send([self._nonsense() for _ in range(FLOOD_PER_WAKE)])
        self._card.deliver(now)
        if elapsed >= (len(self.minutes) + 1) * MINUTE_S:
            self._end_minute()

    def _begin_fault(self, fault: Fault, elapsed: float) -> None:
        self._fault, self._fault_ends = fault, elapsed + fault.seconds
        self._outcome_ends = self._fault_ends + AFTER_S
        self._outcome = Outcome(fault.name, round(elapsed, 2))
        self._before = self._counters()
        self._card.fault = self._performer.fault = fault.name
        if fault.name.endswith("stall"):
            self._time.spend(fault.seconds)
            self._card.deliver(self._time())  # the card's own thread went on
        if fault.name == "unreachable":
            target = self._out.targets[1]
            target.address = (target.address[0], 0)
        if fault.name == "four dancers":
            self._ask("dancers", 4.0)

    def _end_fault(self) -> None:
        assert self._fault
        if self._fault.name == "unreachable":
            self._out.targets[1].address = self._out.targets[0].address
        if self._fault.name == "four dancers":
            self._ask("dancers", 1.0)
        self._fault = None
        self._card.fault = self._performer.fault = ""

    def _conclude(self) -> None:
        assert self._outcome
        after = self._counters()
        gained = {name: round(after[name] - self._before[name], 2) for name in after}
        self._outcome.counted = {name: value for name, value in gained.items() if value}
        self._outcome.top_speed_m_s = round(self._outcome.top_speed_m_s, 2)
        self._outcome.still_s = round(self._outcome.still_s, 2)
        self.outcomes.append(self._outcome)
        self._outcome = None

    def _counters(self) -> dict[str, float]:
        summary = self.show.summary()
        names = (
            "late",
            "skipped",
            "dropped",
            "resets",
            "send_errors",
            "rejected",
            "reopened",
            "silence_s",
        )
        return {name: float(summary[name]) for name in names}

    def _ask(self, name: str, value: float) -> None:
        self._sender.send([encoding.encode_message(f"/pj/control/{name}", "f", (value,))])

    def _nonsense(self) -> bytes:
        """A random packet, or one that would have been right but for a few bytes."""
        if self._rng.random() < 0.5:
            return self._rng.bytes(int(self._rng.integers(1, 200)))
        # Dancers, seeds and latencies that come through would be another fault.
        packet = bytearray(encoding.encode_message("/pj/control/volume", "f", (0.5,)))
        for at in self._rng.integers(len(packet), size=3):
            packet[at] = self._rng.integers(256)
        return bytes(packet)

    # What is seen --------------------------------------------------------------------------

    def saw(self) -> None:
        """A bundle has left."""
        frame = self.engine.frame
        assert frame is not None
        late_ms = 1000 * (self.show.position - frame.sample) / SAMPLE_RATE
        missed = frame.frame - self._seen[0] - 1 if self._seen else 0
        moved = self._movement(frame)
        self._seen = (frame.frame, frame.joints)
        elapsed = self.elapsed_s
        if moved is None or moved > 1e-5:
            self._moved_s = elapsed
        if self._outcome is None:
            self._missed += missed
            self._late_ms[self._late_count % len(self._late_ms)] = late_ms
            self._late_count += 1
            return
        outcome = self._outcome
        outcome.missed += missed
        outcome.worst_ms = round(max(outcome.worst_ms, late_ms), 1)
        if missed or late_ms > 1000 * MISSED_S:
            outcome.odd_s = round(elapsed - outcome.start_s, 2)
        if moved is not None and not missed:
            outcome.top_speed_m_s = max(outcome.top_speed_m_s, moved * EMISSION_RATE)
        outcome.still_s = max(outcome.still_s, elapsed - self._moved_s)
        if outcome.states[-1:] != [self.engine.state]:
            outcome.states.append(self.engine.state)

    def _movement(self, frame: encoding.StageFrame) -> float | None:
        """Metres that the fastest joint went since the last bundle; None if the cast changed."""
        if not np.isfinite(frame.joints).all():
            raise AssertionError(f"a pose that is no pose at {self.elapsed_s:.1f} s")
        if self._seen is None or self._seen[1].shape != frame.joints.shape:
            return None
        return float(np.sqrt(((frame.joints - self._seen[1]) ** 2).sum(-1).max()))

    def _end_minute(self) -> None:
        late = self._late_ms[: min(self._late_count, len(self._late_ms))]
        p99, worst = (np.percentile(late, 99), late.max()) if len(late) else (0.0, 0.0)
        self._late_count = 0
        times = self.show.report.health.recent()
        self.minutes.append(
            Minute(
                len(self.minutes) + 1,
                round(resident_mb(), 2),
                sys.getallocatedblocks(),
                round(times.p50, 3),
                round(times.p99, 3),
                round(float(p99), 2),
                round(float(worst), 2),
            )
        )
        if len(self.minutes) % 10 == 0:
            self._progress(self._report())


# Curves ---------------------------------------------------------------------------------------

_PANEL_HEIGHT = 280  # pixels
_CURVES = {
    "memory, MB": {"resident": "memory_mb"},
    "engine a frame, ms of one core": {"p99": "step_ms_p99", "p50": "step_ms_p50"},
    "packet after its time, ms (outside faults)": {"max": "late_ms_max", "p99": "late_ms_p99"},
}


def draw(report: dict, path: Path) -> None:
    """Memory, step time and lateness over the hours; faults as stripes."""
    minutes = report["minutes"]
    hours = [m["minute"] / 60 for m in minutes]
    faults = [f["start_s"] / 3600 for f in report["faults"]]
    charts = [
        line_chart.Chart(
            {label: (hours, [m[key] for m in minutes]) for label, key in curves.items()},
            title,
            "hours",
            marks=faults,
        )
        for title, curves in _CURVES.items()
    ]
    line_chart.draw(charts, path, _PANEL_HEIGHT)


# The command ----------------------------------------------------------------------------------


def table(report: dict) -> Iterator[str]:
    """A line for each kind of fault: the worst that any of its kind did."""
    yield f"{'fault':<13} {'times':>5} {'missed':>7} {'latest':>8} {'for':>7} {'still':>7}  counted"
    for fault in FAULTS:
        done = [o for o in report["faults"] if o["fault"] == fault.name]
        if not done:
            continue
        counted: dict[str, float] = {}
        for outcome in done:
            for name, value in outcome["counted"].items():
                counted[name] = max(counted.get(name, 0.0), value)
        gained = ", ".join(f"{name} {value:g}" for name, value in counted.items())
        yield (
            f"{fault.name:<13} {len(done):>5} {max(o['missed'] for o in done):>7} "
            f"{max(o['worst_ms'] for o in done):>5.0f} ms {max(o['odd_s'] for o in done):>5.1f} s "
            f"{max(o['still_s'] for o in done):>5.2f} s  {gained}"
        )


def _keep(report: dict, args: argparse.Namespace) -> None:
    """Say how far it is, and write what there is: hours are long enough to be cut off."""
    last = report["minutes"][-1:]
    for minute in last:
        print(
            f"{report['hours']:5.2f} h  {minute['memory_mb']:.1f} MB  "
            f"{minute['step_ms_p50']:.2f} ms p50 {minute['step_ms_p99']:.2f} p99  "
            f"missed {report['missed_outside_faults']}",
            flush=True,
        )
    if args.json:
        write_text(args.json, json.dumps(report, indent=1) + "\n")
    if args.png and last:
        draw(report, args.png)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="posejockey bench --soak", description=__doc__)
    parser.add_argument("hours", type=float, help="of simulated show")
    parser.add_argument("--model", default="open")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there")
    parser.add_argument("--png", type=Path, metavar="FILE", help="draw the curves there")
    args = parser.parse_args(argv)
    for path, suffix in ((args.json, ".json"), (args.png, ".png")):
        if path:
            check_output(path, (suffix,), files_of(args.model))
    with ExitStack() as stack:
        show = Soak(args.hours, args.model, args.device, stack)
        report = show.run(lambda report: _keep(report, args))
    _keep(report, args)
    growth = report["memory_growth_mb"]
    print(f"{report['hours']:g} hours of show in {report['took_s'] / 60:.1f} minutes")
    print(f"bundles missed outside faults    {report['missed_outside_faults']}")
    print(f"memory since the tenth minute    {'unknown' if growth is None else f'{growth:+} MB'}")
    print("\n".join(table(report)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
