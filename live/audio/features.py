"""Sound in, music features out: the one implementation that trains and performs.

Enters: mono samples at the device's rate, in blocks of any size. Leaves: one FeatureFrame per
1/30 s (800 samples at 24 kHz) with its four ticks (120 Hz). Causal; runs in the engine's thread.
A frame is always computed in the same shapes from the same samples, so block sizes never change a
bit.
"""

from dataclasses import dataclass, field

import numpy as np

from live.audio.resample import Resampler

SAMPLE_RATE = 24_000
TICK = 200  # samples: 120 Hz
TICKS_PER_FRAME = 4
FRAME = TICK * TICKS_PER_FRAME  # samples: 30 Hz

FEATURES_VERSION = 1
N_MELS = 64
N_CHROMA = 12
N_BANDS = 3  # low, mid, high
FEATURE_DIM = N_MELS + N_BANDS + 2 + 2 + N_CHROMA
# The network's input: mel, onset, loudness, spectral centroid and flatness, chroma.
ONSET = slice(N_MELS, N_MELS + N_BANDS)
LOUDNESS = slice(ONSET.stop, ONSET.stop + 2)  # absolute 0..1, relative to the gain -1..1
_TIMBRE = slice(LOUDNESS.stop, LOUDNESS.stop + 2)
_CHROMA = slice(_TIMBRE.stop, FEATURE_DIM)

_N_FFT = 1024
_MEL_LOW_HZ, _MEL_HIGH_HZ = 40.0, 11_000.0
_BAND_EDGES_HZ = (200.0, 2_000.0)
_SILENCE_DB = -80.0
_GATE_DB = -65.0  # below this the automatic gain holds: silence must not turn noise into music
_GAIN_RISE, _GAIN_FALL = (1.0 - np.exp(-FRAME / SAMPLE_RATE / s) for s in (0.5, 15.0))  # a frame
_FLUX_LAG = 2  # ticks; a 1024-sample window hardly changes within one tick of 200
_MEL_RANGE_DB = 60.0
_MEL_AXIS = np.linspace(0, 1, N_MELS)
_LOUDEST = 4.0
_NOTHING = np.float32(1e-10)  # power of silence: -100 dB


@dataclass(frozen=True)
class FeatureFrame:
    """Features of the 800 samples that end at sample `end` (24 kHz, exclusive).

    samples: float32 [800], the audio itself, finite. features: float32 [83], the network's input.
    ticks: float32 [4, 3], onset strength per tick in three bands, 0..1. mel: float32 [4, 64] per
    tick, dB relative to the automatic gain, scaled to [-1, 0.5]. level: 0..1. gain_db: the
    automatic gain's reference.
    """

    end: int
    samples: np.ndarray
    features: np.ndarray
    ticks: np.ndarray
    mel: np.ndarray
    level: float
    gain_db: float

    @property
    def onset(self) -> np.ndarray:
        """float32 [3], onset strength in the low, mid and high band, 0..1."""
        return self.features[ONSET]


@dataclass
class FeatureState:
    """Everything a frame depends on besides its own samples."""

    history: np.ndarray = field(
        default_factory=lambda: np.zeros(_N_FFT - TICK, np.float32)
    )  # float32 [824], the samples before the frame
    compressed: np.ndarray = field(
        default_factory=lambda: np.zeros((_FLUX_LAG, N_MELS), np.float32)
    )  # the last ticks' compressed mel spectrum
    gain_db: float = -40.0
    end: int = 0


