"""aubio's beat tracker behind our protocol: the second opinion, and the yardstick.

Enters: feature frames. Leaves: one `BeatEstimate` a frame. Engine's thread. aubio is imported only
when this tracker is chosen.
"""

from collections import deque

import numpy as np

from live.audio.features import FRAME, SAMPLE_RATE, FeatureFrame
from live.beat.estimate import BeatEstimate
from live.beat.silence import SilenceGate
from live.errors import ConfigError


class AubioTracker:
    """aubio.tempo (Brossier 2006), its beats continued in a straight line.

    Confidence is aubio's own measure squeezed into 0..1; it is not calibrated.
    """

    _N_FFT, _HOP = 1024, 200
    _LAST_BEATS = 4
    _SILENCE_SAMPLES = 2 * SAMPLE_RATE

    def __init__(self) -> None:
        try:
            import aubio
        except ImportError as error:
            raise ConfigError(
                "the beat tracker 'aubio' needs aubio: pip install aubio-ledfx"
            ) from error
        # A C extension without type information.
        make = aubio.tempo  # pyright: ignore[reportAttributeAccessIssue]
        self._tempo = make("default", self._N_FFT, self._HOP, SAMPLE_RATE)
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
            coasting=not fresh,
        )

    def skip(self, samples: int) -> None:
        """Silence in the place of what was lost, as long as it may matter; then time alone."""
        hops = min(samples, self._SILENCE_SAMPLES) // self._HOP
        for _ in range(hops):
            self._tempo(np.zeros(self._HOP, np.float32))
        if self._start is not None:
            self._start += samples - hops * self._HOP

    def suggest(self, estimate: BeatEstimate) -> None:
        """aubio cannot be told anything."""

    def _hear(self, sample: float) -> None:
        self._beats.append(sample)
        tempo_bpm = float(self._tempo.get_bpm())
        if tempo_bpm > 0:
            self._tempo_bpm = tempo_bpm
