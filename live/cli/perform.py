"""`posejockey perform FILE -o OUT.npz`: the dance of a whole file, as fast as the machine can."""

import argparse
import time
from pathlib import Path

from live.audio_in import read_audio
from live.cli.options import add_settings, config_of
from live.perform import check_out, perform, write_take
from live.performer import Performer
from live.tempo import TempoConfig


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    config = config_of(args, latency_ms=0.0)
    check_out(args.out)
    audio, rate = read_audio(args.file)
    performer = Performer(config.model, config.device, config.dancers, config.seed)
    started = time.monotonic()
    tempo = TempoConfig(tracker=config.beat_tracker)
    take = perform(audio, rate, performer, config.style, config.controls, tempo)
    took_s = max(time.monotonic() - started, 1e-6)
    write_take(take, args.out)
    seconds = len(audio) / rate
    print(
        f"{args.out}: {seconds:.1f} s, {config.dancers} dancer(s), danced in {took_s:.1f} s "
        f"({seconds / took_s:.1f} times real time)"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="posejockey perform", description=__doc__)
    parser.add_argument("file", type=Path, help="any sound file that soundfile reads")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="OUT.npz")
    add_settings(
        parser,
        "model", "device", "dancers", "style", "seed", "energy", "openness", "travel",
        "temperature", "latency_ms", "beat_tracker",
    )  # fmt: skip
    return parser
