"""`posejockey perform FILE -o OUT`: the dance of a whole file, as fast as the machine can.

FILE is a sound file, or a session made with --record: then the show is danced again from its sound,
seed and controls, bit for bit where the machine is the same; of the options only --model and
--device count, and those of the file that is written.
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.audio.files import read_audio
from live.beat.clock import TempoConfig
from live.cli.options import CHOREOGRAPHED, add_settings, config_of
from live.dance.material.take_score import arrays_of
from live.dance.performer import Performer, files_of
from live.monotonic import monotonic_s
from live.osc.encoding import StageFrame
from live.progress import Progress, add_progress
from live.safe_write import check_output
from live.session.reader import SessionReader
from live.session.rows import RowFile
from live.session.take import take_of, write_take
from live.show.offline import run_offline
from live.show.programme import open_programme
from live.show.resimulate import Resimulation, settings_of, shipped_model_of


class TakeWriter(Protocol):
    """Where a take goes. Which formats there are is not for the stage to know."""

    def add_options(self, parser: argparse.ArgumentParser) -> None: ...

    def check(self, args: argparse.Namespace, read: tuple[Path, ...]) -> None:
        """ConfigError or ArtifactError if args.out will not be written; read: what must stay."""
        ...

    def write(
        self, take: dict[str, np.ndarray], args: argparse.Namespace, read: tuple[Path, ...]
    ) -> str:
        """Write the take; the names of the files."""
        ...


class NpzWriter:
    """The take itself."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        pass

    def check(self, args: argparse.Namespace, read: tuple[Path, ...]) -> None:
        check_output(args.out, (".npz",), read)

    def write(
        self, take: dict[str, np.ndarray], args: argparse.Namespace, read: tuple[Path, ...]
    ) -> str:
        write_take(take, args.out)
        return str(args.out)


def main(argv: list[str], writer: TakeWriter | None = None) -> int:
    writer = writer or NpzWriter()
    args = _parser(writer).parse_args(argv)
    config = config_of(args, latency_ms=0.0)
    named = (args.file, args.config, config.cues, config.score)
    read = (*files_of(config.model), *(Path(name) for name in named if name))
    writer.check(args, read)
    if args.rows:
        check_output(args.rows, (), (*read, args.out))
    if args.file.suffix.lower() == ".mcap":
        return _resimulate(args, writer, read)
    audio, rate = read_audio(args.file)
    performer = Performer(config.model, config.device, config.dancers, config.seed)
    started = monotonic_s()
    tempo = TempoConfig(tracker=config.beat_tracker)
    programme = open_programme(config, performer.styles)
    seconds = len(audio) / rate
    with _watching(args, seconds, config.dancers) as watch:
        take = run_offline(
            audio, rate, performer, config.style, config.controls, tempo, programme, watch
        )
    took_s = max(monotonic_s() - started, 1e-6)
    files = writer.write(take, args, read)
    if args.progress:
        Progress(args.progress)(1.0)
        return 0
    print(
        f"{files}: {seconds:.1f} s, {config.dancers} dancer(s), danced in {took_s:.1f} s "
        f"({seconds / took_s:.1f} times real time)"
    )
    return 0


@contextmanager
def _watching(
    args: argparse.Namespace, seconds: float, dancers: int
) -> Iterator[Callable[[StageFrame], None]]:
    """What is told every frame: the rows of --rows, and how far the dance is."""
    progress = Progress(args.progress)
    rows = RowFile(args.rows, dancers) if args.rows else None

    def watch(frame: StageFrame) -> None:
        if rows is not None:
            rows.step(frame)
        progress(frame.sample / SAMPLE_RATE / max(seconds, 1e-6))

    try:
        yield watch
    finally:
        if rows is not None:
            rows.close()


def _resimulate(args: argparse.Namespace, writer: TakeWriter, read: tuple[Path, ...]) -> int:
    session = SessionReader(args.file)
    recorded = settings_of(session)
    model = args.model or shipped_model_of(session)
    performer = Performer(model, args.device or "auto", recorded.dancers, recorded.seed)
    show = Resimulation(session, performer)
    take = take_of(show, performer.styles)
    take |= arrays_of(show.danced, take["joints"].shape[1])
    files = writer.write(take, args, read)
    print(f"{files}: {show.same} of {show.packets} recorded packets danced again, bit for bit")
    if show.same < show.packets:
        print("the others differ: another machine, or messages that the recording lost")
    return 0


def _parser(writer: TakeWriter) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="posejockey perform", description=__doc__)
    parser.add_argument("file", type=Path, help="sound, or a recorded session")
    parser.add_argument("-o", "--out", type=Path, required=True, help="its suffix says the format")
    writer.add_options(parser)
    parser.add_argument(
        "--rows",
        type=Path,
        metavar="FILE",
        help="write the poses there as they are made",
    )
    add_progress(parser)
    add_settings(
        parser,
        "model", "device", "dancers", "style", "seed", "energy", "openness", "travel",
        "temperature", "latency_ms", "beat_tracker", *CHOREOGRAPHED, "cues",
    )  # fmt: skip
    return parser
