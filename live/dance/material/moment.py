"""Moments of a song, as a plan names them: bar numbers and times.

Enters: values of a TOML file. Leaves: `SongMoment`, or a ConfigError. Pure.
"""

import re
from dataclasses import dataclass
from typing import Any

from live.beat.timecode import TimecodeReading
from live.errors import ConfigError
from live.settings_file import shown

MAX_BAR = 100_000
_TIME = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):(\d{2}(?:\.\d{1,3})?)")
_LABEL = re.compile(r"(\d{2}):(\d{2}):(\d{2})[:;](\d{2})")
_MOST_FRAMES = 29  # of a label
_USUAL_RATE = 30
_MAX_S = 24 * 3600.0
_EARLY_BARS = 1e-3  # the frame that is seen on a downbeat counts, whatever rounding says


@dataclass(frozen=True)
class SongMoment:
    """A bar, from 1, or seconds since the song began; the other is None. frames: of a timecode,
    beyond its seconds."""

    bar: int | None = None
    time_s: float | None = None
    frames: int = 0

    def has_come(
        self,
        bars: float,
        seconds: float,
        early_bars: float = 0.0,
        timecode: TimecodeReading | None = None,
    ) -> bool:
        """bars, seconds, timecode: as of `live.beat.song_position`. early_bars: so much before."""
        if self.bar is not None:
            return bars >= self.bar - 1 - early_bars - _EARLY_BARS
        return self.time_s is not None and seconds >= self._seconds(self.time_s, timecode)

    def _seconds(self, time_s: float, timecode: TimecodeReading | None) -> float:
        if timecode is None:
            return time_s + self.frames / _USUAL_RATE
        whole_s = int(time_s)
        return timecode.label_s(whole_s, self.frames) + time_s - whole_s

    def __str__(self) -> str:
        if self.bar is not None:
            return f"bar {self.bar}"
        minutes, seconds = divmod(self.time_s or 0.0, 60)
        return f"{minutes:.0f}:{seconds:04.1f}"


def parse_moment(value: Any) -> SongMoment:
    """33: a bar; "1:32.5": minutes, seconds; "1:02:03": hours too; "00:01:32:12": and frames."""
    if type(value) is int and 1 <= value <= MAX_BAR:
        return SongMoment(bar=value)
    label = _LABEL.fullmatch(value.strip()) if isinstance(value, str) else None
    if label:
        hours, minutes, seconds, frames = map(int, label.groups())
        if hours < 24 and minutes < 60 and seconds < 60 and frames <= _MOST_FRAMES:
            return SongMoment(time_s=float(3600 * hours + 60 * minutes + seconds), frames=frames)
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if found and float(found[3]) < 60:
        time_s = 3600 * int(found[1] or 0) + 60 * int(found[2]) + float(found[3])
        if time_s <= _MAX_S:
            return SongMoment(time_s=time_s)
    raise ConfigError(
        f'at is {shown(value)}; it must be a bar from 1, a time such as "1:32.5" or "00:01:32:12"'
    )
