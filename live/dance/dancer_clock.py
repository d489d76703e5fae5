"""The dancers' own beat: the music's, or every other one where the music is too fast.

Enters: the readings of the beat clock. Leaves: position and tempo in the dancers' beats. Engine's
thread.
"""

import math

from live.beat.estimate import BeatReading
from live.dance.contract import BEATS_A_BAR, DANCE_BPM, dance_ratio

_RATIO_MARGIN = 1.05  # a tempo that wavers about a limit must not toggle half time


class DancersBeat:
    """Counts the dancers' beats: the music's, or every other one where the music is too fast."""

    def __init__(self) -> None:
        self._beats: float | None = None
        self._read = 0.0  # beats and phase of the last reading
        self._phase = 0.0
        self.ratio = 1.0  # the dancers' beats per beat of the music
        self._shift: dict[int, int] = {}  # beats from the count to a bar, by metre

    def follow(self, reading: BeatReading) -> tuple[float, float]:
        """Position in the dancers' beats, continuous, 0 on a downbeat; and their tempo, BPM."""
        if self._beats is None:
            self._beats = math.floor(4 * reading.bar_phase) + reading.phase
        else:
            moved = (reading.phase - self._phase + 0.5) % 1.0 - 0.5
            # Whole beats have passed where sound was lost or given up: a bar must not lose one.
            self._beats += moved + round(reading.beats - self._read - moved)
        self._read, self._phase = reading.beats, reading.phase
        low, high = DANCE_BPM
        tempo_bpm = reading.tempo_bpm * self.ratio
        if not low / _RATIO_MARGIN < tempo_bpm < high * _RATIO_MARGIN:
            self.ratio = dance_ratio(reading.tempo_bpm)
        return self._beats * self.ratio, reading.tempo_bpm * self.ratio

    def to_bars(self, reading: BeatReading, metre: int) -> int:
        """What to add to the position for 0 to be a downbeat of a style with so many beats in a
        bar: the music's own, where it has as many and is danced beat by beat; else bars are counted
        on from where they were."""
        if metre == BEATS_A_BAR or self._beats is None:
            return 0
        if reading.metre == metre and self.ratio == 1.0:
            self._shift[metre] = round(metre * reading.bar_phase - self._beats) % metre
        return self._shift.get(metre, 0)
