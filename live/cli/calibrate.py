"""`posejockey calibrate`: how late the sound is heard, or the picture seen.

Without --visual it plays clicks and hears them: put the microphone where it will stand. With
--visual it flashes, in the terminal or over OSC, and you tap along: Enter here, or T in the
visualizer's window.
"""

import argparse
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack

import numpy as np

from live.audio.loopback import Loopback
from live.audio.round_trip import Delay, find_delay, make_clicks, tap_delay
from live.audio.source import DEFAULT_BLOCK
from live.body.skeleton import REST_POSE
from live.control.osc_in import ControlIn
from live.errors import ConfigError, DeviceError
from live.monotonic import monotonic_s
from live.osc.encoding import FrameEncoder, StageFrame
from live.osc.schema import DEFAULT_CONTROL_PORT
from live.outputs.udp import OscOut, parse_target
from live.supervised_thread import SupervisedThread

_PROJECTOR_MS = 60.0  # from the OSC packet to the eye, until --visual has measured it
_FLASH_BPM = 75.0
_PERIOD_S = 60 / _FLASH_BPM
_FLASH_S = 0.12
_FRAME_S = 1 / 60
_POLL_S = 0.001
_UNUSED_FLASHES = 4  # until a person has found the beat


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    if not 2 <= args.clicks <= 1000:
        raise ConfigError(f"--clicks is {args.clicks}; it must be 2 to 1000")
    if args.visual:
        _calibrate_picture(args)
    else:
        _calibrate_sound(args)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="posejockey calibrate", description=__doc__)
    parser.add_argument("--input", metavar="TEXT", help="what hears (the default input)")
    parser.add_argument("--output", metavar="TEXT", help="what plays (the default output)")
    parser.add_argument("--block", type=int, default=DEFAULT_BLOCK, metavar="N", help="as in live")
    parser.add_argument("--clicks", type=int, default=12, metavar="N", help="or flashes (12)")
    parser.add_argument("--visual", action="store_true", help="flash, and hear you tap along")
    parser.add_argument(
        "--osc", action="append", default=[], metavar="HOST:PORT",
        help="flash in this visualizer instead of the terminal",
    )  # fmt: skip
    parser.add_argument(
        "--control-port", type=int, default=DEFAULT_CONTROL_PORT, metavar="N",
        help="where /pj/control/tap arrives",
    )  # fmt: skip
    return parser


# Sound ----------------------------------------------------------------------------------------


def _calibrate_sound(args: argparse.Namespace) -> None:
    loop = Loopback(args.input, args.output, args.block)
    hears, plays = loop.names
    print(f"{args.clicks} clicks through {plays!r}, heard by {hears!r}", flush=True)
    delay = find_delay(loop.run(make_clicks(args.clicks, loop.rate)), args.clicks, loop.rate)
    if delay is None or delay.count < args.clicks / 3:
        count = delay.count if delay else 0
        raise DeviceError(
            f"{count} of {args.clicks} clicks were heard; turn up the sound, or choose other "
            "devices with --input and --output (`posejockey devices`)"
        )
    print(_sound_report(delay, args.clicks, loop.latencies_s))


def _sound_report(delay: Delay, clicks: int, latencies_s: tuple[float, float]) -> str:
    """The input's share of the round trip is what the card says of its two directions.

    Only that share matters to a show that hears a room: what is heard is already so old.
    """
    total_s = sum(latencies_s)
    share = latencies_s[0] / total_s if total_s > 0 else 0.5
    late_ms = 1000 * share * delay.median_s
    return (
        f"heard       {delay.count} of {clicks} clicks\n"
        f"round trip  {1000 * delay.median_s:.1f} ms (+- {1000 * delay.spread_s:.1f} ms)\n"
        f"input       {late_ms:.1f} ms of it\n"
        f"set         --latency-ms {_PROJECTOR_MS + late_ms:.0f}  "
        f"({_PROJECTOR_MS:.0f} for a projector, or what --visual says, + {late_ms:.0f})"
    )


