"""The beat clock: tempo, beat and bar phase at any time asked, also in the future.

Enters: feature frames (30 Hz), the operator's taps, estimates of other sources. Leaves: a
BeatReading for any sample index. Runs in the engine's thread and depends on nothing but what came
in: the same frames give bit-identical readings.

Two halves. A tracker says where it believes the beat is (`BeatEstimate`); it may change its mind
from one frame to the next. The clock never does: it is one oscillator that is steered towards the
estimate by bending its tempo, so its phase is continuous and always moves forward; only the
operator's sync makes it jump. Further sources (`live/beat/sources.py`) are further producers of
estimates: the first of PRIORITY that has one is the active source, and from one to the next the
clock slews.
"""

from dataclasses import dataclass, replace

import numpy as np

from live.audio.features import FRAME, SAMPLE_RATE, FeatureFrame
from live.beat.aubio_tracker import AubioTracker
from live.beat.bars import BarCounter
from live.beat.beat_sound import BeatSounds
from live.beat.estimate import BEATS_PER_BAR, MAX_BPM, BeatEstimate, BeatReading, BeatTracker
from live.beat.filter import BeatFilterConfig
from live.beat.set_tempo import MIN_SET_BPM, SetBeat
from live.beat.taps import TapTempo
from live.beat.tracker import NativeTracker
from live.errors import ConfigError

TRACKERS = ("native", "aubio")
PRIORITY = (
    "link",
    "midi",
    "os2l",
    "tap",
    "osc",
    "audio",
)  # of the sources, the first that knows counts
OFFERED = ("link", "midi", "os2l")  # those that are programs or devices of their own
_EXACT = (*OFFERED, "osc")  # their tempo needs no averaging, their phase no leap

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
_FRESH = 0.5 * SAMPLE_RATE  # an offered estimate that was not renewed for so long is stale
_HAND_OVER = 6 * SAMPLE_RATE  # half a beat at 50 BPM, made up for at _MAX_BEND
_NUDGE_LIMIT_S = 1.0
_SAME_TEMPO, _SAME_BEAT = 0.06, 0.2  # in which bars heard are those of the clock's beat


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
        if not 20.0 <= self.min_bpm < self.max_bpm <= MAX_BPM:
            raise ConfigError(f"tempo range: 20 <= min_bpm < max_bpm <= {MAX_BPM:.0f}")

    @property
    def confidence_tells_noise(self) -> bool:
        """Whether a low confidence means that there is no beat: aubio has as little for music."""
        return self.tracker == "native"

    def make(self) -> "BeatClock":
        return BeatClock(self)

    def make_tracker(self) -> BeatTracker:
        if self.tracker == "aubio":
            return AubioTracker()
        return NativeTracker(BeatFilterConfig(min_bpm=self.min_bpm, max_bpm=self.max_bpm))


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

    def left(self, sample: float) -> float:
        """What of the error is still to be made up for at a later sample."""
        straight = (sample - self.sample) / SAMPLE_RATE * self.tempo_bpm / 60
        return self.error - (self.at(sample) - self.beats - straight)


