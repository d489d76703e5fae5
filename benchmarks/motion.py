"""How smooth the motion on screen is when the network is not: packets late, lost, doubled.

    posejockey perform SONG -o take.npz --dancers 3
    python -m benchmarks.motion take.npz                 # a real UDP relay, in real time
    python -m benchmarks.motion take.npz --simulated     # the same on a simulated clock

A sender emits a take 60 times a second; a relay between it and the visualizer's own receiver holds
every packet back for a random time and loses some. A loop that wakes as late as a busy machine lets
it asks for poses 60 times a second, and what it gets is compared with the take itself, at the mean
delay. "step" is the deviation of the time shown from picture to picture: what the eye sees as
stutter. Writes a line a case.
"""

import argparse
import heapq
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from live.monotonic import monotonic_s
from live.osc import encoding
from visuals.feed.feed import Feed
from visuals.feed.recorded import RecordedTake
from visuals.feed.timeline import Timeline
from visuals.window.pacing import FramePacer

RATE = 60
SETTLE_S = 3.0  # until the mean arrival is known


@dataclass(frozen=True)
class Network:
    """jitter_s: a packet comes so much early or late at most; loss, doubled: shares of packets."""

    jitter_s: float = 0.020
    loss: float = 0.02
    doubled: float = 0.0

    def delays(self, rng: np.random.Generator) -> Iterator[float]:
        """The delays in s of one packet's copies: none if it is lost."""
        if rng.random() >= self.loss:
            yield rng.uniform(0, 2 * self.jitter_s)
            if rng.random() < self.doubled:
                yield rng.uniform(0, 2 * self.jitter_s)


