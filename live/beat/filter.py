"""From evidence to tempo, beat and bar: an exact Bayesian filter over a grid of hypotheses.

Enters: for each frame, per tick (120 Hz), log likelihood ratios that a beat falls on it and that
the beat is a downbeat. Leaves: the likeliest tempo, phase and place in the bar with their
probabilities. Runs in the engine's thread; one step a frame (30 Hz), the past is never looked at
again.

The state space is that of the bar pointer model (Whiteley, Cemgil, Godsill 2006; Krebs, Böck,
Widmer 2015): a place in a bar of two, three, four or six beats that advances at a tempo, both on a
grid, the tempo wandering slowly. Half, double and three-halves tempo are simply rows of the same
grid, and metres are columns, so that octaves and bars are weighed against each other all the time
instead of being repaired afterwards.

What makes it cheap: a row's places all move at one speed, so a number per row says how far they
have moved, and the table itself is turned only when neighbouring rows are mixed.
"""

from dataclasses import dataclass

import numpy as np

from live.audio.features import SAMPLE_RATE, TICK, TICKS_PER_FRAME

TICK_RATE_HZ = SAMPLE_RATE / TICK
FRAME_S = TICKS_PER_FRAME / TICK_RATE_HZ
METRES = (4, 3, 2, 6)  # beats in a bar, the likeliest first
METRE_SHARES = (0.88, 0.1, 0.008, 0.012)  # how usual each is
FIRSTS = tuple(int(n) for n in np.cumsum((0, *METRES[:-1])))  # each metre's downbeat, of all beats
N_BEATS = sum(METRES)


@dataclass(frozen=True)
class BeatFilterConfig:
    """Grid and dynamics of the filter.

    min_bpm, max_bpm: the tempo rows; step: ratio of neighbouring rows minus 1; bins: phases per
    beat; prior_bpm, prior_octaves: centre and width of the log-normal tempo prior; wander: chance
    per second that the tempo moves to a neighbouring row; leak: share of probability per second
    that starts over from the prior, which is what finds tempo jumps; memory_s: evidence older than
    this fades (0.37 left), so certainty is bounded and a changed song wins within seconds;
    pulse_s: standard deviation of a beat, which allows for players who are not together;
    metre_shares: how usual each of METRES is; bar_leak: share of probability per second that
    forgets its place in the bar.
    """

    min_bpm: float = 58.0
    max_bpm: float = 205.0
    step: float = 0.015
    bins: int = 32
    prior_bpm: float = 118.0
    prior_octaves: float = 0.55
    wander: float = 0.5
    leak: float = 0.003
    memory_s: float = 10.0
    pulse_s: float = 0.016
    metre_shares: tuple[float, ...] = METRE_SHARES
    bar_leak: float = 0.05

    def make(self) -> "BeatFilter":
        return BeatFilter(self)


@dataclass(frozen=True)
class Hypothesis:
    """One cluster of the posterior: phase [0, 1), tempo_bpm, probability 0..1 in the cluster.

    bars: float [15], how its probability is shared among the beats of METRES, one after another;
    what is meant is the beat that `phase` counts from.
    """

    phase: float
    tempo_bpm: float
    probability: float
    bars: np.ndarray


_ROWS_AROUND = 5  # a cluster: this many tempo rows and a ninth of a beat to each side
_PHASE_AROUND = 1 / 9
_MIX_EVERY = 6  # frames: tempo and memory change slowly against them, and mixing costs most
_MAX_MIXES = 50  # 10 s of a gap; what is longer was forgotten by then
_HARMONICS = 14  # of the pulse template; enough for a 16 ms pulse in a beat of one second


