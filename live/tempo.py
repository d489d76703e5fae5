"""The beat clock: tempo, beat and bar phase at any time asked, also in the future.

Enters: feature frames (30 Hz), operator taps. Leaves: a BeatReading for any sample index. Runs in
the engine's thread and depends on nothing but what was pushed: the same frames give bit-identical
readings.

Two halves. A tracker says where it believes the beat is (`BeatEstimate`); it may change its mind
from one frame to the next. The clock never does: it is one oscillator that is steered towards the
estimate by bending its tempo, so its phase is continuous and always moves forward. Further sources
(Ableton Link, MIDI clock) are further producers of estimates; `BeatClock._target` ranks them.
"""

from collections import deque
from dataclasses import dataclass, replace

import numpy as np

from live.beat_bars import BarCounter
from live.beat_filter import BeatFilterConfig
from live.beat_tracker import AubioTracker, BeatEstimate, BeatTracker, NativeTracker
from live.errors import ConfigError
from live.features import SAMPLE_RATE, TICK, FeatureFrame

TRACKERS = ("native", "aubio")

_MAX_BEND = 0.10  # tempo deviation while slewing
_RESYNC_BEND = 0.5  # after a change of tempo: half a beat of error is gone within one beat
_PULL_S = 0.25  # time constant of a correction that is small enough not to reach the bend limit
# Share of the tempo's deviation taken over per frame, once settled: a mean over five seconds, so
# that a break is entered with a tempo good for eight bars; the phase is pulled much faster.
_TEMPO_GAIN = 1 / 150
_FOLLOW = 0.02  # confidence below which the clock runs free
_LOCK, _UNLOCK = 0.5, 0.25
_SILENT_FADE = 0.9  # a frame
_SCALES = (0.25, 4.0)


@dataclass(frozen=True)
class TempoConfig:
    """tracker: one of TRACKERS; min_bpm, max_bpm: tempi the tracker considers; default_bpm: what
    the clock runs at before anything was heard; tap_hold_s: how long taps overrule the tracker."""

    tracker: str = "native"
    min_bpm: float = 58.0
    max_bpm: float = 205.0
    default_bpm: float = 118.0
    tap_hold_s: float = 12.0

    def __post_init__(self) -> None:
        if self.tracker not in TRACKERS:
            raise ConfigError(f"no beat tracker {self.tracker!r}; known: {', '.join(TRACKERS)}")
        if not 20.0 <= self.min_bpm < self.max_bpm <= 400.0:
            raise ConfigError("tempo range: 20 <= min_bpm < max_bpm <= 400")

    def make(self) -> "BeatClock":
        return BeatClock(self)

    def make_tracker(self) -> BeatTracker:
        if self.tracker == "aubio":
            return AubioTracker()
        return NativeTracker(BeatFilterConfig(min_bpm=self.min_bpm, max_bpm=self.max_bpm))


@dataclass(frozen=True)
class BeatReading:
    """phase, bar_phase: [0, 1), 0 on the beat and on the downbeat; tempo_bpm; confidence: 0..1;
    state: "searching", "locked", "coasting" (locked, but nothing new is heard) or "silent"."""

    phase: float
    bar_phase: float
    tempo_bpm: float
    confidence: float
    state: str


@dataclass(frozen=True)
class _Course:
    """Where the oscillator is and how it goes on: `beats` at `sample`, its tempo, and the error in
    beats that it makes up for by running up to `bend` faster or slower."""

    sample: float
    beats: float
    tempo_bpm: float
    error: float = 0.0
    bend: float = _MAX_BEND

    def at(self, sample: float) -> float:
        """Beats at any sample: continuous, increasing as long as bend < 1."""
        elapsed_s = (sample - self.sample) / SAMPLE_RATE
        straight = elapsed_s * self.tempo_bpm / 60
        if elapsed_s <= 0:
            return self.beats + straight
        pulled = abs(self.error) * -np.expm1(-elapsed_s / _PULL_S)
        caught_up = min(pulled, self.bend * straight)
        return self.beats + straight + float(np.sign(self.error)) * caught_up


