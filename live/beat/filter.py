"""From beat evidence to tempo and phase: an exact Bayesian filter over a grid of hypotheses.

Enters: for each frame four log likelihood ratios, one per tick (120 Hz), that a beat falls on that
tick. Leaves: the likeliest (tempo, phase) with the probability around it. Runs in the engine's
thread; one step a frame (30 Hz), the past is never looked at again.

The state space is that of the bar pointer model (Whiteley, Cemgil, Godsill 2006; Krebs, Böck,
Widmer 2015) reduced to one beat: a beat phase that advances at a tempo, both on a grid, the tempo
wandering slowly. Half, double and three-halves tempo are simply rows of the same grid, so that
octave errors are weighed against each other all the time instead of being repaired afterwards.
"""

from dataclasses import dataclass

import numpy as np

from live.audio.features import SAMPLE_RATE, TICK, TICKS_PER_FRAME

TICK_RATE_HZ = SAMPLE_RATE / TICK
FRAME_S = TICKS_PER_FRAME / TICK_RATE_HZ


@dataclass(frozen=True)
class BeatFilterConfig:
    """Grid and dynamics of the filter.

    min_bpm, max_bpm: the tempo rows; step: ratio of neighbouring rows minus 1; bins: phases per
    beat; prior_bpm, prior_octaves: centre and width of the log-normal tempo prior; wander: chance
    per second that the tempo moves to a neighbouring row; leak: share of probability per second
    that starts over from the prior, which is what finds tempo jumps; memory_s: evidence older than
    this fades (0.37 left), so certainty is bounded and a changed song wins within seconds;
    pulse_s: standard deviation of a beat, which allows for players who are not together.
    """

    min_bpm: float = 58.0
    max_bpm: float = 205.0
    step: float = 0.012
    bins: int = 48
    prior_bpm: float = 118.0
    prior_octaves: float = 0.55
    wander: float = 0.5
    leak: float = 0.003
    memory_s: float = 10.0
    pulse_s: float = 0.016

    def make(self) -> "BeatFilter":
        return BeatFilter(self)


@dataclass(frozen=True)
class Hypothesis:
    """One cluster of the posterior: phase [0, 1), tempo_bpm, probability 0..1 in the cluster."""

    phase: float
    tempo_bpm: float
    probability: float


_ROWS_AROUND = 5  # a cluster: this many tempo rows and a ninth of a beat to each side
_PHASE_AROUND = 1 / 9
_MIX_EVERY = 6  # frames: tempo and memory change slowly against them, and mixing costs most
_MAX_MIXES = 50  # 10 s of a gap; what is longer was forgotten by then
_HARMONICS = 14  # of the pulse template; enough for a 16 ms pulse in a beat of one second


