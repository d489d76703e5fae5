"""`posejockey live`: dance to a microphone, a file or the built-in demo, until told to stop."""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from live.audio.source import AudioSource
from live.audio.sources import open_source
from live.beat.sources import open_sources
from live.cli.options import add_settings, config_of
from live.cli.status import StatusLine
from live.control import midi_map
from live.control.allow_list import AllowList
from live.control.discovery import Discovery
from live.control.midi_controller import MidiController
from live.control.midi_map import MidiMap
from live.control.osc_in import ControlIn
from live.control.scenes import load_scenes
from live.dance.performer import Performer
from live.display import has_display
from live.errors import ConfigError
from live.midi_ports import MidiPorts
from live.monotonic import monotonic_s
from live.osc.schema import DEFAULT_PORT, SCHEMA_VERSION
from live.outputs.dmx import DmxOut
from live.outputs.feeds import Feeds
from live.outputs.patch import load_patch
from live.outputs.udp import OscOut, format_target
from live.session.writer import SessionWriter
from live.show.config import ShowConfig
from live.show.engine import Engine
from live.show.loop import Outputs, Show, arrival_s, stage_engine

_RESTART_AFTER_S = 2.0
_TRUSTED_AFTER_S = 10.0  # a visualizer that goes on with what was played and lives this long
_EXPLAINED = 2  # exit code of a visualizer that has said what is wrong: no port, say


def main(argv: list[str]) -> int:
    argv, picture = _split(argv)
    args = _parser().parse_args(argv)
    config = config_of(args)
    if picture and not config.opens_visualizer:
        raise ConfigError("after -- are the visualizer's options, and this show has none")
    own = config.visualizer_options
    if own:
        _check_visuals(own, f"{args.config}: [visuals]")
    if picture:
        picture = [*own, *picture]  # the later one wins
        _check_visuals(picture, "after --")
    else:
        picture = own
    # Everything that can be wrong is opened before the first sound: a show fails now or never.
    performer = Performer(config.model, config.device, config.dancers, config.seed)
    scenes = load_scenes(Path(config.cues), performer.styles) if config.cues else ()
    midi = (
        midi_map.load(Path(config.midi_map), performer.styles, scenes) if config.midi_map else None
    )
    source = open_source(config.input, loop=config.loop, play=config.play, block=config.block)
    arrival = arrival_s(config.block, source.rate)
    engine = stage_engine(config, source.rate, performer, scenes)
    with ExitStack() as stack:
        outputs = Outputs(
            stack.enter_context(OscOut(config.targets)),
            stack.enter_context(
                ControlIn(config.control_bind, config.control_port, AllowList(config.control_allow))
            ),
            _recorder(config, source, performer, stack),
            stack.enter_context(Feeds(config.feeds, _dmx(config, stack))),
            stack.enter_context(OscOut(config.visualizers)),
        )
        ports = stack.enter_context(MidiPorts())
        beats = open_sources(config.clock, config.midi_port, stack, ports)
        controllers = [] if midi is None else [_controller(midi, config.midi_port, ports)]
        show = Show(
            engine,
            source,
            outputs,
            config.emission_rate,
            arrival,
            beats=beats,
            controllers=controllers,
        )
        if config.announce:
            stack.enter_context(
                Discovery(
                    config.control_bind, outputs.control.port, config.control_allow, engine.stand
                )
            )
        stop = StopSignals(stack)  # before anything is said: who reads it may close the terminal
        _announce(config, engine, source, outputs, [b.name for b in beats], list(ports.inputs))
        visualizer = (
            Visualizer(outputs.control.port, picture, stack) if config.opens_visualizer else None
        )
        stack.enter_context(source)
        in_terminal = visualizer is not None and (_asks_terminal(picture) or not has_display())
        if not args.quiet and not in_terminal and StatusLine.fits():
            stack.enter_context(StatusLine(show.glance))
        summary = show.run(
            lambda: not stop.received and (visualizer is None or visualizer.is_wanted()),
            config.seconds or float("inf"),
        )
    _report(summary, outputs.recorder, args.summary)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="posejockey live",
        description=__doc__,
        epilog="What follows -- goes to the visualizer, as of `posejockey visuals --help`: "
        "posejockey live --dancers 3 -- --fullscreen --look ribbons",
    )
    add_settings(
        parser,
        "input", "model", "device", "osc", "dmx", "dancers", "style", "seed", "energy", "openness",
        "travel", "temperature", "latency_ms", "emission_rate", "beat_tracker", "clock",
        "midi_port", "midi_map", "block", "loop", "play", "visuals", "seconds", "record", "cues",
        "control_bind", "control_allow", "control_port", "announce",
    )  # fmt: skip
    parser.add_argument(
        "--summary", type=Path, metavar="FILE", help="write what was counted, as JSON"
    )
    parser.add_argument(
        "--quiet", action="store_true", help="no line of status at the bottom of the terminal"
    )
    return parser


def _split(argv: list[str]) -> tuple[list[str], list[str]]:
    """The show's own options, and those after "--", which are the visualizer's."""
    at = argv.index("--") if "--" in argv else len(argv)
    return argv[:at], argv[at + 1 :]


def _check_visuals(options: list[str], where: str) -> None:
    """ConfigError where the visualizer would refuse its options: asked before the show."""
    command = [sys.executable, "-m", "visuals", *options, "--check"]
    asked = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if asked.returncode:
        lines = asked.stderr.strip().splitlines() or [f"exit code {asked.returncode}"]
        raise ConfigError(f"{where}: {lines[-1]}")


