"""`posejockey live`: dance to a microphone, a file or the built-in demo, until told to stop."""

import argparse
import json
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from live.cli.options import add_show, plan_of
from live.cli.status import StatusLine
from live.console import say
from live.display import has_display
from live.errors import PerformanceError
from live.outputs.udp import format_target
from live.safe_write import write_text
from live.show.config import ShowConfig
from live.show.intake import NO_SOUND_AT_ALL
from live.show.loop import Show
from live.show.opening import OpenShow, open_show
from live.show.visualizer import Visualizer, asks_terminal
from live.supervised_thread import note_deaths


def main(argv: list[str]) -> int:
    plan, args = plan_of(_parser(), argv)
    # Whatever ends the show, what was counted is told, and last: the recording is closed by then.
    with ExitStack() as at_last, ExitStack() as stack:
        note_deaths(stack)
        opened = open_show(plan, stack)
        show = opened.show
        assert show is not None  # a step that fails raises
        stop = StopSignals(stack)  # before anything is said: who reads it may close the terminal
        _announce(plan.config, show, opened)
        picture = _visualizer(plan.config, opened, stack)
        if opened.dmx:
            stack.enter_context(opened.dmx)
        _start_source(show, stack)
        in_terminal = picture is not None and (asks_terminal(opened.visuals) or not has_display())
        if not args.quiet and not in_terminal and StatusLine.fits():
            stack.enter_context(StatusLine(show.snapshot))
        at_last.callback(_report, show, plan.summary)
        show.run(
            lambda: not stop.received and (picture is None or picture.is_wanted()),
            plan.config.seconds or float("inf"),
        )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="posejockey live",
        description=__doc__,
        epilog="What follows -- goes to the visualizer, as of `posejockey visuals --help`: "
        "posejockey live --dancers 3 -- --fullscreen --look ribbons",
    )
    add_show(parser)
    parser.add_argument(
        "--quiet", action="store_true", help="no line of status at the bottom of the terminal"
    )
    return parser


def _start_source(show: Show, stack: ExitStack) -> None:
    """A device may refuse at last; then no recording of nothing is left."""
    try:
        stack.enter_context(show.source)
    except PerformanceError:
        if show.outputs.recorder:
            show.outputs.recorder.close()
            show.outputs.recorder.path.unlink(missing_ok=True)
        raise


def _visualizer(config: ShowConfig, opened: OpenShow, stack: ExitStack) -> Visualizer | None:
    if not config.opens_visualizer or opened.control is None:
        return None
    return Visualizer(opened.control.port, opened.visuals, stack)


def _announce(config: ShowConfig, show: Show, opened: OpenShow) -> None:
    """The show's settings in a few lines, before it starts."""
    source, engine = show.source, show.engine
    performer, programme = engine.performer, engine.config.programme
    if source.note:
        say(source.note)
    targets = ", ".join(format_target(*t) for t in config.targets)
    say(f"hears   {source.name}, {source.rate} Hz, blocks of {config.block}")
    if opened.beats:
        say(f"beats   {', '.join(opened.beats)}, then the sound")
    if opened.timecodes:
        say(f"time    {', '.join(opened.timecodes)}")
    say(f"dances  {config.dancers} x {config.model} ({', '.join(performer.styles)})")
    say(f"        style {config.style}, seed {config.seed}, on {performer.provider}")
    receivers = targets or ("these profiles alone" if config.feeds else "nobody")
    say(f"sends   {config.emission_rate} bundles a second to {receivers}")
    for feed in config.feeds:
        say(f"        {feed}")
    if config.dmx:
        say(f"lights  {config.dmx}")
    if programme.scenes:
        named = (f"{n} {scene.name}" for n, scene in enumerate(programme.scenes, 1))
        say(f"cues    {', '.join(named)}")
    if programme.score:
        say(f"score   {config.score}, {len(programme.score.parts)} parts")
    if programme.bank and programme.bank.names:
        say(f"phrases {', '.join(programme.bank.names)}")
    for name in opened.midi_inputs:
        say(f"midi    {name}")
    address = format_target(config.control_bind, show.outputs.control.port)
    say(f"obeys   {address}; Ctrl-C ends the show")


def _report(show: Show, path: Path | None) -> None:
    summary, recorder = show.summary(), show.outputs.recorder
    if path:  # first: nothing that happens to the terminal may lose it
        write_text(path, json.dumps(summary, indent=2) + "\n")
    say(
        "frames {frames}, late {late}, dropped {dropped}, xruns {xruns}, "
        "step {step_ms_p50:.2f} ms p50 {step_ms_p99:.2f} ms p99, "
        "latency {latency_ms:.1f} ms".format(**summary)
    )
    if summary["reopened"] or summary["send_errors"] or summary["silence_s"] > 1:
        say(
            "no sound for {silence_s} s, device reopened {reopened} times, "
            "{send_errors} packets refused".format(**summary)
        )
    if summary["faults"]:
        failed = ", ".join(f"{stage} {count} times" for stage, count in summary["faults"].items())
        say(f"failed and done without: {failed}")
    if summary["sound"] == NO_SOUND_AT_ALL:
        say(f"{NO_SOUND_AT_ALL}; `posejockey devices` shows what hears")
    if recorder and (recorder.error or recorder.lost):
        reason = recorder.error or "the disk was too slow"
        say(f"the recording lost {recorder.lost} messages: {reason}", sys.stderr)


def _is_ignored(number: int) -> bool:
    return signal.getsignal(number) == signal.SIG_IGN


class StopSignals:
    """Turns Ctrl-C, a closed terminal and a polite kill into a flag; the show ends with its
    summary."""

    def __init__(self, stack: ExitStack):
        self.received = False
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            number = getattr(signal, name, None)  # SIGHUP is missing on Windows, SIGBREAK elsewhere
            if number is None or (name == "SIGHUP" and _is_ignored(number)):  # nohup
                continue
            # A script's `&` ignores SIGINT; who sends it all the same wants the show to end.
            stack.callback(signal.signal, number, signal.signal(number, self._receive))

    def _receive(self, *_: object) -> None:
        self.received = True
