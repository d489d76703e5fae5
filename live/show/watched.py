"""What watchers are told besides the stream: where every control stands, and what names there are.

Enters: the engine, asked. Leaves: answers (`/pj/ack`) and `/pj/names`, once a second and at once
to who is new: a packet that got lost is made good by the next. Engine's thread; what has not
changed is not encoded again.
"""

import math
import struct
from collections.abc import Callable, Sequence

from live.control.watchers import Watchers
from live.osc.encoding import encode_ack, encode_message
from live.osc.schema import CONTROLS, MAX_BUNDLE_BYTES, NAMES, PICTURE
from live.osc.values import Value, chosen

_EVERY_S = 1.0
_HEAD = b"#bundle\0" + struct.pack(">q", 1)
_MOST_NAMES = 64
_NAMED = ("cue", "phrase")


class Watched:
    """value_of, names_of: as of `live.show.steering`."""

    def __init__(
        self,
        watchers: Watchers | None,
        value_of: Callable[[str], float | str | None],
        names_of: Callable[[str], Sequence[str]],
    ):
        self._watchers = watchers
        self._value_of, self._names_of = value_of, names_of
        self._picture: dict[str, float | str] = {}
        self._said: dict[str, tuple[object, bytes]] = {}  # what was encoded, and its message
        self._next_s = -math.inf

    def tell(self, now: float) -> None:
        """Once a second, if anybody watches."""
        if not self._watchers or not (self._watchers.take_new() or now >= self._next_s):
            return
        self._next_s = now + _EVERY_S
        values = {name: self._value_of(name) for name in CONTROLS} | self._picture
        messages = [self._ack(name, v) for name, v in values.items() if v is not None]
        messages += [self._names(name, tuple(self._names_of(name))) for name in _NAMED]
        self._watchers.send(_bundles(messages))

    def note_picture(self, name: str, value: Value) -> float | str | None:
        """A control of PICTURE was played. Returns what is in force now; None if nobody can say:
        a step from what a visualizer was started with, which only it knows."""
        control = PICTURE[name]
        now = self._picture.get(name)
        if control.choices and (isinstance(now, str) or not _is_step(value)):
            self._picture[name] = chosen(control, value, str(now))
        elif control.is_switch:
            self._picture[name] = float(not now if value is None else float(value) >= 0.5)
        elif isinstance(value, float):
            self._picture[name] = value
        return self._picture.get(name)

    def reset_picture(self) -> None:
        """Panic: as every visualizer was started. Everything is told anew at once."""
        self._picture.clear()
        self._next_s = -math.inf

    def _ack(self, name: str, value: float | str) -> bytes:
        return self._encoded(name, value, lambda: encode_ack(name, True, value))

    def _names(self, name: str, names: tuple[str, ...]) -> bytes:
        texts = (name, *names[:_MOST_NAMES])
        message = f"names of {name}"
        return self._encoded(
            message, names, lambda: encode_message(NAMES.address, "s" * len(texts), texts)
        )

    def _encoded(self, what: str, value: object, encode: Callable[[], bytes]) -> bytes:
        known, message = self._said.get(what, (None, b""))
        if not message or known != value:
            message = encode()
            self._said[what] = value, message
        return message


def _is_step(value: Value) -> bool:
    return value in ("next", "previous")


def _bundles(messages: list[bytes]) -> list[bytes]:
    """Bundles of as many messages as fit; one that is too long by itself is left out."""
    bundles, current = [], _HEAD
    for message in messages:
        element = struct.pack(">i", len(message)) + message
        if len(_HEAD) + len(element) > MAX_BUNDLE_BYTES:
            continue
        if len(current) + len(element) > MAX_BUNDLE_BYTES:
            bundles.append(current)
            current = _HEAD
        current += element
    return [*bundles, current] if len(current) > len(_HEAD) else bundles
