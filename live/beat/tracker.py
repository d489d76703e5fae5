"""The beat tracker: where the beat is, judged from sound.

Enters: feature frames. Leaves: one `BeatEstimate` a frame. Estimates may jump when a better
explanation wins; the clock (`live/beat/clock.py`) turns them into a smooth phase. Engine's thread.
"""

from dataclasses import replace

import numpy as np

from live.audio.features import SAMPLE_RATE, FeatureFrame
from live.beat.estimate import BeatEstimate
from live.beat.evidence import EVIDENCE_LATENCY_S, BeatEvidence, chances
from live.beat.filter import FRAME_S, BeatFilterConfig, Hypothesis
from live.beat.silence import SILENT_LEVEL, SilenceGate

# Weights of the two kinds of evidence, tuned on rendered songs and a part of the real tracks.
# Neighbouring ticks hear the same stroke, so weights near 1 would count it several times: twice
# these gave F .79 instead of .87 on hard real tracks.
_NETWORK_WEIGHT, _ONSET_WEIGHT = 0.17, 0.4
_NETWORK_FLOOR = -2.0
_SWITCH_RATIO = 2.0  # another hypothesis is followed once it is this much likelier
_SUPPORT_DECAY = float(np.exp(-FRAME_S / 3.0))  # of the strongest evidence of the last seconds
_TRUST_S = 2.0  # over which the probability is averaged
_TYPICAL_RISE_S, _TYPICAL_FALL_S = 4.0, 20.0  # how fast the typical support follows the present one
_COAST_BELOW = 0.45  # of the typical support: a break without drums
_COAST_BEATS = 32


class OnsetEvidence:
    """Log likelihood ratio of a beat per tick from onset strength alone.

    Each band is measured by its own recent mean and deviation, so that a hi-hat next to the
    microphone does not drown a distant kick. It knows nothing of music, and for that reason it
    holds on recordings unlike everything the network has heard.
    """

    _WEIGHTS = np.array([0.5, 0.3, 0.2])  # low, mid, high
    _MEMORY_S = 3.0

    def __init__(self) -> None:
        self._mean = np.zeros(3)
        self._power = np.full(3, 1e-3)

    def step(self, ticks: np.ndarray) -> np.ndarray:
        """ticks: float [4, 3], onset strength. Returns float64 [4], -0.5..1.2."""
        ticks = ticks.astype(np.float64)
        rate = FRAME_S / self._MEMORY_S
        self._mean += rate * (ticks.mean(axis=0) - self._mean)
        self._power += rate * ((ticks**2).mean(axis=0) - self._power)
        deviation = np.sqrt(np.maximum(self._power - self._mean**2, 1e-4))
        score = ((ticks - self._mean) / deviation) @ self._WEIGHTS
        return np.clip(0.5 * score - 0.2, -0.5, 1.2)


class NativeTracker:
    """Evidence, filter, and the choice of one hypothesis to follow."""

    def __init__(self, config: BeatFilterConfig):
        self._filter = config.make()
        self._network = BeatEvidence()
        self._state = self._network.initial_state()
        self._onsets = OnsetEvidence()
        self._gate = SilenceGate()
        self._chosen: Hypothesis | None = None
        self._support = 0.0
        self._typical = 0.0
        self._coasting = False
        self._coasted = 0.0
        self._trust = 0.0

    def push(self, frame: FeatureFrame) -> BeatEstimate:
        silent = self._gate.step(frame.level)
        heard, self._state = self._network.step(frame, self._state)
        self._filter.step(self._weigh(heard[:, 0], frame))
        now = self._choose()
        self._trust += FRAME_S / _TRUST_S * (now.probability - self._trust)
        self._coasted = self._coasted + FRAME_S * now.tempo_bpm / 60 if self._coasting else 0.0
        return BeatEstimate(
            sample=frame.end - EVIDENCE_LATENCY_S * SAMPLE_RATE,
            phase=now.phase,
            tempo_bpm=now.tempo_bpm,
            confidence=0.0 if silent else self._confidence(),
            silent=silent,
            coasting=self._coasting,
            ticks=chances(heard),
        )

    def skip(self, samples: int) -> None:
        """Let time pass of which nothing was heard."""
        seconds = samples / SAMPLE_RATE
        self._filter.skip(seconds)
        if self._chosen is not None:
            beats = self._chosen.tempo_bpm / 60 * seconds
            self._chosen = replace(self._chosen, phase=(self._chosen.phase + beats) % 1.0)
            self._trust *= max(1 - beats / _COAST_BEATS, 0.0)

    def suggest(self, estimate: BeatEstimate) -> None:
        """Lean towards what the operator tapped."""
        self._filter.favour(estimate.phase, estimate.tempo_bpm)

    def _confidence(self) -> float:
        """The chosen cluster's probability, squared, fading to 0 over eight bars without beats.

        Squared, more than 0.8 means that the next beat is within 50 ms of a true one in 98 % of
        cases on rendered songs and in 87 % on ballroom recordings (waltzes taken at double tempo).
        """
        return self._trust**2 * max(1 - self._coasted / _COAST_BEATS, 0.0)

    def _weigh(self, heard: np.ndarray, frame: FeatureFrame) -> np.ndarray:
        """Evidence per tick; that there was no beat counts only where beats are heard at all.

        Otherwise noise, in which nothing is ever a beat, would speak for the slowest tempo. And
        where the music turns much less rhythmic than it was, nothing counts: a break without drums
        is crossed on what was known before.
        """
        network = _NETWORK_WEIGHT * np.maximum(heard, _NETWORK_FLOOR)
        evidence = network + _ONSET_WEIGHT * self._onsets.step(frame.ticks)
        if frame.level < SILENT_LEVEL:
            evidence = np.zeros_like(evidence)
        self._support = max(self._support * _SUPPORT_DECAY, min(float(evidence.max()), 1.0))
        if not 0 < self._coasted < _COAST_BEATS:  # a break must not become typical
            time_s = _TYPICAL_RISE_S if self._support > self._typical else _TYPICAL_FALL_S
            self._typical += FRAME_S / time_s * (self._support - self._typical)
        self._coasting = self._support < _COAST_BELOW * self._typical
        if self._coasting:
            return np.zeros_like(evidence)
        return np.where(evidence < 0, self._support * evidence, evidence)

    def _choose(self) -> Hypothesis:
        """Stay with the hypothesis of the last frame until another is clearly likelier."""
        best, before = self._filter.best(), self._chosen
        if before is not None:
            phase = before.phase + before.tempo_bpm / 60 * FRAME_S
            same = self._filter.near(phase % 1.0, before.tempo_bpm)
            if best.probability <= _SWITCH_RATIO * same.probability:
                best = same
        self._chosen = best
        return best
