"""OS2L (Open Sound to Light, os2l.org) as a source of beats: DJ programs such as VirtualDJ.

Enters: JSON messages over TCP, from anybody who may connect, so nothing in them is trusted; each
with its arrival time, in a thread of its own, which only puts them in a queue. Leaves: a
`BeatEstimate` at each poll, in the engine's thread.

A beat is {"evt": "beat", "change": false, "pos": 7, "bpm": 128.35, "strength": 4.5}: pos counts
beats, a multiple of 4 is a downbeat; change says that the count jumped. Nothing separates one
message from the next. How strong a beat is says nothing about where it is, and is not used.
"""

import contextlib
import json
import math
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable, Container
from dataclasses import dataclass

from live.beat.estimate import BEATS_PER_BAR, MAX_BPM, BeatEstimate
from live.beat.set_tempo import MIN_SET_BPM
from live.errors import DeviceError
from live.limited_log import LimitedLog
from live.monotonic import monotonic_s
from live.supervised_thread import SupervisedThread

DEFAULT_OS2L_PORT = 9996  # VirtualDJ's os2lDirectIp needs one that stays; QLC+ takes this, too

_MOST_CLIENTS = 8
_MOST_BYTES = 4096  # of a message, and of what is read at once
_MOST_DEEP = 8
_MOST_WAITING = 256
_PAUSE_S = 0.002  # after each look: a flood costs a bounded share of the time
_LOOK_S = 0.2
_CLOSE_S = 1.0
_STRANGER = "OS2L connections of %s are refused; --control-allow %s would have them"


@dataclass(frozen=True)
class Os2lBeat:
    """A beat as it was told. pos: None where nobody counts; bpm: None where it is not told."""

    pos: int | None
    bpm: float | None
    change: bool


class Os2lMessages:
    """Bytes of one connection to the JSON objects in them. rejected: what was thrown away."""

    def __init__(self) -> None:
        self.rejected = 0
        self._begin()

    def _begin(self) -> None:
        self._message = bytearray()
        self._depth = 0
        self._in_text = self._escaped = False

    def push(self, data: bytes) -> list[dict]:
        found = []
        for byte in data:
            if self._depth == 0 and byte != 0x7B:  # what stands between messages
                continue
            if self._depth and byte == 0x7B and self._is_misplaced():  # the one before broke off
                self.rejected += 1
                self._begin()
            self._message.append(byte)
            self._follow(byte)
            if self._depth == 0:
                message = _object(bytes(self._message))
                self._begin()
                if message is None:
                    self.rejected += 1
                else:
                    found.append(message)
            elif self._depth > _MOST_DEEP or len(self._message) > _MOST_BYTES:
                self.rejected += 1
                self._begin()
        return found

    def _is_misplaced(self) -> bool:
        """Whether no object can begin here, behind what there is of the message."""
        return not self._in_text and self._message.rstrip()[-1:] not in (b":", b",", b"[")

    def _follow(self, byte: int) -> None:
        if self._in_text:
            if self._escaped:
                self._escaped = False
            elif byte == 0x5C:
                self._escaped = True
            elif byte == 0x22:
                self._in_text = False
        elif byte == 0x22:
            self._in_text = True
        elif byte == 0x7B:
            self._depth += 1
        elif byte == 0x7D:
            self._depth -= 1


def parse_beat(message: dict) -> Os2lBeat | None:
    """The beat in a message; None where it is something else, or cannot be one."""
    if message.get("evt") != "beat":
        return None
    bpm, pos = _number(message.get("bpm")), _number(message.get("pos"))
    if bpm is not None and not MIN_SET_BPM <= bpm <= MAX_BPM:
        return None
    counted = int(pos) if pos is not None and abs(pos) < 1e9 else None
    return Os2lBeat(counted, bpm, message.get("change") is True)


class Os2lBeats:
    """Beats and their arrival times in, a beat out; no socket, no thread.

    A program says its beats some milliseconds late, one differently from the next: where the beat
    is, is the mean of the last four of them, moved on at the tempo they tell. One that is off by a
    sixth of a beat, or that tells of a change, begins anew.
    """

    _MEAN_OF = 4
    _OFF = 1 / 6  # of a beat
    _LOST_BEATS = 2.5  # without one
    _TEMPO_CHANGE = 0.05

    def __init__(self) -> None:
        self._count = 0  # of the newest beat
        self._time_s = -math.inf  # of the newest beat, smoothed
        self._heard_s = -math.inf  # when it came
        self._bpm: float | None = None
        self._mean_of = 0
        self._counts = False  # whether beats are numbered

    def hear(self, beat: Os2lBeat, time_s: float) -> None:
        bpm = beat.bpm or self._measured(time_s)
        passed = 0.0 if self._bpm is None else (time_s - self._time_s) * self._bpm / 60
        off = passed - round(passed)
        follows = 0.5 < passed < self._LOST_BEATS and abs(off) <= self._OFF and not beat.change
        if follows and bpm and self._bpm and abs(bpm / self._bpm - 1) < self._TEMPO_CHANGE:
            self._mean_of = min(self._mean_of + 1, self._MEAN_OF)
            self._time_s = time_s - off * 60 / self._bpm * (1 - 1 / self._mean_of)
            counted = self._count + round(passed)
        else:
            self._mean_of, self._time_s, counted = 1, time_s, 0
        self._counts = beat.pos is not None
        self._count = counted if beat.pos is None else beat.pos
        self._bpm, self._heard_s = bpm, time_s

    def estimate(self, sample: float, time_s: float) -> BeatEstimate | None:
        """None before a tempo is known, and two and a half beats after the last one."""
        if self._bpm is None or self.is_lost(time_s):
            return None
        beats = self._count + (time_s - self._time_s) * self._bpm / 60
        bar_beat = beats % BEATS_PER_BAR if self._counts else None
        return BeatEstimate(sample, beats % 1.0, self._bpm, 1.0, bar_beat=bar_beat)

    def is_lost(self, time_s: float) -> bool:
        return time_s - self._heard_s > self._LOST_BEATS * 60 / (self._bpm or 60.0)

    def _measured(self, time_s: float) -> float | None:
        """From the beat before, where nobody tells the tempo."""
        gap_s = time_s - self._heard_s
        return 60 / gap_s if 60 / MAX_BPM <= gap_s <= 60 / MIN_SET_BPM else None


