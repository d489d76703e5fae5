"""What many targets cost the engine: `python -m benchmarks.outputs`.

Twenty targets of every profile on loopback, 60 emissions a second, paced as in a show. Prints the
milliseconds an emission takes in the engine's thread, encoding and sending; wall time, and the
thread's own time, which is what counts on a machine that others use as well.
"""

import argparse
import socket
import time
from contextlib import ExitStack

import numpy as np

from live.body.skeleton import REST_POSE
from live.monotonic import monotonic_s
from live.osc.encoding import FrameEncoder, StageFrame
from live.outputs.feeds import Feeds, parse_feed
from live.outputs.udp import OscOut

RATE = 60
DANCERS = 4
PROFILES = (
    "native", "native", "native/dancers=1", "native/rate=30", "flat", "flat", "flat/dancers=2",
    "lights", "lights/qlcplus", "lights/grandma3", "lights/eos/dancers=1", "lights/resolume",
    "lights/chataigne", "vmc", "vmc/dancers=2", "vmc/dancers=3", "vmc/dancers=4",
    "vrchat", "vrchat/dancers=2", "vrchat/height=1.6",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    frames = round(parser.parse_args().seconds * RATE)
    with ExitStack() as stack:
        ports = [_sink(stack) for _ in PROFILES]
        configs = [
            parse_feed(f"127.0.0.1:{p}/{kind}") for p, kind in zip(ports, PROFILES, strict=True)
        ]
        whole = [(c.host, c.port) for c in configs if c.is_whole]
        out = stack.enter_context(OscOut(whole))
        feeds = stack.enter_context(Feeds([c for c in configs if not c.is_whole]))
        walls, owns = _measure(out, feeds, frames)
        print(f"{len(PROFILES)} targets, {DANCERS} dancers, {RATE} emissions a second, {frames} of")
        print(f"them; {(out.sent + feeds.sent) / frames:.0f} packets each, {feeds.errors} errors")
    for name, times in (("wall", walls), ("own", owns)):
        p50, p99 = np.percentile(times, (50, 99))
        print(f"{name:5} {p50:.2f} ms p50, {p99:.2f} ms p99")


def _sink(stack: ExitStack) -> int:
    """A port where packets arrive and are not read."""
    sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sock.bind(("127.0.0.1", 0))
    return sock.getsockname()[1]


def _measure(out: OscOut, feeds: Feeds, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Milliseconds of each emission: wall time, and the thread's own."""
    rng = np.random.default_rng(0)
    encoder = FrameEncoder(DANCERS, 4)
    walls, owns = np.zeros(frames), np.zeros(frames)
    due = monotonic_s()
    for number in range(frames):
        frame = _frame(number, rng)
        due += 1 / RATE
        time.sleep(max(due - monotonic_s(), 0.0))
        wall, own = monotonic_s(), time.thread_time()
        out.send(encoder.encode(frame))
        feeds.send(frame, None)
        walls[number] = 1000 * (monotonic_s() - wall)
        owns[number] = 1000 * (time.thread_time() - own)
    return walls, owns


def _frame(number: int, rng: np.random.Generator) -> StageFrame:
    joints = np.repeat(REST_POSE[None], DANCERS, axis=0) + 0.02 * rng.normal(size=(DANCERS, 19, 3))
    return StageFrame(
        frame=number,
        sample=24_000 * number // RATE,
        joints=joints.astype(np.float32),
        heading=np.zeros(DANCERS, np.float32),
        beat=(number % 30 / 30, number % 120 / 120, 120.0, 0.9),
        onset=rng.random(3).astype(np.float32),
        level=0.7,
        style=np.full(4, 0.25, np.float32),
    )


if __name__ == "__main__":
    main()
