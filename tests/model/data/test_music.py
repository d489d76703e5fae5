"""Synthetic music, the room it is heard in, and the demo: is the annotation true?"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from live.audio import demo as shipped
from live.audio.files import read_audio
from model.data import room
from model.data.music import demo
from model.data.music.genres import GENRES, STYLE_GENRES
from model.data.music.render import render_song
from model.data.music.score import BeatGrid, fast_length, held, hits, swing
from model.data.music.song import STEPS_PER_BEAT, Song, SongConfig, random_song

SAMPLE_RATE = 24_000
HOP = 120  # 5 ms
DRUMMED = ("house", "techno", "hiphop", "dnb", "disco", "pop", "jpop", "chacha", "reggaeton")


def song(genre: str, seed: int = 1, duration_s: float = 12.0, **changes) -> Song:
    config = random_song(seed, genre, duration_s=duration_s, tempo_change=False)
    return render_song(replace(config, **changes), SAMPLE_RATE)


def onset_flux(audio: np.ndarray) -> np.ndarray:
    """Rectified growth of log magnitude summed over frequency, one value per HOP."""
    padded = np.pad(audio, 256)
    frames = np.lib.stride_tricks.sliding_window_view(padded, 512)[::HOP] * np.hanning(512)
    log_magnitude = np.log1p(50 * np.abs(np.fft.rfft(frames, axis=1)) / (np.std(audio) + 1e-9))
    return np.maximum(np.diff(log_magnitude, axis=0, prepend=log_magnitude[:1]), 0).sum(1)


def flux_around(audio: np.ndarray, times_s: np.ndarray) -> float:
    """Mean over the times of the strongest flux within 15 ms."""
    flux = onset_flux(audio)
    at = np.rint(times_s * SAMPLE_RATE / HOP).astype(int)
    near = np.clip(at[:, None] + np.arange(-3, 4), 0, len(flux) - 1)
    return float(flux[near].max(1).mean())


def low_band_power(audio: np.ndarray, below_hz: float = 150.0) -> float:
    power = np.abs(np.fft.rfft(audio)) ** 2 / len(audio) ** 2
    return float(power[np.fft.rfftfreq(len(audio), 1 / SAMPLE_RATE) < below_hz].sum())


# ---- patterns and grid -----------------------------------------------------------------------


def test_patterns_are_read_step_by_step():
    assert hits("X..o") == ((0, 1.0), (3, 0.4))
    assert held("1==.5.8=") == ((0, 3, "1"), (4, 1, "5"), (6, 2, "8"))


def test_swing_delays_offbeats_only():
    beats = np.arange(8.0)
    assert np.array_equal(swing(beats, 1.0, 0.5), beats)
    assert np.allclose(swing(beats + 0.5, 1.0, 0.5), beats + 2 / 3)
    assert np.allclose(swing(beats + 0.25, 0.0, 0.25), beats + 0.25)


def test_grid_follows_a_tempo_change():
    grid = BeatGrid.from_tempo(np.array([120.0, 60.0]), start_s=1.0)
    assert np.allclose(grid.beats_s, [1.0, 1.5, 2.5])
    assert grid.at(np.array([1.5])) == pytest.approx(2.0)


@pytest.mark.parametrize("size", [1, 2, 7, 97, 1001, 1_500_001])
def test_fast_length_is_enough_and_little_more(size):
    assert size <= fast_length(size) <= 1.25 * size


@pytest.mark.parametrize("name", GENRES)
def test_every_pattern_fills_whole_bars(name):
    genre = GENRES[name]
    steps = genre.metre * STEPS_PER_BEAT
    drums = [line for variant in genre.drums for line in variant.values()]
    for line in [*drums, *genre.bass, *genre.chords, *genre.figures]:
        assert len(line) % steps == 0, line


# ---- songs -----------------------------------------------------------------------------------


def test_equal_configs_give_equal_songs():
    first, again = song("salsa", 7), song("salsa", 7)
    assert np.array_equal(first.audio, again.audio)
    assert np.array_equal(first.beats_s, again.beats_s)
    assert random_song(7) == random_song(np.random.default_rng(7))


def test_seeds_give_different_songs():
    first, other = song("pop", 1, tempo_bpm=100.0), song("pop", 2, tempo_bpm=100.0)
    assert abs(np.corrcoef(first.audio, other.audio)[0, 1]) < 0.2


@pytest.mark.parametrize("genre", GENRES)
def test_audio_is_finite_audible_and_unclipped(genre):
    audio = song(genre, duration_s=8.0).audio
    assert audio.dtype == np.float32
    assert len(audio) == 8 * SAMPLE_RATE
    assert np.isfinite(audio).all()
    assert np.abs(audio).max() <= 0.98
    assert np.mean(np.abs(audio) > 0.96) < 0.001
    assert -32 < 20 * np.log10(np.std(audio)) < -12


@pytest.mark.parametrize("genre", DRUMMED)
def test_onsets_gather_at_annotated_beats(genre):
    played = song(genre, seed=4, swing=0.0, micro_timing_ms=2.0)
    interval_s = 60 / played.tempo_bpm[0]
    at_beats = flux_around(played.audio, played.beats_s[:-1])
    # 3/8 of the way lies on no sixteenth, so no part may play there.
    between = flux_around(played.audio, played.beats_s[:-1] + 0.375 * interval_s)
    assert at_beats > 1.5 * between


def test_swing_and_jitter_leave_the_annotation_alone():
    straight = song("rock", swing=0.0, micro_timing_ms=0.0)
    loose = song("rock", swing=1.0, micro_timing_ms=5.0)
    assert np.array_equal(straight.beats_s, loose.beats_s)
    assert not np.array_equal(straight.audio, loose.audio)


@pytest.mark.parametrize("genre", GENRES)
def test_intervals_follow_the_tempo_exactly(genre):
    played = song(genre, lead_in_s=0.5)
    assert np.allclose(np.diff(played.beats_s), 60 / played.tempo_bpm[:-1], atol=1e-9)
    assert played.beats_s[0] == 0.5
    assert played.beats_s[-1] < 12.0
    assert set(played.downbeats_s) <= set(played.beats_s)


def test_a_tempo_change_falls_on_a_bar_line():
    played = song("house", tempo_bpm=120.0, lead_in_s=0.0, tempo_changes=((2, 100.0),))
    assert np.allclose(np.diff(played.beats_s)[:8], 0.5)
    assert np.allclose(np.diff(played.beats_s)[8:], 0.6)
    assert played.beats_s[8] in played.downbeats_s
    assert any(s.tempo_bpm == 100.0 and s.start_s == played.beats_s[8] for s in played.sections)


def test_waltz_counts_in_three():
    played = song("waltz")
    assert played.metre == 3
    assert np.array_equal(played.downbeats_s, played.beats_s[::3])


def test_breaks_have_no_drums():
    for seed in range(20):
        config = SongConfig("house", 124.0, duration_s=60.0, seed=seed)
        played = render_song(config, SAMPLE_RATE)
        for part, after in pairwise(played.sections):
            if part.name == "break" and after.start_s - part.start_s > 3:
                # The first second and a half still rings from the section before.
                start, stop = np.array([part.start_s + 1.5, after.start_s - 0.05]) * SAMPLE_RATE
                quiet = low_band_power(played.audio[int(start) : int(stop)], 100.0)
                assert quiet < 0.05 * low_band_power(played.audio, 100.0)
                return
    pytest.fail("no break in twenty songs")


def test_random_songs_stay_in_their_genre():
    for seed in range(200):
        config = random_song(seed)
        low, high = GENRES[config.genre].tempo_bpm
        assert low <= config.tempo_bpm <= high
        assert all(70 <= bpm <= 180 for _, bpm in config.tempo_changes)


def test_styles_name_known_genres():
    assert {g for names in STYLE_GENRES.values() for g in names} <= set(GENRES)
    assert all(STYLE_GENRES.values())


@pytest.mark.parametrize(
    "wrong", [{"genre": "polka"}, {"tempo_bpm": 0.0}, {"duration_s": 0.0}, {"lead_in_s": 99.0}]
)
def test_bad_configs_are_refused(wrong):
    with pytest.raises(ValueError, match=r"genre|tempo_bpm|duration_s"):
        SongConfig(**({"genre": "house", "tempo_bpm": 120.0} | wrong))


# ---- room ------------------------------------------------------------------------------------


@pytest.mark.parametrize("severity", [0.0, 0.5, 1.0])
def test_room_keeps_length_and_beat_positions(severity):
    dry = song("disco", duration_s=6.0).audio
    for seed in range(6):
        heard = room.simulate(dry, SAMPLE_RATE, np.random.default_rng(seed), severity)
        assert heard.shape == dry.shape
        assert heard.dtype == np.float32
        assert np.isfinite(heard).all()
        assert np.abs(heard).max() <= 1
        assert abs(peak_lag(heard, dry)) < 0.005 * SAMPLE_RATE


def peak_lag(heard: np.ndarray, dry: np.ndarray) -> int:
    """Samples by which `heard` trails `dry`, by cross-correlation."""
    size = 2 * len(dry)
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(dry, size))
    lag = int(np.argmax(np.abs(np.fft.irfft(product, size))))
    return lag - size if lag > len(dry) else lag


@pytest.mark.parametrize("bad", [np.zeros(500), np.full(500, np.nan), np.zeros(0), np.ones(1)])
def test_room_survives_odd_audio(bad):
    heard = room.simulate(bad, SAMPLE_RATE, np.random.default_rng(0), 1.0)
    assert heard.shape == bad.shape
    assert np.isfinite(heard).all()


def test_room_follows_its_generator_and_severity():
    dry = song("pop", duration_s=4.0).audio

    def heard(seed: int, severity: float) -> np.ndarray:
        return room.simulate(dry, SAMPLE_RATE, np.random.default_rng(seed), severity)

    assert np.array_equal(heard(3, 0.5), heard(3, 0.5))
    assert not np.array_equal(heard(3, 0.5), heard(4, 0.5))

    def likeness(severity: float) -> float:
        alike = [np.corrcoef(dry, heard(seed, severity))[0, 1] for seed in range(6)]
        return float(np.mean(alike))

    assert likeness(0.0) > likeness(1.0)
    with pytest.raises(ValueError, match="severity"):
        heard(0, 2.0)


# ---- demo ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def track() -> demo.DemoTrack:
    return demo.render(SAMPLE_RATE)


def section_audio(track: demo.DemoTrack, name: str) -> np.ndarray:
    starts = [s.start_s for s in track.sections] + [len(track.audio) / SAMPLE_RATE]
    index = [s.name for s in track.sections].index(name)
    return track.audio[int(starts[index] * SAMPLE_RATE) : int(starts[index + 1] * SAMPLE_RATE)]


def test_demo_is_a_minute_and_deterministic(track):
    assert 55 < len(track.audio) / SAMPLE_RATE < 65
    assert np.array_equal(track.audio, demo.render(SAMPLE_RATE).audio)
    assert np.isfinite(track.audio).all()
    assert np.abs(track.audio).max() <= 1
    assert abs(len(demo.render(44_100).audio) / 44_100 - len(track.audio) / SAMPLE_RATE) < 1e-3


def test_demo_changes_tempo_at_bar_lines(track):
    assert len({s.tempo_bpm for s in track.sections}) >= 3
    assert {s.start_s for s in track.sections} <= set(track.downbeats_s)
    starts = np.array([s.start_s for s in track.sections])
    tempo_bpm = np.array([s.tempo_bpm for s in track.sections])
    section = np.searchsorted(starts, track.beats_s[:-1], side="right") - 1
    assert np.allclose(np.diff(track.beats_s), 60 / tempo_bpm[section])


def test_demo_onsets_gather_at_beats(track):
    assert flux_around(track.audio, track.beats_s) > 1.5 * flux_around(
        track.audio, track.beats_s[:-1] + 0.375 * np.diff(track.beats_s)
    )


def test_demo_break_has_no_drums(track):
    silent = low_band_power(section_audio(track, "break"))
    for name in ("pop", "house", "hiphop"):
        assert silent < 0.02 * low_band_power(section_audio(track, name))


def test_demo_loops_without_a_seam(track):
    """The jump at the seam is that of any bar line with the same strokes, and no larger."""
    around = int(0.002 * SAMPLE_RATE)

    def jump(at: int) -> float:
        window = np.take(track.audio, np.arange(at - around, at + around), mode="wrap")
        return float(np.abs(np.diff(window)).max())

    bar_lines = np.rint(track.downbeats_s[1:] * SAMPLE_RATE).astype(int)
    assert jump(0) <= max(jump(at) for at in bar_lines)
    # The last beat still rings over the seam: the ends are joined, not both faded out.
    assert np.std(track.audio[-1200:]) > 0.01
    next_beat_s = len(track.audio) / SAMPLE_RATE - track.beats_s[-1]
    assert next_beat_s == pytest.approx(60 / track.sections[-1].tempo_bpm, abs=1e-4)


def test_the_track_that_ships_is_this_one(track):
    audio, rate = read_audio(shipped.PATH)
    whole = demo.render(rate).audio
    assert len(audio) == len(whole)
    assert np.corrcoef(audio, whole)[0, 1] > 0.99  # Vorbis leaves 0.998
    assert np.allclose(shipped.beat_times(), track.beats_s, atol=1e-9)
    assert np.allclose(shipped.beat_times()[:: shipped.BEATS_PER_BAR], track.downbeats_s, atol=1e-9)
    assert shipped.PATH.stat().st_size < 700_000
