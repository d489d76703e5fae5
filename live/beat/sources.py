"""Beats from elsewhere than sound: Ableton Link, MIDI clock, and what the operator sets over OSC.

Each source says where the beat is at a sample as a `BeatEstimate` with a `bar_beat`, or None while
it knows nothing; `live/beat/clock.py` ranks them. The moment asked for comes as a pair, the 24 kHz
sample and the monotonic time (s) at which it is current, so that no source needs to know the sample
clock. Polled by the engine's thread; MIDI arrives in a thread of its own, which only notes times.

The libraries are optional (`pip install -e .[control]`) and imported when a source is opened.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.beat.tracker import BeatEstimate
from live.errors import ConfigError, DeviceError
from live.midi_ports import MidiPorts

log = logging.getLogger(__name__)

CLOCKS = ("auto", "audio", "link", "midi")
QUANTUM = 4  # beats a bar, of Link and of MIDI's song position
MIN_SET_BPM = 20.0  # a tempo set below this is none


class ClockSource(Protocol):
    """name: one of `live.beat.clock.RANKING`."""

    name: str

    def poll(self, sample: float, time_s: float) -> BeatEstimate | None: ...
    def close(self) -> None: ...


def open_sources(
    clock: str, midi_port: str, stack: ExitStack, ports: MidiPorts | None = None
) -> list[ClockSource]:
    """The sources that a setting of CLOCKS asks for, closed with the stack.

    "link" and "midi" raise ConfigError or DeviceError where they cannot be had; "auto" takes what
    there is. midi_port: a part of the name, "" for the only or first one. ports: where MIDI inputs
    are opened, and shared with a controller; their own if not given.
    """
    if clock == "audio":
        return []
    ports = stack.enter_context(MidiPorts()) if ports is None else ports
    openers: dict[str, Callable[[], ClockSource]] = {
        "link": lambda: LinkSource(always=clock == "link"),
        "midi": lambda: MidiClockSource(ports.open(midi_port)),
    }
    wanted = list(openers) if clock == "auto" else [clock]
    sources: list[ClockSource] = []
    for name in wanted:
        try:
            source = openers[name]()
        except (ConfigError, DeviceError) as error:
            if clock != "auto" or (name == "midi" and midi_port):  # asked for by name
                raise
            log.info("%s", error)
            continue
        stack.callback(source.close)
        sources.append(source)
    return sources


# Ableton Link ---------------------------------------------------------------------------------


class LinkSource:
    """A silent peer of the Link session: it follows tempo, beat and bar, and changes nothing.

    always: speak also without other peers, when the session is only our own. session: a
    `link.Link`, made here if not given. ConfigError without the library.
    """

    name = "link"
    _OWN_BPM = 120.0  # of the session before anybody else is in it

    def __init__(self, always: bool = False, session: Any = None):
        self._always = always
        self._link = _link_library().Link(self._OWN_BPM) if session is None else session
        self._micros = self._link.clock().micros
        self._link.enabled = True

    @property
    def peers(self) -> int:
        """The others in the session."""
        return self._link.numPeers()

    def poll(self, sample: float, time_s: float) -> BeatEstimate | None:
        if not (self._always or self.peers):
            return None
        state = self._link.captureAppSessionState()
        # Link's clock may be another than ours, corrected differently: compare them every time.
        host_us = self._micros() + round((time_s - time.monotonic()) * 1e6)
        bar_beat = state.phaseAtTime(host_us, QUANTUM) % QUANTUM
        return BeatEstimate(sample, bar_beat % 1.0, state.tempo(), 1.0, bar_beat=bar_beat)

    def close(self) -> None:
        self._link.enabled = False


def _link_library() -> Any:
    try:
        import link
    except ImportError as error:
        raise ConfigError(
            "Ableton Link needs LinkPython-extern; run `pip install -c constraints.txt "
            "-e .[control]`, or choose another --clock"
        ) from error
    return link


# MIDI clock -----------------------------------------------------------------------------------

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
    _BPM = (20.0, 400.0)

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
        bar_beat = beats % QUANTUM if self._placed else None
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


class MidiClockSource:
    """`MidiClock` at a MIDI input.

    port: as mido's inputs: with a settable `callback`, which gives each message its own arrival
    time, or with `iter_pending()`, which makes the time of the poll do. now: monotonic seconds.
    """

    name = "midi"

    def __init__(self, port: Any, now: Callable[[], float] = time.monotonic):
        self._port, self._now = port, now
        self._clock = MidiClock()
        self._arrived: deque[tuple[Any, float]] = deque(maxlen=1024)
        self._calls_back = hasattr(port, "callback")
        if self._calls_back:
            port.callback = self._note

    def poll(self, sample: float, time_s: float) -> BeatEstimate | None:
        if not self._calls_back:
            self._fetch()
        while self._arrived:
            message, arrived_s = self._arrived.popleft()
            self._clock.hear(message.type, getattr(message, "pos", 0), arrived_s)
        return self._clock.estimate(sample, time_s)

    def close(self) -> None:
        self._port.close()

    def _fetch(self) -> None:
        try:
            for message in self._port.iter_pending():
                self._note(message)
        except (OSError, ValueError):  # unplugged or closed: as good as silent
            return

    def _note(self, message: Any) -> None:
        self._arrived.append((message, self._now()))


# OSC ------------------------------------------------------------------------------------------


class SetBeat:
    """The operator's own beat: a tempo that was set, or the moment of a sync, in a straight line.

    A tempo stays until it is taken back; a sync alone stays for hold_s.
    """

    _CONFIDENCE = 0.9

    def __init__(self, hold_s: float):
        self._hold = hold_s * SAMPLE_RATE
        self._sample = 0.0
        self._bar_beat = 0.0
        self._tempo_bpm = 0.0
        self._until = float("-inf")

    @property
    def holds_tempo(self) -> bool:
        return self._until == float("inf")

    def set_tempo(self, tempo_bpm: float, sample: float, bar_beat: float) -> None:
        """This tempo from `sample` on, where the bar stands at `bar_beat`."""
        self._anchor(tempo_bpm, sample, bar_beat)
        self._until = float("inf")

    def sync(self, tempo_bpm: float, sample: float) -> None:
        """The downbeat is at `sample`; the tempo is the clock's, or stays what was set."""
        self._anchor(tempo_bpm, sample, 0.0)
        if not self.holds_tempo:
            self._until = sample + self._hold

    def release(self) -> None:
        self._until = float("-inf")

    def estimate(self, sample: float) -> BeatEstimate | None:
        if sample > self._until:
            return None
        beats = (sample - self._sample) / SAMPLE_RATE * self._tempo_bpm / 60
        bar_beat = (self._bar_beat + beats) % QUANTUM
        return BeatEstimate(
            sample, bar_beat % 1.0, self._tempo_bpm, self._CONFIDENCE, bar_beat=bar_beat
        )

    def _anchor(self, tempo_bpm: float, sample: float, bar_beat: float) -> None:
        self._tempo_bpm, self._sample, self._bar_beat = tempo_bpm, sample, bar_beat
