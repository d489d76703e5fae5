"""What a session file holds, and the bounds of what is believed of one."""

import json
import math
import struct
from dataclasses import dataclass

import numpy as np
import zstandard
from mcap.exceptions import McapError

SESSION_VERSION = 1


SETTINGS_NAME = "posejockey.session"  # of the metadata record that opens the file


ENCODINGS = {
    "audio": "x-float32le", "osc": "x-osc", "control": "json", "health": "json",
    "event": "json",
}  # fmt: skip


MAX_MESSAGE_BYTES = 1 << 16  # no UDP datagram is larger; audio blocks are cut into such pieces


_NS = 1_000_000_000


_MAX_RECORD_BYTES = 1 << 24


_MAX_RATE = 768_000


_DAMAGE = (McapError, struct.error, ValueError, OverflowError, zstandard.ZstdError)


Payload = bytes | dict[str, object]


Value = float | str | None


@dataclass(frozen=True)
class Record:
    """One message. sample: at the session's rate for audio and events, at 24 kHz for the rest.

    frame: model frames that had been danced when it was recorded.
    """

    topic: str
    sample: int
    time_ns: int
    data: bytes
    frame: int = 0

    def said(self) -> dict:
        """The JSON object of a control, an event or the health; empty if there is none."""
        return _from_json(self.data)


def _checked_rate(rate: object) -> int:
    if not isinstance(rate, int) or not 1 <= rate <= _MAX_RATE:
        raise ValueError(f"sample_rate {rate!r}; expected a whole number of Hz up to {_MAX_RATE}")
    return rate


def _to_ns(sample: int, rate: int) -> int:
    """Sample index to nanoseconds since the start; what lies before it counts as its start."""
    return max(0, (int(sample) * _NS + rate // 2) // rate)


def _to_sample(time_ns: int, rate: int) -> int:
    """The inverse of _to_ns, exact: a sample is far longer than a nanosecond."""
    return (time_ns * rate + _NS // 2) // _NS


def _encode(payload: Payload) -> bytes | None:
    """A message's bytes; None if it is too large or cannot be said in JSON."""
    try:
        data = payload if isinstance(payload, bytes) else _json(payload).encode()
    except (TypeError, ValueError):
        return None
    return data if len(data) <= MAX_MESSAGE_BYTES else None


def _json(value: object) -> str:
    return json.dumps(_plain(value), allow_nan=False)


def _plain(value: object) -> object:
    """numpy's values as Python's, NaN and infinities as None: JSON has no word for either."""
    if isinstance(value, np.generic | np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _from_json(data: bytes) -> dict:
    """The object in a message; empty if there is none."""
    value = _loads(data)
    return value if isinstance(value, dict) else {}


def control_of(record: Record) -> tuple[str, Value] | None:
    """The name and value of a control message; None if it has no such or no usable ones."""
    said = record.said()
    name, value = said.get("name"), said.get("value")
    if isinstance(value, int) and abs(value) < 1 << 53:
        value = float(value)
    usable = value is None or isinstance(value, str) or _is_finite(value)
    return (name, value) if isinstance(name, str) and usable else None


def _is_finite(value: object) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def _loads(text: bytes | str) -> object:
    """The JSON value; None where there is none or it is nested too deeply."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