class BeatClock:
    """One steered oscillator; see the module's docstring."""

    def __init__(self, config: TempoConfig):
        self.config = config
        self.reset()

    def reset(self) -> None:
        self._tracker = self.config.make_tracker()
        self._end: int | None = None  # of the last frame
        self._course = _Course(0.0, 0.0, self.config.default_bpm)
        self._taps = TapTempo(self.config.tap_hold_s)
        self._set = SetBeat(self.config.tap_hold_s)
        self._bars = BarCounter()
        self._sounds = BeatSounds()
        self._offers: dict[str, BeatEstimate] = {}
        # Beats by which a sync moved a source.
        self._shifts: dict[str, float] = dict.fromkeys(OFFERED, 0.0)
        self._nudge_s = 0.0
        self._active_source = "audio"
        self._hand_over_until = 0.0
        self._scale = 1.0
        self._confidence = 0.0
        self._state = "searching"
        self._resync_until = 0.0
        self._settled = 0  # frames since the last resync

    def push(self, frame: FeatureFrame) -> None:
        if self._end is not None and frame.end - FRAME > self._end:  # samples were lost
            self._tracker.skip(frame.end - FRAME - self._end)
        self._end = frame.end
        heard = self._tracker.push(frame)
        before, now = self._course, self._course.at(frame.end)
        left = before.left(frame.end)
        self._course = replace(before, sample=float(frame.end), beats=now, error=left)
        source, target = self._target(heard, float(frame.end))
        self._switch_source(source)
        self._update_state(target)
        if target.confidence >= _FOLLOW and not target.coasting:
            self._steer(target)
        if target.bar_beat is not None:
            self._count_with(target)
        elif heard.bars is not None and self._state == "locked":
            self._count_by_ear(heard, heard.bars)
        ended = self._sounds.push(frame, self.at(frame.end))
        if ended is not None and not heard.silent:
            self._bars.hear_beat(ended)

    def at(self, sample: float) -> BeatReading:
        beats = self._course.at(sample)
        return BeatReading(
            phase=_fraction(beats),
            bar_phase=self._bars.phase(beats),
            tempo_bpm=self._course.tempo_bpm,
            confidence=self._confidence,
            state=self._state,
            beats=beats,
            metre=self._bars.metre,
        )

    @property
    def active_source(self) -> str:
        """The source that the clock follows now, one of PRIORITY."""
        return self._active_source

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
            self._bars.forget()
            course = self._course
            self._course = replace(course, tempo_bpm=course.tempo_bpm * factor, error=0.0)
            self._resync_until = course.sample + SAMPLE_RATE

    def release(self) -> None:
        """Take back what the operator has set: octave, tempo, nudge, taps and syncs."""
        while self._scale != 1.0:
            self.scale(0.5 if self._scale > 1.0 else 2.0)
        self.nudge(-1000 * self._nudge_s)
        self._taps.clear()
        self._set.release()
        self._shifts = dict.fromkeys(self._shifts, 0.0)

    def offer(self, source: str, estimate: BeatEstimate | None) -> None:
        """What another source, one of OFFERED, knows now; None when it knows nothing.

        An estimate that cannot be counts as none: the beat that was good goes on.
        """
        if estimate is None or not _is_possible(estimate):
            self._offers.pop(source, None)
        else:
            self._offers[source] = estimate

    def set_tempo(self, tempo_bpm: float, sample: float) -> None:
        """Go on from here at this tempo, until another is set; less than 20 BPM ends that.

        A tempo that is no number, or over 400 BPM, is ignored.
        """
        if not tempo_bpm <= MAX_BPM:
            return
        if tempo_bpm < MIN_SET_BPM:
            self._set.release()
            return
        self._scale = 1.0
        nudged = self._nudge_s * tempo_bpm / 60  # is added again to whatever is followed
        self._set.set_tempo(tempo_bpm, sample, self._bar_beat(sample) - nudged)

    def nudge(self, milliseconds: float) -> None:
        """Let every beat come earlier by so much (negative: later), until the next sync."""
        if not np.isfinite(milliseconds):
            return
        before = self._nudge_s
        wanted_s = before + milliseconds / 1000
        self._nudge_s = min(max(wanted_s, -_NUDGE_LIMIT_S), _NUDGE_LIMIT_S)
        moved = (self._nudge_s - before) * self._course.tempo_bpm / 60
        self._course = replace(self._course, error=self._course.error + moved)

    def sync(self, sample: float) -> None:
        """The beat, and the downbeat, is at `sample`: the clock jumps there."""
        tempo_bpm = self._course.tempo_bpm
        self._nudge_s = 0.0
        if self._active_source in self._offers:
            offered = self._offers[self._active_source]
            passed = (sample - offered.sample) / SAMPLE_RATE * offered.tempo_bpm / 60
            self._shifts[self._active_source] = -(_position(offered) + passed)
        else:
            self._scale = 1.0
            self._taps.clear()
            self._set.sync(tempo_bpm, sample)
            self._tracker.suggest(BeatEstimate(sample, 0.0, tempo_bpm, 1.0))
        beats = float(round(self._course.at(sample)))
        self._course = _Course(float(sample), beats, tempo_bpm)
        self._bars.forget()
        self._bars.place(beats, 0.0)

    def _target(self, heard: BeatEstimate, sample: float) -> tuple[str, BeatEstimate]:
        """The source to follow now, one of PRIORITY, and its estimate."""
        self._offers = {n: e for n, e in self._offers.items() if sample - e.sample < _FRESH}
        known = {n: self._shifted(n, e) for n, e in self._offers.items()}
        known |= {"tap": self._taps.estimate(sample), "osc": self._set.estimate(sample)}
        for name in PRIORITY:
            estimate = known.get(name)
            if estimate is not None:
                return name, estimate
        return "audio", heard

    def _shifted(self, source: str, estimate: BeatEstimate) -> BeatEstimate:
        """The estimate as a sync has put it."""
        shift = self._shifts[source]
        if shift == 0.0:
            return estimate
        bar_beat = (_position(estimate) + shift) % BEATS_PER_BAR
        known = bar_beat if estimate.bar_beat is not None else None
        return replace(estimate, phase=bar_beat % 1.0, bar_beat=known)

    def _switch_source(self, source: str) -> None:
        """From one source to the next the clock slews, and takes the new tempo at once."""
        if source != self._active_source:
            self._active_source = source
            self._hand_over_until = self._course.sample + _HAND_OVER

    def _bar_beat(self, sample: float) -> float:
        """Beats since the downbeat, 0..4."""
        return (self._course.at(sample) - self._bars.offset) % BEATS_PER_BAR

    def _count_by_ear(self, heard: BeatEstimate, bars: np.ndarray) -> None:
        """Number the beats of the bar as the tracker hears them, if it hears the clock's beat."""
        course = self._course
        since_s = (course.sample - heard.sample) / SAMPLE_RATE + self._nudge_s
        stood = course.beats + course.error - since_s * course.tempo_bpm / 60
        same_tempo = abs(np.log(heard.tempo_bpm * self._scale / course.tempo_bpm)) < _SAME_TEMPO
        apart = (stood - heard.phase * self._scale + 0.5) % 1.0 - 0.5
        if same_tempo and (abs(apart) < _SAME_BEAT or self._scale < 1):
            self._bars.hear(stood, heard.phase, bars, self._scale)

    def _count_with(self, target: BeatEstimate) -> None:
        """Number the beats of the bar as a source does that counts them."""
        course = self._course
        arrived = course.beats + course.error
        passed = (course.sample - target.sample) / SAMPLE_RATE * target.tempo_bpm / 60
        nudged = self._nudge_s * target.tempo_bpm / 60
        self._bars.place(arrived, (_position(target) + passed + nudged) * self._scale)

    def _update_state(self, target: BeatEstimate) -> None:
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
        course = self._course
        # Who counts the bar also knows which of two beats it is at half the tempo.
        period = min(self._scale, 1.0) if target.bar_beat is None else 1.0
        tempo_bpm = target.tempo_bpm * self._scale
        since_s = (course.sample - target.sample) / SAMPLE_RATE + self._nudge_s
        elapsed = since_s * tempo_bpm / 60
        error = _position(target) * self._scale + elapsed - course.beats
        error = (error + period / 2) % period - period / 2
        bend = self._bend(target, tempo_bpm, error)
        taken_over = course.sample < self._hand_over_until or self._active_source in _EXACT
        self._settled = 0 if bend == _RESYNC_BEND or taken_over else self._settled + 1
        gain = 1.0 if self._settled == 0 else max(1 / (10 + self._settled), _TEMPO_GAIN)
        followed = course.tempo_bpm + gain * (tempo_bpm - course.tempo_bpm)
        self._course = replace(course, tempo_bpm=followed, error=error, bend=bend)

    def _bend(self, target: BeatEstimate, tempo_bpm: float, error: float) -> float:
        """How far the tempo may deviate: more after the music itself changed."""
        course = self._course
        if course.sample < self._hand_over_until or self._active_source in _EXACT:
            return _MAX_BEND
        jump = abs(np.log(tempo_bpm / course.tempo_bpm)) > 0.08 or abs(error) > 0.2
        if jump and target.confidence > 0.04:
            self._resync_until = course.sample + SAMPLE_RATE
        return _RESYNC_BEND if course.sample < self._resync_until else _MAX_BEND


def _is_possible(estimate: BeatEstimate) -> bool:
    numbers = (estimate.sample, estimate.phase, estimate.bar_beat or 0.0, estimate.confidence)
    return bool(np.isfinite(numbers).all()) and MIN_SET_BPM <= estimate.tempo_bpm <= MAX_BPM


def _position(estimate: BeatEstimate) -> float:
    """Beats since the downbeat where the source knows it, else since the beat."""
    return estimate.phase if estimate.bar_beat is None else estimate.bar_beat


def _fraction(value: float) -> float:
    """[0, 1); the remainder of a tiny negative number would round to 1."""
    fraction = value % 1.0
    return 0.0 if fraction >= 1.0 else fraction
