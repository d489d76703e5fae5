"""Where the sound comes from: an input of the sound card, what the computer itself plays, a file,
or the built-in demo track.

Enters: a device's name, a path, or nothing. Leaves: mono float32 samples in a `SampleRing`, and the
time of the last block. Each source has a producer of its own, in another thread; the engine reads
the ring and never waits for any of them.
"""

import os
from pathlib import Path

from live.audio.microphone import Microphone
from live.audio.playback import DemoSource, FileSource
from live.audio.source import DEFAULT_BLOCK, Source, log
from live.audio.system_sound import SYSTEM, find_system_sound
from live.errors import DeviceError


def open_source(
    spec: str = "auto",
    *,
    loop: bool = False,
    play: bool = True,
    block: int = DEFAULT_BLOCK,
    rate: int | None = None,
) -> Source:
    """The source a user means, not started yet.

    spec: "auto" (the default input; where there is none the demo, and `note` says why), "demo",
    "system" (what this computer plays), the path of a file, or a device's name. DeviceError or
    ArtifactError with the way out.
    """
    if spec == "auto":
        return _auto(play, block, rate)
    if spec == "demo":
        return DemoSource(play)
    if spec == SYSTEM:
        return find_system_sound().open(block, rate)
    if os.path.exists(spec):
        return FileSource(spec, loop, play)
    try:
        return Microphone(spec, block, rate)
    except DeviceError as error:
        if Path(spec).suffix in ("", "."):
            raise
        raise DeviceError(f"no file {spec!r}, and as a device: {error}") from error


def _auto(play: bool, block: int, rate: int | None) -> Microphone | DemoSource:
    try:
        return Microphone(None, block, rate)
    except DeviceError as error:
        demo = DemoSource(play)
        demo.note = f"{error}; the built-in demo plays instead."
        log.info("%s", demo.note)
        return demo
