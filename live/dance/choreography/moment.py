"""What the choreographer is told of a frame, and what it says of one.

Enters and leaves: values alone.
"""

from dataclasses import dataclass

import numpy as np

from live.beat.estimate import BeatReading
from live.beat.section import SectionReading
from live.body.staging import Staging


@dataclass(frozen=True)
class Moment:
    """beats: position in the dancers' beats; ratio: how many of them there are to a beat of the
    music. bar_beat: beats of the music since the downbeat; metre: how many a bar has. late_beats:
    beats of the music by which the dance is later than the ears' reading. section: what the ears
    say, None where they say nothing.
    is_idle: silence. is_frozen: nobody moves."""

    beats: float
    ratio: float = 1.0
    bar_beat: float = 0.0
    metre: int = 4
    late_beats: float = 0.0
    section: SectionReading | None = None
    is_idle: bool = False
    is_frozen: bool = False

    def is_downbeat(self) -> bool:
        """Whether the bar begins within the dancers' beat that has just begun."""
        return self.begins(self.bar_beat, self.metre)

    def begins(self, position: float, every: float) -> bool:
        """Whether a position in beats of the music has just passed a multiple of `every`."""
        return (position + _EARLY) % every < 1 / self.ratio


def moment_of(
    reading: BeatReading, section: SectionReading, beats: float, ratio: float, late_ms: float
) -> Moment:
    """The moment of a beat clock's reading. beats, ratio: of the dancers, who are to be late_ms
    later than the music."""
    late = late_ms / 60_000 * reading.tempo_bpm
    return Moment(
        beats=beats - late * ratio,
        ratio=ratio,
        bar_beat=reading.metre * reading.bar_phase - late,
        metre=reading.metre,
        late_beats=late,
        section=section,
    )


@dataclass(frozen=True)
class Directions:
    """A row each dancer. noise: float32 [N, Z]; delays: float64 [N], dancers' beats by which each
    dances later; energy, openness: float32 [N], added to the faders'; anew: bool [N], whose beat
    begins anew. staging: where each is, and who dances mirrored."""

    noise: np.ndarray
    delays: np.ndarray
    energy: np.ndarray
    openness: np.ndarray
    anew: np.ndarray
    staging: Staging


_EARLY = 0.25  # beats: a bar that is about to begin counts as begun
