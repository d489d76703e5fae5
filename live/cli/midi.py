"""`posejockey devices --midi` and `--learn`: what a controller sends, and what shall do what."""

import argparse
import queue
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from live.control.midi_controller import MidiController
from live.control.midi_events import Event, event_of
from live.control.midi_learn import learn, parse_request
from live.control.midi_map import MidiMap, load, write
from live.errors import ConfigError
from live.midi_ports import MidiPorts, Tap, stem
from live.monotonic import monotonic_s
from live.safe_write import check_output
from live.supervised_thread import SupervisedThread

_USUAL = (
    "energy", "openness", "travel", "temperature", "freeze", "mirror", "blackout", "tap", "sync",
    "cue=next", "cue=previous",
)  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--midi", action="store_true", help="say what a MIDI controller sends")
    parser.add_argument(
        "--learn", type=Path, metavar="FILE", help="ask which knob shall do what; write the mapping"
    )
    parser.add_argument("control", nargs="*", help="what to learn: energy, freeze, cue=drop, ...")
    parser.add_argument("--map", type=Path, metavar="FILE", help="say what this mapping would do")
    parser.add_argument(
        "--port", default="", metavar="NAME", help="a part of the MIDI input's name"
    )
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), metavar="X", help="stop after this long"
    )


def run(args: argparse.Namespace) -> int:
    """Listen to a controller, and learn from it if asked to."""
    requests: list[str] = args.control or list(_USUAL)
    for request in requests:
        parse_request(request)
    if args.learn:
        _check_learned(args.learn)
    mapping = load(args.map) if args.map else None
    with MidiPorts() as ports:
        tap = ports.open(args.port or (mapping.port if mapping else ""))
        opened = next(iter(ports.inputs))
        if args.learn:
            return _learn(args.learn, requests, opened, _arriving(tap, args.seconds, stdin=True))
        _show(tap, mapping, opened, args.seconds)
    return 0


def _check_learned(path: Path) -> None:
    """An older mapping may be learned anew; another file of that name is not what was meant."""
    check_output(path, (".toml",))
    if path.exists():
        try:
            load(path)
        except ConfigError as error:
            raise ConfigError(f"{path} is there and no MIDI mapping; name another file") from error


def _learn(path: Path, requests: list[str], opened: str, events: Iterator[Event | None]) -> int:
    bindings = learn(requests, events, lambda text: print(text, flush=True))
    if not bindings:
        raise ConfigError("nothing was moved, so nothing is written")
    write(path, MidiMap(stem(opened), tuple(bindings)))
    print(f"{path}: {len(bindings)} entries; play with `posejockey live --midi-map {path}`")
    return 0


def _show(tap: Tap, mapping: MidiMap | None, opened: str, seconds: float) -> None:
    print(f"hears {opened}; Ctrl-C ends it", flush=True)
    controller = MidiController(_Silent(), mapping.bindings) if mapping else None
    for event in _arriving(tap, seconds, stdin=False):
        if event is None:
            continue
        line = f"{event.kind} {event.number}, channel {event.channel}: {event.position:.2f}"
        if controller is not None:
            played = ", ".join(f"{name} {value}" for name, value in controller.play(event))
            line += f" -> {played or 'nothing'}"
        print(line, flush=True)


class _Silent:
    """An input from which nothing comes by itself."""

    callback = None


def _arriving(tap: Tap, seconds: float, stdin: bool) -> Iterator[Event | None]:
    """Events as they come, None for Enter, until the time is over."""
    arrived: queue.Queue[Event | None] = queue.Queue()

    def hear(message: object) -> None:
        event = event_of(message)
        if event is not None:
            arrived.put(event)

    def read() -> None:
        for _ in sys.stdin or ():
            arrived.put(None)

    tap.callback = hear
    if stdin:
        SupervisedThread("stdin", read, threading.Event()).start()
    end_s = monotonic_s() + seconds
    while (left_s := end_s - monotonic_s()) > 0:
        try:
            # Not without end: Windows hears Ctrl-C only between two waits.
            yield arrived.get(timeout=min(left_s, 0.5))
        except queue.Empty:
            continue
