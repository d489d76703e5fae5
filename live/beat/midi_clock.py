"""MIDI clock as a source of beats.

Enters: clock and transport messages, each with its arrival time, in MIDI's own thread, which only
puts them in a queue. Leaves: a `BeatEstimate` at each poll, in the engine's thread.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from live.beat.estimate import BEATS_PER_BAR, MAX_BPM, BeatEstimate
from live.beat.set_tempo import MIN_SET_BPM
from live.midi_ports import LIBRARY_ERRORS
from live.monotonic import monotonic_s

_PULSES = 24  # a beat
_SIXTEENTH = 6  # pulses, the unit of the song position


@dataclass(frozen=True)
class _Line:
    """Pulse count = `pulse` + (t - `time_s`) / `period_s`."""

    time_s: float
    pulse: float
    period_s: float

    def at(self, time_s: float) -> float:
        return self.pulse + (time_s - self.time_s) / self.period_s


class MidiClock:
    """Messages and their arrival times in, a beat out; no port, no thread.

    Over USB a pulse comes up to 3 ms late, one differently from the next, so the beat is read from
    a straight line through the last two beats of pulses, not from the last pulse. A pulse count
    that leaves the line (the tempo changed) starts a new line at its last few pulses.
    """

    _WINDOW = 2 * _PULSES
    _LEAST = 12  # pulses that make a line
    _CHECKED = 6  # the newest pulses, whose mean distance from the line shows a change of tempo
    _OFF_LINE_S = 0.004
    _LOST_S = 1.0  # without a pulse
    _BPM = (MIN_SET_BPM, MAX_BPM)

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=self._WINDOW)
        self._pulse = -1  # index of the newest pulse; 0 is the first beat of the song
        self._placed = False  # a start or song position said which pulse is which
        self._running = True  # until stopped: many devices send nothing but pulses
        self._line: _Line | None = None

    def hear(self, kind: str, position: int, time_s: float) -> None:
        """kind: a message type of mido; position: of "songpos", in sixteenths."""
        match kind:
            case "clock":
                self._count(time_s)
            case "start":
                self._place(0, time_s)
                self._placed = self._running = True
            case "continue":
                self._place(self._pulse + 1, time_s)
                self._running = True
            case "stop":
                self._running = False
            case "songpos":
                self._place(_SIXTEENTH * position, time_s)
                self._placed = True

    def estimate(self, sample: float, time_s: float) -> BeatEstimate | None:
        """None while stopped, with too few pulses, or a second after the last one."""
        if self._line is None or not self._running or self._is_gap(time_s):
            return None
        tempo_bpm = 60 / (_PULSES * self._line.period_s)
        if not self._BPM[0] <= tempo_bpm <= self._BPM[1]:
            return None
        beats = self._line.at(time_s) / _PULSES
        bar_beat = beats % BEATS_PER_BAR if self._placed else None
        return BeatEstimate(sample, beats % 1.0, tempo_bpm, 1.0, bar_beat=bar_beat)

    def _count(self, time_s: float) -> None:
        if self._is_gap(time_s):  # nobody knows how many pulses were missed
            self._times.clear()
            self._placed = False
        self._times.append(time_s)
        if not self._running:  # the song stands still; pulses only tell the tempo
            return
        self._pulse += 1
        self._line = self._fit()
        if self._line is not None and abs(self._newest_late_s()) > self._OFF_LINE_S:
            self._keep(self._CHECKED)
            self._line = self._fit(self._CHECKED)

    def _place(self, pulse: int, time_s: float) -> None:
        """The next pulse is number `pulse`. The line through the times before it stays good."""
        if self._is_gap(time_s):
            self._times.clear()
        self._pulse = pulse - 1
        self._line = self._fit()

    def _is_gap(self, time_s: float) -> bool:
        return len(self._times) > 0 and time_s - self._times[-1] > self._LOST_S

    def _keep(self, count: int) -> None:
        self._times = deque(list(self._times)[-count:], maxlen=self._WINDOW)

    def _fit(self, least: int = _LEAST) -> _Line | None:
        """Least squares of arrival time on pulse count."""
        n = len(self._times)
        if n < least:
            return None
        times = np.array(self._times)
        steps = np.arange(n) - (n - 1) / 2
        period_s = float(steps @ times / (steps @ steps))
        if period_s <= 0:  # a burst after a stall
            return None
        return _Line(float(times.mean()), self._pulse - (n - 1) / 2, period_s)

    def _newest_late_s(self) -> float:
        """Mean distance of the newest pulses from the line, s."""
        assert self._line is not None
        line, count = self._line, self._CHECKED
        times = np.array(self._times)[-count:]
        pulses = self._pulse - np.arange(count)[::-1]
        return float(np.mean(times - line.time_s - (pulses - line.pulse) * line.period_s))


_KINDS = frozenset({"clock", "start", "continue", "stop", "songpos"})
_MOST_AT_ONCE = 256  # messages of a poll: a flood must not hold up the dance


class MidiClockSource:
    """`MidiClock` at a MIDI input.

    port: as mido's inputs: with a settable `callback`, which gives each message its own arrival
    time, or with `iter_pending()`, which makes the time of the poll do. now: monotonic seconds.
    """

    name = "midi"
    rejected = 0

    def __init__(self, port: Any, now: Callable[[], float] = monotonic_s):
        self._port, self._now = port, now
        self._clock = MidiClock()
        self._arrived: deque[tuple[Any, float]] = deque(maxlen=1024)
        self._calls_back = hasattr(port, "callback")
        if self._calls_back:
            port.callback = self._note

    def poll(self, sample: float, time_s: float) -> BeatEstimate | None:
        if not self._calls_back:
            self._fetch()
        for _ in range(min(len(self._arrived), _MOST_AT_ONCE)):
            message, arrived_s = self._arrived.popleft()
            self._clock.hear(message.type, getattr(message, "pos", 0), arrived_s)
        return self._clock.estimate(sample, time_s)

    def close(self) -> None:
        self._port.close()

    def _fetch(self) -> None:
        try:
            for message in self._port.iter_pending():
                self._note(message)
        except LIBRARY_ERRORS:  # unplugged or closed: as good as silent
            return

    def _note(self, message: Any) -> None:
        if message.type in _KINDS:  # notes and faders must not push out the clock
            self._arrived.append((message, self._now()))