def _asks_terminal(options: list[str]) -> bool:
    asked = [option for option in options if option in ("--terminal", "--no-terminal")]
    return asked[-1:] == ["--terminal"]


def _dmx(config: ShowConfig, stack: ExitStack) -> DmxOut | None:
    return stack.enter_context(DmxOut(load_patch(Path(config.dmx)))) if config.dmx else None


def _recorder(
    config: ShowConfig, source: AudioSource, performer: Performer, stack: ExitStack
) -> SessionWriter | None:
    if not config.record:
        return None
    settings = {
        "sample_rate": source.rate,
        "schema_version": SCHEMA_VERSION,
        "model_sha256": performer.sha256,
        "styles": list(performer.styles),
        "show": {k: v for k, v in vars(config).items()},
        "set_list": Path(config.cues).read_text(encoding="utf-8") if config.cues else "",
    }
    writer = SessionWriter(Path(config.record), settings)
    stack.callback(writer.close)
    return writer


def _controller(midi: MidiMap, port: str, ports: MidiPorts) -> MidiController:
    """The controller; the mapping's own port counts first, for the clock may be another."""
    return MidiController(ports.open(midi.port or port), midi.bindings)


def _announce(
    config: ShowConfig,
    engine: Engine,
    source: AudioSource,
    outputs: Outputs,
    beats: list[str],
    midi: list[str],
) -> None:
    """The show's settings in a few lines, before it starts."""
    performer, scenes = engine.performer, engine.config.scenes
    if source.note:
        _say(source.note)
    targets = ", ".join(format_target(*t) for t in config.targets)
    _say(f"hears   {source.name}, {source.rate} Hz, blocks of {config.block}")
    if beats:
        _say(f"beats   {', '.join(beats)}, then the sound")
    _say(f"dances  {config.dancers} x {config.model} ({', '.join(performer.styles)})")
    _say(f"        style {config.style}, seed {config.seed}, on {performer.provider}")
    receivers = targets or ("these profiles alone" if config.feeds else "nobody")
    _say(f"sends   {config.emission_rate} bundles a second to {receivers}")
    for feed in config.feeds:
        _say(f"        {feed}")
    if config.dmx:
        _say(f"lights  {config.dmx}")
    if scenes:
        _say(f"cues    {', '.join(f'{n} {scene.name}' for n, scene in enumerate(scenes, 1))}")
    for name in midi:
        _say(f"midi    {name}")
    _say(
        f"obeys   {format_target(config.control_bind, outputs.control.port)}; Ctrl-C ends the show"
    )


def _report(summary: dict, recorder: SessionWriter | None, path: Path | None) -> None:
    if path:  # first: nothing that happens to the terminal may lose it
        try:
            path.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"cannot write the summary {path}: {error.strerror}") from error
    _say(
        "frames {frames}, late {late}, dropped {dropped}, xruns {xruns}, "
        "step {step_ms_p50:.2f} ms p50 {step_ms_p99:.2f} ms p99, "
        "latency {latency_ms:.1f} ms".format(**summary)
    )
    if summary["reopened"] or summary["send_errors"] or summary["silence_s"] > 1:
        _say(
            "no sound for {silence_s} s, device reopened {reopened} times, "
            "{send_errors} packets refused".format(**summary)
        )
    if recorder and (recorder.error or recorder.lost):
        reason = recorder.error or "the disk was too slow"
        _say(f"the recording lost {recorder.lost} messages: {reason}", sys.stderr)


def _say(text: str, file: TextIO | None = None) -> None:
    """Print, if there is still a terminal: closing it may be what has ended the show."""
    try:
        print(text, file=file or sys.stdout, flush=True)
    except OSError:
        # What is left in its buffer would be tried again at the very end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class StopSignals:
    """Turns Ctrl-C, a closed terminal and a polite kill into a flag; the show ends with its
    summary."""

    def __init__(self, stack: ExitStack):
        self.received = False
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            if hasattr(signal, name):  # SIGHUP is missing on Windows, SIGBREAK elsewhere
                number = getattr(signal, name)
                stack.callback(signal.signal, number, signal.signal(number, self._receive))

    def _receive(self, *_: object) -> None:
        self.received = True


class Visualizer:
    """The figures on screen, as a process of their own: its crash must not end the show.

    Left by its user (exit code 0) it ends the show; after a crash it is started again, and goes on
    with what was played; where it could not start at all (its port is taken by another one) the
    show goes on without it.
    """

    def __init__(self, control_port: int, options: list[str], stack: ExitStack):
        # Last, so that no option leads it away from this show.
        self._command = [sys.executable, "-m", "visuals", *options, "--port", str(DEFAULT_PORT)]
        self._command += ["--control", f"127.0.0.1:{control_port}"]
        folder = tempfile.TemporaryDirectory(prefix="posejockey-", ignore_cleanup_errors=True)
        self._state = Path(stack.enter_context(folder)) / "picture.json"
        self._command += ["--state", str(self._state)]
        self._started = 0.0
        self._start()
        stack.callback(self._stop)

    def is_wanted(self) -> bool:
        """False once the user has closed the window."""
        code = self._process.poll()
        if code == 0:
            return False
        crashed = code is not None and code != _EXPLAINED
        lived_s = monotonic_s() - self._started
        if crashed and self._resumed and lived_s < _TRUSTED_AFTER_S:
            self._state.unlink(missing_ok=True)  # what was played may be what it dies of
        if crashed and lived_s > _RESTART_AFTER_S:
            self._start()
        return True

    def _start(self) -> None:
        self._resumed = self._state.exists()
        self._process = subprocess.Popen(self._command)
        self._started = monotonic_s()

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=3.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
