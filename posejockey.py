"""The command: one sub-command a job, each imported only when it is called.

`posejockey live` never loads torch, `posejockey train` never opens a sound card.
"""

import sys
from importlib import import_module
from runpy import run_module

from live import console
from live.child_process import MODULE, is_one_file

# name -> (module with a function main(argv) -> exit code, what it does)
COMMANDS = {
    "live": ("live.cli.live", "dance to a microphone, a file or the built-in demo"),
    "perform": ("export.perform", "dance to a file as fast as possible, into a file"),
    "render": ("visuals.film.render", "make a film of a session, a take or a sound file"),
    "replay": ("live.cli.replay", "send a recorded session again, in time"),
    "doctor": ("live.cli.doctor", "is this machine ready for the show? what to do if not"),
    "calibrate": ("live.cli.calibrate", "measure the delay of sound, or of the picture"),
    "lights": ("live.cli.lights", "try lamps without music; a patch from an MVR plan"),
    "devices": ("live.cli.devices", "list sound, MIDI and displays; learn a MIDI controller"),
    "visuals": ("visuals.__main__", "draw the figures that arrive over OSC"),
    "studio": ("visuals.page.studio", "pages: rehearse, the stage for OBS, a surface for a phone"),
    "bench": ("benchmarks.bench", "measure this machine: step time, dancers, first pose"),
    "capture": ("model.cli.capture", "motion of any kind to clips that can be learned from"),
    "prepare": ("model.cli.prepare", "motion clips and rendered music to training data"),
    "train": ("model.cli.train", "train the network; goes on where it was stopped"),
    "evaluate": ("model.cli.evaluate", "judge a checkpoint's dances against real ones"),
    "compare": ("model.cli.compare", "systems of the field, trained and judged side by side"),
    "learn": ("export.learn", "a style of your own, from clips to a file for the stage"),
    "export": ("export.cli", "a dance for other programs; a checkpoint to ONNX for the stage"),
}


def main(argv: list[str] | None = None) -> int:
    """Run one sub-command. Returns 0, 2 after an error the user can mend, 130 after Ctrl-C or a
    polite kill; `doctor` returns 1 where the show will not run."""
    argv = sys.argv[1:] if argv is None else argv
    console.open_missing_streams()
    console.allow_all_letters()
    try:
        with console.kills_as_interrupts():
            return _dispatch(argv)
    except BrokenPipeError:  # whoever read has read enough: `posejockey devices | head -1`
        return 0
    finally:
        console.finish()


def _dispatch(argv: list[str]) -> int:
    if not argv or argv[0] in ("-h", "--help"):
        print(_usage())
        return 0 if argv else 2
    if argv[0] == "--version":
        from importlib.metadata import version

        print(f"posejockey {version('posejockey')}")
        return 0
    if argv[0] == MODULE and is_one_file() and len(argv) > 1:
        return _run_module(argv[1], argv[2:])
    if argv[0] not in COMMANDS:
        console.say(f"posejockey: no command {argv[0]!r}\n\n{_usage()}", sys.stderr)
        return 2
    return _run(COMMANDS[argv[0]][0], argv[0], argv[1:])


def _run_module(module: str, argv: list[str]) -> int:
    """A child of the one-file build: as `python -m MODULE` where there is a Python."""
    sys.argv = [module, *argv]
    run_module(module, run_name="__main__", alter_sys=True)
    return 0


def _run(module: str, command: str, argv: list[str]) -> int:
    from live.errors import as_sentence, can_be_mended

    try:
        return import_module(module).main(argv)
    except KeyboardInterrupt:
        console.say(f"posejockey {command}: stopped", sys.stderr)
        return 130
    except Exception as error:
        if isinstance(error, OSError) and console.is_unread(error):
            raise BrokenPipeError from error
        if isinstance(error, ModuleNotFoundError) and is_one_file():
            what = f"this build is the show alone, without {error.name}: it needs README's set-up"
        elif can_be_mended(error):
            what = as_sentence(error)
        else:
            raise
        console.say(f"posejockey {command}: {what}", sys.stderr)
        return 2


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
