"""Features against other people's code: SciPy's spectra, and a mel bank by its textbook formula.

The tests beside this one hold the features to themselves; this one would fail for wrong maths that
has been wrong all along.
"""

import numpy as np
import pytest
from scipy import signal, stats

from live.audio.features import FRAME, SAMPLE_RATE, TICK, extract

N_FFT, N_MELS = 1024, 64
BANDS = ((0.0, 200.0), (200.0, 2_000.0), (2_000.0, 12_000.0))


def music(seconds=3.0):
    """Chords under noise bursts, soft and loud: every band sounds and rises now and then."""
    rng = np.random.default_rng(5)
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tones = sum(np.sin(2 * np.pi * hz * t + hz) / 3 for hz in (55.0, 110.0, 261.6, 1318.5, 6271.9))
    bursts = rng.standard_normal(len(t)) * np.exp(-(t % 0.35) / 0.04)
    return (0.2 * (0.2 + t / seconds) * (tones + bursts)).astype(np.float32)


def spectra(audio):
    """float64 [ticks, 513]: power of the 1024 samples that end with each tick; a sine of 1 is 1."""
    lead = np.concatenate([np.zeros(N_FFT - TICK), audio])
    _, _, z = signal.stft(
        lead, SAMPLE_RATE, window="hann", nperseg=N_FFT, noverlap=N_FFT - TICK,
        boundary=None, padded=False, scaling="spectrum",
    )  # fmt: skip
    return np.abs(2.0 * z.T) ** 2


def mel_hz(count):
    """`count` frequencies equally far apart on the mel scale of HTK, 40 Hz to 11 kHz."""
    low, high = (1127.0 * np.log(1.0 + hz / 700.0) for hz in (40.0, 11_000.0))
    return 700.0 * np.expm1(np.linspace(low, high, count) / 1127.0)


def mel_bank():
    """float64 [513, 64]: triangles from one neighbour's centre to the other's, each of sum 1."""
    hz = np.arange(N_FFT // 2 + 1) * SAMPLE_RATE / N_FFT
    edges = mel_hz(N_MELS + 2)
    bank = [np.interp(hz, edges[i : i + 3], [0.0, 1.0, 0.0]) for i in range(N_MELS)]
    return np.stack([triangle / triangle.sum() for triangle in bank], axis=1)


@pytest.fixture(scope="module")
def frames():
    return extract(music(), SAMPLE_RATE)


@pytest.fixture(scope="module")
def power(frames):
    return spectra(music())[: 4 * len(frames)]


def test_the_mel_spectrum_is_that_of_an_independent_stft_and_bank(frames, power):
    ours = np.concatenate([f.mel * 60.0 + f.gain_db for f in frames])
    ours_scaled = np.concatenate([f.mel for f in frames])
    theirs = 10.0 * np.log10(power @ mel_bank() + 1e-10)
    inside = (ours_scaled > -1.0) & (ours_scaled < 0.5)
    assert inside.mean() > 0.6
    # Measured: 0.00003 dB, of float32.
    np.testing.assert_allclose(ours[inside], theirs[inside], atol=0.01)


def test_the_onset_strength_is_the_rise_of_that_spectrum(frames, power):
    gain = np.repeat([f.gain_db for f in frames], 4)[:, None]
    loud = np.log1p(power @ mel_bank() * 1000.0 * 10.0 ** (-gain / 10.0))
    rise = np.maximum(loud[2:] - loud[:-2], 0.0)
    centres = mel_hz(N_MELS + 2)[1:-1]
    bands = [(centres >= low) & (centres < high) for low, high in BANDS]
    theirs = np.tanh(np.stack([rise[:, band].mean(axis=1) for band in bands], axis=1))
    ours = np.concatenate([f.ticks for f in frames])[2:]
    assert (ours.max(axis=0) > 0.2).all()
    # Between two frames the earlier spectrum was compressed with the gain of its own time.
    same_gain = np.arange(len(ours)) % 4 < 2
    np.testing.assert_allclose(ours[same_gain], theirs[same_gain], atol=1e-4)


def test_loudness_and_flatness_are_those_of_an_independent_computation(frames, power):
    for i, frame in enumerate(frames[2:], 2):
        sound = music()[i * FRAME : (i + 1) * FRAME].astype(np.float64)
        level_db = 10.0 * np.log10(2.0 * sound.var() + 1e-10)
        assert frame.level == pytest.approx(np.clip(1.0 + level_db / 80.0, 0.0, 1.0), abs=1e-4)
        mean = power[4 * i : 4 * i + 4].mean(axis=0) + 1e-12
        assert frame.features[70] == pytest.approx(stats.gmean(mean) / mean.mean(), rel=1e-3)