class Os2lSource:
    """Listens at host:port for DJ programs; port 0 picks a free one, see `port`.

    Of several that tell beats the first is followed until it falls silent. DeviceError where the
    port is taken. allow: addresses whose connections are kept. rejected: messages thrown away.
    """

    name = "os2l"

    def __init__(
        self,
        host: str,
        port: int,
        allow: Container[str],
        now: Callable[[], float] = monotonic_s,
    ):
        self._allow, self._now = allow, now
        self._beats = Os2lBeats()
        self._followed: int | None = None  # which connection
        self._arrived: deque[tuple[int, Os2lBeat, float]] = deque(maxlen=_MOST_WAITING)
        self._clients: dict[socket.socket, tuple[int, Os2lMessages]] = {}
        self._connected = 0
        self._strangers = LimitedLog()
        self.rejected = 0
        self._server = _listen(host, port)
        self.port: int = self._server.getsockname()[1]
        self._over = threading.Event()
        self._thread = SupervisedThread("OS2L", self._serve, self._over)
        self._thread.start()

    @property
    def clients(self) -> int:
        """Programs that are connected."""
        return len(self._clients)

    def poll(self, sample: float, time_s: float) -> BeatEstimate | None:
        for _ in range(len(self._arrived)):
            client, beat, arrived_s = self._arrived.popleft()
            if client != self._followed and self._beats.is_lost(arrived_s):
                self._followed, self._beats = client, Os2lBeats()
            if client == self._followed:
                self._beats.hear(beat, arrived_s)
        return self._beats.estimate(sample, time_s)

    def close(self) -> None:
        self._over.set()
        self._thread.join(_CLOSE_S)
        for one in (self._server, *self._clients):
            with contextlib.suppress(OSError):
                one.close()

    def _serve(self) -> None:
        """In the thread. What raises ends all connections, and is begun again."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._server, selectors.EVENT_READ)
            for client in self._clients:
                selector.register(client, selectors.EVENT_READ)
            while not self._over.is_set():
                for key, _ in selector.select(_LOOK_S):
                    if key.fileobj is self._server:
                        self._accept(selector)
                    elif isinstance(key.fileobj, socket.socket):
                        self._read(key.fileobj, selector)
                self._over.wait(_PAUSE_S)

    def _accept(self, selector: selectors.BaseSelector) -> None:
        try:
            client, address = self._server.accept()
        except OSError:  # gone before it was taken
            return
        if address[0] not in self._allow:
            self._strangers.warn(self._now(), _STRANGER, address[0], address[0])
        elif len(self._clients) < _MOST_CLIENTS:
            client.setblocking(False)
            self._connected += 1
            self._clients[client] = (self._connected, Os2lMessages())
            selector.register(client, selectors.EVENT_READ)
            return
        client.close()

    def _read(self, client: socket.socket, selector: selectors.BaseSelector) -> None:
        arrived_s = self._now()
        try:
            data = client.recv(_MOST_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            selector.unregister(client)
            del self._clients[client]
            client.close()
            return
        number, messages = self._clients[client]
        before = messages.rejected
        for message in messages.push(data):
            beat = parse_beat(message)
            if beat is not None:
                self._arrived.append((number, beat, arrived_s))
            elif message.get("evt") == "beat":
                self.rejected += 1
        self.rejected += messages.rejected - before


def _listen(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, *_, address = min(found, key=lambda info: info[0] != socket.AF_INET)
        server = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError) as error:
        raise DeviceError(f"OS2L address {host}:{port} cannot be used: {error}") from error
    try:
        server.setblocking(False)
        server.bind(address)
        server.listen(_MOST_CLIENTS)
    except OSError as error:
        server.close()
        raise DeviceError(
            f"OS2L port {port} on {host} cannot be opened ({error.strerror}); end the program that "
            "holds it (QLC+ listens there, too), or choose another --os2l-port"
        ) from error
    return server


def _object(message: bytes) -> dict | None:
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _number(value: object) -> float | None:
    """A finite number, said as one or as a text; None where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
