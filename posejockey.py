"""The command: one sub-command a job, each imported only when it is called.

`posejockey live` never loads torch, `posejockey train` never opens a sound card.
"""

import sys
from importlib import import_module

# name -> (module with a function main(argv) -> exit code, what it does)
COMMANDS = {
    "live": ("live.cli.live", "dance to a microphone, a file or the built-in demo"),
    "perform": ("live.cli.perform", "dance to a file as fast as possible, into an NPZ"),
    "render": ("visuals.film.render", "make a film of a session, a take or a sound file"),
    "replay": ("live.cli.replay", "send a recorded session again, in time"),
    "doctor": ("live.cli.doctor", "is this machine ready for the show? what to do if not"),
    "calibrate": ("live.cli.calibrate", "measure the delay of sound, or of the picture"),
    "devices": ("live.cli.devices", "list sound, MIDI and displays; learn a MIDI controller"),
    "visuals": ("visuals.__main__", "draw the figures that arrive over OSC"),
    "bench": ("benchmarks.bench", "measure this machine: step time, dancers, first pose"),
    "prepare": ("model.cli.prepare", "motion clips and rendered music to training data"),
    "train": ("model.cli.train", "train the network; goes on where it was stopped"),
    "evaluate": ("model.cli.evaluate", "judge a checkpoint's dances against real ones"),
    "export": ("export.cli", "checkpoint to ONNX, if both compute the same"),
}


def main(argv: list[str] | None = None) -> int:
    """Run one sub-command. Returns 0, 2 after an error the user can mend, 130 after Ctrl-C."""
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] in ("-h", "--help"):
        print(_usage())
        return 0 if argv else 2
    if argv[0] == "--version":
        from importlib.metadata import version

        print(f"posejockey {version('posejockey')}")
        return 0
    if argv[0] not in COMMANDS:
        print(f"posejockey: no command {argv[0]!r}\n\n{_usage()}", file=sys.stderr)
        return 2
    return _run(COMMANDS[argv[0]][0], argv[0], argv[1:])


def _run(module: str, command: str, argv: list[str]) -> int:
    from live.errors import PerformanceError

    try:
        return import_module(module).main(argv)
    except PerformanceError as error:
        print(f"posejockey {command}: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"posejockey {command}: stopped", file=sys.stderr)
        return 130
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").split(".")[0])
        if extra is None:
            raise
        print(
            f"posejockey {command}: {error.name} is not installed; "
            f"run `pip install -c constraints.txt -e .[{extra}]`",
            file=sys.stderr,
        )
    return 2


_EXTRAS = {
    "onnxruntime": "cpu", "torch": "train", "onnx": "train", "onnxscript": "train",
    "tqdm": "train", "PIL": "train",
    "lightning_fabric": "train", "av": "video", "mir_eval": "dev",
}  # fmt: skip


def _usage() -> str:
    lines = [f"  {name:<9} {what}" for name, (_, what) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: posejockey COMMAND [options]     (posejockey COMMAND --help)",
            "",
            "A microphone hears the room, a trained network dances, its poses leave over OSC.",
            "",
            *lines,
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
