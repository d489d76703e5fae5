"""Where the beat is, judged from sound: two trackers behind one protocol.

Enters: feature frames. Leaves: one `BeatEstimate` a frame. Estimates may jump when a better
explanation wins; the clock (`live/tempo.py`) turns them into a smooth phase. Engine's thread.
"""

from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from live.beat_filter import FRAME_S, BeatFilterConfig, Hypothesis
from live.errors import ConfigError
from live.features import FRAME, SAMPLE_RATE, FeatureFrame

# From a click to the middle of its rise in the ticks, measured with single-sample clicks: half the
# Hann window of 1024, less what the logarithm in front of the flux lets show early.
TICK_LATENCY_S = 0.028
SILENT_LEVEL = 0.15  # 1 + dB / 80: -68 dB
SILENT_AFTER_S = 0.8


@dataclass(frozen=True)
class BeatEstimate:
    """phase: 0..1 at 24 kHz sample index `sample`; tempo_bpm; confidence 0..1; silent: no sound
    to judge from; support: 0..1, how much of the recent music spoke for any beat at all."""

    sample: float
    phase: float
    tempo_bpm: float
    confidence: float
    silent: bool = False
    support: float = 1.0


class BeatTracker(Protocol):
    def push(self, frame: FeatureFrame) -> BeatEstimate: ...
    def suggest(self, estimate: BeatEstimate) -> None: ...


class SilenceGate:
    """True after SILENT_AFTER_S without sound."""

    def __init__(self) -> None:
        self._quiet_s = SILENT_AFTER_S

    def step(self, level: float) -> bool:
        self._quiet_s = self._quiet_s + FRAME_S if level < SILENT_LEVEL else 0.0
        return self._quiet_s >= SILENT_AFTER_S


_BAND_WEIGHTS = np.array([0.5, 0.3, 0.2])
_NORMAL_S = 3.0


class OnsetEvidence:
    """Log likelihood ratio of a beat per tick from onset strength alone.

    Each band is measured by its own recent mean and deviation, so that a hi-hat next to the
    microphone does not drown a distant kick.
    """

    def __init__(self) -> None:
        self._mean = np.zeros(3)
        self._power = np.full(3, 1e-3)

    def step(self, frame: FeatureFrame) -> np.ndarray:
        ticks = frame.ticks.astype(np.float64)
        rate = FRAME_S / _NORMAL_S
        self._mean += rate * (ticks.mean(axis=0) - self._mean)
        self._power += rate * ((ticks**2).mean(axis=0) - self._power)
        deviation = np.sqrt(np.maximum(self._power - self._mean**2, 1e-4))
        score = ((ticks - self._mean) / deviation) @ _BAND_WEIGHTS
        return np.clip(0.5 * score - 0.2, -0.5, 1.2)


_SUPPORT_DECAY = float(np.exp(-FRAME_S / 3.0))


class NativeTracker:
    """Evidence, filter, and the choice of one hypothesis to follow."""

    def __init__(self, config: BeatFilterConfig):
        self._filter = config.make()
        self._evidence = OnsetEvidence()
        self._gate = SilenceGate()
        self._chosen: Hypothesis | None = None
        self._support = 0.0

    def push(self, frame: FeatureFrame) -> BeatEstimate:
        silent = self._gate.step(frame.level)
        evidence = self._evidence.step(frame)
        if frame.level < SILENT_LEVEL:
            evidence = np.zeros_like(evidence)
        self._filter.step(evidence)
        fresh = min(float(evidence.max()), 1.0)
        self._support = max(self._support * _SUPPORT_DECAY, fresh)
        self._chosen = self._choose(self._chosen)
        now = self._chosen
        return BeatEstimate(
            sample=frame.end - TICK_LATENCY_S * SAMPLE_RATE,
            phase=now.phase,
            tempo_bpm=now.tempo_bpm,
            confidence=0.0 if silent else now.probability,
            silent=silent,
            support=self._support,
        )

    def suggest(self, estimate: BeatEstimate) -> None:
        """Lean towards what the operator tapped."""
        self._filter.favour(estimate.phase, estimate.tempo_bpm)

    def _choose(self, before: Hypothesis | None) -> Hypothesis:
        """Stay with the hypothesis of the last frame until another is twice as likely."""
        best = self._filter.best()
        if before is None:
            return best
        phase = before.phase + before.tempo_bpm / 60 * FRAME_S
        same = self._filter.near(phase % 1.0, before.tempo_bpm)
        return best if best.probability > 2 * same.probability else same


class AubioTracker:
    """aubio.tempo (Brossier 2006), its beats continued in a straight line.

    Confidence is aubio's own measure squeezed into 0..1; it is not calibrated.
    """

    _N_FFT, _HOP = 1024, 200
    _LAST_BEATS = 4

    def __init__(self) -> None:
        try:
            import aubio
        except ImportError as error:
            raise ConfigError(
                "the beat tracker 'aubio' needs aubio: pip install aubio-ledfx"
            ) from error
        self._tempo = aubio.tempo("default", self._N_FFT, self._HOP, SAMPLE_RATE)
        self._gate = SilenceGate()
        self._beats: deque[float] = deque(maxlen=self._LAST_BEATS)
        self._start: int | None = None
        self._tempo_bpm = 120.0

    def push(self, frame: FeatureFrame) -> BeatEstimate:
        if self._start is None:
            self._start = frame.end - FRAME
        silent = self._gate.step(frame.level)
        for hop in frame.samples.reshape(-1, self._HOP):
            if self._tempo(hop)[0] > 0:
                self._hear(self._start + self._tempo.get_last())
        beat = self._beats[-1] if self._beats else float(self._start)
        beats_since = (frame.end - beat) / SAMPLE_RATE * self._tempo_bpm / 60
        fresh = len(self._beats) > 1 and beats_since < 4
        confidence = min(max(float(self._tempo.get_confidence()), 0.0), 1.0) if fresh else 0.0
        return BeatEstimate(
            frame.end,
            beats_since % 1.0,
            self._tempo_bpm,
            0.0 if silent else confidence,
            silent,
            1.0 if fresh else 0.0,
        )

    def suggest(self, estimate: BeatEstimate) -> None:
        """aubio cannot be told anything."""

    def _hear(self, sample: float) -> None:
        self._beats.append(sample)
        tempo_bpm = float(self._tempo.get_bpm())
        if tempo_bpm > 0:
            self._tempo_bpm = tempo_bpm
