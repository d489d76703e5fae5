"""Instrument voices, numpy only.

Enters: a voice's parameters, a pitch, a length, a sample rate. Leaves: short mono one-shots
(float32 [T], about -1..1, onset at sample 0), cached and read-only. Every function is pure, so any
thread may call them. Used by the training music (`render.py`) and the demo track (`demo.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from model.data.music.score import fast_length

Array = np.ndarray

TABLE_SIZE = 2048  # one cycle of a wave; nearest look-up then stays below -50 dB of error
CACHE_SHOTS = 768  # about three songs' worth, some 40 MB


# ---- drums -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drum:
    """A drum of a kit: `name` in DRUMS; tune and decay are factors (about 0.7..1.4, 0.5..2),
    tone 0..1 goes from dull or tonal to bright or noisy, seed picks the noise."""

    name: str
    tune: float = 1.0
    decay: float = 1.0
    tone: float = 0.5
    seed: int = 0


@dataclass(frozen=True)
class _Strike:
    """What a drum function needs: sample rate (Hz), the drum, its noise generator."""

    sample_rate: int
    drum: Drum
    rng: np.random.Generator

    def time(self, length_s: float) -> Array:
        size = max(int(length_s * self.drum.decay * self.sample_rate), 32)
        return np.arange(size) / self.sample_rate

    def fall(self, t: Array, decay_s: float) -> Array:
        return np.exp(-t / (decay_s * self.drum.decay))

    def ring(self, t: Array, freq_hz: float, bend: float = 0.0, bend_s: float = 0.02) -> Array:
        """Sine whose pitch starts (1 + bend) times higher and settles within bend_s."""
        cycles = t + bend * bend_s * (1 - np.exp(-t / bend_s))
        return np.sin(2 * np.pi * freq_hz * self.drum.tune * cycles)

    def noise(self, t: Array, low_hz: float, high_hz: float) -> Array:
        """Band-passed noise of about unit peak; the band moves with the tune."""
        size = fast_length(len(t))
        freq = np.fft.rfftfreq(size, 1 / self.sample_rate) + 1e-3
        low, high = low_hz * self.drum.tune, high_hz * self.drum.tune
        band = 1 / np.sqrt((1 + (low / freq) ** 6) * (1 + (freq / high) ** 6))
        white = np.fft.rfft(self.rng.standard_normal(size))
        shaped = np.fft.irfft(white * band, size)[: len(t)]
        return shaped / (3 * np.std(shaped) + 1e-9)


def _kick(s: _Strike) -> Array:
    t = s.time(0.45)
    body = s.ring(t, 48, bend=2.0 + 3 * s.drum.tone, bend_s=0.03) * s.fall(t, 0.13)
    return body + (0.15 + 0.4 * s.drum.tone) * s.noise(t, 800, 6000) * np.exp(-t / 0.004)


def _tom(s: _Strike, freq_hz: float) -> Array:
    t = s.time(0.4)
    skin = s.ring(t, freq_hz, bend=0.5, bend_s=0.04) * s.fall(t, 0.12)
    return skin + 0.3 * s.drum.tone * s.noise(t, 400, 5000) * np.exp(-t / 0.01)


def _snare(s: _Strike) -> Array:
    t = s.time(0.3)
    skin = (s.ring(t, 185, 0.4) + 0.6 * s.ring(t, 330, 0.3)) * s.fall(t, 0.05)
    wires = s.noise(t, 1200, 9000) * s.fall(t, 0.07)
    return (0.8 - 0.5 * s.drum.tone) * skin + (0.5 + 0.6 * s.drum.tone) * wires


def _clap(s: _Strike) -> Array:
    t = s.time(0.3)
    hands = sum(np.where(t >= d, np.exp(-(t - d) / 0.006), 0) for d in (0, 0.009, 0.019))
    room = np.where(t >= 0.027, s.fall(t - 0.027, 0.06), 0)
    return s.noise(t, 900, 2500 + 4000 * s.drum.tone) * (hands + 0.8 * room)


def _rim(s: _Strike) -> Array:
    t = s.time(0.08)
    wood = s.ring(t, 1700) + 0.7 * s.ring(t, 480)
    return (wood + s.drum.tone * s.noise(t, 2000, 8000)) * 0.5 * s.fall(t, 0.012)


def _metal(s: _Strike, t: Array) -> Array:
    """Cymbal colour: six inharmonic squares under high noise (after the TR-808's bank)."""
    ratios = np.array([1.0, 1.34, 1.48, 1.93, 2.55, 2.9])
    cycles = 2100 * s.drum.tune * ratios[:, None] * t
    squares = np.where(cycles % 1 < 0.5, 0.35, -0.35).sum(0)
    return 0.4 * (1 - s.drum.tone) * squares + s.noise(t, 5500, 11500)


def _cymbal(s: _Strike, length_s: float, decay_s: float) -> Array:
    t = s.time(length_s)
    return 0.8 * _metal(s, t) * s.fall(t, decay_s)


def _shaker(s: _Strike) -> Array:
    t = s.time(0.12)
    rise = np.minimum(t / (0.002 + 0.012 * (1 - s.drum.tone)), 1)
    return s.noise(t, 3500, 10000) * rise * s.fall(t, 0.03)


def _tambourine(s: _Strike) -> Array:
    t = s.time(0.2)
    jingles = s.noise(t, 6000, 11000) + 0.4 * s.ring(t, 5200) + 0.3 * s.ring(t, 7400)
    return 0.8 * jingles * s.fall(t, 0.05)


def _hand_drum(s: _Strike, freq_hz: float, decay_s: float) -> Array:
    t = s.time(4 * decay_s)
    skin = (s.ring(t, freq_hz, 0.15) + 0.35 * s.ring(t, 1.6 * freq_hz)) * s.fall(t, decay_s)
    return skin + (0.2 + 0.6 * s.drum.tone) * s.noise(t, 700, 6000) * np.exp(-t / 0.006)


def _clave(s: _Strike) -> Array:
    t = s.time(0.1)
    return (s.ring(t, 2450) + 0.2 * s.drum.tone * s.noise(t, 2000, 9000)) * s.fall(t, 0.018)


def _cowbell(s: _Strike) -> Array:
    t = s.time(0.25)
    tones = np.sign(s.ring(t, 545)) + np.sign(s.ring(t, 815)) + 0.5 * s.ring(t, 2600)
    return 0.35 * tones * (0.6 * s.fall(t, 0.02) + 0.4 * s.fall(t, 0.08))


def _guiro(s: _Strike) -> Array:
    t = s.time(0.2)
    scrape = np.maximum(0, np.sin(2 * np.pi * 75 * s.drum.tune * t + 1.5)) ** 2
    return s.noise(t, 2500, 8000) * scrape * s.fall(t, 0.09)


def _tabla_na(s: _Strike) -> Array:
    t = s.time(0.35)
    # The loaded tabla head is nearly harmonic, second and third partial strongest (Raman 1934).
    partials = (0.5, 1.0, 0.8, 0.3)
    ring = sum(a * s.ring(t, 185 * (k + 1)) for k, a in enumerate(partials))
    return 0.5 * ring * s.fall(t, 0.08) + 0.4 * s.noise(t, 1500, 7000) * np.exp(-t / 0.004)


def _tabla_ge(s: _Strike) -> Array:
    t = s.time(0.5)
    # The heel of the hand presses the skin after the stroke: pitch rises instead of falling.
    bass = s.ring(t, 95, bend=-0.35, bend_s=0.12) + 0.3 * s.ring(t, 190, bend=-0.3, bend_s=0.12)
    return bass * s.fall(t, 0.16) + 0.25 * s.noise(t, 300, 3000) * np.exp(-t / 0.006)


def _castanet(s: _Strike) -> Array:
    t = s.time(0.06)
    return (s.ring(t, 1250) + s.noise(t, 1500, 7000)) * 0.6 * s.fall(t, 0.01)


DRUMS: dict[str, Callable[[_Strike], Array]] = {
    "kick": _kick,
    "snare": _snare,
    "clap": _clap,
    "rim": _rim,
    "tom_hi": lambda s: _tom(s, 160),
    "tom_lo": lambda s: _tom(s, 95),
    "hat": lambda s: _cymbal(s, 0.1, 0.022),
    "open_hat": lambda s: _cymbal(s, 0.4, 0.12),
    "ride": lambda s: _cymbal(s, 0.6, 0.2),
    "crash": lambda s: _cymbal(s, 1.6, 0.5),
    "shaker": _shaker,
    "tambourine": _tambourine,
    "conga_hi": lambda s: _hand_drum(s, 330, 0.06),
    "conga_lo": lambda s: _hand_drum(s, 210, 0.11),
    "bongo_hi": lambda s: _hand_drum(s, 560, 0.045),
    "bongo_lo": lambda s: _hand_drum(s, 400, 0.06),
    "timbale": lambda s: _hand_drum(s, 450, 0.12),
    "dholak": lambda s: _hand_drum(s, 260, 0.07),
    "clave": _clave,
    "cowbell": _cowbell,
    "guiro": _guiro,
    "tabla_na": _tabla_na,
    "tabla_ge": _tabla_ge,
    "castanet": _castanet,
}


@lru_cache(CACHE_SHOTS)
def drum_shot(drum: Drum, sample_rate: int) -> Array:
    """One stroke of a drum: float32 [T], peak 0.9, faded out at the end, read-only."""
    rng = np.random.default_rng(drum.seed)
    return _finish(DRUMS[drum.name](_Strike(sample_rate, drum, rng)))


def _finish(shot: Array) -> Array:
    fade = min(len(shot), 64)
    shot = (0.9 / (np.abs(shot).max() + 1e-9) * shot).astype(np.float32)
    shot[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    shot.flags.writeable = False
    return shot


@lru_cache(64)
def riser(length_s: float, sample_rate: int, seed: int = 0) -> Array:
    """Noise that swells and brightens for length_s, the sign of a coming drop; float32 [T]."""
    rng = np.random.default_rng(seed)
    white = rng.standard_normal(max(int(length_s * sample_rate), 64)).astype(np.float32)
    dull = np.convolve(white, np.ones(12, np.float32) / 6, "same")
    grow = np.linspace(0, 1, len(white), dtype=np.float32)
    return _finish(grow**2 * (grow * white + (1 - grow) * dull))


# ---- pitched voices --------------------------------------------------------------------------


def _formants(freq_hz: Array, peaks: tuple[tuple[float, float], ...]) -> Array:
    """Gain of a resonant body: peaks = (centre Hz, weight), each a third of its centre wide."""
    gain = np.full(len(freq_hz), 0.08)
    for centre_hz, weight in peaks:
        gain += weight / (1 + ((freq_hz - centre_hz) / (0.16 * centre_hz)) ** 2)
    return gain


# Amplitude of harmonic k (1, 2, ...) at frequency f = k * f0: what makes each wave's colour.
WAVES: dict[str, Callable[[Array, Array], Array]] = {
    "sine": lambda k, f: 1.0 * (k == 1),
    "triangle": lambda k, f: (k % 2) / k**2,
    "square": lambda k, f: (k % 2) / k,
    "saw": lambda k, f: 1 / k,
    "pulse": lambda k, f: np.sin(np.pi * k * 0.2) / k,
    "organ": lambda k, f: np.isin(k, (1, 2, 3, 4, 6, 8)) / np.sqrt(k),
    "electric": lambda k, f: (k == 1) + 0.35 * (k == 2) + 0.12 * (k == 7) + 0.08 * (k == 4),
    "piano": lambda k, f: np.abs(np.sin(np.pi * k / 7.5)) / k**1.1,
    "pluck": lambda k, f: np.abs(np.sin(np.pi * k * 0.18)) / k,
    "brass": lambda k, f: _formants(f, ((600, 0.8), (1400, 1.0), (2500, 0.5))) / k**0.6,
    "reed": lambda k, f: _formants(f, ((500, 0.6), (1100, 1.0), (2900, 0.7))) / k**0.5,
    "strings": lambda k, f: _formants(f, ((450, 0.5), (1000, 0.6), (2800, 0.6))) / k**0.7,
    "flute": lambda k, f: (k == 1) + 0.25 * (k == 2) + 0.08 * (k == 3),
    "voice_a": lambda k, f: _formants(f, ((750, 1.0), (1200, 0.6), (2700, 0.25))) / k**0.8,
    "voice_o": lambda k, f: _formants(f, ((450, 1.0), (850, 0.5), (2600, 0.12))) / k**0.8,
    "sitar": lambda k, f: _formants(f, ((900, 0.5), (2400, 1.0), (3800, 0.5))) / k**0.4,
}


@dataclass(frozen=True)
class Timbre:
    """A pitched instrument: `wave` in WAVES, an envelope, a low-pass that may open and close.

    Times in seconds; sustain 0..1; cutoff_hz is where the low-pass rests, sweep in octaves is
    how far above it starts at the attack, closing within sweep_s; detune_cents and
    vibrato_cents are depths; noise 0..1 is breath, pick or hammer at the attack.
    """

    wave: str
    attack_s: float = 0.003
    decay_s: float = 0.4
    sustain: float = 0.5
    release_s: float = 0.06
    cutoff_hz: float = 3000.0
    sweep: float = 0.0
    sweep_s: float = 0.1
    detune_cents: float = 0.0
    vibrato_cents: float = 0.0
    noise: float = 0.0


TIMBRES: dict[str, Timbre] = {
    "finger_bass": Timbre("pluck", 0.004, 0.5, 0.3, 0.05, 900, 1.5, 0.06, noise=0.1),
    "sub_bass": Timbre("triangle", 0.005, 0.8, 0.7, 0.05, 500),
    "synth_bass": Timbre("saw", 0.003, 0.25, 0.5, 0.03, 500, 2.5, 0.09, detune_cents=6),
    "square_bass": Timbre("square", 0.003, 0.3, 0.6, 0.03, 700, 1.5, 0.12),
    "reese_bass": Timbre("saw", 0.01, 1.0, 0.9, 0.06, 650, detune_cents=22),
    "acid_bass": Timbre("saw", 0.003, 0.2, 0.4, 0.02, 600, 3.0, 0.07),
    "upright_bass": Timbre("pluck", 0.006, 0.35, 0.1, 0.06, 600, 1.2, 0.05, noise=0.15),
    "piano": Timbre("piano", 0.002, 0.7, 0.15, 0.12, 3000, 1.2, 0.12, 2, noise=0.06),
    "electric_piano": Timbre("electric", 0.003, 0.9, 0.25, 0.12, 3500, 0.8, 0.08),
    "organ": Timbre("organ", 0.008, 1.0, 0.9, 0.04, 3500, vibrato_cents=8),
    "guitar": Timbre("pluck", 0.002, 0.5, 0.1, 0.08, 2200, 1.5, 0.08, noise=0.12),
    "muted_guitar": Timbre("pluck", 0.002, 0.06, 0.0, 0.03, 1600, 1.5, 0.03, noise=0.25),
    "drive_guitar": Timbre("square", 0.004, 1.0, 0.8, 0.06, 2600, detune_cents=9, noise=0.05),
    "brass": Timbre("brass", 0.02, 0.4, 0.7, 0.06, 2500, 0.8, 0.1, 5, 6),
    "strings": Timbre("strings", 0.06, 1.0, 0.9, 0.15, 3500, detune_cents=9, vibrato_cents=10),
    "spiccato": Timbre("strings", 0.008, 0.09, 0.1, 0.05, 3500, detune_cents=8, noise=0.15),
    "bandoneon": Timbre("reed", 0.015, 0.6, 0.8, 0.04, 4000, detune_cents=7, noise=0.03),
    "accordion": Timbre("reed", 0.02, 1.0, 0.9, 0.05, 3500, detune_cents=14),
    "warm_pad": Timbre("saw", 0.15, 1.5, 0.9, 0.3, 1100, detune_cents=14),
    "choir": Timbre("voice_o", 0.12, 1.5, 0.9, 0.25, 3000, detune_cents=12, vibrato_cents=12),
    "super_saw": Timbre("saw", 0.005, 0.6, 0.8, 0.08, 4500, 0.5, 0.1, detune_cents=18),
    "pulse_lead": Timbre("pulse", 0.004, 0.4, 0.7, 0.05, 3500, 0.6, 0.1, 4, 10),
    "synth_pluck": Timbre("saw", 0.002, 0.18, 0.1, 0.08, 1800, 2.0, 0.06, 8),
    "bell": Timbre("electric", 0.002, 0.5, 0.05, 0.2, 6000, 0.5, 0.2),
    "flute": Timbre("flute", 0.03, 1.0, 0.85, 0.06, 4000, vibrato_cents=14, noise=0.2),
    "singer": Timbre("voice_a", 0.035, 0.8, 0.85, 0.08, 4000, 0.4, 0.1, 3, 25, 0.12),
    "sitar": Timbre("sitar", 0.002, 0.6, 0.25, 0.15, 4500, 0.6, 0.3, 4, 8, 0.1),
    "tanpura": Timbre("sitar", 0.03, 1.5, 0.6, 0.4, 2500, 0.8, 0.5, 3),
    "harmonium": Timbre("reed", 0.04, 1.0, 0.9, 0.06, 2500, detune_cents=5),
    "marimba": Timbre("triangle", 0.002, 0.15, 0.0, 0.08, 3500, noise=0.08),
}


def vary(timbre: Timbre, rng: np.random.Generator) -> Timbre:
    """A relative of `timbre`: same wave, every other trait moved by up to a factor of ~2."""

    def factor(spread: float) -> float:
        return float(np.exp(rng.uniform(-spread, spread)))

    return replace(
        timbre,
        attack_s=timbre.attack_s * factor(0.5),
        decay_s=timbre.decay_s * factor(0.6),
        sustain=min(timbre.sustain * factor(0.3), 1.0),
        release_s=timbre.release_s * factor(0.5),
        cutoff_hz=timbre.cutoff_hz * factor(0.7),
        sweep=timbre.sweep * factor(0.4),
        sweep_s=timbre.sweep_s * factor(0.5),
        detune_cents=timbre.detune_cents * factor(0.6),
        vibrato_cents=timbre.vibrato_cents * factor(0.5),
        noise=min(timbre.noise * factor(0.6), 1.0),
    )


@lru_cache(2048)
def _cycle(wave: str, freq_hz: float, cutoff_hz: float, sample_rate: int) -> Array:
    """One period of a wave at a pitch, band-limited and low-passed: float32 [TABLE_SIZE]."""
    top = int(min(0.45 * sample_rate, 11_000) / freq_hz)
    k = np.arange(1, max(min(top, 200), 1) + 1)
    amplitude = WAVES[wave](k, k * freq_hz) / (1 + (k * freq_hz / cutoff_hz) ** 4) ** 0.5
    # Scattered phases keep the crest low; all in phase, a bass note would be one spike.
    spectrum = np.zeros(TABLE_SIZE // 2 + 1, complex)
    spectrum[k] = amplitude * np.exp(2j * np.pi * 0.618 * k * (k - 1) / 2)
    cycle = np.fft.irfft(spectrum)
    return (cycle / (np.sqrt(np.mean(cycle**2)) + 1e-12)).astype(np.float32)


def _envelope(timbre: Timbre, t: Array, length_s: float) -> Array:
    rise = np.minimum(t / timbre.attack_s, 1)
    fall = timbre.sustain + (1 - timbre.sustain) * np.exp(-t / timbre.decay_s)
    release = np.clip(1 - (t - length_s) / timbre.release_s, 0, 1)
    return rise * fall * release**2


@lru_cache(CACHE_SHOTS)
def note_shot(timbre: Timbre, pitch: int, length_ms: int, sample_rate: int) -> Array:
    """One note: float32 [T], about RMS 0.25 at full level, read-only.

    pitch: MIDI note number (69 = 440 Hz); length_ms: until the release begins.
    """
    length_s = max(length_ms / 1000, timbre.attack_s + 0.01)
    freq_hz = 440 * 2 ** ((pitch - 69) / 12)
    t = np.arange(int((length_s + timbre.release_s) * sample_rate)) / sample_rate
    sound = _oscillate(timbre, freq_hz, t, sample_rate)
    if timbre.noise:
        rng = np.random.default_rng(pitch)
        sound += 4 * timbre.noise * rng.standard_normal(len(t)) * np.exp(-t / 0.012)
    shot = (0.25 * sound * _envelope(timbre, t, length_s)).astype(np.float32)
    shot.flags.writeable = False
    return shot


def _oscillate(timbre: Timbre, freq_hz: float, t: Array, sample_rate: int) -> Array:
    """The wave before its envelope, unit RMS: one or two detuned voices, sweep, vibrato."""
    rest = _cycle(timbre.wave, freq_hz, timbre.cutoff_hz, sample_rate)
    cycles = freq_hz * t
    if timbre.vibrato_cents:
        depth = (2 ** (timbre.vibrato_cents / 1200) - 1) / (2 * np.pi * 5.5)
        # Vibrato comes in after the attack, as players do it; the rate is a usual 5.5 Hz.
        cycles += freq_hz * depth * np.minimum(t / 0.3, 1) * np.sin(2 * np.pi * 5.5 * t)
    spread = 2 ** (timbre.detune_cents / 2400)
    voices = (spread, 1 / spread) if timbre.detune_cents else (1.0,)
    index = [(TABLE_SIZE * (v * cycles + 0.37 * i)).astype(np.int64) for i, v in enumerate(voices)]
    sound = sum(rest[i & (TABLE_SIZE - 1)] for i in index)
    if timbre.sweep:
        open_hz = timbre.cutoff_hz * 2**timbre.sweep
        bright = _cycle(timbre.wave, freq_hz, open_hz, sample_rate)
        opening = np.exp(-t / timbre.sweep_s)
        sound = sound + opening * (sum(bright[i & (TABLE_SIZE - 1)] for i in index) - sound)
    return sound / np.sqrt(len(voices))
