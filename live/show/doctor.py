"""Whether this machine is ready for the show, asked before the audience is there.

Enters: the show that is planned. Leaves: findings, each with what to do about it. Nothing here
raises for what it finds wrong, and one failure hides no other. The show is opened by the steps that
`live` takes; then it dances for two seconds, to its own source, received on loopback.
"""

import importlib.metadata
import os
import platform
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from live.audio.devices import list_devices, supported_rates
from live.audio.features import FRAME, SAMPLE_RATE
from live.audio.source import AudioSource
from live.audio.system_sound import SYSTEM, find_system_sound
from live.child_process import child_command
from live.control.osc_in import ControlIn
from live.display import has_display
from live.errors import PerformanceError
from live.osc.schema import DEFAULT_PORT
from live.outputs.udp import OscOut, format_target
from live.show.config import ShowConfig
from live.show.controls import Controls
from live.show.engine import Engine, EngineConfig
from live.show.loop import Show
from live.show.loudness import QUIET_LEVEL
from live.show.opening import OpenShow, Plan, open_show
from live.show.outputs import Outputs
from live.show.timing import lead_samples, receive_margin_s
from live.show.visualizer import is_port_free

OK, NOTE, WARN, FAIL = "ok", "note", "warn", "fail"
_SELF_TEST_S = 2.0
_FRAME_MS = 1000 * FRAME / SAMPLE_RATE
_LATE_SHARE = 0.05
_HOUR_BYTES = 0.7e9  # of a recording, docs/session-file.md
_LOW_HOURS = 8.0
_CUDA = "CUDAExecutionProvider"
_RUNTIMES = ("onnxruntime", "onnxruntime-gpu")


@dataclass(frozen=True)
class Finding:
    """level: OK, NOTE (the show runs, but know this), WARN (it starts, and nobody would hear or see
    it) or FAIL (it will not start). remedy: what to do."""

    topic: str
    level: str
    text: str
    remedy: str = ""


def examine(plan: Plan) -> Iterator[Finding]:
    """Every finding, as soon as it is known; takes some three seconds.

    The show is opened as `live` opens it: without a FAIL it starts, with one it does not.
    """
    for check in (_program, _sound, _system_sound, _screen, _picture_outs, _recording):
        yield from check(plan.config)
    told = set()
    for finding in _rehearsal(plan):
        if finding.text not in told:
            yield finding
        told.add(finding.text)


def _rehearsal(plan: Plan) -> Iterator[Finding]:
    """Open the show, silent, and let it dance for a moment; its recording is thrown away."""
    config = replace(plan.config, loop=True, play=False)
    failures: list[Finding] = []

    def note(topic: str, mistake: str) -> None:
        failures.append(Finding(topic, FAIL, mistake))

    with ExitStack() as stack:
        if config.record and not os.path.lexists(config.record):
            stack.callback(Path(config.record).unlink, missing_ok=True)
        opened = open_show(replace(plan, config=config), stack, note)
        yield from failures
        for check in (_network, _beats, _ports, _targets):
            yield from check(config, opened)
        try:
            yield from _self_test(config, opened)
        except PerformanceError as error:
            yield Finding("self-test", FAIL, str(error))


def _program(config: ShowConfig) -> Iterator[Finding]:
    version = importlib.metadata.version("posejockey")
    yield Finding(
        "program",
        OK,
        f"PoseJockey {version}, Python {platform.python_version()}, {platform.platform()}",
    )
    runtimes = [name for name in _RUNTIMES if _is_installed(name)]
    if len(runtimes) == 2:
        yield Finding(
            "program",
            NOTE,
            "onnxruntime and onnxruntime-gpu are both installed and overwrite each other's files",
            "pip uninstall -y onnxruntime onnxruntime-gpu, then install one of the extras cpu, gpu",
        )


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _sound(config: ShowConfig) -> Iterator[Finding]:
    try:
        devices = list_devices()
    except PerformanceError as error:  # files and the demo play without
        yield Finding("sound", NOTE, str(error), "only if you need a microphone or a loudspeaker")
        return
    inputs = [d for d in devices if d.inputs]
    for device in inputs:
        rates = ", ".join(map(str, supported_rates(device))) or "none of the usual rates"
        mark = " (the default)" if device.default_input else ""
        yield Finding(
            "sound", OK, f"{device.label}{mark}: {device.inputs} channels; opens at {rates} Hz"
        )
    if not inputs:
        yield Finding(
            "sound",
            NOTE,
            "no input device: the built-in demo would play",
            "plug one in, start the sound server, or give a file with --input",
        )
    if config.play and not any(d.outputs for d in devices):
        yield Finding(
            "sound",
            NOTE,
            "no output device: files and the demo play silently",
            "only if you need it",
        )