class FeatureExtractor:
    """One frame of 800 samples a step. Immutable once built; the state is passed through.

    On stage every array is small and every cache is cold, so that a call of numpy costs more than
    what it computes: ufuncs instead of the functions around them, in place where nobody else has
    the array, and whatever is the same for every frame worked out before.
    """

    def __init__(self) -> None:
        self._window = np.hanning(_N_FFT + 1)[:-1].astype(np.float32)
        # A full-scale sine gives 0 dB in its bin.
        self._power_scale = np.float32((2.0 / self._window.sum()) ** 2)
        self._mel = _mel_filters()
        self._chroma = _chroma_filters()
        low, high = np.searchsorted(_mel_centres(), _BAND_EDGES_HZ)
        self._bands = (slice(0, low), slice(low, high), slice(high, N_MELS))

    def initial_state(self) -> FeatureState:
        return FeatureState()

    def step(self, samples: np.ndarray, state: FeatureState) -> tuple[FeatureFrame, FeatureState]:
        """samples: float32 [800] at 24 kHz, any values; non-finite ones count as silence."""
        samples = _bounded(samples)
        audio = np.concatenate([state.history, samples])
        power = self._power(audio)
        mel = power @ self._mel
        level_db = _level_db(samples)
        gain_db = _follow_gain(state.gain_db, float(level_db))
        scaled = _scaled(mel, gain_db)
        ticks, compressed = self._flux(mel, gain_db, state.compressed)
        level = float(min(max(1.0 - level_db / _SILENCE_DB, 0.0), 1.0))
        features = np.empty(FEATURE_DIM, np.float32)
        np.add.reduce(scaled, axis=0, out=features[:N_MELS])
        features[:N_MELS] /= TICKS_PER_FRAME
        np.maximum.reduce(ticks, axis=0, out=features[ONSET])
        features[LOUDNESS] = level, min(max((level_db - gain_db) / 30.0, -1.0), 1.0)
        features[_TIMBRE] = _timbre(mel, power)
        features[_CHROMA] = _chroma(power[-1] @ self._chroma)
        frame = FeatureFrame(state.end + FRAME, samples, features, ticks, scaled, level, gain_db)
        return frame, FeatureState(audio[FRAME:], compressed, gain_db, state.end + FRAME)

    def _power(self, audio: np.ndarray) -> np.ndarray:
        """Power spectra of the four ticks, float32 [4, 513], from float32 [1624]."""
        step = audio.itemsize
        shape, strides = (TICKS_PER_FRAME, _N_FFT), (TICK * step, step)
        spectrum = np.fft.rfft(np.ndarray(shape, audio.dtype, audio, 0, strides) * self._window)
        power = np.square(spectrum.real)
        power += np.square(spectrum.imag)
        return power.astype(np.float32, copy=False) * self._power_scale

    def _flux(
        self, mel: np.ndarray, gain_db: float, before: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Half-wave-rectified spectral flux per band (Dixon 2006; lag as in SuperFlux, 2013)."""
        compressed = np.log1p(mel * np.float32(1000.0 * 10 ** (-gain_db / 10)))
        spectrum = np.concatenate([before, compressed])
        rise = np.maximum(spectrum[_FLUX_LAG:] - spectrum[:-_FLUX_LAG], 0.0)
        flux = np.empty((TICKS_PER_FRAME, N_BANDS), np.float32)
        for i, band in enumerate(self._bands):
            flux[:, i] = np.add.reduce(rise[:, band], axis=1) / (band.stop - band.start)
        return np.tanh(flux, out=flux), spectrum[-_FLUX_LAG:]


class FeatureStream:
    """Owns the state: push blocks of any size at `source_rate`, get the frames they complete."""

    def __init__(self, source_rate: int):
        self.source_rate = source_rate
        self._extractor = FeatureExtractor()
        self._resampler = Resampler(source_rate, SAMPLE_RATE)
        self.reset()

    def reset(self) -> None:
        self._state = self._extractor.initial_state()
        self._span = self._span_after(0)
        # It starts before the input began: those samples are silence.
        self._pending_start = self._span[0]
        self._pending = np.zeros(-self._pending_start, np.float32)

    def push(self, block: np.ndarray) -> list[FeatureFrame]:
        """block: float32 [n], mono, at the source rate. Returns the frames completed by it."""
        self._pending = np.concatenate([self._pending, np.asarray(block, np.float32)])
        frames = []
        while self._pending_start + len(self._pending) >= self._span[1]:
            frames.append(self._next_frame())
        return frames

    @property
    def missing(self) -> int:
        """Samples (source rate) that complete the next frame."""
        return self._span[1] - self._pending_start - len(self._pending)

    def skip(self, samples: int) -> None:
        """Advance the time by samples (source rate) that were lost, to the next whole frame.

        What is heard of the frame they fell into is lost with them.
        """
        position = self._pending_start + len(self._pending) + max(samples, 0)
        while self._span[0] < position:
            self._state.end += FRAME
            self._span = self._span_after(self._state.end)
        self._pending = np.zeros(0, np.float32)
        self._pending_start = position

    def _next_frame(self) -> FeatureFrame:
        start, first = self._state.end, self._pending_start
        inputs = self._pending[self._span[0] - first : self._span[1] - first]
        samples = self._resampler.block(inputs, start, FRAME)
        frame, self._state = self._extractor.step(samples, self._state)
        self._span = self._span_after(self._state.end)
        self._pending = self._pending[self._span[0] - first :]
        self._pending_start = self._span[0]
        return frame

    def _span_after(self, end: int) -> tuple[int, int]:
        """The input samples [first, stop) of the frame that begins at `end`."""
        return self._resampler.input_span(end, FRAME)


def extract(audio: np.ndarray, sample_rate: int) -> list[FeatureFrame]:
    """All frames of a whole recording; the same code as on stage. audio: float [n], mono."""
    return FeatureStream(sample_rate).push(audio)


def _bounded(samples: np.ndarray) -> np.ndarray:
    """float32 within +-4: a NaN or an infinity becomes silence."""
    if np.abs(samples).max() <= _LOUDEST:  # false for NaN
        return samples.astype(np.float32, copy=False)
    samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    return np.clip(samples, -_LOUDEST, _LOUDEST).astype(np.float32)


def _level_db(samples: np.ndarray) -> np.float32:
    """Loudness of what is no DC, dB; a full-scale sine has 0."""
    centred = samples - np.add.reduce(samples) / FRAME
    power = np.add.reduce(np.square(centred)) / FRAME
    return 10.0 * np.log10(power * 2 + _NOTHING)


def _scaled(mel: np.ndarray, gain_db: float) -> np.ndarray:
    """dB relative to the gain, scaled to [-1, 0.5]: float32 [4, 64]."""
    scaled = mel + _NOTHING
    np.log10(scaled, out=scaled)
    scaled *= 10.0
    scaled -= np.float32(gain_db)
    scaled /= _MEL_RANGE_DB
    np.maximum(scaled, -1.0, out=scaled)
    return np.minimum(scaled, 0.5, out=scaled)


def _follow_gain(gain_db: float, level_db: float) -> float:
    """Slow automatic gain: rises within a second, falls over a quarter of a minute."""
    if level_db < _GATE_DB:
        return gain_db
    share = _GAIN_RISE if level_db > gain_db else _GAIN_FALL
    return gain_db + (level_db - gain_db) * share


def _timbre(mel: np.ndarray, power: np.ndarray) -> tuple[float, float]:
    """Spectral centroid on the mel axis and spectral flatness, both 0..1; 0 in silence."""
    total = np.add.reduce(mel, axis=None)
    if total < 1e-9:
        return 0.0, 0.0
    centroid = np.add.reduce(np.add.reduce(mel, axis=0) * _MEL_AXIS) / total
    mean = np.add.reduce(power, axis=0) / TICKS_PER_FRAME + 1e-12
    bins = len(mean)
    flatness = np.exp(np.add.reduce(np.log(mean)) / bins) / (np.add.reduce(mean) / bins)
    return float(centroid), float(min(flatness, 1.0))


def _chroma(energy: np.ndarray) -> np.ndarray:
    """Share of each pitch class, relative to the strongest; zeros in silence."""
    peak = energy.max()
    return energy / peak if peak > 1e-9 else np.zeros(N_CHROMA, np.float32)


def _hz_to_mel(hz):
    return 2595.0 * np.log10(1.0 + np.asarray(hz) / 700.0)


def _mel_to_hz(mel):
    return 700.0 * (10.0 ** (np.asarray(mel) / 2595.0) - 1.0)


def _mel_edges() -> np.ndarray:
    low, high = _hz_to_mel([_MEL_LOW_HZ, _MEL_HIGH_HZ])
    return _mel_to_hz(np.linspace(low, high, N_MELS + 2))


def _mel_centres() -> np.ndarray:
    return _mel_edges()[1:-1]


def _mel_filters() -> np.ndarray:
    """float32 [513, 64]: triangles on the mel scale (O'Shaughnessy), unit sum, DC left out."""
    bins = np.fft.rfftfreq(_N_FFT, 1 / SAMPLE_RATE)
    edges = _mel_edges()
    width = SAMPLE_RATE / _N_FFT  # the lowest triangles are narrower than a bin: widen them
    rising = (bins[:, None] - edges[:-2]) / np.maximum(edges[1:-1] - edges[:-2], width)
    falling = (edges[2:] - bins[:, None]) / np.maximum(edges[2:] - edges[1:-1], width)
    filters = np.clip(np.minimum(rising, falling), 0.0, None)
    filters[:2] = 0.0  # a DC offset leaks into bins 0 and 1 through the Hann window
    empty = filters.sum(axis=0) == 0
    nearest = np.maximum(np.rint(edges[1:-1] / width).astype(int), 2)
    filters[nearest[empty], np.flatnonzero(empty)] = 1.0
    return (filters / filters.sum(axis=0)).astype(np.float32)


def _chroma_filters() -> np.ndarray:
    """float32 [513, 12]: bins from 130 Hz to 2 kHz to the nearest pitch class, C = 0."""
    bins = np.fft.rfftfreq(_N_FFT, 1 / SAMPLE_RATE)
    filters = np.zeros((len(bins), N_CHROMA), np.float32)
    use = np.flatnonzero((bins > 130.0) & (bins < 2_000.0))
    pitch = 12.0 * np.log2(bins[use] / 261.6256)
    filters[use, np.rint(pitch).astype(int) % 12] = 1.0
    return filters
