"""A tempo that the operator set, or the moment of a sync.

Enters: tempo and sync controls. Leaves: a `BeatEstimate` while one of them is in force. Engine's
thread.
"""

from live.audio.features import SAMPLE_RATE
from live.beat.estimate import BEATS_PER_BAR, BeatEstimate

MIN_SET_BPM = 20.0  # a tempo set below this is none


class SetBeat:
    """A beat at a constant tempo, from where the operator set the tempo or the downbeat.

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
        bar_beat = (self._bar_beat + beats) % BEATS_PER_BAR
        return BeatEstimate(
            sample, bar_beat % 1.0, self._tempo_bpm, self._CONFIDENCE, bar_beat=bar_beat
        )

    def _anchor(self, tempo_bpm: float, sample: float, bar_beat: float) -> None:
        self._tempo_bpm, self._sample, self._bar_beat = tempo_bpm, sample, bar_beat