def _system_sound(config: ShowConfig) -> Iterator[Finding]:
    """Named to everybody: who does not know the word takes a microphone for it."""
    try:
        name = find_system_sound().name
    except PerformanceError as error:
        if config.input != SYSTEM:  # opening it fails with the same words
            yield Finding("system", NOTE, str(error), "only to dance to what this computer plays")
        return
    yield Finding("system", OK, f"{name}: what this computer plays, with --input {SYSTEM}")


def _network(config: ShowConfig, opened: OpenShow) -> Iterator[Finding]:
    performer = opened.performer
    if performer is None:
        return
    import onnxruntime

    available = onnxruntime.get_available_providers()
    yield Finding(
        "network",
        OK,
        f"{config.model} fits this program ({', '.join(performer.styles)}); runs on "
        f"{performer.provider}",
    )
    if _CUDA in available and performer.provider != _CUDA and config.device != "cpu":
        yield Finding(
            "network",
            NOTE,
            f"{_CUDA} is installed, but did not start",
            "check the driver, CUDA 13 and cuDNN 9 with --device cuda; the processor will do",
        )


def _beats(config: ShowConfig, opened: OpenShow) -> Iterator[Finding]:
    if opened.beats is not None:
        yield Finding("beats", OK, f"from {', '.join([*opened.beats, 'sound'])}")
    if opened.timecodes:
        yield Finding("timecode", OK, f"from {', '.join(opened.timecodes)}")


def _ports(config: ShowConfig, opened: OpenShow) -> Iterator[Finding]:
    if opened.control:
        address = format_target(config.control_bind, opened.control.port)
        yield Finding("ports", OK, f"control messages can arrive at {address}")
    if not config.opens_visualizer:
        return
    if is_port_free(DEFAULT_PORT):
        yield Finding("ports", OK, f"the visualizer can listen at 127.0.0.1:{DEFAULT_PORT}")
    else:
        yield Finding(
            "ports",
            NOTE,
            f"somebody listens at 127.0.0.1:{DEFAULT_PORT} already; the show's visualizer would "
            "wait until the port is free",
            "that may be the visualizer you want; else end it, or use --no-visuals",
        )


def _targets(config: ShowConfig, opened: OpenShow) -> Iterator[Finding]:
    for host, port in config.targets:
        name = format_target(host, port)
        try:
            with OscOut([(host, port)]) as out:
                out.send([_NOTHING])
                refused, address = out.errors, out.targets[0].address[0]
        except PerformanceError as error:
            yield Finding("targets", FAIL, str(error))
            continue
        where = "" if address == host else f" is {address}, and"
        if refused:
            yield Finding(
                "targets",
                NOTE,
                f"{name}{where} cannot be reached from here",
                "check the cable, the address and the network; the show starts without it",
            )
        else:
            yield Finding(
                "targets",
                OK,
                f"{name}{where} takes packets (whether anybody listens, UDP never says)",
            )


_NOTHING = b"#bundle\0" + bytes(7) + b"\1"  # an empty bundle: every receiver ignores it


def _screen(config: ShowConfig) -> Iterator[Finding]:
    if not config.opens_visualizer:
        return
    if has_display():
        yield Finding("screen", OK, "there is a display")
    else:
        yield Finding(
            "screen",
            NOTE,
            "no display: the figure dances in the terminal",
            "log in to a desktop, or send the poses to a visualizer elsewhere with --osc",
        )


