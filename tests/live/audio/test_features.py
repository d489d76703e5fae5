"""Features: any block size, any rate, any rubbish; onsets in the right band at the right time."""

import copy

import numpy as np
import pytest

from live.audio.features import (
    FEATURE_DIM,
    FRAME,
    LOUDNESS,
    ONSET,
    SAMPLE_RATE,
    TICKS_PER_FRAME,
    FeatureStream,
    extract,
)
from live.audio.resample import Resampler
from tests.helpers.contract import assert_streams_like_offline, joined

RATES = (8_000, 11_025, 24_000, 44_100, 48_000, 192_000)
LOW, MID, HIGH = range(3)
MEL, TIMBRE, CHROMA = slice(0, 64), slice(69, 71), slice(71, 83)  # in the network's input
RANGES = {
    "mel": (MEL, -1.0, 0.5),
    "onset": (ONSET, 0.0, 1.0),
    "level": (slice(LOUDNESS.start, LOUDNESS.start + 1), 0.0, 1.0),
    "relative level": (slice(LOUDNESS.start + 1, LOUDNESS.stop), -1.0, 1.0),
    "timbre": (TIMBRE, 0.0, 1.0),
    "chroma": (CHROMA, 0.0, 1.0),
}


def noise(seconds, rate=SAMPLE_RATE, rms=0.1, seed=3):
    samples = np.random.default_rng(seed).standard_normal(int(seconds * rate))
    return (rms * samples).astype(np.float32)


def sine(hz, seconds, rate=SAMPLE_RATE, peak=0.5):
    return (peak * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)).astype(
        np.float32
    )


def features_of(audio, rate=SAMPLE_RATE):
    return np.stack([f.features for f in extract(audio, rate)])


def samples_of(frames):
    return np.concatenate([f.samples for f in frames])


class FlatFeatures:
    """A FeatureStream whose frames leave as rows of all that is in them, but for the time."""

    def __init__(self, rate):
        self._stream = FeatureStream(rate)

    def push(self, inputs):
        return joined([row(f) for f in self._stream.push(inputs)])

    def reset(self):
        self._stream.reset()

    def save(self):
        return copy.deepcopy(self._stream)

    def restore(self, saved):
        self._stream = copy.deepcopy(saved)


def row(frame):
    parts = (frame.samples, frame.features, frame.ticks.ravel(), frame.mel.ravel())
    return np.concatenate([*parts, [frame.level, frame.gain_db]])


@pytest.mark.parametrize("rate", RATES)
def test_streams_like_offline(rate):
    assert_streams_like_offline(
        FlatFeatures(rate),
        noise(0.5, rate),
        lambda audio: joined([*map(row, extract(audio, rate))]),
    )


@pytest.mark.parametrize("rate", RATES)
def test_frames_carry_their_time(rate):
    frames = extract(noise(0.5, rate), rate)
    assert [f.end for f in frames] == [FRAME * (i + 1) for i in range(len(frames))]
    # Nothing is held back but what the resampling filter has to see ahead: 2 ms.
    assert 0.5 * SAMPLE_RATE - frames[-1].end <= FRAME + 0.002 * SAMPLE_RATE


def test_a_frame_is_800_samples_at_24_khz():
    audio = noise(0.1)
    frames = extract(audio, SAMPLE_RATE)
    assert (FRAME, SAMPLE_RATE, len(frames)) == (800, 24_000, 3)
    for i, frame in enumerate(frames):
        np.testing.assert_array_equal(frame.samples, audio[800 * i : 800 * (i + 1)])
        assert frame.features.shape == (FEATURE_DIM,)
        assert frame.features.dtype == np.float32
        assert frame.ticks.shape == (TICKS_PER_FRAME, 3)
        np.testing.assert_array_equal(frame.onset, frame.ticks.max(axis=0))
        np.testing.assert_allclose(frame.features[MEL], frame.mel.mean(axis=0), atol=1e-6)
        assert frame.features[LOUDNESS][0] == np.float32(frame.level)


