"""A build rises: the roll doubles, the low end goes and the high end comes, until the drop."""

import numpy as np
import pytest

from model.data.music.build import BuildStyle, roll
from model.data.music.form import Bar
from model.data.music.render import form_of, render_song
from model.data.music.song import SongConfig

SAMPLE_RATE = 24_000


def band_power(audio, low_hz, high_hz):
    power = np.abs(np.fft.rfft(audio)) ** 2 / len(audio)
    freq_hz = np.fft.rfftfreq(len(audio), 1 / SAMPLE_RATE)
    return float(power[(freq_hz >= low_hz) & (freq_hz < high_hz)].sum() / len(audio))


@pytest.fixture(scope="module")
def build_and_drop():
    """The audio of a build's first and last half, and as much of the drop."""
    for seed in range(30):
        config = SongConfig("house", 126.0, 60.0, seed)
        names = [s.name for s in form_of(config)]
        starts = {s.name: s.start_s for s in form_of(config)}
        style = BuildStyle.draw(seed)
        if "drop" in names[1:] and starts["drop"] < 50 and style.high_hz > 200 and not style.bass:
            played = render_song(config, SAMPLE_RATE)
            assert played.sections == form_of(config)
            middle_s = (starts["build"] + starts["drop"]) / 2
            half = round((middle_s - starts["build"]) * SAMPLE_RATE)
            at = [round(s * SAMPLE_RATE) for s in (starts["build"], middle_s, starts["drop"])]
            return [played.audio[i : i + half] for i in at]
    pytest.fail("no build in thirty songs")


def test_a_build_rises_and_loses_its_low_end_until_the_drop(build_and_drop):
    first, last, drop = build_and_drop
    assert band_power(last, 2000, 10_000) > 2 * band_power(first, 2000, 10_000)
    assert band_power(last, 30, 120) < 0.1 * band_power(drop, 30, 120)


def test_a_roll_doubles_and_grows_louder():
    style = BuildStyle(False, False, 50.0, 200.0, False, False)
    bars = [roll(Bar(i, "build", 0.7, i, 7 - i), 16, style) for i in range(8)]
    counts = [len(strokes) for strokes in bars]
    assert counts == sorted(counts)
    assert counts[-1] == 8 * counts[0]
    loudness = [velocity for strokes in bars for _, _, velocity in strokes]
    assert loudness == sorted(loudness)


def test_songs_of_genres_without_builds_have_none():
    assert all(
        s.name != "build" for n in range(9) for s in form_of(SongConfig("waltz", 90.0, 99.0, n))
    )
