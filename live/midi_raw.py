"""MIDI inputs of Linux read without a library: hardware only, one program at a time.

Enters: bytes of /dev/snd/midiC*D*, in a thread a port. Leaves: messages, to the port's `callback`
in that thread. Stands in for python-rtmidi where that is missing, as it has no wheel for Linux from
Python 3.13 on. Same functions as mido's, which parses the bytes.
"""

import contextlib
import os
import re
import select
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from live.supervised_thread import SupervisedThread

DEVICES = Path("/dev/snd")
CARDS = Path("/proc/asound")
_DEVICE = re.compile(r"midiC(\d+)D(\d+)$")
_MOST_BYTES = 4096
_REALTIME = 0xF8  # this and higher may come in the middle of another message
_DATA_BYTES = {
    **{status: 2 for status in range(0x80, 0xF0)},
    **{status: 1 for status in range(0xC0, 0xE0)},
    0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0,
}  # fmt: skip
"""How many follow a status. Of system exclusive, any number: it says nothing to a show."""


class RawMidi:
    """`get_input_names` and `open_input`, as of mido. parser: makes a `mido.Parser`."""

    hint = "; only hardware is seen here, for python-rtmidi is not installed (docs/control.md)"

    def __init__(self, parser: Callable[[], Any], devices: Path = DEVICES, cards: Path = CARDS):
        self._parser, self._devices, self._cards = parser, devices, cards

    def get_input_names(self) -> list[str]:
        return [name for name, _ in self._inputs()]

    def open_input(self, name: str) -> "RawPort":
        """OSError where it is gone, or in use by another program."""
        for found, path in self._inputs():
            if found == name:
                return RawPort(path, self._parser())
        raise OSError(f"{name!r} is gone")

    def _inputs(self) -> list[tuple[str, Path]]:
        """Name and device, the name with the numbers at its end that ALSA gives."""
        found = []
        for path in sorted(self._devices.glob("midiC*D*")):
            if match := _DEVICE.match(path.name):
                card, device = match.groups()
                found.append((f"{self._name(card, device)} {card}:{device}", path))
        return found

    def _name(self, card: str, device: str) -> str:
        try:
            text = (self._cards / f"card{card}" / f"midi{device}").read_text(errors="replace")
        except OSError:
            text = ""
        return text.split("\n")[0].strip() or "MIDI"


class MessageCutter:
    """Bytes as a cable carries them to whole messages, each with its status.

    mido's parser alone would lose a message whose status a device leaves out because it is that of
    the one before, and one that the clock interrupts; and keep system exclusive that never ends.
    """

    def __init__(self) -> None:
        self._status = 0
        self._data = bytearray()

    def cut(self, data: bytes) -> Iterator[bytes]:
        for byte in data:
            if byte >= _REALTIME:
                yield bytes([byte])
                continue
            if byte >= 0x80:
                self._status = byte
                self._data.clear()
            else:
                self._data.append(byte)
            if len(self._data) == _DATA_BYTES.get(self._status):
                yield bytes([self._status, *self._data])
                if self._status >= 0xF0:
                    self._status = 0
                self._data.clear()
            elif self._status not in _DATA_BYTES:
                self._data.clear()


class RawPort:
    """An open device. callback: gets every message, in the port's own thread."""

    def __init__(self, path: Path, parser: Any):
        self.callback: Callable[[Any], None] | None = None
        self._parser, self._cutter = parser, MessageCutter()
        self._device = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._woken, self._wake = os.pipe()
        self._over = threading.Event()
        self._thread = SupervisedThread(path.name, self._read, self._over)
        self._thread.start()

    def close(self) -> None:
        if self._wake >= 0:
            self._over.set()
            os.close(self._wake)
            self._wake = -1
            self._thread.join()
            os.close(self._device)
            os.close(self._woken)

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # unplugged: the look for lost devices closes it
            while self._woken not in select.select([self._device, self._woken], [], [])[0]:
                data = os.read(self._device, _MOST_BYTES)
                if not data:
                    break
                self._hand_on(data)

    def _hand_on(self, data: bytes) -> None:
        for message in self._cutter.cut(data):
            self._parser.feed(message)
        for parsed in self._parser:
            if self.callback is not None:
                self.callback(parsed)