class LossyRelay:
    """A UDP port that passes packets on to another one, as a bad network would."""

    def __init__(self, target: tuple[str, int], network: Network, seed: int = 0):
        self._target, self._network = target, network
        self._rng = np.random.default_rng(seed)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._socket.getsockname()
        self.taken = self.passed = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Pass on what is held back, and stop."""
        self._closing.set()
        self._thread.join()
        self._socket.close()

    def __enter__(self) -> "LossyRelay":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _run(self) -> None:
        held: list[tuple[float, int, bytes]] = []
        while not self._closing.is_set() or held:
            wait_s = held[0][0] - monotonic_s() if held else 0.05
            packet = self._receive(wait_s)
            now_s = monotonic_s()
            if packet is not None:
                self.taken += 1
                for delay_s in self._network.delays(self._rng):
                    heapq.heappush(held, (now_s + delay_s, self.taken, packet))
            while held and held[0][0] <= now_s:
                self._socket.sendto(heapq.heappop(held)[2], self._target)
                self.passed += 1

    def _receive(self, wait_s: float) -> bytes | None:
        if wait_s <= 0:
            return None
        self._socket.settimeout(wait_s)
        try:
            return self._socket.recv(65_536)
        except (TimeoutError, OSError):
            return None


@dataclass(frozen=True)
class Shown:
    """What was on screen: display times [T], stream times [T] and joints [T, N, 19, 3]."""

    display_s: np.ndarray
    stream_s: np.ndarray
    joints: np.ndarray

    def report(self, take: RecordedTake) -> dict[str, float]:
        """Deviations from a steady delay: ms of time, mm of joints."""
        ones = np.ones_like(self.display_s)
        line = np.linalg.lstsq(
            np.stack([self.display_s, ones], 1), self.stream_s, rcond=None
        )[0]  # fmt: skip
        steady_s = self.display_s * line[0] + line[1]
        late_ms = 1000 * (self.stream_s - steady_s)
        true = np.stack([take.view(t + take.start_s).joints for t in steady_s])
        off_mm = 1000 * np.linalg.norm(self.joints - true, axis=-1)
        return {
            "time_rms_ms": float(late_ms.std()),
            "step_rms_ms": float(np.diff(late_ms).std()),
            "step_max_ms": float(np.abs(np.diff(late_ms)).max()),
            "joint_p50_mm": float(np.median(off_mm)),
            "joint_p99_mm": float(np.percentile(off_mm, 99)),
            "joint_max_mm": float(off_mm.max()),
        }


def emissions(take: RecordedTake, seconds: float) -> Iterator[tuple[float, list[bytes]]]:
    """(presentation time in s, packets) of a take from its beginning, as the engine sends them."""
    first = take.view(take.start_s)
    encoder = encoding.FrameEncoder(len(first.dancers), len(first.style))
    for k in range(round(min(seconds, take.end_s - take.start_s) * RATE)):
        view = take.view(take.start_s + k / RATE)
        frame = encoding.StageFrame(
            frame=k, sample=k * 24_000 // RATE, joints=view.joints,
            heading=np.zeros(len(view.dancers), np.float32),
            beat=(view.beat_phase, view.bar_phase, view.bpm, view.confidence),
            onset=np.array(view.onset, np.float32), level=view.level, style=view.style,
        )  # fmt: skip
        yield k / RATE, encoder.encode(frame, None)


def simulated(
    take: RecordedTake,
    network: Network,
    seconds: float,
    wake_s: float = 0.0,
    paced: bool = True,
    seed: int = 0,
) -> Shown:
    """Show a take on a simulated clock, through the receiver's own code.

    wake_s: how late the drawing loop wakes at most. paced: whether it asks for regular moments.
    seed: of the network's and the loop's random numbers.
    """
    rng = np.random.default_rng(seed)
    arrivals = [
        (sent_s + delay_s, packet)
        for sent_s, packets in emissions(take, seconds)
        for packet in packets
        for delay_s in network.delays(rng)
    ]
    arrivals.sort(key=lambda arrival: arrival[0])
    timeline, pacer, pending = Timeline(), FramePacer(RATE), iter(arrivals)
    coming = next(pending, None)
    shown = []
    for k in range(round((seconds - 0.2) * RATE)):
        vsync_s = k / RATE
        pacer.shown(vsync_s + rng.exponential(0.0005))
        now_s = vsync_s + rng.uniform(0, wake_s) if wake_s else vsync_s
        while coming is not None and coming[0] <= now_s:
            timeline.receive(coming[1], coming[0])
            coming = next(pending, None)
        moment_s = pacer.moment(now_s) if paced else now_s
        if vsync_s >= SETTLE_S:
            stream_s = timeline.playing(moment_s)
            shown.append((vsync_s + 1 / RATE, stream_s, timeline.view(moment_s).joints))
    return Shown(*map(np.array, zip(*shown, strict=True)))


def relayed(take: RecordedTake, network: Network, seconds: float) -> tuple[Shown, LossyRelay]:
    """Show a take in real time through sockets, threads and a lossy relay."""
    shown = []
    with Feed(port=0) as feed, LossyRelay(("127.0.0.1", feed.port), network) as relay:
        sender = threading.Thread(target=_send, args=(take, seconds, relay.address), daemon=True)
        pacer = FramePacer(RATE)
        start_s = monotonic_s()
        sender.start()
        for k in range(round((seconds - 0.2) * RATE)):
            now_s = monotonic_s()
            moment_s = pacer.moment(now_s)
            if now_s - start_s >= SETTLE_S and feed.received:
                shown.append((moment_s, feed.playing(moment_s), feed.view(moment_s).joints))
            time.sleep(max(start_s + (k + 1) / RATE - monotonic_s(), 0.0))
            pacer.shown(monotonic_s())
        sender.join()
    return Shown(*map(np.array, zip(*shown, strict=True))), relay


def _send(take: RecordedTake, seconds: float, address: tuple[str, int]) -> None:
    start_s = monotonic_s()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for due_s, packets in emissions(take, seconds):
            time.sleep(max(start_s + due_s - monotonic_s(), 0.0))
            for packet in packets:
                sock.sendto(packet, address)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("take", type=Path)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--simulated", action="store_true", help="no sockets, no waiting")
    args = parser.parse_args()
    take = RecordedTake.read(args.take)
    if not args.simulated:
        for network in (Network(0.0, 0.0), Network(), Network(0.040, 0.05, 0.02)):
            shown, relay = relayed(take, network, args.seconds)
            _print(f"relay {network}, {relay.passed} of {relay.taken} packets", shown.report(take))
        return
    for network in (Network(0.0, 0.0), Network(), Network(0.040, 0.05, 0.02)):
        for wake_s, paced in ((0.0, True), (0.006, True), (0.006, False)):
            shown = simulated(take, network, args.seconds, wake_s, paced)
            name = f"{network}, wakes {1000 * wake_s:.0f} ms late, {'' if paced else 'not '}paced"
            _print(name, shown.report(take))


def _print(name: str, figures: dict[str, float]) -> None:
    print(name + ": " + ", ".join(f"{k} {v:.2f}" for k, v in figures.items()), flush=True)


if __name__ == "__main__":
    main()