# Picture --------------------------------------------------------------------------------------


def _calibrate_picture(args: argparse.Namespace) -> None:
    with ExitStack() as stack:
        targets = [parse_target(t) for t in args.osc]
        control = stack.enter_context(ControlIn(port=args.control_port))
        osc = stack.enter_context(OscOut(targets)) if targets else None
        keys = EnterKey()
        print("tap with every flash: Enter here, or T in the visualizer", flush=True)
        flashes_s, taps_s = flash(
            args.clicks + _UNUSED_FLASHES,
            OscFlash(osc) if osc else terminal_flash,
            lambda: keys.poll() + [monotonic_s() for name, _ in control.poll() if name == "tap"],
        )
    print("\r", end="")
    used_s = taps_s[taps_s > flashes_s[_UNUSED_FLASHES] - _PERIOD_S / 2]
    delay = tap_delay(used_s, flashes_s, _PERIOD_S)
    if delay is None:
        raise ConfigError(f"{len(used_s)} taps were not enough; tap with every flash")
    late_ms = 1000 * delay.median_s
    print(
        f"taps        {delay.count}, {late_ms:.0f} ms after the flash "
        f"(+- {1000 * delay.spread_s:.0f} ms)\n"
        f"set         --latency-ms {max(late_ms, 0):.0f}"
    )


def flash(
    count: int,
    show: Callable[[int, float], None],
    taps: Callable[[], list[float]],
    now: Callable[[], float] = monotonic_s,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[np.ndarray, np.ndarray]:
    """Flash `count` times; when the flashes and the taps were, monotonic s.

    show(frame, beats) is called 60 times a second and at every flash; taps() gives new ones.
    """
    start_s = now() + _PERIOD_S
    flashes_s = start_s + _PERIOD_S * np.arange(count)
    tapped: list[float] = []
    frame = 0
    while (time_s := now()) < flashes_s[-1] + _PERIOD_S / 2:
        tapped += taps()
        due_s = start_s + (frame - round(_PERIOD_S / _FRAME_S)) * _FRAME_S
        if time_s >= due_s:
            show(frame, (time_s - start_s) / _PERIOD_S)
            frame += 1
        sleep(_POLL_S)
    return flashes_s, np.array(tapped)


def terminal_flash(frame: int, beats: float) -> None:
    bright = beats >= 0 and beats % 1.0 * _PERIOD_S < _FLASH_S
    print("\r" + (_full_block() if bright else " ") * 40, end="", flush=True)


def _full_block() -> str:
    """Or what comes near it, where the terminal has no such letter."""
    block = "\u2588"
    try:
        block.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return "#"
    return block


class OscFlash:
    """A figure at rest in the visualizer, whose lights flash with the beat."""

    def __init__(self, osc: OscOut):
        self._osc = osc
        self._encoder = FrameEncoder(1, 1)

    def __call__(self, frame: int, beats: float) -> None:
        bright = float(beats >= 0 and beats % 1.0 * _PERIOD_S < _FLASH_S)
        stage = StageFrame(
            frame=frame,
            sample=round(24_000 * frame * _FRAME_S),
            joints=np.asarray(REST_POSE, np.float32)[None],
            heading=np.zeros(1, np.float32),
            beat=(beats % 1.0, beats / 4 % 1.0, _FLASH_BPM, 1.0),
            onset=np.full(3, bright, np.float32),
            level=bright,
            style=np.ones(1, np.float32),
        )
        self._osc.send(self._encoder.encode(stage))


class EnterKey:
    """When Enter was pressed, noted by a thread of its own that waits for lines."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()
        SupervisedThread("enter key", self._read, threading.Event()).start()

    def poll(self) -> list[float]:
        return [self._times.popleft() for _ in range(len(self._times))]

    def _read(self) -> None:
        for _ in sys.stdin or ():
            self._times.append(monotonic_s())
