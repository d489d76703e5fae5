"""What a microphone in a room makes of music: reverb, crowd, hum, a poor capsule, a bad gain.

Enters: mono audio (float32 [T]), a sample rate, a random generator, a severity 0..1.
Leaves: audio of the same length, finite, in [-1, 1]. The direct sound is never delayed and
outweighs each echo, so a beat annotation of the input is true for the output.
"""

import numpy as np

from model.data.music.score import fast_length, shelf_gain

Array = np.ndarray


def simulate(
    audio: Array, sample_rate: int, rng: np.random.Generator, severity: float = 0.5
) -> Array:
    """Play music into a random room and record it with a random device.

    audio: float [T], non-finite samples count as silence; severity: 0 a good line-in (the
    gain still varies) .. 1 a phone on a table in a crowd. Returns float32 [T] in [-1, 1].
    """
    audio = np.nan_to_num(np.asarray(audio, np.float32), posinf=0.0, neginf=0.0)
    if not 0 <= severity <= 1:
        raise ValueError(f"severity is 0..1, got {severity}")
    if len(audio) == 0:
        return audio
    level = float(np.sqrt(np.mean(audio**2)))
    heard = _through_room(audio, sample_rate, rng, severity)
    heard *= level / (float(np.sqrt(np.mean(heard**2))) + 1e-9)
    heard += _noises(len(audio), sample_rate, rng, severity) * max(level, 0.003)
    return _capture(heard, rng, severity)


