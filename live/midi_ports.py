"""MIDI inputs: found by a part of their name, shared, and opened again when they come back.

Enters: messages, in the library's own thread, which only hands them on with `callback`. A thread
looks once a second whether a device that is in use has gone or has returned; the engine's thread
never waits for either. The library is optional (`pip install -e .[control]`).
"""

import contextlib
import logging
import re
import sys
import threading
from collections.abc import Callable
from typing import Any, Self

from live.errors import ConfigError, DeviceError
from live.midi_raw import RawMidi
from live.supervised_thread import SupervisedThread, note_failure

log = logging.getLogger(__name__)

# What rtmidi raises: some of its errors are OSErrors, others ValueErrors or RuntimeErrors.
LIBRARY_ERRORS = (OSError, ValueError, RuntimeError, MemoryError)
_LOOK_EVERY_S = 1.0
_PATIENCE_S = 1.0
_LOOPBACK = "midi through"  # Linux has one of these always; nobody means it
# What an operating system adds to a name, and may change when the device returns.
_SUFFIX = re.compile(r"( \d+:\d+| \d+)$")


class Tap:
    """One listener at a shared input: set `callback`, and every message is handed to it."""

    def __init__(self, owner: "MidiInput"):
        self.callback: Callable[[Any], None] | None = None
        self._owner = owner

    def close(self) -> None:
        """Listen no more; the input stays open for the others."""
        self._owner.leave(self)


class MidiInput:
    """An input that is open, or waited for. losses: how often it vanished.

    name: a part of it. DeviceError if there is none of that name, or it does not open.
    """

    def __init__(self, name: str, library: Any):
        self._library = library
        self._wanted = name
        self._taps: tuple[Tap, ...] = ()
        self.opened = find_input(name, library)
        self._port: Any = self._open(self.opened)
        self.losses = 0

    def tap(self) -> Tap:
        tap = Tap(self)
        self._taps = (*self._taps, tap)
        return tap

    def leave(self, tap: Tap) -> None:
        self._taps = tuple(t for t in self._taps if t is not tap)

    def look(self, names: list[str]) -> None:
        """Close what has gone, open what is back. names: the inputs there are now."""
        if self._port is not None and self.opened not in names:
            log.warning("the MIDI input %r is gone", self.opened)
            self.losses += 1
            self.close()
        if self._port is None and (found := _match(self._wanted or stem(self.opened), names)):
            try:
                self._port = self._open(found[0])
            except DeviceError as error:  # still starting up: the next look may find it ready
                log.info("%s", error)
                return
            self.opened = found[0]
            log.warning("the MIDI input %r is back", self.opened)

    def close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            with contextlib.suppress(*LIBRARY_ERRORS):  # of a device that is gone
                port.close()

    def _open(self, name: str) -> Any:
        try:
            port = self._library.open_input(name)
            port.callback = self._hear
        except LIBRARY_ERRORS as error:
            raise DeviceError(f"the MIDI input {name!r} does not open: {error}") from error
        return port

    def _hear(self, message: Any) -> None:
        for tap in self._taps:
            try:
                if tap.callback is not None:
                    tap.callback(message)
            except Exception as error:  # one listener's fault is not the other's, nor the port's
                note_failure(f"MIDI input {self.opened}", error)


class MidiPorts:
    """Every MIDI input in use, each opened once: clock and controller may be the same device.

    Closed with `close`, or as a context. watch: look for lost devices in a thread of its own.
    """

    def __init__(self, watch: bool = True):
        self.inputs: dict[str, MidiInput] = {}
        self._watch = watch
        self._over = threading.Event()
        self._thread: SupervisedThread | None = None

    def open(self, name: str) -> Tap:
        """A listener at an input, by a part of its name, "" for the only or first one.

        ConfigError without the library, DeviceError without such an input.
        """
        library = midi_library()
        found = find_input(name, library)
        if found not in self.inputs:
            self.inputs[found] = MidiInput(name, library)
        if self._watch and self._thread is None:
            self._thread = SupervisedThread("midi", self._look, self._over)
            self._thread.start()
        return self.inputs[found].tap()

    def look(self) -> None:
        """Look once for what has gone or returned."""
        try:
            names = input_names(midi_library())
        except (ConfigError, DeviceError) as error:
            log.info("%s", error)
            return
        for one in tuple(self.inputs.values()):
            try:
                one.look(names)
            except Exception as error:  # whatever a driver does: the others are looked for, too
                note_failure(f"MIDI input {one.opened}", error)

    def close(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE_S)  # a driver that hangs must not hold up the show's end
        for one in self.inputs.values():
            one.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _look(self) -> None:
        while not self._over.wait(_LOOK_EVERY_S):
            self.look()


def midi_library() -> Any:
    """mido, or on Linux without python-rtmidi what reads the devices themselves. ConfigError where
    neither can be had."""
    try:
        import mido
    except ImportError as error:
        raise ConfigError(_NOT_INSTALLED) from error
    try:
        mido.backend.load()  # pyright: ignore[reportAttributeAccessIssue]  # set by its set_backend
    except ImportError as error:
        if sys.platform != "linux":
            raise ConfigError(_NOT_INSTALLED) from error
        return RawMidi(mido.Parser)
    return mido


def input_names(library: Any) -> list[str]:
    """Every MIDI input of this machine, once. DeviceError where the system has no MIDI."""
    try:
        return list(dict.fromkeys(library.get_input_names()))
    except LIBRARY_ERRORS as error:
        raise DeviceError(f"this machine's MIDI does not answer: {error}") from error


def find_input(name: str, library: Any) -> str:
    """The first input whose name holds `name`, in any case. DeviceError if there is none."""
    names = input_names(library)
    if found := _match(name, names):
        return found[0]
    known = f"there are {', '.join(map(repr, names))}" if names else "there are none"
    missing = f"no MIDI input named {name!r}; {known}" if name else "no MIDI input"
    raise DeviceError(missing + getattr(library, "hint", ""))


def stem(name: str) -> str:
    """A name without the numbers that a system gives."""
    return _SUFFIX.sub("", name)


def _match(name: str, names: list[str]) -> list[str]:
    """Those that hold the name; a loopback only after all others."""
    found = [n for n in names if name.casefold() in n.casefold()]
    return sorted(found, key=lambda n: n.casefold().startswith(_LOOPBACK))


_NOT_INSTALLED = (
    "MIDI needs mido, and python-rtmidi but on Linux; run `pip install -c constraints.txt -e "
    ".[control]`, or go without --midi-map, and with another --clock"
)