def _picture_outs(config: ShowConfig) -> Iterator[Finding]:
    """NDI, Spout, Syphon: asked of the visualizer, which alone may load them."""
    if not config.opens_visualizer:
        return
    told = subprocess.run(
        child_command("visuals.out.available"),
        capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    for line in told.stdout.splitlines():
        level, kind, text = line.split("\t", 2)
        if level == "ok":
            yield Finding("picture", OK, f"--out {kind}:NAME hands the picture on ({text})")
        else:
            remedy = "only to hand the picture on to other programs"
            yield Finding("picture", NOTE, text, remedy)


def _recording(config: ShowConfig) -> Iterator[Finding]:
    """Whether there is room; whether it can be written at all, opening the show tells."""
    folder = Path(config.record).parent
    if not config.record or not folder.is_dir():
        return
    hours = shutil.disk_usage(folder).free / _HOUR_BYTES
    level = NOTE if hours < _LOW_HOURS else OK
    remedy = "free some space, or record to another disk" if level == NOTE else ""
    yield Finding("recording", level, f"{folder} has room for {hours:.0f} hours", remedy)


def _self_test(config: ShowConfig, opened: OpenShow) -> Iterator[Finding]:
    source, performer = opened.source, opened.performer
    if source is None or performer is None:
        return
    with ExitStack() as stack:
        sink = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        sink.setblocking(False)
        sink.bind(("127.0.0.1", 0))
        outputs = Outputs(
            stack.enter_context(OscOut([sink.getsockname()])),
            stack.enter_context(ControlIn(port=0)),
        )
        margin_s = receive_margin_s(config.block, source.rate)
        engine = Engine(
            EngineConfig(source.rate, lead_samples(config.emission_rate, margin_s)),
            performer,
            Controls(latency_ms=config.latency_ms),
        )
        show = Show(engine, source, outputs, config.emission_rate, margin_s)
        stack.enter_context(source)
        ear = _Ear(engine)
        summary = show.run(ear.listen, _SELF_TEST_S)
        received = _drain(sink)
    yield from _judged(summary, received, config, source, ear)


class _Ear:
    """Keeps the loudest level that was heard, 0..1."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self.loudest = 0.0

    def listen(self) -> bool:
        self.loudest = max(self.loudest, self._engine.level)
        return True


def _drain(sink: socket.socket) -> int:
    received = 0
    while True:
        try:
            sink.recv(2048)
        except OSError:
            return received
        received += 1


def _judged(
    summary: dict, received: int, config: ShowConfig, source: AudioSource, ear: _Ear
) -> Iterator[Finding]:
    if source.note:
        yield Finding("self-test", NOTE, source.note)
    dancers = config.dancers
    text = (
        f"{summary['seconds']:.0f} s on {source.name}: {received / dancers:.0f} of "
        f"{summary['frames']} bundles came back, {summary['late']} late, a frame takes "
        f"{summary['step_ms_p50']:.1f} ms ({summary['step_ms_p99']:.1f} at worst 1 %)"
    )
    if received < summary["packets"] / 2:
        remedy = "a firewall may hold UDP back on this machine: nobody would see the show"
        yield Finding("self-test", WARN, text, remedy)
    elif summary["step_ms_p50"] > _FRAME_MS:
        yield Finding("self-test", NOTE, text, "fewer --dancers, or a faster machine")
    elif summary["late"] > _LATE_SHARE * summary["frames"]:
        remedy = "close other programs, set the power plan to full speed, or fewer --dancers"
        yield Finding("self-test", NOTE, text, remedy)
    else:
        yield Finding("self-test", OK, text)
    if summary["silence_s"] > _SELF_TEST_S / 2:
        yield Finding(
            "self-test",
            WARN,
            f"{source.name} delivered no sound at all: nobody would dance to the music",
            "restart the sound server; on macOS allow the microphone for this terminal",
        )
    else:
        loudest_db = 80 * (ear.loudest - 1)
        quiet = ear.loudest < QUIET_LEVEL
        remedy = "turn up the input, unmute it, or play some music" if quiet else ""
        yield Finding(
            "self-test",
            NOTE if quiet else OK,
            f"{source.name} hears {loudest_db:.0f} dB at most (0 is full scale)",
            remedy,
        )
    if summary["xruns"]:
        remedy = "a larger --block, such as 512"
        yield Finding("self-test", NOTE, f"the card lost {summary['xruns']} blocks", remedy)
