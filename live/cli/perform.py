"""`posejockey perform FILE -o OUT.npz`: the dance of a whole file, as fast as the machine can.

FILE is a sound file, or a session made with --record: then the show is danced again from its sound,
seed and controls, bit for bit where the machine is the same; of the options only --model and
--device count.
"""

import argparse
from pathlib import Path

from live.audio.files import read_audio
from live.beat.clock import TempoConfig
from live.cli.options import CHOREOGRAPHED, add_settings, config_of
from live.dance.material.take_score import arrays_of
from live.dance.performer import Performer
from live.monotonic import monotonic_s
from live.safe_write import check_output
from live.session.reader import SessionReader
from live.session.take import take_of, write_take
from live.show.offline import run_offline
from live.show.programme import open_programme
from live.show.resimulate import Resimulation, settings_of, shipped_model_of


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    config = config_of(args, latency_ms=0.0)
    named = (config.model, config.cues, config.score)
    read = (args.file, args.config, *(Path(name) for name in named if name))
    check_output(args.out, (".npz",), read)
    if args.file.suffix.lower() == ".mcap":
        return _resimulate(args)
    audio, rate = read_audio(args.file)
    performer = Performer(config.model, config.device, config.dancers, config.seed)
    started = monotonic_s()
    tempo = TempoConfig(tracker=config.beat_tracker)
    programme = open_programme(config, performer.styles)
    take = run_offline(audio, rate, performer, config.style, config.controls, tempo, programme)
    took_s = max(monotonic_s() - started, 1e-6)
    write_take(take, args.out)
    seconds = len(audio) / rate
    print(
        f"{args.out}: {seconds:.1f} s, {config.dancers} dancer(s), danced in {took_s:.1f} s "
        f"({seconds / took_s:.1f} times real time)"
    )
    return 0


def _resimulate(args: argparse.Namespace) -> int:
    session = SessionReader(args.file)
    recorded = settings_of(session)
    model = args.model or shipped_model_of(session)
    performer = Performer(model, args.device or "auto", recorded.dancers, recorded.seed)
    show = Resimulation(session, performer)
    take = take_of(show, performer.styles)
    write_take(take | arrays_of(show.danced, take["joints"].shape[1]), args.out)
    print(f"{args.out}: {show.same} of {show.packets} recorded packets danced again, bit for bit")
    if show.same < show.packets:
        print("the others differ: another machine, or messages that the recording lost")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="posejockey perform", description=__doc__)
    parser.add_argument("file", type=Path, help="sound, or a recorded session")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="OUT.npz")
    add_settings(
        parser,
        "model", "device", "dancers", "style", "seed", "energy", "openness", "travel",
        "temperature", "latency_ms", "beat_tracker", *CHOREOGRAPHED, "cues",
    )  # fmt: skip
    return parser
