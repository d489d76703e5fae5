"""A dance that is over, at any moment of it: what `render` draws instead of a live feed.

Enters: a session made with --record, or a take of `posejockey perform`. Leaves: a `View` for any
time, interpolated as the window does it, and the sound that belongs to it, block by block. Runs in
the caller's thread; an hour of session is never in memory at once.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.audio.files import AudioFile
from live.body.skeleton import N_JOINTS
from live.errors import ArtifactError
from live.osc.schema import PANIC, PICTURE
from live.osc.values import Value, parse_arguments
from live.session.reader import SessionReader
from live.session.take import check_take, read_take
from visuals.feed.timeline import Timeline, blend
from visuals.feed.view import View

_AHEAD_S = 0.05  # packets taken in before their time: the later neighbour of every moment
_BEATS_A_BAR = 4
_CONTROLS = PICTURE | {PANIC.name: PANIC}


class Dance(Protocol):
    """start_s, end_s: of its poses, on the time of its sound."""

    start_s: float
    end_s: float

    def view(self, time_s: float) -> View:
        """What to draw at time_s. Times asked for must not decrease."""
        ...

    def take_controls(self, time_s: float) -> list[tuple[str, Value]]:
        """What was played on the picture since this was asked last, up to time_s."""
        ...


class Sound(Protocol):
    """rate: Hz; channels: 1 or 2."""

    rate: int
    channels: int

    def blocks(self, start_s: float, seconds: float) -> Iterator[np.ndarray]:
        """float32 [n, channels] after [n, channels], from start_s on; less if it ends before."""
        ...


class RecordedTake:
    """The arrays of `posejockey perform`; ArtifactError names the one that does not fit."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """A take from its NPZ. ArtifactError if it is none."""
        return cls(read_take(path))

    def __init__(self, arrays: dict[str, np.ndarray]):
        check_take(arrays)
        self._arrays = arrays
        self._times_s = arrays["time_s"].astype(np.float64)
        # Takes made before bars were kept have none.
        self._bars = arrays.get("bar_phase", _counted_bars(arrays["beat_phase"]))
        self.start_s = float(self._times_s[0])
        self.end_s = float(self._times_s[-1])

    def view(self, time_s: float) -> View:
        arrays, times_s = self._arrays, self._times_s
        last = len(times_s) - 1
        at = int(np.clip(np.searchsorted(times_s, time_s, side="right") - 1, 0, last))
        later = min(at + 1, last)
        span_s = float(times_s[later] - times_s[at])
        past_s = min(max(time_s - float(times_s[at]), 0.0), span_s)
        share = past_s / span_s if span_s > 0 else 0.0
        before, after = arrays["joints"][at], arrays["joints"][later]
        present = np.flatnonzero(~np.isnan(before).any(axis=(1, 2)))
        leaving = np.isnan(after).any(axis=(1, 2))[:, None, None]
        after = np.where(leaving, before, after)
        bpm = float(arrays["tempo_bpm"][at])
        beats = past_s * bpm / 60
        low, mid, high = arrays["onset"][at].tolist()
        return View(
            dancers=tuple(int(dancer) + 1 for dancer in present),
            joints=np.array(
                [blend(before[dancer], after[dancer], share) for dancer in present], np.float32
            ).reshape(-1, N_JOINTS, 3),
            beat_phase=(float(arrays["beat_phase"][at]) + beats) % 1.0,
            bar_phase=(float(self._bars[at]) + beats / _BEATS_A_BAR) % 1.0,
            bpm=bpm,
            confidence=float(arrays["beat_confidence"][at]),
            onset=(low, mid, high),
            level=float(arrays["level"][at]),
            style=arrays["style"][at],
            age_s=0.0,
        )

    def take_controls(self, time_s: float) -> list[tuple[str, Value]]:
        return []  # a take is danced to a file: nobody plays


class RecordedSession:
    """A recorded session's packets, through the window's own receiver.

    The stage was fed early by the latency of its projector (--latency-ms); a file has none, so
    every pose is shown that much later, where the room saw it.
    """

    def __init__(self, path: Path):
        self._reader = SessionReader(path)
        self._latency_s = _latency_s(self._reader)
        samples = [sample for sample, _ in self._reader.packets()]
        if not samples:
            raise ArtifactError(f"{path} holds no poses to draw; record a longer session")
        self.start_s = min(samples) / SAMPLE_RATE + self._latency_s
        self.end_s = max(samples) / SAMPLE_RATE + self._latency_s
        self._packets = self._reader.packets()
        self._next = next(self._packets, None)
        controls = self._reader.controls()
        self._controls = [(s / SAMPLE_RATE, n, v) for s, n, v in controls if n in _CONTROLS]
        self._timeline = Timeline()
        self._fed_s = self.start_s - self._latency_s

    def view(self, time_s: float) -> View:
        sent_s = time_s - self._latency_s
        while self._next is not None and self._next[0] / SAMPLE_RATE <= sent_s + _AHEAD_S:
            sample, packet = self._next
            self._fed_s = sample / SAMPLE_RATE
            self._timeline.receive(packet, self._fed_s)
            self._next = next(self._packets, None)
        return self._timeline.at(sent_s, age_s=max(sent_s - self._fed_s, 0.0))

    def take_controls(self, time_s: float) -> list[tuple[str, Value]]:
        """The picture's controls up to time_s that were not taken yet, checked, oldest first."""
        due = [(name, value) for at_s, name, value in self._controls if at_s <= time_s]
        del self._controls[: len(due)]
        given = [(name, [] if value is None else [value]) for name, value in due]
        checked = [parse_arguments(_CONTROLS[name], arguments) for name, arguments in given]
        return [control for control in checked if control and control[0]]


