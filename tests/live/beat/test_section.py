"""The form of made music: what is new, what comes back; in any chopping, tempo and silence."""

from itertools import pairwise

import numpy as np
import pytest

from live.audio.features import SAMPLE_RATE, FeatureStream
from live.beat.clock import TempoConfig
from live.beat.estimate import BeatReading
from live.beat.section import BREAK, BUILD, DROP, NEW, Sections

BPM = 120.0
BAR_S = 4 * 60 / BPM


def bars(chord, drums, n, gain=0.3, bpm=BPM):
    """n bars of a held chord (Hz) with a kick on every beat, if drums; float32."""
    rng = np.random.default_rng(0)
    time_s = np.arange(round(n * 240 / bpm * SAMPLE_RATE)) / SAMPLE_RATE
    audio = sum(np.sin(2 * np.pi * hz * time_s) for hz in chord) / len(chord)
    beat_s = time_s % (60 / bpm)
    if drums:
        audio = 0.4 * audio + np.sin(2 * np.pi * 55 * beat_s) * np.exp(-beat_s / 0.08)
        off_s = (time_s + 30 / bpm) % (60 / bpm)
        audio += 0.5 * rng.standard_normal(len(time_s)) * np.exp(-off_s / 0.02)
    return (gain * audio).astype(np.float32)


VERSE = ((220.0, 261.6, 329.6), True, 8)
QUIET = ((174.6, 220.0, 261.6), False, 8, 0.1)


def hear(audio, chops=(4800,), bpm=BPM, sections=None):
    """A reading every frame, on a beat clock that knows."""
    stream, sections = FeatureStream(SAMPLE_RATE), sections or Sections()
    readings, at, i = [], 0, 0
    while at < len(audio):
        block = audio[at : at + chops[i % len(chops)]]
        at, i = at + len(block), i + 1
        for frame in stream.push(block):
            beats = frame.end / SAMPLE_RATE * bpm / 60
            state = "locked" if frame.level > 0.2 else "silent"
            beat = BeatReading(beats % 1, beats / 4 % 1, bpm, 1.0, state, beats)
            sections.push(frame, beat)
            readings.append(sections.at(beat))
    return readings


def begun(readings):
    """Index of the frame and the reading where each section is announced."""
    return [(i, b) for i, (a, b) in enumerate(pairwise(readings), 1) if a.index != b.index]


@pytest.fixture(scope="module")
def song():
    return np.concatenate([bars(*VERSE), bars(*QUIET), bars(*VERSE)])


@pytest.fixture(scope="module")
def readings(song):
    return hear(song)


def test_a_verse_that_comes_back_after_a_break_is_the_one_of_before(readings):
    announced = begun(readings)
    late_bars = np.array([i / 30 / BAR_S for i, _ in announced]) - [8, 16]
    assert ((late_bars > 0) & (late_bars < 1.05)).all()
    for i, reading in announced:  # the age counts from where it began
        assert reading.age_beats == pytest.approx(4 * (i / 30 / BAR_S % 8), abs=1.1)
    middle = [readings[round(b * BAR_S * 30)] for b in (12, 20)]
    assert [(r.index, r.returns_to) for r in middle] == [(1, NEW), (2, 0)]
    assert middle[0].kind == BREAK
    assert middle[1].kind != BREAK


def test_a_phrase_begins_with_the_section_and_on_a_bar(readings):
    in_break = readings[round(8.9 * BAR_S * 30) : round(15.9 * BAR_S * 30)]
    lengths = {r.phrase_beats for r in in_break}
    assert lengths <= {16, 32, 64}
    for i, reading in enumerate(in_break):
        bars_in = 0.9 + (i + 1) / 30 / BAR_S
        phase = bars_in * 4 / reading.phrase_beats % 1.0
        apart = abs(reading.phrase_phase - phase)
        assert min(apart, 1.0 - apart) < 0.01


def test_chopping_the_sound_changes_nothing(song, readings):
    assert hear(song[: 12 * SAMPLE_RATE], (113, 4096, 7, 480)) == readings[: 12 * 30]


