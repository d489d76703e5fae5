"""`posejockey devices`: what can be heard and played through, played on, and drawn on."""

import argparse
import subprocess

from live.audio.devices import list_devices
from live.audio.system_sound import SYSTEM, find_system_sound
from live.child_process import child_command
from live.cli import midi
from live.errors import ConfigError, DeviceError
from live.midi_ports import input_names, midi_library


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="posejockey devices", description=__doc__)
    midi.add_options(parser)
    args = parser.parse_args(argv)
    if args.midi or args.learn or args.map:
        return midi.run(args)
    if args.control:
        raise ConfigError(f"{args.control[0]!r} is to be learned, but --learn FILE is missing")
    _list_sound()
    _list_system_sound()
    _list_midi()
    _list_displays()
    return 0


def _list_sound() -> None:
    try:
        devices = list_devices()
    except DeviceError as error:  # the rest may still be there
        print(f"sound: {error}")
        return
    for direction, channels, default in (
        ("inputs", "inputs", "default_input"),
        ("outputs", "outputs", "default_output"),
    ):
        rows = [d for d in devices if getattr(d, channels)]
        print(f"{direction}: {'none' if not rows else ''}")
        for d in rows:
            mark = "*" if getattr(d, default) else " "
            print(f" {mark} {d.label}  ({getattr(d, channels)} channels, {d.rate} Hz)")
    print("\n* is the default. Name one with --input; a unique part of the name is enough.")


def _list_system_sound() -> None:
    try:
        print(f"\n{find_system_sound().name}: what this computer plays; --input {SYSTEM}")
    except DeviceError as error:
        print(f"\nsystem sound: {error}")


def _list_midi() -> None:
    try:
        names = input_names(midi_library())
    except (ConfigError, DeviceError) as error:
        print(f"\nMIDI inputs: {error}")
        return
    print(f"\nMIDI inputs: {'none' if not names else ''}")
    for name in names:
        print(f"   {name}")


def _list_displays() -> None:
    """Asked of the visualizer, which alone may load pygame."""
    told = subprocess.run(
        child_command("visuals.window.displays"),
        capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    print(f"\ndisplays: {told.stdout or 'none, or no pygame'}", end="" if told.stdout else "\n")
