"""SMPTE timecode: labels, frame rates, and where in the show's time a source says we are.

Enters: labels from MTC (`mtc.py`) or LTC (`ltc.py`). Leaves: `TimecodeReading`. Pure, any thread.

A label is hours:minutes:seconds:frames. Counting 30 labels a second at 29.97 frames a second runs
late by 3.6 s an hour; drop-frame counting leaves out labels 0 and 1 of each minute but every tenth,
and stays true (SMPTE ST 12-1). Without it the label is what a cue sheet means, so 29.97 without
drop counts its seconds in labels, as 30 does.
"""

from dataclasses import dataclass
from typing import Protocol

from live.audio.features import SAMPLE_RATE

TIMECODES = ("ltc", "mtc")  # the first that knows counts
RATES = (24, 25, 30)  # labels a second
_DROP_RATE = 30_000 / 1001
_DAY_S = 24 * 3600.0


@dataclass(frozen=True)
class Label:
    """rate: labels a second, one of RATES; is_drop: labels are left out, at 29.97 a second."""

    hours: int
    minutes: int
    seconds: int
    frames: int
    rate: int
    is_drop: bool = False

    @property
    def is_possible(self) -> bool:
        """Whether there is such a label."""
        fits = (
            0 <= self.hours < 24
            and 0 <= self.minutes < 60
            and 0 <= self.seconds < 60
            and 0 <= self.frames < self.rate
            and self.rate in RATES
            and (self.rate == 30 or not self.is_drop)
        )
        return fits and not (
            self.is_drop and self.frames < 2 and self.seconds == 0 and self.minutes % 10
        )

    @property
    def count(self) -> int:
        """Frames since 00:00:00:00."""
        whole = ((self.hours * 60 + self.minutes) * 60 + self.seconds) * self.rate + self.frames
        if not self.is_drop:
            return whole
        minutes = self.hours * 60 + self.minutes
        return whole - 2 * (minutes - minutes // 10)

    @property
    def frame_s(self) -> float:
        """Seconds a frame is counted as."""
        return 1 / _DROP_RATE if self.is_drop else 1 / self.rate

    @property
    def position_s(self) -> float:
        """Seconds since 00:00:00:00 at the beginning of the frame."""
        return self.count * self.frame_s


@dataclass(frozen=True)
class TimecodeReading:
    """seconds: the position at 24 kHz sample index `sample`; rate, is_drop: as of `Label`."""

    sample: float
    seconds: float
    rate: int = 30
    is_drop: bool = False

    def at(self, sample: float) -> float:
        """Seconds at any sample: timecode that runs, runs in real time."""
        return self.seconds + (sample - self.sample) / SAMPLE_RATE

    @property
    def is_possible(self) -> bool:
        """Whether a reading from a file can be one."""
        return (
            0.0 <= self.seconds < _DAY_S
            and abs(self.sample) < 1e15
            and self.rate in RATES
            and (self.rate == 30 or not self.is_drop)
        )

    def __str__(self) -> str:
        """HH:MM:SS:FF, with ; before the frames of drop-frame."""
        frame_s = 1 / _DROP_RATE if self.is_drop else 1 / self.rate
        count = int(self.seconds / frame_s + 1e-6)
        if self.is_drop:
            tens, rest = divmod(count, 17_982)
            count += 18 * tens + 2 * max((rest - 2) // 1798, 0)
        seconds, frames = divmod(count, self.rate)
        minutes, seconds = divmod(seconds, 60)
        colon = ";" if self.is_drop else ":"
        return f"{minutes // 60 % 24:02}:{minutes % 60:02}:{seconds:02}{colon}{frames:02}"

    def label_s(self, whole_s: int, frames: int) -> float:
        """The position of a label of so many seconds and frames, at this reading's rate."""
        minutes, seconds = divmod(whole_s, 60)
        hours, minutes = divmod(minutes, 60)
        frames = min(frames, self.rate - 1)
        return Label(hours, minutes, seconds, frames, self.rate, self.is_drop).position_s


class TimecodeSource(Protocol):
    """name: one of TIMECODES. poll: where the timecode is at a sample that is current at time_s
    (monotonic seconds); None while it stands still, or nothing is heard."""

    name: str

    def poll(self, sample: float, time_s: float) -> TimecodeReading | None: ...
    def close(self) -> None: ...


class RunningPosition:
    """A position that is told now and then, and runs on in between; no port, no thread.

    What comes with a few milliseconds of jitter is averaged; what is further off than a frame or
    two is a jump, and is believed.
    """

    _GAIN = 0.2
    _JUMP_S = 0.1
    _LOST_S = 0.5

    def __init__(self) -> None:
        self._told: tuple[float, float, Label] | None = None  # time, position, label; s

    def tell(self, label: Label, position_s: float, time_s: float) -> None:
        """At `time_s` the position is `position_s`; label: which gives the rate."""
        if self._told is not None:
            before_s = self._told[1] + time_s - self._told[0]
            if abs(position_s - before_s) < self._JUMP_S:
                position_s = before_s + self._GAIN * (position_s - before_s)
        self._told = (time_s, position_s, label)

    def stop(self) -> None:
        self._told = None

    def reading(self, sample: float, time_s: float) -> TimecodeReading | None:
        """None half a second after it was told last."""
        if self._told is None or not time_s - self._told[0] < self._LOST_S:
            return None
        told_s, position_s, label = self._told
        seconds = (position_s + time_s - told_s) % _DAY_S
        return TimecodeReading(sample, seconds, label.rate, label.is_drop)
