"""The last steps of a mix: space, master, level."""

import numpy as np

from model.data.music.parts import Band
from model.data.music.score import duck, fast_length, shelf_gain
from model.data.music.song import Array


def _space(rng: np.random.Generator, sample_rate: int) -> Array:
    """Impulse response of the mix's reverb: the dry sound at 0, then a decaying tail."""
    decay_s = float(np.exp(rng.uniform(np.log(0.05), np.log(0.5))))
    t = np.arange(int(4 * decay_s * sample_rate)) / sample_rate
    tail = rng.standard_normal(len(t)) * np.exp(-t / decay_s)
    wet = 10 ** (rng.uniform(-30, -8) / 20)
    response = np.concatenate([np.zeros(int(0.008 * sample_rate)), tail])
    response *= wet / np.sqrt(np.sum(response**2))
    response[0] = 1.0
    return response.astype(np.float32)


def master(band: Band) -> Array:
    """Balance, duck, equalise and reverberate both tracks, drive the sum, set its level."""
    rng, sample_rate = band.rng, band.sample_rate
    total = len(band.drums)
    if band.kicks and rng.random() < band.genre.pump:
        recover = int(rng.uniform(0.15, 0.4) * sample_rate)
        band.tonal *= duck(total, band.kicks[0], float(rng.uniform(0.3, 0.9)), recover)
    balance = 10 ** (rng.uniform(-7, 7) / 40)
    response = _space(rng, sample_rate)
    size = fast_length(total + len(response))
    freq = np.fft.rfftfreq(size, 1 / sample_rate).astype(np.float32)
    spectrum = np.fft.rfft(band.tonal, size) * np.fft.rfft(response, size) * np.float32(1 / balance)
    spectrum += np.fft.rfft(band.drums, size) * np.float32(balance)
    spectrum *= shelf_gain(freq, rng.uniform(-6, 4), rng.uniform(-8, 6))
    mixed = np.fft.irfft(spectrum, size)[:total]
    return _level(mixed, float(rng.uniform(0.3, 2.0)), band.config.level_dbfs)


def _level(audio: Array, drive: float, level_dbfs: float) -> Array:
    """Saturate softly and bring to an RMS level, as far as the peaks leave room for it."""
    rms = np.sqrt(np.mean(audio**2)) + 1e-9
    driven = np.tanh(audio * (0.25 * drive / rms))
    gain = 10 ** (level_dbfs / 20) / (np.sqrt(np.mean(driven**2)) + 1e-9)
    peak = np.abs(driven).max() + 1e-9
    return (driven * min(gain, 0.97 / peak)).astype(np.float32)
