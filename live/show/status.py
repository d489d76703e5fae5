"""The show at one moment, in plain values, for whoever watches it from another thread.

Enters: what the show counts. Leaves: a ShowStatus, and the one line of ASCII that says it. No I/O,
no clock of its own, and a size that never grows.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

_RATE_OVER_S = 1.5
_FAILS_FOR_S = 5.0  # a target that refused a packet so recently is one that fails
_FRESH_TROUBLE_S = 10.0
_NAME = 20  # letters of a device; the line has to fit a terminal
_SILENT_DB = -79.5


@dataclass(frozen=True)
class ShowStatus:
    """time_s: when, on the show's clock. source: the name of what is heard. sound: what is wrong
    with it, or "" where it comes and is not silence to the last bit. level: 0..1. beat: (BPM,
    confidence 0..1), None before the first frame; active_source: whose beat counts. state: of
    `live.osc.schema.STATES`. style: the strongest. counted: name to count. errors: refused packets
    by target. is_recording: None where nobody wants it. timecode: where it is, "" for none.
    section: its kind, "" where it is not known. phrase: the kept one that is
    danced.
    """

    time_s: float
    source: str
    sound: str
    level: float
    beat: tuple[float, float] | None
    active_source: str
    state: str
    style: str
    frames: int
    counted: Mapping[str, int]
    errors: Mapping[str, int]
    is_recording: bool | None = None
    timecode: str = ""
    section: str = ""
    phrase: str = ""


class StatusText:
    """Statuses to lines. Keeps what it needs to tell rates, and how long ago there was trouble."""

    def __init__(self) -> None:
        self._last: ShowStatus | None = None
        self._frames: deque[tuple[float, int]] = deque(maxlen=64)  # (time in s, frames)
        self._failed_s: dict[str, float] = {}  # when each target last refused
        self._trouble: tuple[str, float] | None = None  # what, and when in s
        self.is_troubled = False

    def line(self, status: ShowStatus) -> str:
        """One line of ASCII, the most urgent first, for a terminal may be narrow."""
        self._look_for_trouble(status)
        parts = (
            *(["NOT RECORDED"] if status.is_recording is False else []),
            _sound(status),
            _beat(status),
            *([f"TC {status.timecode}"] if status.timecode else []),
            _dance(status),
            f"{self._rate(status):.0f}/s",
            f"late {status.counted['late']} dropped {status.counted['dropped']}",
            self._age(status),
            self._targets(status),
        )
        return _ascii(" | ".join(parts))

    def _look_for_trouble(self, status: ShowStatus) -> None:
        last = self._last or status
        for name, count in status.counted.items():
            if count > last.counted.get(name, 0):
                self._trouble = (name, status.time_s)
        for name, count in status.errors.items():
            if count > last.errors.get(name, 0):
                self._failed_s[name] = status.time_s
        if status.is_recording is False:
            self._trouble = ("not recorded", status.time_s)
        if status.sound:
            self._trouble = (status.sound.partition(":")[0], status.time_s)
        self._last = status
        self.is_troubled = (
            self._trouble is not None and status.time_s - self._trouble[1] < _FRESH_TROUBLE_S
        )

    def _rate(self, status: ShowStatus) -> float:
        """Emissions a second, lately."""
        while len(self._frames) > 1 and self._frames[0][0] < status.time_s - _RATE_OVER_S:
            self._frames.popleft()
        self._frames.append((status.time_s, status.frames))
        (then_s, before), (now_s, now) = self._frames[0], self._frames[-1]
        return (now - before) / (now_s - then_s) if now_s > then_s else 0.0

    def _age(self, status: ShowStatus) -> str:
        if self._trouble is None:
            return "no trouble"
        name, since_s = self._trouble
        return f"{name} {_ago(status.time_s - since_s)}"

    def _targets(self, status: ShowStatus) -> str:
        failing = [
            name
            for name in status.errors
            if status.time_s - self._failed_s.get(name, -_FAILS_FOR_S) < _FAILS_FOR_S
        ]
        if not failing:
            return f"targets {len(status.errors)}"
        return f"targets {len(status.errors)}, {len(failing)} refused: {', '.join(failing)}"


def _sound(status: ShowStatus) -> str:
    name = status.source if len(status.source) <= _NAME else status.source[: _NAME - 2] + ".."
    level_db = 80.0 * (status.level - 1.0)
    if status.sound:
        what, _, why = status.sound.partition(":")
        return f"{what.upper()} {name}{':' if why else ''}{why}"
    return f"{name} {level_db:.0f} dB" if level_db > _SILENT_DB else f"{name} silent"


def _beat(status: ShowStatus) -> str:
    if status.beat is None:
        return "no beat yet"
    bpm, confidence = status.beat
    section = f" {status.section}" if status.section else ""
    return f"{bpm:.1f} BPM {100 * confidence:.0f}% {status.active_source}{section}"


def _dance(status: ShowStatus) -> str:
    if status.state != "dancing":
        return status.state.upper()
    return f"{status.style}, phrase {status.phrase}" if status.phrase else status.style


def _ago(seconds: float) -> str:
    if seconds < 1:
        return "now"
    for unit, size_s in (("h", 3600), ("min", 60)):
        if seconds >= size_s:
            return f"{seconds // size_s:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def _ascii(text: str) -> str:
    """Names of devices come from anywhere, and a console may have an old code page."""
    plain = text.encode("ascii", "replace").decode()
    return "".join(c if c.isprintable() else "?" for c in plain)
