"""Where in a planned song the music is: bars and seconds since it began.

Enters: a beat reading a frame, its sample, timecode where there is some. Leaves: bars (0.0 on the
first downbeat), seconds.
Engine's thread; the same readings give the same position.

A song begins with the first sound, or when the operator says so. Until the clock has locked for the
first time its tempo may be wrong; so the bars that have passed are counted back from it.
"""

from live.audio.features import SAMPLE_RATE
from live.beat.estimate import BeatReading
from live.beat.timecode import TimecodeReading


class SongPosition:
    """bars, seconds: since the song began; has_begun: whether it has. Once the clock has locked,
    bars jump only where a downbeat is found anew.

    follows_timecode: seconds are those of the timecode, and stand still where it does; before it is
    heard they are -1. timecode: the reading that they are of.
    """

    def __init__(self, follows_timecode: bool = False) -> None:
        self.timecode: TimecodeReading | None = None
        self._follows_timecode = follows_timecode
        self.bars = 0.0
        self.seconds = -1.0 if follows_timecode else 0.0
        self.has_begun = False
        self._start_wanted = False
        self._began = 0.0  # sample
        self._is_counting = False
        self._last: BeatReading | None = None

    def start(self) -> None:
        """With the next frame a song begins; its first downbeat is the nearest."""
        self._start_wanted = True

    def step(
        self, reading: BeatReading, sample: float, timecode: TimecodeReading | None = None
    ) -> None:
        """One frame, seen at a sample (24 kHz). timecode: None while it stands still."""
        told_s = self.seconds
        self._count(reading, sample)
        if timecode is not None and sample - timecode.sample < _STALE:
            if not self.has_begun:
                self._begin(sample)
            self.timecode, told_s = timecode, timecode.at(sample)
        if self._follows_timecode:
            self.seconds = told_s

    def _count(self, reading: BeatReading, sample: float) -> None:
        last, self._last = self._last, reading
        if self._start_wanted:
            self._begin(sample)
            self._is_counting = True
            self.bars = (reading.bar_phase + 0.5) % 1.0 - 0.5
        elif not self.has_begun and reading.state == "silent":
            return
        elif not self.has_begun:
            self._begin(sample)
        elif self._is_counting and last is not None:
            self.bars += _moved(last, reading)
        self.seconds = (sample - self._began) / SAMPLE_RATE
        if not self._is_counting:
            counted_back = _nearest(self.seconds * _bars_per_s(reading), reading.bar_phase)
            self._is_counting = reading.state == "locked" or self.seconds > _PATIENCE_S
            is_guess = not self._is_counting and self.seconds < _GUESS_S
            self.bars = min(counted_back, _NOT_YET_TWO) if is_guess else counted_back

    def _begin(self, sample: float) -> None:
        self._start_wanted, self.has_begun, self._began = False, True, sample


_STALE = SAMPLE_RATE  # a reading of timecode that was not renewed for so long
_NOT_YET_TWO = 0.9  # bars
_GUESS_S = 3.0  # for so long an unlocked clock knows too little to begin the second bar
_PATIENCE_S = 8.0  # after which bars are counted on, locked or not


def _bars_per_s(reading: BeatReading) -> float:
    return reading.tempo_bpm / 60 / reading.metre


def _nearest(bars: float, phase: float) -> float:
    """The position nearest to `bars` that has this phase, not before the first downbeat."""
    return max(round(bars - phase), 0) + phase


def _moved(last: BeatReading, now: BeatReading) -> float:
    """Bars from one reading to the next; whole ones pass where sound was lost."""
    moved = (now.bar_phase - last.bar_phase + 0.5) % 1.0 - 0.5
    return moved + round((now.beats - last.beats) / now.metre - moved)