class BeatFilter:
    """Probability over [K tempi, 15 beats of METRES, N phases], advanced and weighed once a frame.

    Column n of row k stands for the phase (n + offset[k]) / N; an offset of one beat and more has
    gone on to the next beats of its bar.
    """

    def __init__(self, config: BeatFilterConfig):
        self.config = config
        rows = int(np.log(config.max_bpm / config.min_bpm) / np.log1p(config.step)) + 1
        self.tempo_bpm = config.min_bpm * (1 + config.step) ** np.arange(rows)
        self._hz = self.tempo_bpm / 60
        self._bins = np.arange(config.bins)
        octaves = np.log2(self.tempo_bpm / config.prior_bpm) / config.prior_octaves
        prior = np.exp(-0.5 * octaves**2)
        self._prior = (prior / prior.sum() / config.bins)[:, None].astype(np.float32)
        shares = np.repeat(np.array(config.metre_shares) / METRES, METRES)
        self._bar_prior = (shares / shares.sum()).astype(np.float32)[:, None]
        self._harmonic = np.arange(_HARMONICS)
        self._pulse = self._pulse_spectrum()
        ages = TICKS_PER_FRAME - 1 - np.arange(TICKS_PER_FRAME)
        aged = self._pulse[:, :, None] * np.exp(-2j * np.pi * self._turns(ages))
        self._aged = aged.reshape(-1, TICKS_PER_FRAME)
        self._moves = self._hz * (FRAME_S * config.bins)  # bins a frame
        self._spin = np.exp(2j * np.pi * np.outer(self._moves, self._harmonic) / config.bins)
        waves = np.exp(2j * np.pi * np.outer(self._harmonic, self._bins) / config.bins)
        self._waves = np.concatenate([np.real(waves), -np.imag(waves)]).astype(np.float32)
        around = int(config.bins * _PHASE_AROUND)
        self._cluster_bins = np.arange(-around, around + 1)
        self._circles = self._circle_table().astype(np.intp)
        self.reset()

    def reset(self) -> None:
        shape = (len(self._hz), N_BEATS, self.config.bins)
        start = self._prior[:, :, None] * self._bar_prior
        self.probability = np.broadcast_to(start, shape).copy()
        # Room for turning and mixing: fresh tables of this size are fresh pages every time, and
        # the kernel takes longer to hand them out than the arithmetic does.
        self._next, self._room = np.empty_like(self.probability), np.empty_like(self.probability)
        self._source = np.empty((shape[0], shape[1] * shape[2]), np.intp)
        self.beat_probability = self.probability.sum(axis=1)  # [K, N], whatever the bar
        self._offset = np.zeros(len(self._hz))  # of column 0 in each row, in bins
        self._turned = np.ones((len(self._hz), _HARMONICS), complex)  # harmonics at the offset
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

    def _circle_table(self) -> np.ndarray:
        """Row s: the column that each column comes from when all move on by s bins, int [N, P]."""
        lengths = np.repeat(METRES, METRES) * self.config.bins
        starts = np.repeat(FIRSTS, METRES) * self.config.bins
        lengths, starts = (np.repeat(column, self.config.bins) for column in (lengths, starts))
        place = np.arange(len(starts)) - starts
        return starts + (place - self._bins[:, None]) % lengths

    def step(self, evidence: np.ndarray) -> None:
        """Advance by one frame and weigh.

        evidence: float [4, 2], log likelihood ratios per tick: that a beat is there, and that a
        beat that is there is a downbeat rather than another.
        """
        self._offset += self._moves
        self._turned *= self._spin
        self._novelty = max(self._novelty, min(float(np.abs(evidence[:, 0]).max()), 1.0))
        self._until_mixing -= 1
        if self._until_mixing == 0:
            self._mix()
        heard = (self._aged @ evidence).T.reshape(2, *self._turned.shape) * self._turned
        stacked = np.concatenate([np.real(heard), np.imag(heard)], axis=2).astype(np.float32)
        beat, downbeat = np.exp(stacked @ self._waves)
        self.probability *= beat[:, None, :]
        if evidence[:, 1].any():
            self._weigh_downbeats(downbeat)
        self._normalise()

    def _weigh_downbeats(self, odds: np.ndarray) -> None:
        """odds: float32 [K, N] of the place nearest to each column, if it is a downbeat."""
        gone = (self._bins + self._offset[:, None]) / self.config.bins + 0.5
        for beats in range(int(gone.max()) + 1):  # to the nearest beat
            here = np.where((gone >= beats) & (gone < beats + 1), odds, np.float32(1.0))
            for first, metre in zip(FIRSTS, METRES, strict=True):
                self.probability[:, first + -beats % metre] *= here

    def _normalise(self) -> None:
        self.beat_probability = self.probability.sum(axis=1)
        total = self.beat_probability.sum()
        self.probability /= total
        self.beat_probability /= total

    def skip(self, seconds: float) -> None:
        """Advance by a time of which nothing was heard, as if it had been silent."""
        for _ in range(min(round(seconds / FRAME_S / _MIX_EVERY), _MAX_MIXES)):
            self._mix()
        self._offset += self._hz * (seconds * self.config.bins)
        self._turn()
        self._normalise()

    def _turn(self) -> None:
        """Let every column move on by the whole bins of its row's offset."""
        whole = np.floor(self._offset).astype(np.int64)
        self._offset -= whole
        self._turned = np.exp(
            2j * np.pi * np.outer(self._offset, self._harmonic) / self.config.bins
        )
        rows, bins = len(self._hz), self.config.bins
        flat = self.probability.reshape(rows, -1)
        for far in range(bins, int(whole.max()) + 1, bins):  # whole beats, after a gap alone
            flat = np.where((whole >= far)[:, None], flat[:, self._beat_on()], flat)
        np.take(self._circles, whole % bins, axis=0, out=self._source, mode="clip")
        self._source += (np.arange(rows) * flat.shape[1])[:, None]
        np.take(flat, self._source, out=self._next.reshape(rows, -1), mode="clip")
        self.probability, self._next = self._next, self.probability

    def _beat_on(self) -> np.ndarray:
        """Where each column comes from when all move on by a beat."""
        return self._circles[1][self._circles[-1]]

    def _mix(self) -> None:
        """Every few frames: forget, diffuse between neighbouring tempi at constant phase, leak.

        Forgetting flattens towards the prior, and only as far as there was something new to hear,
        so that a break does not cost what the drums before it said.
        """
        self._turn()
        elapsed_s = _MIX_EVERY * FRAME_S
        fade = np.float32(-elapsed_s / self.config.memory_s * self._novelty)
        p = self.probability
        beat = p.sum(axis=1)
        kept = (beat / self._prior) ** fade
        kept /= float((beat * kept).sum())
        leak = np.float32(self.config.leak * elapsed_s)
        lost = np.float32(self.config.bar_leak * elapsed_s)
        rate = np.float32(0.5 * self.config.wander * elapsed_s)
        p *= ((1 - leak) * (1 - lost) * kept)[:, None, :]
        fresh = leak * self._prior + (1 - leak) * lost * beat * kept
        p += np.multiply(fresh[:, None, :], self._bar_prior, out=self._room)
        shift = np.diff(self._offset).astype(np.float32)[:, None, None]
        mixed = np.multiply(p, 1 - 2 * rate, out=self._next)
        _add_shifted(mixed[1:], p[:-1], rate, -shift, self._room[1:])
        _add_shifted(mixed[:-1], p[1:], rate, shift, self._room[1:])
        self.probability, self._next = mixed, p
        self._until_mixing = _MIX_EVERY
        self._novelty = 0.0

    def favour(self, phase: float, tempo_bpm: float, others: float = 0.01) -> None:
        """Shift the odds towards a phase and tempo known from elsewhere; others: what is left of
        all that is not near it."""
        bins = self._bins[None, :] + self._offset[:, None]
        distance = (bins / self.config.bins - phase + 0.5) % 1.0 - 0.5
        octaves = np.log2(self.tempo_bpm / tempo_bpm)[:, None]
        odds = np.exp(-0.5 * ((distance / 0.06) ** 2 + (octaves / 0.03) ** 2))
        self.probability *= (others + odds).astype(np.float32)[:, None, :]
        self._normalise()

    def best(self) -> Hypothesis:
        row, column = divmod(int(self.beat_probability.argmax()), self.config.bins)
        return self._cluster(row, (column + self._offset[row]) / self.config.bins)

    def near(self, phase: float, tempo_bpm: float) -> Hypothesis:
        """The cluster around a given phase and tempo."""
        return self._cluster(int(np.abs(self.tempo_bpm - tempo_bpm).argmin()), phase)

    def _cluster(self, row: int, phase: float) -> Hypothesis:
        first = max(row - _ROWS_AROUND, 0)
        rows = np.arange(first, min(row + _ROWS_AROUND + 1, len(self._hz)))
        bins = self.config.bins
        offset = self._offset[rows]
        centre = np.rint(phase % 1.0 * bins - offset).astype(np.int64)
        columns = centre[:, None] + self._cluster_bins  # beyond 0..N: of the beats next to it
        beats, within = np.divmod(columns, bins)
        p = self.beat_probability[rows[:, None], within]
        total = float(p.sum()) + 1e-30
        # An error of the place in the bar costs nothing here: only the beat is averaged.
        middle = float((p * (columns + offset[:, None])).sum()) / total / bins
        tempo_bpm = float(np.exp(p.sum(axis=1) @ np.log(self.tempo_bpm[rows]) / total))
        # Beats that a column is ahead of the one that `middle` counts from.
        ahead = int(np.floor(middle)) - beats
        place = _AROUND[:, ahead % _TURNS]
        bars = self.probability[rows[None, :, None], place, within[None]].sum(axis=(1, 2))
        return Hypothesis(middle % 1.0, tempo_bpm, min(total, 1.0), bars / total)