def impulse_response(sample_rate: int, rng: np.random.Generator, severity: float) -> Array:
    """Room response: the direct sound at sample 0, early echoes, an exponential tail.

    Reverberation time (60 dB) 0.15 s .. about 2 s with severity, direct-to-reverberant ratio
    +25 dB .. -3 dB. Returns float32 [T].
    """
    rt60_s = float(np.exp(rng.uniform(np.log(0.15), np.log(0.3 + 1.7 * severity))))
    ratio_db = rng.uniform(22 - 25 * severity, 25 - 10 * severity)
    t = np.arange(int(rt60_s * sample_rate)) / sample_rate
    tail = rng.standard_normal(len(t)) * np.exp(-6.9 * t / rt60_s)
    # Nothing arrives in the first moments: the nearest wall is a metre or more away.
    tail[: int(rng.uniform(0.003, 0.015) * sample_rate)] = 0
    early = rng.integers(len(tail) // 20, len(tail) // 3, size=6)
    tail[early] += rng.choice([-1, 1], 6) * rng.uniform(2, 5, 6) * np.exp(-6.9 * t[early] / rt60_s)
    tail *= 10 ** (-ratio_db / 20) / (np.sqrt(np.sum(tail**2)) + 1e-9)
    tail[0] = 1.0
    return tail.astype(np.float32)


def _device_gain(freq_hz: Array, rng: np.random.Generator, severity: float) -> Array:
    """Zero-phase response of loudspeaker and capsule: shelves, a resonance, perhaps a phone."""
    spread_db = 3 + 9 * severity
    gain = shelf_gain(freq_hz, rng.uniform(-spread_db, 4), rng.uniform(-spread_db, 4))
    peak_hz = np.exp(rng.uniform(np.log(150), np.log(4000)))
    bump_db = rng.uniform(-1, 1) * 8 * severity
    grid = np.geomspace(20.0, 100_000.0, 256)
    curve = bump_db * np.exp(-(np.log2(grid / peak_hz) ** 2) / 0.3)
    if rng.random() < 0.5 * severity:
        low_hz, high_hz = rng.uniform(150, 400), rng.uniform(3000, 5000)
        curve -= 10 * np.log10((1 + (low_hz / grid) ** 4) * (1 + (grid / high_hz) ** 6))
    return gain * np.interp(freq_hz, grid, 10 ** (curve / 20)).astype(np.float32)


def _through_room(
    audio: Array, sample_rate: int, rng: np.random.Generator, severity: float
) -> Array:
    response = impulse_response(sample_rate, rng, severity)
    size = fast_length(len(audio) + len(response))
    freq_hz = np.fft.rfftfreq(size, 1 / sample_rate).astype(np.float32)
    spectrum = np.fft.rfft(audio, size) * np.fft.rfft(response, size)
    spectrum *= _device_gain(freq_hz, rng, severity)
    return np.fft.irfft(spectrum, size)[: len(audio)]


def _noises(size: int, sample_rate: int, rng: np.random.Generator, severity: float) -> Array:
    """Crowd, hiss and hum relative to music of unit RMS: float32 [size]."""
    crowd_db = rng.uniform(-60 + 25 * severity, -32 + 32 * severity)
    hiss_db = rng.uniform(-75, -45 + 20 * severity)
    total = 10 ** (crowd_db / 20) * _crowd(size, sample_rate, rng)
    total += np.float32(10 ** (hiss_db / 20)) * rng.standard_normal(size, dtype=np.float32)
    if rng.random() < severity:
        hum_db = rng.uniform(-50, -20)
        total += 10 ** (hum_db / 20) * _hum(size, sample_rate, rng)
    return total


def _crowd(size: int, sample_rate: int, rng: np.random.Generator) -> Array:
    """Babble-like noise of unit RMS: a speech-shaped bed whose bands swell at syllable rate."""
    padded = fast_length(size)
    freq_hz = np.fft.rfftfreq(padded, 1 / sample_rate)
    white = np.fft.rfft(rng.standard_normal(padded, dtype=np.float32))
    bands = ((100, 400), (400, 1200), (1200, 4000))
    total = np.zeros(size, np.float32)
    for (low_hz, high_hz), weight in zip(bands, (1.0, 0.8, 0.35), strict=True):
        first, last = np.searchsorted(freq_hz, (low_hz, high_hz))
        part = np.zeros_like(white)
        part[first:last] = white[first:last] / np.sqrt(max(last - first, 1))
        total += weight * np.fft.irfft(part, padded)[:size] * _swell(size, sample_rate, rng)
    return total / (np.sqrt(np.mean(total**2)) + 1e-12)


def _swell(size: int, sample_rate: int, rng: np.random.Generator) -> Array:
    """Irregular loudness curve, about four knots a second as in speech: float32 [size]."""
    knots = max(int(4 * size / sample_rate), 1) + 2
    heights = np.exp(rng.normal(0, 0.6, knots))
    positions = np.linspace(0, size, knots)
    return np.interp(np.arange(size), positions, heights).astype(np.float32)


def _hum(size: int, sample_rate: int, rng: np.random.Generator) -> Array:
    """Mains hum, 50 or 60 Hz with harmonics, about unit RMS: float32 [size]."""
    # A whole number of mains cycles every tenth of a second: compute that much and repeat it.
    base_hz = float(rng.choice([50.0, 60.0]))
    t = np.arange(sample_rate // 10) / sample_rate
    cycle = sum(
        rng.uniform(0.2, 1) / k * np.sin(2 * np.pi * (base_hz * k * t + rng.random()))
        for k in range(1, 6)
    )
    return np.resize(cycle / np.std(cycle), size).astype(np.float32)


def _capture(heard: Array, rng: np.random.Generator, severity: float) -> Array:
    """An overloaded preamplifier, soft or hard, perhaps; then a gain of -30..+6 dB."""
    if rng.random() < 0.5 * severity:
        limit = np.abs(heard).max() * 10 ** (-rng.uniform(2, 6 + 12 * severity) / 20) + 1e-9
        soft = rng.random() < 0.5
        heard = limit * (np.tanh(heard / limit) if soft else np.clip(heard / limit, -1, 1))
    gain = 10 ** (rng.uniform(-30, 6) / 20)
    return np.clip(gain * heard, -1, 1).astype(np.float32)