class BeatClock:
    """One steered oscillator; see the module's docstring."""

    def __init__(self, config: TempoConfig):
        self.config = config
        self.reset()

    def reset(self) -> None:
        self._tracker = self.config.make_tracker()
        self._course = _Course(0.0, 0.0, self.config.default_bpm)
        self._taps = TapTempo(self.config.tap_hold_s)
        self._bars = BarCounter()
        self._scale = 1.0
        self._confidence = 0.0
        self._state = "searching"
        self._resync_until = 0.0
        self._settled = 0  # frames since the last resync

    def push(self, frame: FeatureFrame) -> None:
        heard = self._tracker.push(frame)
        before, now = self._course, self._course.at(frame.end)
        self._course = replace(before, sample=float(frame.end), beats=now, error=0.0)
        target = self._target(heard, float(frame.end))
        self._judge(target)
        if target.confidence >= _FOLLOW and not target.coasting:
            self._steer(target)
        if heard.ticks is not None and self._state == "locked":
            samples = heard.sample - TICK * np.arange(len(heard.ticks))[::-1]
            self._bars.hear(np.array([self._course.at(s) for s in samples]), heard.ticks)

    def at(self, sample: float) -> BeatReading:
        beats = self._course.at(sample)
        return BeatReading(
            phase=_fraction(beats),
            bar_phase=self._bars.phase(beats),
            tempo_bpm=self._course.tempo_bpm,
            confidence=self._confidence,
            state=self._state,
        )

    def tap(self, sample: float) -> None:
        """One tap of the operator at a 24 kHz sample index; from the fourth on they count."""
        self._taps.add(float(sample))
        tapped = self._taps.estimate(float(sample))
        if tapped is not None:
            self._scale = 1.0
            self._tracker.suggest(tapped)

    def scale(self, factor: float) -> None:
        """Halve or double: factor 0.5 or 2, relative to the present scale."""
        if factor not in (0.5, 2, 2.0):
            raise ConfigError(f"the beat is scaled by 0.5 or 2, got {factor}")
        wanted = self._scale * factor
        if _SCALES[0] <= wanted <= _SCALES[1]:
            self._scale = wanted
            course = self._course
            self._course = replace(course, tempo_bpm=course.tempo_bpm * factor, error=0.0)
            self._resync_until = course.sample + SAMPLE_RATE

    def _target(self, heard: BeatEstimate, sample: float) -> BeatEstimate:
        """The estimate that rules now: taps before sound."""
        return self._taps.estimate(sample) or heard

    def _judge(self, target: BeatEstimate) -> None:
        """Confidence and state; unlocking takes less confidence than locking, against flicker."""
        if target.silent:
            self._confidence *= _SILENT_FADE
            self._state = "silent"
            return
        was_locked = self._state in ("locked", "coasting")
        self._confidence = target.confidence
        if target.coasting and was_locked and target.confidence > 0:
            self._state = "coasting"
        else:
            locked = target.confidence >= (_UNLOCK if was_locked else _LOCK)
            self._state = "locked" if locked else "searching"

    def _steer(self, target: BeatEstimate) -> None:
        """Set course so that phase and tempo meet the target's."""
        course, period = self._course, min(self._scale, 1.0)
        tempo_bpm = target.tempo_bpm * self._scale
        elapsed = (course.sample - target.sample) / SAMPLE_RATE * tempo_bpm / 60
        error = target.phase * self._scale + elapsed - course.beats
        error = (error + period / 2) % period - period / 2
        jump = abs(np.log(tempo_bpm / course.tempo_bpm)) > 0.08 or abs(error) > 0.2
        if jump and target.confidence > 0.04:
            self._resync_until = course.sample + SAMPLE_RATE
        bend = _RESYNC_BEND if course.sample < self._resync_until else _MAX_BEND
        self._settled = 0 if bend == _RESYNC_BEND else self._settled + 1
        gain = 1.0 if self._settled == 0 else max(1 / (10 + self._settled), _TEMPO_GAIN)
        followed = course.tempo_bpm + gain * (tempo_bpm - course.tempo_bpm)
        self._course = replace(course, tempo_bpm=followed, error=error, bend=bend)


class TapTempo:
    """A line through the operator's last taps; one that is out of step starts a new line."""

    _MIN_TAPS, _MAX_TAPS = 4, 12
    _RANGE_S = (0.25, 1.5)  # 240 to 40 BPM

    def __init__(self, hold_s: float):
        self._hold = hold_s * SAMPLE_RATE
        self._taps: deque[float] = deque(maxlen=self._MAX_TAPS)

    def add(self, sample: float) -> None:
        if self._taps and not self._in_step(sample):
            self._taps.clear()
        self._taps.append(sample)

    def estimate(self, sample: float) -> BeatEstimate | None:
        """What the taps say at `sample`; None with fewer than four, or when they are stale."""
        if len(self._taps) < self._MIN_TAPS or sample - self._taps[-1] > self._hold:
            return None
        slope, start = np.polyfit(np.arange(len(self._taps)), np.array(self._taps), 1)
        beats = (sample - start) / slope
        return BeatEstimate(sample, float(beats % 1.0), float(60 * SAMPLE_RATE / slope), 0.95)

    def _in_step(self, sample: float) -> bool:
        gap = sample - self._taps[-1]
        if not self._RANGE_S[0] <= gap / SAMPLE_RATE <= self._RANGE_S[1]:
            return False
        gaps = np.diff(self._taps)
        return len(gaps) == 0 or abs(gap / np.median(gaps) - 1) < 0.25


def _fraction(value: float) -> float:
    """[0, 1); the remainder of a tiny negative number would round to 1."""
    fraction = value % 1.0
    return 0.0 if fraction >= 1.0 else fraction
