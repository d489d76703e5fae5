"""The beat tracker: where the beat is, judged from sound.

Enters: feature frames. Leaves: one `BeatEstimate` a frame. Estimates may jump when a better
explanation wins; the clock (`live/beat/clock.py`) turns them into a smooth phase. Engine's thread.
"""

from dataclasses import replace

import numpy as np

from live.audio.features import SAMPLE_RATE, TICKS_PER_FRAME, FeatureFrame
from live.beat.estimate import BeatEstimate
from live.beat.evidence import (
    EVIDENCE_LATENCY_S,
    TICKS_OF_A_BEAT,
    BeatEvidence,
    chances,
)
from live.beat.filter import FRAME_S, BeatFilterConfig, Hypothesis
from live.beat.octave import OctaveCheck
from live.beat.silence import SILENT_LEVEL, SilenceGate

# Weights of the two kinds of evidence, tuned on rendered songs and a part of the real tracks.
# Neighbouring ticks hear the same stroke, so weights near 1 would count it several times: twice
# these gave F .79 instead of .87 on hard real tracks.
_NETWORK_WEIGHT, _ONSET_WEIGHT = 0.17, 0.4
_NETWORK_FLOOR = -2.0
_DOWNBEAT_WEIGHT = 0.15
_DOWNBEAT_SHARE = 0.25  # of beats, as long as nothing is heard
_SHARE_LIMITS = (0.02, 0.9)
_SWITCH_RATIO = 2.0  # another hypothesis is followed once it is this much likelier
_SUPPORT_DECAY = float(np.exp(-FRAME_S / 3.0))  # of the strongest evidence of the last seconds
_TRUST_S = 2.0  # over which the probability is averaged
_TYPICAL_RISE_S, _TYPICAL_FALL_S = 4.0, 20.0  # how fast the typical support follows the present one
_COAST_BELOW = 0.45  # of the typical support: a break without drums
_COAST_BEATS = 32
# Agreement below which the beat is in doubt, above which it is not, and what doubt leaves of the
# confidence: learned from the development set.
_DOUBTED, _AGREED = 0.7, 0.9
_IN_DOUBT = 0.6
_OCTAVE_REJECTED = 1e-6  # what is left of the tempo that proved to be twice the beat


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


def _downbeats(heard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What speaks for another beat, and how much more for a downbeat: float [4] each, per tick.

    heard: log likelihood ratios [4, 2]. How likely a beat is a downbeat, against the one in four
    that is known beforehand, and as far as there is a beat.
    """
    beat, downbeat = chances(heard).T
    share = np.clip(downbeat / np.maximum(beat, 1e-6), *_SHARE_LIMITS)
    weight = _DOWNBEAT_WEIGHT * beat
    other = weight * np.log((1 - share) / (1 - _DOWNBEAT_SHARE))
    return other, weight * np.log(share / _DOWNBEAT_SHARE) - other


class Agreement:
    """The F-measure that the beats followed would have if the network's belief were the truth.

    The filter weighs hypotheses against each other; this holds the one it chose against what the
    network says by itself: at half tempo every other believed beat is missed, at double tempo every
    other followed one is believed by nobody, and off the beat both. So it knows that an octave is
    in doubt when the filter does not.
    """

    _MEMORY_S = 8.0
    _WIDTH_S = 0.06  # a believed beat so near is met

    def __init__(self) -> None:
        self._met = self._believed = self._followed = 0.0

    def step(self, chance: np.ndarray, phase: float, tempo_bpm: float) -> None:
        """chance: float [4], of a beat per tick; phase: of the beat followed, at the last tick."""
        beats_s = tempo_bpm / 60
        ages_s = FRAME_S / TICKS_PER_FRAME * np.arange(TICKS_PER_FRAME)[::-1]
        apart = (phase - ages_s * beats_s + 0.5) % 1.0 - 0.5
        keep = 1 - FRAME_S / self._MEMORY_S
        met = float(chance[np.abs(apart) < self._WIDTH_S * beats_s].sum())
        self._met = keep * self._met + met / TICKS_OF_A_BEAT
        self._believed = keep * self._believed + float(chance.sum()) / TICKS_OF_A_BEAT
        self._followed = keep * self._followed + FRAME_S * beats_s

    @property
    def f_measure(self) -> float:
        """0..1; 0 before anything was heard."""
        return min(2 * self._met / (self._believed + self._followed + 1e-6), 1.0)


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
        self._agreement = Agreement()
        self._octave = OctaveCheck(config.min_bpm)

    def push(self, frame: FeatureFrame) -> BeatEstimate:
        silent = self._gate.step(frame.level)
        heard, self._state = self._network.step(frame, self._state)
        self._filter.step(self._weigh(heard, frame))
        now = self._choose()
        self._trust += FRAME_S / _TRUST_S * (now.probability - self._trust)
        if not (self._coasting or silent):
            chance = chances(heard)[:, 0]
            self._agreement.step(chance, now.phase, now.tempo_bpm)
            half = self._octave.step(chance, now.phase, now.tempo_bpm)
            if half is not None:
                self._filter.favour(*half, others=_OCTAVE_REJECTED)
        self._coasted = self._coasted + FRAME_S * now.tempo_bpm / 60 if self._coasting else 0.0
        return BeatEstimate(
            sample=frame.end - EVIDENCE_LATENCY_S * SAMPLE_RATE,
            phase=now.phase,
            tempo_bpm=now.tempo_bpm,
            confidence=0.0 if silent else self._confidence(),
            silent=silent,
            coasting=self._coasting,
            bars=now.bars,
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

        Where the network does not agree, it stays below what counts as sure, but is enough to go
        on: on real music a doubtful octave or an off-beat is followed with a steady hand.
        """
        agreed = (self._agreement.f_measure - _DOUBTED) / (_AGREED - _DOUBTED)
        certain = _IN_DOUBT + (1 - _IN_DOUBT) * min(max(agreed, 0.0), 1.0)
        return self._trust**2 * certain * max(1 - self._coasted / _COAST_BEATS, 0.0)

    def _weigh(self, heard: np.ndarray, frame: FeatureFrame) -> np.ndarray:
        """Evidence of a beat and of a downbeat per tick, [4, 2].

        That there was no beat counts only where beats are heard at all. Otherwise noise, in which
        nothing is ever a beat, would speak for the slowest tempo. And where the music turns much
        less rhythmic than it was, nothing counts: a break without drums is crossed on what was
        known before.
        """
        network = _NETWORK_WEIGHT * np.maximum(heard[:, 0], _NETWORK_FLOOR)
        evidence = network + _ONSET_WEIGHT * self._onsets.step(frame.ticks)
        if frame.level < SILENT_LEVEL:
            evidence = np.zeros_like(evidence)
        self._support = max(self._support * _SUPPORT_DECAY, min(float(evidence.max()), 1.0))
        if not 0 < self._coasted < _COAST_BEATS:  # a break must not become typical
            time_s = _TYPICAL_RISE_S if self._support > self._typical else _TYPICAL_FALL_S
            self._typical += FRAME_S / time_s * (self._support - self._typical)
        self._coasting = self._support < _COAST_BELOW * self._typical
        if self._coasting:
            return np.zeros((len(evidence), 2))
        beat, downbeat = _downbeats(heard)
        evidence = np.where(evidence < 0, self._support * evidence, evidence)
        return np.stack([evidence + beat, downbeat], axis=1)

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
