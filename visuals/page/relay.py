"""The show to any number of browsers: its stream as binary frames, what is in force as texts.

Enters: the show's datagrams, controls from pages. Leaves: WebSocket frames. Event loop's thread.

A binary frame is one emission, little-endian: version 1, dancers, state, section (a byte each, 255:
unknown), sample (uint32, 24 kHz, wraps), then eight floats, beat phase, bar phase, bpm, confidence,
low, mid, high, level; then for each dancer its number (uint32) and 57 floats, metres. Poses are
sent as they come: each page has its own clock of the stream, as the window does.

A text is JSON: `{"type": "show", ...}` says everything at once, to who is new and when the show
comes or goes; `{"type": "ack", "name", "obeyed", "value"}` says what has become of a control,
whoever played it.
"""

import asyncio
import json
import math
import struct
from collections import deque

import numpy as np

from live.osc.encoding import decode
from live.osc.schema import ACK, NAMES, PANIC, PICTURE, PLAYED, SECTION_KINDS, STATE
from live.osc.values import Value, chosen
from visuals.feed.layout import BundleReader
from visuals.feed.parse import Music, Packet

GONE_AFTER_S = 1.0  # without a packet of the stream
VERSION = 1
_UNKNOWN = 255
_HEAD = struct.Struct("<BBBBI8f")
_NUMBER = struct.Struct("<I")
_MOST_FRAMES = 3  # that wait for a slow client; older ones are of no use any more
_MOST_TEXTS = 256
_MOST_NAMES = 64
_SILENCE = Music((0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0.0, np.zeros(0, np.float32))


class Client:
    """What waits to be sent to one page. A slow one loses frames, and no other one waits for it."""

    def __init__(self):
        self.dropped = 0
        self.is_lost = False  # even the texts were too many: it has to begin anew
        self._frames: deque[bytes] = deque(maxlen=_MOST_FRAMES)
        self._texts: deque[str] = deque()
        self._is_filled = asyncio.Event()

    def offer_frame(self, frame: bytes) -> None:
        self.dropped += len(self._frames) == _MOST_FRAMES
        self._frames.append(frame)
        self._is_filled.set()

    def offer_text(self, text: str) -> None:
        self.is_lost |= len(self._texts) >= _MOST_TEXTS
        if not self.is_lost:
            self._texts.append(text)
        self._is_filled.set()

    async def next(self) -> bytes | str:
        """The next to send, texts first."""
        while not (self._texts or self._frames or self.is_lost):
            self._is_filled.clear()
            await self._is_filled.wait()
        return self._texts.popleft() if self._texts else self._frames.popleft()


class Relay:
    """clients: who looks."""

    def __init__(self):
        self.clients: set[Client] = set()
        self.received = 0
        self._reader = BundleReader()
        self._sample: int | None = None
        self._bodies: dict[int, np.ndarray] = {}
        self._music, self._state = _SILENCE, _UNKNOWN
        self._seen: set[int] = set()  # dancers of this frame, so far
        self._expected = 0  # dancers of the frame before
        self._values: dict[str, float | str] = {}
        self._names: dict[str, list[str]] = {}
        self._styles: tuple[str, ...] = ()
        self._last_s = -math.inf
        self.is_alive = False  # a show sends

    def add(self, client: Client) -> None:
        """A page, which is told everything."""
        self.clients.add(client)
        client.offer_text(self._show())

    def receive(self, datagram: bytes, now_s: float) -> None:
        """Take in one datagram of the show's, whatever it holds. Never raises."""
        self.received += 1
        packet = self._reader.read(datagram)
        if packet is None:
            self._hear(datagram)
            return
        if packet.dances:
            self._last_s = now_s
            self.look(now_s)
        if packet.styles and packet.styles != self._styles:
            self._styles = packet.styles
            self._tell_all(self._show())
        for control in packet.controls:
            self._follow(*control)
        self._take(packet)

    def look(self, now_s: float) -> None:
        """Whether the show is still there; called now and then."""
        is_alive = now_s - self._last_s < GONE_AFTER_S
        if is_alive != self.is_alive:
            self.is_alive = is_alive
            self._tell_all(self._show())

    def _take(self, packet: Packet) -> None:
        """A bundle is one dancer of a frame: sent on as soon as all who were there have come."""
        if packet.health:
            self._state = STATE[packet.health.state]
        if packet.sample is None:
            return
        if packet.sample != self._sample:
            self._flush()
            self._sample = packet.sample
            self._expected, self._seen = len(self._seen), set()
        self._music = packet.music or self._music
        self._bodies |= packet.joints
        self._seen |= packet.joints.keys()
        if len(self._seen) >= self._expected:
            self._flush()

    def _flush(self) -> None:
        if not self._bodies or self._sample is None:
            return
        frame = _frame(self._sample, self._bodies, self._music, self._state)
        self._bodies = {}
        for client in self.clients:
            client.offer_frame(frame)

    def _hear(self, datagram: bytes) -> None:
        for address, arguments in decode(datagram):
            if address == ACK.address and _is_ack(arguments):
                self._acknowledge(*arguments)
            elif address == NAMES.address and _are_names(arguments):
                self._name(*arguments)

    def _acknowledge(self, name: str, obeyed: int, number: float, text: str) -> None:
        value = text or number
        is_trigger = PLAYED[name].types == ""
        if obeyed and not is_trigger:
            if self._values.get(name) == value:
                return
            self._values[name] = value
        self._tell_all(json.dumps(_ack(name, bool(obeyed), value)))

    def _follow(self, name: str, value: Value) -> None:
        """A control of the picture as a visualizer hears it: where the show sends no answers."""
        if name == PANIC.name:
            for picture in PICTURE:
                self._values.pop(picture, None)
            self._tell_all(self._show())
        elif name in PICTURE and not isinstance(value, type(None)):
            control, now = PICTURE[name], self._values.get(name, "")
            if control.choices:
                value = chosen(control, value, str(now))
            self._acknowledge(name, 1, *((0.0, value) if isinstance(value, str) else (value, "")))

    def _name(self, control: str, *names: str) -> None:
        found = list(names)
        if self._names.get(control) != found:
            self._names[control] = found
            self._tell_all(self._show())

    def _show(self) -> str:
        request, *styles = self._styles or ("",)
        return json.dumps(
            {
                "type": "show",
                "is_alive": self.is_alive,
                "values": self._values,
                "names": self._names,
                "styles": styles,
                "request": request,
            }
        )

    def _tell_all(self, text: str) -> None:
        for client in self.clients:
            client.offer_text(text)


def refusal(name: str, value: object) -> str:
    """The answer to a control that cannot be: it has not gone to the show."""
    return json.dumps(_ack(name, False, value))


def _ack(name: str, obeyed: bool, value: object) -> dict:
    return {"type": "ack", "name": name, "obeyed": obeyed, "value": value}


def _frame(sample: int, bodies: dict[int, np.ndarray], music: Music, state: int) -> bytes:
    section = SECTION_KINDS.index(music.section) if music.section else _UNKNOWN
    sound = (*music.beat, *music.onset, music.level)
    parts = [_HEAD.pack(VERSION, len(bodies), state, section, sample, *sound)]
    for dancer, joints in sorted(bodies.items()):
        parts += (_NUMBER.pack(dancer), joints.astype("<f4").tobytes())
    return b"".join(parts)


def _is_ack(arguments: list) -> bool:
    fits = len(arguments) == len(ACK.types) and isinstance(arguments[0], str)
    if not fits or arguments[0] not in PLAYED:
        return False
    _, obeyed, number, text = arguments
    is_number = isinstance(number, float) and math.isfinite(number)
    return isinstance(obeyed, int) and is_number and isinstance(text, str) and text.isprintable()


def _are_names(arguments: list) -> bool:
    if not 1 <= len(arguments) <= 1 + _MOST_NAMES:
        return False
    return all(isinstance(text, str) and text.isprintable() for text in arguments)
