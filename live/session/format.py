"""What a session file holds: its topics, its settings' name, its times and its messages.

Pure functions and constants, for the writer and the readers; docs/session-file.md has the same in
words. Nothing here believes what a message says: what does not fit becomes None.
"""

import contextlib
import json
import math
from dataclasses import dataclass

import numpy as np

from live.beat.estimate import BeatEstimate
from live.beat.timecode import TimecodeReading
from live.osc.values import Value
from live.settings_file import shown

SESSION_VERSION = 1
SETTINGS_NAME = "posejockey.session"  # of the metadata record that opens the file
ENCODINGS = {
    "audio": "x-float32le", "osc": "x-osc", "control": "json", "health": "json",
    "event": "json",
}  # fmt: skip
MAX_MESSAGE_BYTES = 1 << 16  # no UDP datagram is larger; audio blocks are cut into such pieces
_NS = 1_000_000_000
_MAX_RATE = 768_000

_BEAT = ("sample", "phase", "tempo_bpm", "confidence", "bar_beat")  # of a `BeatEstimate`

Payload = bytes | dict[str, object]


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

    def fields(self) -> dict:
        """The JSON object of a control, an event or the health; empty if there is none."""
        value = from_json(self.data)
        return value if isinstance(value, dict) else {}

    def block(self) -> np.ndarray:
        """The samples of an audio message, float32 [n]."""
        whole = len(self.data) // 4 * 4
        return np.frombuffer(self.data[:whole], "<f4").astype(np.float32)


def checked_rate(rate: object) -> int:
    """A sample rate in Hz; ValueError if it is none."""
    if type(rate) is not int or not 1 <= rate <= _MAX_RATE:
        raise ValueError(
            f"sample_rate {shown(rate)}; expected a whole number of Hz up to {_MAX_RATE}"
        )
    return rate


def to_ns(sample: int, rate: int) -> int:
    """Sample index to nanoseconds since the start; what lies before it counts as its start."""
    return max(0, (int(sample) * _NS + rate // 2) // rate)


def to_sample(time_ns: int, rate: int) -> int:
    """The inverse of to_ns, exact: a sample is far longer than a nanosecond."""
    return (time_ns * rate + _NS // 2) // _NS


def encode(payload: Payload) -> bytes | None:
    """A message's bytes; None if it is too large or cannot be said in JSON."""
    try:
        data = payload if isinstance(payload, bytes) else to_json(payload).encode()
    except (TypeError, ValueError, RecursionError, AttributeError):
        return None
    return data if len(data) <= MAX_MESSAGE_BYTES else None


def to_json(value: object) -> str:
    """JSON text; TypeError or ValueError for what it cannot say."""
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


def from_json(text: bytes | str) -> object:
    """The JSON value; None where there is none or it is nested too deeply."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def control_of(record: Record) -> tuple[str, Value] | None:
    """The name and value of a control message; None if it has no such or no usable ones."""
    fields = record.fields()
    name, value = fields.get("name"), fields.get("value")
    if isinstance(value, int) and abs(value) < 1 << 53:
        value = float(value)
    usable = value is None or isinstance(value, str) or _is_finite(value)
    return (name, value) if isinstance(name, str) and usable else None


def beat_fields(estimate: BeatEstimate | None) -> dict[str, object]:
    """What another clock said, as an event holds it; nothing where it had nothing to say."""
    return {} if estimate is None else {name: getattr(estimate, name) for name in _BEAT}


def beat_of(event: dict) -> BeatEstimate | None:
    """The inverse of `beat_fields`; None also where a number is none."""
    told = {name: _real(event.get(name)) for name in _BEAT}
    sample, phase, tempo_bpm, confidence = (told[name] for name in _BEAT[:4])
    if sample is None or phase is None or tempo_bpm is None or confidence is None:
        return None
    return BeatEstimate(sample, phase, tempo_bpm, confidence, bar_beat=told["bar_beat"])


def timecode_fields(reading: TimecodeReading | None) -> dict[str, object]:
    """Where a timecode is, as an event holds it; nothing where it stands still."""
    return {} if reading is None else dict(vars(reading))


def timecode_of(event: dict) -> TimecodeReading | None:
    """The inverse of `timecode_fields`; None also for what cannot be one."""
    sample, seconds = _real(event.get("sample")), _real(event.get("seconds"))
    rate, is_drop = event.get("rate"), event.get("is_drop")
    if sample is None or seconds is None or type(rate) is not int:
        return None
    reading = TimecodeReading(sample, seconds, rate, is_drop is True)
    return reading if reading.is_possible else None


def _real(value: object) -> float | None:
    """A finite number of JSON as a float."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):
            if math.isfinite(number := float(value)):
                return number
    return None


def _is_finite(value: object) -> bool:
    return isinstance(value, float) and math.isfinite(value)
