"""What every source of beats gives the clock, a `BeatEstimate`, and what the clock makes of them, a
`BeatReading`. Data only, for any thread."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from live.audio.features import FeatureFrame

MAX_BPM = 400.0  # a tempo that anything counts at
BEATS_PER_BAR = 4  # of sources that count bars: Link's quantum, MIDI's song position


@dataclass(frozen=True)
class BeatEstimate:
    """phase: 0..1 at 24 kHz sample index `sample`; tempo_bpm; confidence 0..1; silent: no sound
    to judge from; coasting: sound, but hardly anything in it that could be a beat;
    bars: float [15], how likely the beat that `phase` counts from is each beat of each metre
    (`live.beat.filter.Hypothesis`), where the source hears bars;
    bar_beat: beats since the downbeat, 0..4, phase included, where the source counts bars of four.
    """

    sample: float
    phase: float
    tempo_bpm: float
    confidence: float
    silent: bool = False
    coasting: bool = False
    bars: np.ndarray | None = None
    bar_beat: float | None = None


@dataclass(frozen=True)
class BeatReading:
    """phase, bar_phase: [0, 1), 0 on the beat and on the downbeat; tempo_bpm; confidence: 0..1;
    state: "searching", "locked", "coasting" (locked, but nothing new is heard) or "silent";
    beats: counted since the clock began, continuous but for a sync; metre: beats in a bar."""

    phase: float
    bar_phase: float
    tempo_bpm: float
    confidence: float
    state: str
    beats: float
    metre: int = BEATS_PER_BAR


class BeatTracker(Protocol):
    """Listens to sound. push: one frame in, one estimate out; skip: so many samples (24 kHz) before
    the next frame were lost; suggest: lean towards this beat."""

    def push(self, frame: FeatureFrame) -> BeatEstimate: ...
    def skip(self, samples: int) -> None: ...
    def suggest(self, estimate: BeatEstimate) -> None: ...
