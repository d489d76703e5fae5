"""Control messages from the operator's desk, phone or sequencer.

Enters: OSC over UDP, from anybody who can reach the port, so nothing in it is trusted. Leaves:
controls that are in the schema, with values of the right type and within their range; answers to
those who asked for them. Polled by the engine's thread; never waits, never raises.
"""

import contextlib
import errno
import re
import socket
from typing import Self

from live.control.allow_list import AllowList
from live.control.watchers import Watchers
from live.errors import DeviceError
from live.limited_log import LimitedLog
from live.monotonic import monotonic_s
from live.osc import encoding
from live.osc import schema as osc_schema
from live.osc.values import RELEASE, Value, parse_arguments, parse_named

# The address, padded to four bytes, then nothing or the type tag of at most one argument.
_CONTROL = re.compile(
    rb"(/pj/(?:control|visuals)/[a-z_]{1,32})(?:/([A-Za-z0-9_-]{1,40}))?"
    rb"\0{1,4}(?:,[ifhdsTF]?\0|\Z)"
)
_BUNDLE = b"#bundle\0"
_BUNDLE_HEADER = 16
_MAX_ASKERS = 8
_SAME_PORT = 1  # of an ack request: the answers go where it came from
_TOO_LONG = getattr(errno, "WSAEMSGSIZE", errno.EMSGSIZE)  # Windows says so, others cut it off
_STRANGER = "control packets of %s are not looked at; --control-allow %s would have them"
_RECEIVE_BYTES = osc_schema.MAX_BUNDLE_BYTES + 1  # one more than allowed, to tell what is longer


class ControlIn:
    """Listens on host:port; port 0 picks a free one, see `port`.

    rejected: messages and packets that were ignored since the start. DeviceError if the port is
    taken or the host is none of this machine's. allow: whose packets are looked at, `AllowList`
    with no entries (this machine alone) if not given.

    Whoever sends `ack` is answered from then on, eight at most, the latest: with every control
    that `answer` is told of, whoever it came from, and with each of its own that was rejected.
    Whoever sends `watch` is among `watchers`, who are answered too.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = osc_schema.DEFAULT_CONTROL_PORT,
        allow: AllowList | None = None,
    ):
        self._allow = allow or AllowList()
        self._socket = _bind(host, port)
        self.port: int = self._socket.getsockname()[1]
        self.rejected = 0
        self._strangers = LimitedLog()
        self.watchers = Watchers(self._tell)
        self._askers: dict[tuple, tuple] = {}  # where it asks from: where the answers go

    def poll(self, limit: int = 64) -> list[tuple[str, Value]]:
        """The controls that have arrived, (name, value), oldest first.

        limit: messages looked at, so that a flood costs a bounded time; what a packet holds beyond
        it is rejected. value: a float within the control's range, a str, or None for a trigger.
        """
        controls: list[tuple[str, Value]] = []
        looked_at = 0
        while looked_at < limit:
            received = self._receive()
            if received is None:
                break
            packet, sender = received
            messages = _split(packet)
            taken = messages[: limit - looked_at]
            accepted = [c for c in map(_control, taken) if c is not None]
            controls += [c for c in accepted if not self._is_request(c, sender)]
            rejected = max(1, len(messages)) - len(accepted)
            self.rejected += rejected
            if rejected and sender in self._askers:
                self._tell(self._askers[sender], encoding.encode_ack("", False, float(rejected)))
            looked_at += max(1, len(messages))
        return [control for control in controls if control is not RELEASE]

    def answer(self, name: str, obeyed: bool, value: Value) -> None:
        """Tell everybody who asked what has become of a control; value: as it is in force."""
        if self._askers or self.watchers:
            message = encoding.encode_ack(name, obeyed, value)
            for target in self._askers.values():
                self._tell(target, message)
            self.watchers.send([message])

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _receive(self) -> tuple[bytes, tuple] | None:
        """The next packet and its sender; b"" for one that cannot be taken, None if there is none.

        A ConnectionError is Windows' way to say that an answer found nobody.
        """
        try:
            packet, sender = self._socket.recvfrom(_RECEIVE_BYTES)
        except (BlockingIOError, ConnectionError):
            return None
        except OSError as error:
            if error.errno == _TOO_LONG:
                return b"", ()
            self.rejected += 1  # closed, say: every call ends up here, so there is no next one
            return None
        if sender[0] not in self._allow:
            self._strangers.warn(monotonic_s(), _STRANGER, sender[0], sender[0])
            return b"", ()
        return (b"", ()) if len(packet) == _RECEIVE_BYTES else (packet, sender)

    def _is_request(self, control: tuple[str, Value], sender: tuple) -> bool:
        """Whether it is a request for answers, or to watch, which is met here."""
        name, value = control
        if name == osc_schema.WATCH_REQUEST.name:
            self.watchers.ask(sender, bool(value))
            return True
        if name != osc_schema.ACK_REQUEST.name:
            return False
        port = int(value) if isinstance(value, float) else 0
        target = sender if port == _SAME_PORT else (sender[0], port, *sender[2:])
        self._askers.pop(sender, None)
        if port > 0:
            while len(self._askers) >= _MAX_ASKERS:
                del self._askers[next(iter(self._askers))]
            self._askers[sender] = target
            self._tell(target, encoding.encode_ack(name, True, value))
        return True

    def _tell(self, target: tuple, message: bytes) -> None:
        with contextlib.suppress(OSError):  # gone, or not reachable: it is only an answer
            self._socket.sendto(message, target)


_KNOWN = {c.address: c for c in (*osc_schema.PLAYED.values(), *osc_schema.REQUESTS.values())}


def _split(packet: bytes) -> list[bytes]:
    """The messages in a packet, of nested bundles too; none if it is damaged."""
    messages, elements = [], [packet]
    while elements:
        element = elements.pop()
        if not element.startswith(_BUNDLE):
            messages.append(element)
            continue
        inner = _elements(element)
        if inner is None:
            return []
        elements += reversed(inner)
    return messages


def _elements(bundle: bytes) -> list[bytes] | None:
    elements, at = [], _BUNDLE_HEADER
    while at < len(bundle):
        size = int.from_bytes(bundle[at : at + 4])
        at += 4 + size
        if size == 0 or at > len(bundle):
            return None
        elements.append(bundle[at - size : at])
    return elements


def _control(message: bytes) -> tuple[str, Value] | None:
    """A message as a control; None if it is not in the schema."""
    # python-osc logs every type it does not know, which a flood must not make it do.
    looks_right = _CONTROL.match(message)
    if looks_right is None or len(message) % 4:  # python-osc would fill up a cut-off number
        return None
    if max(message.find(b","), 0) % 4:  # out of place, it would take another byte for the type
        return None
    control = _KNOWN.get(looks_right[1].decode())
    decoded = list(encoding.decode(message))
    if control is None or len(decoded) != 1:
        return None
    if looks_right[2] is not None:
        return parse_named(control, looks_right[2].decode(), decoded[0][1])
    return parse_arguments(control, decoded[0][1])


def _bind(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
        family, *_, address = min(found, key=lambda info: info[0] != socket.AF_INET)
        sock = socket.socket(family, socket.SOCK_DGRAM)
    except (OSError, UnicodeError, OverflowError) as error:
        raise DeviceError(f"control address {host}:{port} cannot be used: {error}") from error
    try:
        sock.setblocking(False)
        sock.bind(address)
    except OSError as error:
        sock.close()
        raise DeviceError(
            f"control port {port} on {host} cannot be opened ({error.strerror}); end the program "
            "that holds it, or choose another control port"
        ) from error
    return sock
