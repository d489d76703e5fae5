"""Beats from elsewhere than sound: Ableton Link (`link.py`), MIDI clock (`midi_clock.py`), and DJ
programs by OS2L (`os2l.py`).

Enters: the setting of `--clock`. Leaves: the sources it asks for. The show polls each of them
between frames, in the engine's thread, and hands what they know to `live/beat/clock.py`.
"""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from typing import Protocol

from live.beat.estimate import BeatEstimate
from live.beat.link import LinkSource
from live.beat.midi_clock import MidiClockSource
from live.errors import ConfigError, DeviceError
from live.midi_ports import MidiPorts

log = logging.getLogger(__name__)

CLOCKS = ("auto", "audio", "link", "midi", "os2l")


class ClockSource(Protocol):
    """name: one of `live.beat.clock.OFFERED`. rejected: messages of it that were thrown away.

    poll: where the beat is at a 24 kHz sample index, None while the source does not know. The
    moment comes as a pair, the sample and the monotonic time (s) at which it is current, so that no
    source needs to know the sample clock.
    """

    name: str

    @property
    def rejected(self) -> int: ...
    def poll(self, sample: float, time_s: float) -> BeatEstimate | None: ...
    def close(self) -> None: ...


def open_sources(
    clock: str,
    midi_port: str,
    stack: ExitStack,
    ports: MidiPorts | None = None,
    open_os2l: Callable[[], ClockSource] | None = None,
    leads_link: bool = False,
) -> list[ClockSource]:
    """The sources that a setting of CLOCKS asks for, closed with the stack.

    "link", "midi" and "os2l" raise ConfigError or DeviceError where they cannot be had; "auto"
    takes what there is. midi_port: a part of the name, "" for the only or first one. ports: where
    MIDI inputs are opened, and shared with a controller; their own if not given. open_os2l: knows
    who may connect; without it there is none. leads_link: the show leads Link, and cannot follow.
    """
    if clock == "audio":
        return []
    ports = stack.enter_context(MidiPorts()) if ports is None else ports
    openers: dict[str, Callable[[], ClockSource]] = {
        "link": lambda: LinkSource(always=clock == "link"),
        "midi": lambda: MidiClockSource(ports.open(midi_port)),
    }
    if leads_link:
        del openers["link"]
    if open_os2l is not None:
        openers["os2l"] = open_os2l
    wanted = list(openers) if clock == "auto" else [clock]
    sources: list[ClockSource] = []
    for name in wanted:
        try:
            source = openers[name]()
        except (ConfigError, DeviceError) as error:
            if clock != "auto" or (name == "midi" and midi_port):  # asked for by name
                raise
            log.info("%s", error)
            continue
        stack.callback(source.close)
        sources.append(source)
    return sources