def rubbish(kind, rate):
    audio = noise(0.6, rate)
    middle = slice(len(audio) // 3, len(audio) // 2)
    if kind in ("nan", "inf", "-inf"):
        audio[middle] = float(kind)
    elif kind == "silence":
        audio[:] = 0.0
    elif kind == "dc":
        audio[:] = 0.7
    elif kind == "clipping":
        audio = np.sign(audio) * np.float32(1.0)
    elif kind == "far too loud":
        audio *= np.float32(1e30)
    elif kind == "subnormal":
        audio *= np.float32(1e-40)
    elif kind == "ultrasonic":
        audio = sine(0.42 * rate, 0.6, rate, peak=1.0)
    return audio


@pytest.mark.parametrize("rate", [24_000, 44_100])
@pytest.mark.parametrize(
    "kind",
    [
        "nan",
        "inf",
        "-inf",
        "silence",
        "dc",
        "clipping",
        "far too loud",
        "subnormal",
        "ultrasonic",
    ],
)
def test_any_input_gives_features_in_range(kind, rate):
    frames = extract(rubbish(kind, rate), rate)
    assert len(frames) >= 17
    features = np.stack([f.features for f in frames])
    for name, (part, low, high) in RANGES.items():
        values = features[:, part]
        assert ((values >= low) & (values <= high)).all(), name  # false for NaN
    assert all(np.isfinite(row(f)).all() for f in frames)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_count_as_silence(value):
    broken, silent = noise(0.5), noise(0.5)
    broken[3000:5000] = value
    silent[3000:5000] = 0.0
    np.testing.assert_array_equal(features_of(broken), features_of(silent))


def test_silence_sounds_like_nothing():
    features = features_of(np.zeros(SAMPLE_RATE, np.float32))
    for part in (ONSET, TIMBRE, CHROMA):
        assert (features[:, part] == 0.0).all()
    assert (features[:, LOUDNESS.start] == 0.0).all()


def test_dc_sounds_like_silence_once_it_stands():
    standing = features_of(np.full(SAMPLE_RATE, 0.7, np.float32))[3:]
    assert (standing[:, MEL] < -0.95).all()
    assert standing[:, [*range(ONSET.start, ONSET.stop), LOUDNESS.start]].max() < 0.01


@pytest.mark.parametrize(
    ("rate", "hz"), [(44_100, 13_000), (44_100, 18_000), (48_000, 13_000), (192_000, 40_000)]
)
def test_what_is_above_the_band_does_not_fold_into_it(rate, hz):
    frames = extract(sine(hz, 0.5, rate, peak=1.0), rate)[1:]
    rms_db = 20 * np.log10(np.sqrt(np.mean(samples_of(frames) ** 2)) + 1e-12)
    assert rms_db < -70.0


def test_a_quiet_copy_has_the_features_of_the_loud_one():
    music = noise(6.0, rms=1.0)
    music *= 0.5 + np.arange(len(music)) % 12_000 / 12_000  # two accents a second
    loud, quiet = (features_of(10 ** (db / 20) * music)[-60:] for db in (-6, -40))
    alike = [i for i in range(FEATURE_DIM) if i != LOUDNESS.start]
    # Measured: 0.018 of the relative level, half a decibel that the gain has still to go.
    assert np.abs(loud - quiet)[:, alike].max() < 0.03
    assert (loud[:, LOUDNESS.start] - quiet[:, LOUDNESS.start]).min() > 0.3


def test_silence_leaves_the_gain_where_it_was():
    stream = FeatureStream(SAMPLE_RATE)
    music = stream.push(noise(2.0))[-1].gain_db
    assert stream.push(np.zeros(20 * SAMPLE_RATE, np.float32))[-1].gain_db == music


@pytest.mark.parametrize("rate", [8_000, 24_000, 48_000])
def test_onsets_fire_at_the_clicks_and_only_there(click_track, rate):
    bpm = 100.0
    frames = extract(click_track(bpm, 4.0, rate) + noise(4.0, rate, rms=1e-3), rate)
    onset = np.array([f.onset[MID] for f in frames])
    starts_s = np.array([f.end - FRAME for f in frames]) / SAMPLE_RATE
    since_s = starts_s % (60 / bpm)  # from the last click to the start of the frame
    # A click falls into one frame; the window of 1024 samples still rises in the next one.
    hit = (since_s > 60 / bpm - FRAME / SAMPLE_RATE) | (since_s < FRAME / SAMPLE_RATE)
    clicks = np.floor((starts_s + FRAME / SAMPLE_RATE - 1e-6) / (60 / bpm)).astype(int)
    strongest = [onset[hit & (clicks == k)].max() for k in range(1, clicks.max())]
    assert len(strongest) >= 5
    assert min(strongest) > 0.5
    assert onset[~hit].max() < 0.35


@pytest.mark.parametrize(("hz", "band"), [(80, LOW), (800, MID), (6_000, HIGH)])
def test_an_onset_is_strongest_in_its_own_band(hz, band):
    audio = np.concatenate([np.zeros(SAMPLE_RATE // 2), sine(hz, 0.3)])
    ramp = np.clip(np.arange(len(audio)) - SAMPLE_RATE // 2, 0, 480) / 480  # no click at the edge
    onset = np.stack([f.onset for f in extract(audio * ramp, SAMPLE_RATE)])[15:].max(axis=0)
    assert onset.argmax() == band
    assert onset[band] > 3 * np.delete(onset, band).max()


@pytest.mark.parametrize(("hz", "pitch_class"), [(261.63, 0), (440.0, 9), (880.0, 9), (740.0, 6)])
def test_chroma_names_the_note(hz, pitch_class):
    chroma = features_of(sine(hz, 0.4))[-1, CHROMA]
    assert chroma.argmax() == pitch_class
    assert chroma[pitch_class] == 1.0


def test_a_brighter_sound_has_a_higher_centroid_and_noise_is_flat():
    low, high, hiss = (
        features_of(x)[-1, TIMBRE] for x in (sine(200, 0.5), sine(5000, 0.5), noise(0.5))
    )
    assert low[0] < 0.2 < 0.6 < high[0]
    assert max(low[1], high[1]) < 0.05 < 0.4 < hiss[1]


@pytest.mark.parametrize("lost_s", [0.0, 0.001, 0.02, 0.1, 1.0])
@pytest.mark.parametrize("rate", [24_000, 44_100, 48_000])
def test_what_is_lost_moves_the_time_and_nothing_else(rate, lost_s):
    audio = noise(3.0, rate)
    heard, lost = int(0.77 * rate), int(lost_s * rate)
    stream = FeatureStream(rate)
    before = stream.push(audio[:heard])
    stream.skip(lost)
    after = stream.push(audio[heard + lost :])
    truth = {f.end: f.samples for f in extract(audio, rate)}
    ends = [f.end for f in after]
    assert ends == list(range(ends[0], max(truth) + 1, FRAME))
    # The first whole frame after the gap, and no later one.
    gap_end = (heard + lost) * SAMPLE_RATE / rate
    assert before[-1].end < ends[0]
    assert gap_end <= ends[0] <= gap_end + 2 * FRAME
    for frame in after[1:]:
        np.testing.assert_array_equal(frame.samples, truth[frame.end])


def test_many_small_losses_add_up():
    rate, rng = 44_100, np.random.default_rng(5)
    audio, stream, position = noise(4.0, rate), FeatureStream(rate), 0
    truth = {f.end: f.samples for f in extract(audio, rate)}
    frames = []
    while position < len(audio):
        n = int(rng.integers(1, 6000))
        frames.append(stream.push(audio[position : position + n]))
        lost = int(rng.integers(0, 3)) * int(rng.integers(1, 1000))
        stream.skip(lost)
        position += n + lost
    whole = [f for piece in frames for f in piece[1:]]
    assert len(whole) > 20
    assert all(np.array_equal(f.samples, truth[f.end]) for f in whole)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("share", [0.05, 0.3, 0.7])
def test_a_resampled_sine_is_the_sine(rate, share):
    hz = share * min(rate, SAMPLE_RATE) / 2
    frames = extract(sine(hz, 0.4, rate), rate)[1:]  # the first holds the start of the sine
    n = np.arange(FRAME, frames[-1].end)
    error = samples_of(frames) - 0.5 * np.sin(2 * np.pi * hz * n / SAMPLE_RATE)
    assert np.sqrt(np.mean(error**2)) < 0.5 * 10 ** (-60 / 20)


@pytest.mark.parametrize("rate", RATES)
def test_the_resampler_needs_what_it_declares_and_no_more(rate):
    resampler = Resampler(rate, SAMPLE_RATE)
    start, count = 1200, 5
    first, last = resampler.input_span(start, count)
    impulses = np.eye(last - first + 8, dtype=np.float32)
    reached = [np.abs(resampler.block(impulse, start, count)).max() > 0 for impulse in impulses]
    assert not any(reached[last - first :])
    # The window's outermost taps are as good as nothing, but they are read.
    assert all(reached[1 : last - first - 1])