_TURNS = 12  # beats after which every metre is where it was
_AROUND = np.concatenate(
    [
        first + (np.arange(metre)[:, None] - np.arange(_TURNS)) % metre
        for first, metre in zip(FIRSTS, METRES, strict=True)
    ]
)  # [15, 12]: the beat that is a number of beats before each


def _add_shifted(
    to: np.ndarray, p: np.ndarray, share: np.float32, bins: np.ndarray, room: np.ndarray
) -> None:
    """Add a share of rows [K, 15, N], moved up by a fraction of a bin, -1..1 [K, 1, 1]."""
    up, down = share * np.maximum(bins, 0), share * np.maximum(-bins, 0)
    to += np.multiply(p, share - up - down, out=room)
    before = np.multiply(p, up, out=room)
    to[:, :, 1:] += before[:, :, :-1]
    for first, metre in zip(FIRSTS, METRES, strict=True):
        last = first + metre - 1
        to[:, first + 1 : last + 1, 0] += before[:, first:last, -1]
        to[:, first, 0] += before[:, last, -1]
    after = np.multiply(p, down, out=room)
    to[:, :, :-1] += after[:, :, 1:]
    for first, metre in zip(FIRSTS, METRES, strict=True):
        last = first + metre - 1
        to[:, first:last, -1] += after[:, first + 1 : last + 1, 0]
        to[:, last, -1] += after[:, first, 0]