class BeatFilter:
    """Probability over [K tempi, N phases], advanced and weighed once a frame."""

    def __init__(self, config: BeatFilterConfig):
        self.config = config
        rows = int(np.log(config.max_bpm / config.min_bpm) / np.log1p(config.step)) + 1
        self.tempo_bpm = config.min_bpm * (1 + config.step) ** np.arange(rows)
        self._hz = self.tempo_bpm / 60
        self._bins = np.arange(config.bins)
        self._row_start = (np.arange(rows) * config.bins)[:, None]
        octaves = np.log2(self.tempo_bpm / config.prior_bpm) / config.prior_octaves
        prior = np.exp(-0.5 * octaves**2)
        self._prior = (prior / prior.sum() / config.bins)[:, None].astype(np.float32)
        self._harmonic = np.arange(_HARMONICS)
        self._pulse = self._pulse_spectrum()
        ages = TICKS_PER_FRAME - 1 - np.arange(TICKS_PER_FRAME)
        self._ages = np.exp(-2j * np.pi * self._turns(ages))
        waves = np.exp(2j * np.pi * np.outer(self._harmonic, self._bins) / config.bins)
        self._waves = np.concatenate([np.real(waves), -np.imag(waves)]).astype(np.float32)
        around = int(config.bins * _PHASE_AROUND)
        self._cluster_bins = np.arange(-around, around + 1)
        self.reset()

    def reset(self) -> None:
        self.probability = np.broadcast_to(self._prior, (len(self._hz), self.config.bins)).copy()
        self._offset = np.zeros(len(self._hz))  # of bin 0 in each row, in bins, 0..1
        self._until_mixing = _MIX_EVERY
        self._novelty = 0.0

    def _turns(self, age_ticks: np.ndarray) -> np.ndarray:
        """Cycles of each harmonic that pass in age_ticks: float64 [K, H, ticks]."""
        beats = self._hz[:, None] * age_ticks / TICK_RATE_HZ
        return self._harmonic[None, :, None] * beats[:, None, :]

    def _pulse_spectrum(self) -> np.ndarray:
        """Fourier series of a Gaussian pulse of unit height at phase 0: float64 [K, H]."""
        width = self.config.pulse_s * self._hz[:, None]  # in beats
        series = np.exp(-2 * (np.pi * self._harmonic * width) ** 2) * width * np.sqrt(2 * np.pi)
        series[:, 1:] *= 2
        return series

    def step(self, evidence: np.ndarray) -> None:
        """Advance by one frame and weigh. evidence: float [4], log likelihood ratio per tick."""
        self._advance(FRAME_S)
        self._novelty = max(self._novelty, min(float(np.abs(evidence).max()), 1.0))
        self._until_mixing -= 1
        if self._until_mixing == 0:
            self._mix()
        spectrum = self._pulse * (self._ages @ evidence)
        spectrum *= np.exp(2j * np.pi * np.outer(self._offset, self._harmonic) / self.config.bins)
        stacked = np.concatenate([np.real(spectrum), np.imag(spectrum)], axis=1).astype(np.float32)
        likelihood = stacked @ self._waves
        self.probability *= np.exp(likelihood)
        self.probability /= self.probability.sum()

    def skip(self, seconds: float) -> None:
        """Advance by a time of which nothing was heard, as if it had been silent."""
        self._advance(seconds)
        for _ in range(min(round(seconds / FRAME_S / _MIX_EVERY), _MAX_MIXES)):
            self._mix()

    def _advance(self, seconds: float) -> None:
        moved = self._offset + self._hz * (seconds * self.config.bins)
        whole = np.floor(moved).astype(np.int64)
        self._offset = moved - whole
        source = (self._bins[None, :] - whole[:, None]) % self.config.bins
        self.probability = self.probability.ravel()[self._row_start + source]

    def _mix(self) -> None:
        """Every few frames: forget, diffuse between neighbouring tempi at constant phase, leak.

        Forgetting flattens towards the prior, and only as far as there was something new to hear,
        so that a break does not cost what the drums before it said.
        """
        elapsed_s = _MIX_EVERY * FRAME_S
        keep = np.float32(1 - elapsed_s / self.config.memory_s * self._novelty)
        p = (self.probability / self._prior) ** keep * self._prior
        p /= p.sum()
        rate = np.float32(0.5 * self.config.wander * elapsed_s)
        leak = np.float32(self.config.leak * elapsed_s)
        shift = np.diff(self._offset).astype(np.float32)[:, None]
        mixed = (1 - 2 * rate) * p
        mixed[1:] += rate * _shifted(p[:-1], -shift)
        mixed[:-1] += rate * _shifted(p[1:], shift)
        self.probability = (1 - leak) * mixed + leak * self._prior
        self._until_mixing = _MIX_EVERY
        self._novelty = 0.0

    def favour(self, phase: float, tempo_bpm: float) -> None:
        """Shift the odds towards a phase and tempo known from elsewhere."""
        bins = self._bins[None, :] + self._offset[:, None]
        distance = (bins / self.config.bins - phase + 0.5) % 1.0 - 0.5
        octaves = np.log2(self.tempo_bpm / tempo_bpm)[:, None]
        odds = np.exp(-0.5 * ((distance / 0.06) ** 2 + (octaves / 0.03) ** 2))
        self.probability *= (0.01 + odds).astype(np.float32)
        self.probability /= self.probability.sum()

    def best(self) -> Hypothesis:
        row, column = divmod(int(self.probability.argmax()), self.config.bins)
        return self._cluster(row, column)

    def near(self, phase: float, tempo_bpm: float) -> Hypothesis:
        """The cluster around a given phase and tempo."""
        row = int(np.abs(self.tempo_bpm - tempo_bpm).argmin())
        column = round(phase * self.config.bins - self._offset[row])
        return self._cluster(row, column)

    def _cluster(self, row: int, column: int) -> Hypothesis:
        first = max(row - _ROWS_AROUND, 0)
        rows = np.arange(first, min(row + _ROWS_AROUND + 1, len(self._hz)))
        turned = column + self._cluster_bins
        p = self.probability[rows[:, None], turned % self.config.bins]
        total = float(p.sum()) + 1e-30
        by_row = p.sum(axis=1)
        phase = (by_row @ self._offset[rows] + p.sum(axis=0) @ turned) / total / self.config.bins
        tempo_bpm = float(np.exp(by_row @ np.log(self.tempo_bpm[rows]) / total))
        return Hypothesis(float(phase) % 1.0, tempo_bpm, min(total, 1.0))


def _shifted(p: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """Rows moved up by a fraction of a bin, -1..1: float32 [K, N]."""
    up, down = np.maximum(bins, 0), np.maximum(-bins, 0)
    return (1 - up - down) * p + up * np.roll(p, 1, axis=1) + down * np.roll(p, -1, axis=1)
