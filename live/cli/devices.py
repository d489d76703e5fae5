"""`posejockey devices`: what can be heard and played through."""

import argparse

from live.audio_in import list_devices


def main(argv: list[str]) -> int:
    argparse.ArgumentParser(prog="posejockey devices", description=__doc__).parse_args(argv)
    devices = list_devices()
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
    return 0