class SessionSound:
    """What a recorded session heard: one channel, silence where blocks are missing."""

    channels = 1

    def __init__(self, path: Path):
        self._reader = SessionReader(path)
        self.rate = self._reader.rate

    def blocks(self, start_s: float, seconds: float) -> Iterator[np.ndarray]:
        at = round(start_s * self.rate)
        end = at + round(seconds * self.rate)
        for sample, block in self._reader.blocks():
            if sample + len(block) <= at:
                continue
            yield from _silence(at, min(sample, end), self.rate)
            if sample >= end:
                break
            yield block[max(at - sample, 0) : end - sample, None]
            at = sample + len(block)


class FileSound:
    """A sound file, as it is danced to; of more than two channels, the first two. ArtifactError if
    it is none."""

    def __init__(self, path: Path):
        self._file = AudioFile(path)
        self.rate, self.channels = self._file.rate, min(self._file.channels, 2)

    def blocks(self, start_s: float, seconds: float) -> Iterator[np.ndarray]:
        # Read from its beginning on: what a header says of its length, or where a moment lies, may
        # be wrong.
        start = round(start_s * self.rate)
        end, at = start + round(seconds * self.rate), 0
        with closing(self._file.blocks()) as blocks:
            for block in blocks:
                part = block[max(start - at, 0) : max(end - at, 0), : self.channels]
                at += len(block)
                if len(part):
                    yield part.clip(-1, 1)
                if at >= end:
                    return


def _counted_bars(beat_phase: np.ndarray) -> np.ndarray:
    """Bar phases [T] that count four beats from the first on. beat_phase [T]."""
    wraps = np.cumsum(np.diff(beat_phase, prepend=beat_phase[:1]) < -0.5)
    return (wraps % _BEATS_A_BAR + beat_phase) / _BEATS_A_BAR


def _latency_s(session: SessionReader) -> float:
    """The output latency the show ended with: set at its start, or turned until it fitted."""
    show = session.settings.get("show")
    value = show.get("latency_ms") if isinstance(show, dict) else None
    latency_ms = float(value) if isinstance(value, int | float) else 0.0
    for _, name, turned in session.controls():
        if name == "latency" and isinstance(turned, float):
            latency_ms = turned
    return min(max(latency_ms, 0.0), 500.0) / 1000


def _silence(start: int, end: int, rate: int) -> Iterator[np.ndarray]:
    """Silence [n, 1] from sample start to end, in pieces: a gap may be hours long."""
    for at in range(start, end, rate):
        yield np.zeros((min(end - at, rate), 1), np.float32)
