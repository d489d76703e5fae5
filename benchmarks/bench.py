"""`posejockey bench`: how fast this machine is, measured as on stage: paced, one core.

With --beats it scores the beat clock on a folder of annotated music instead, with --sections the
hearing of sections on songs that are rendered into a folder; with --soak it runs
hours of simulated show in which everything goes wrong on schedule.
"""

import argparse
import gc
import json
import os
import platform
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from live.audio import demo
from live.audio.features import FRAME, SAMPLE_RATE
from live.audio.files import read_audio
from live.dance.performer import Performer, files_of
from live.monotonic import monotonic_s
from live.osc.encoding import FrameEncoder
from live.osc.schema import MAX_DANCERS
from live.outputs.udp import OscOut
from live.safe_write import check_output, write_text
from live.show.engine import Engine, EngineConfig
from live.show.timing import lead_samples

_RATE = 48_000
_CROWD = (1, 4, MAX_DANCERS)
_FRAME_S = FRAME / SAMPLE_RATE
_EMISSIONS_PER_FRAME = 2


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    check_reports(args.model, args.json, args.png)
    if args.beats:
        from benchmarks import beats  # it needs mir_eval

        return beats.main([str(args.beats)])
    if args.sections:
        from benchmarks import sections

        return sections.main([str(args.sections)])
    if args.clicks:
        options = ["--model", args.model, *(["--json", str(args.json)] if args.json else [])]
        from benchmarks import latency

        return latency.main([str(args.clicks), *options])
    if args.soak:
        given = {"--model": args.model, "--device": args.device}
        given |= {f"--{n}": getattr(args, n) for n in ("json", "png") if getattr(args, n)}
        options = [str(word) for pair in given.items() for word in pair]
        from benchmarks import soak

        return soak.main([str(args.soak), *options])
    figures = {
        "machine": machine(),
        "first_pose_s": first_pose_s(args.model, args.device),
        "frame_ms": paced_ms(args.model, args.device, args.seconds),
        "dancers_ms": crowd_ms(args.model, args.device),
    }
    _print(figures)
    if args.json:
        write_text(args.json, json.dumps(figures, indent=2) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="posejockey bench", description=__doc__)
    add = parser.add_argument
    add("--model", default="open", help="weights that ship, or a path")
    add("--device", default="auto", help="auto, cpu or cuda")
    add("--seconds", type=float, default=30.0, metavar="S", help="of paced dancing (30)")
    add("--beats", type=Path, metavar="DIR", help="annotated music to score the beat clock on")
    add("--sections", type=Path, metavar="DIR", help="score phrase and section on songs kept there")
    add("--clicks", type=int, metavar="N", help="microphone to packet, by clicks it plays, instead")
    add("--soak", type=float, metavar="HOURS", help="of simulated show, with faults, instead")
    add("--png", type=Path, metavar="FILE", help="draw the soak's curves there")
    add("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser


def check_reports(model: str, json: Path | None, png: Path | None = None) -> None:
    """Raise where figures or curves cannot be written: better now than after hours."""
    if json:
        check_output(json, (".json",), files_of(model))
    if png:
        check_output(png, (".png",))


def machine() -> str:
    """The processor's name where it is known, its cores, system and Python."""
    name = platform.processor() or platform.machine()
    with suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(li.partition(":")[2].strip() for li in lines if li.startswith("model name"))
    return (
        f"{name}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    )


def first_pose_s(model: str, device: str) -> float:
    """Seconds from nothing loaded to the first frame of stage joints."""
    started = monotonic_s()
    engine = _engine(Performer(model, device))
    for block in _blocks(read_audio(demo.PATH)[0]):
        engine.push(block)
        if engine.advance(engine.config.lead):
            break
    engine.emit(0, 0)
    return round(monotonic_s() - started, 3)


def paced_ms(model: str, device: str, seconds: float) -> dict[str, float]:
    """Milliseconds of one core a model frame: features, clock, network, motion, two emissions.

    Paced at 30 frames a second, because a processor that sleeps between the frames is slower than
    one in a tight loop.
    """
    engine = _engine(Performer(model, device))
    blocks = _blocks(read_audio(demo.PATH)[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", 0))
        with OscOut([sink.getsockname()]) as out:
            return _percentiles(_timed_frames(engine, blocks, out, round(seconds / _FRAME_S)))


def crowd_ms(model: str, device: str) -> dict[str, float]:
    """Median milliseconds a model frame for 1 to 16 dancers, the most of a stage; a tight loop."""
    figures = {}
    for dancers in _CROWD:
        engine = _engine(Performer(model, device, dancers))
        blocks = _blocks(read_audio(demo.PATH)[0])
        with OscOut([]) as out:
            frames = list(_timed_frames(engine, blocks, out, 60, paced=False))
        figures[str(dancers)] = round(float(np.median(frames[10:])), 3)
    return figures


def _timed_frames(
    engine: Engine, blocks: Iterator[np.ndarray], out: OscOut, frames: int, paced: bool = True
) -> Iterator[float]:
    dancers = engine.performer.dancers
    encoder = FrameEncoder(dancers, len(engine.performer.styles))
    gc.collect()
    gc.freeze()  # as the show does
    start = monotonic_s()
    for i in range(frames):
        if paced:
            time.sleep(max(start + i * _FRAME_S - monotonic_s(), 0.0))
        block = next(blocks)
        began = monotonic_s()
        engine.push(block)
        engine.advance()
        for n in range(_EMISSIONS_PER_FRAME):
            sample = (_EMISSIONS_PER_FRAME * i + n) * FRAME // _EMISSIONS_PER_FRAME
            frame = engine.emit(sample, sample)
            if frame is not None:
                out.send(encoder.encode(frame))
        yield 1000 * (monotonic_s() - began)


def _engine(performer: Performer) -> Engine:
    return Engine(EngineConfig(_RATE, lead_samples(60), "auto"), performer)


def _blocks(audio: np.ndarray) -> Iterator[np.ndarray]:
    size = _RATE * FRAME // SAMPLE_RATE
    while True:
        for start in range(0, len(audio) - size, size):
            yield audio[start : start + size]


def _percentiles(milliseconds: Iterator[float]) -> dict[str, float]:
    values = np.array(list(milliseconds))
    p50, p99 = np.percentile(values, (50, 99))
    return {
        "p50": round(float(p50), 3),
        "p99": round(float(p99), 3),
        "max": round(float(values.max()), 3),
    }


def _print(figures: dict) -> None:
    frame, crowd = figures["frame_ms"], figures["dancers_ms"]
    fits = max((int(n) for n, ms in crowd.items() if ms <= 1000 * _FRAME_S), default=0)
    by_dancers = ", ".join(f"{n}: {ms:.1f}" for n, ms in crowd.items())
    print(figures["machine"])
    print(f"first pose after                 {figures['first_pose_s']:.2f} s")
    print(
        "engine a frame, 1 dancer, paced  {p50:.2f} ms p50, {p99:.2f} p99, {max:.2f} max".format(
            **frame
        )
    )
    print(f"engine a frame, by dancers       {by_dancers} ms")
    print(f"dancers at 30 frames a second    {fits} of {_CROWD[-1]} tried, on one core")
