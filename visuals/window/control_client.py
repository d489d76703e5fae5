"""The window's end of the engine's control port: controls leave, what has become of them returns.

Enters: controls, in the window's thread; answers (`/pj/ack`), which are asked for again and again,
as the engine may have been started anew. Leaves: OSC over UDP. Never waits, and never raises after
it was made: an engine that is not there must not stop the picture.
"""

import math
import socket
from dataclasses import dataclass

from live.errors import ConfigError
from live.osc.encoding import decode, encode_message, encode_picture
from live.osc.schema import ACK, ACK_REQUEST, NEXT, PICTURE, PREVIOUS

_ASK_EVERY_S = 2.0
_MOST_ANSWERS = 32  # looked at for a picture: a flood costs a bounded time
_LONGEST = 40  # letters of what was asked for in vain


@dataclass(frozen=True)
class Answer:
    """What has become of a control, whoever played it. value: in force, or asked for in vain."""

    name: str
    obeyed: bool
    value: float | str

    @property
    def refusal(self) -> str:
        """A line for the operator; "" where there is nothing to say."""
        if self.obeyed or not self.name:
            return ""
        if self.name != "cue":
            return f"{self.name} {self._asked}: refused"
        ends = {NEXT: "no scene after this one", PREVIOUS: "no scene before this one"}
        return ends.get(self._asked, f"there is no scene {self._asked}")

    @property
    def _asked(self) -> str:
        text = self.value if isinstance(self.value, str) else f"{self.value:g}"
        return text if len(text) <= _LONGEST else text[:_LONGEST] + "\u2026"


class ControlClient:
    """Sends to (host, port); counts what the network refuses.

    Raises ConfigError for a host that has no address: looked up once, never while performing.
    """

    def __init__(self, target: tuple[str, int]):
        self.refused = 0
        self._target = (_resolved(target[0]), target[1])
        self._next_ask_s = -math.inf
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def send(self, name: str, arguments: tuple[float | str, ...] = ()) -> None:
        """A control of the engine."""
        types = "".join("s" if isinstance(value, str) else "f" for value in arguments)
        self._send(encode_message(f"/pj/control/{name}", types, arguments))

    def send_picture(self, name: str, value: float | str) -> None:
        """A control of the picture, for the engine to record and to pass on to other windows.

        A value that the wire has no word for (a look of one's own) stays in this window.
        """
        choices = PICTURE[name].choices
        if not choices or value in choices:
            self._send(encode_picture(name, value))

    def answers(self, now_s: float) -> list[Answer]:
        """What has come since the last time, checked. now_s: of any clock."""
        if now_s >= self._next_ask_s:
            self._next_ask_s = now_s + _ASK_EVERY_S
            self._send(encode_message(ACK_REQUEST.address, "f", (1.0,)))
        found = []
        for _ in range(_MOST_ANSWERS):
            try:
                packet, sender = self._socket.recvfrom(2048)
            except BlockingIOError:
                break
            except OSError:  # Windows' way to say that nobody was there; or a packet too long
                continue
            if sender == self._target:
                found += [a for a in map(_answer, decode(packet)) if a]
        return found

    def close(self) -> None:
        self._socket.close()

    def _send(self, packet: bytes) -> None:
        try:
            self._socket.sendto(packet, self._target)
        except OSError:
            self.refused += 1


def _answer(message: tuple[str, list]) -> Answer | None:
    address, arguments = message
    if address != ACK.address or len(arguments) != len(ACK.types):
        return None
    name, obeyed, number, text = arguments
    if not (isinstance(name, str) and isinstance(text, str) and (name + text).isprintable()):
        return None
    if not isinstance(obeyed, int) or not isinstance(number, float) or not math.isfinite(number):
        return None
    return Answer(name[:_LONGEST], bool(obeyed), text or number)


def _resolved(host: str) -> str:
    try:
        return socket.gethostbyname(host)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"the control host {host!r} has no address ({error})") from error