def test_the_real_clock_brings_the_same_form(song):
    stream, clock, sections = FeatureStream(SAMPLE_RATE), TempoConfig().make(), Sections()
    said = []
    for frame in stream.push(song[: round(13 * BAR_S * SAMPLE_RATE)]):
        clock.push(frame)
        sections.push(frame, clock.at(frame.end))
        said.append(sections.at(clock.at(frame.end + 1600)))
    assert len(begun(said)) == 1
    assert begun(said)[0][0] / 30 / BAR_S == pytest.approx(8.5, abs=0.55)


@pytest.mark.parametrize("bpm", [80.0, 175.0])
def test_at_other_tempi_too(bpm):
    verse, quiet = (*VERSE, 0.3, bpm), (*QUIET, bpm)
    audio = np.concatenate([bars(*verse), bars(*quiet)])
    announced = begun(hear(audio, bpm=bpm))
    assert [8 < i / 30 * bpm / 240 < 9.1 for i, _ in announced] == [True]


def test_silence_ends_a_piece_and_another_begins(song):
    sections = Sections()
    first = hear(song, sections=sections)[-1]
    silence = hear(np.zeros(3 * SAMPLE_RATE, np.float32), sections=sections)[-1]
    assert silence.index == first.index + 1
    after = hear(song, sections=sections)
    assert after[-1].index == silence.index + 2
    back = [r.returns_to for r in after if r.returns_to != NEW]
    assert min(back) >= silence.index  # nothing of the piece before is remembered


def test_a_later_reading_ages_and_never_goes_back(readings, song):
    sections = Sections()
    hear(song[: round(10.25 * BAR_S * SAMPLE_RATE)], sections=sections)
    now = BeatReading(0.0, 0.25, BPM, 1.0, "locked", 41.0)
    later = BeatReading(0.5, 0.375, BPM, 1.0, "locked", 41.5)
    a, b = sections.at(now), sections.at(later)
    assert b.age_beats - a.age_beats == pytest.approx(0.5)
    assert (b.phrase_phase - a.phrase_phase) % 1.0 == pytest.approx(0.5 / a.phrase_beats)


def test_noise_for_minutes_stays_finite_and_in_range():
    rng = np.random.default_rng(0)
    noise = (0.1 * rng.standard_normal(60 * SAMPLE_RATE)).astype(np.float32)
    for reading in hear(noise, bpm=170.0)[::15]:
        assert np.isfinite([reading.age_beats, reading.novelty, reading.phrase_phase]).all()
        assert 0.0 <= reading.novelty <= 1.0
        assert 0.0 <= reading.phrase_phase < 1.0
        assert reading.returns_to < reading.index or reading.index == 0


def test_a_build_is_named_while_it_rises_and_the_drop_when_it_comes():
    bpm, n = 150.0, 6
    bar_s = 240 / bpm
    build = bars(*QUIET[:2], n, 0.15, bpm)
    rng = np.random.default_rng(1)
    for i, spacing in enumerate([1.0, 0.5, 0.25]):  # beats between strokes, two bars each
        for at in np.arange(8 * i, 8 * (i + 1), spacing):
            start = round(at * 60 / bpm * SAMPLE_RATE)
            stroke = rng.standard_normal(1200) * np.exp(-np.arange(1200) / 300)
            build[start : start + 1200] += (0.02 + 0.02 * at) * stroke[: len(build) - start]
    verse, quiet = bars(*VERSE[:2], 8, 0.3, bpm), bars(*QUIET[:2], 4, 0.1, bpm)
    said = hear(np.concatenate([verse, quiet, build, verse]), bpm=bpm)
    kinds = [reading.kind for reading in said]
    drop = round((12 + n) * bar_s * 30)
    bar = round(bar_s * 30)
    assert BUILD not in kinds[: drop - 5 * bar]
    assert set(kinds[drop - 2 * bar : drop]) == {BUILD}
    assert set(kinds[drop + bar : drop + 6 * bar]) == {DROP}
