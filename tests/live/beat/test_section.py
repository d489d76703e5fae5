"""The form of made music: what is new, what comes back, in any chopping."""

from itertools import pairwise

import numpy as np
import pytest

from live.audio.features import SAMPLE_RATE, FeatureStream
from live.beat.clock import TempoConfig
from live.beat.section import NEW, Sections

BPM = 120.0
BAR_S = 4 * 60 / BPM


def bars(chord, drums, n, gain=0.3, seed=0):
    """n bars of a held chord (Hz) with a kick on every beat, if drums; float32."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(n * BAR_S * SAMPLE_RATE)) / SAMPLE_RATE
    audio = sum(np.sin(2 * np.pi * hz * time_s) for hz in chord) / len(chord)
    beat_s = time_s % (60 / BPM)
    if drums:
        audio = 0.4 * audio + np.sin(2 * np.pi * 55 * beat_s) * np.exp(-beat_s / 0.08)
        off_s = (time_s + 30 / BPM) % (60 / BPM)
        audio += 0.5 * rng.standard_normal(len(time_s)) * np.exp(-off_s / 0.02)
    return (gain * audio).astype(np.float32)


VERSE = ((220.0, 261.6, 329.6), True, 8)
BREAK = ((174.6, 220.0, 261.6), False, 8, 0.1)


def hear(audio, chops=(800,)):
    """Every reading, frame by frame, as the engine makes them."""
    stream, clock, sections = FeatureStream(SAMPLE_RATE), TempoConfig().make(), Sections()
    readings, at, i = [], 0, 0
    while at < len(audio):
        block = audio[at : at + chops[i % len(chops)]]
        at, i = at + len(block), i + 1
        for frame in stream.push(block):
            clock.push(frame)
            sections.push(frame, clock.at(frame.end))
            readings.append(sections.at(clock.at(frame.end + 1600)))
    return readings


def test_a_verse_that_comes_back_after_a_break_is_the_one_of_before():
    audio = np.concatenate([bars(*VERSE), bars(*BREAK), bars(*VERSE)])
    readings = hear(audio)
    begun = [(i, r) for i, (b, r) in enumerate(pairwise(readings), 1) if r.index != b.index]
    late_bars = np.array([i / 30 / BAR_S for i, _ in begun]) - [8, 16]
    assert ((late_bars > 0) & (late_bars < 1.05)).all()
    for i, reading in begun:
        assert reading.age_beats == pytest.approx(4 * (i / 30 / BAR_S % 8), abs=1.0)
    middle = [readings[round(b * BAR_S * 30)] for b in (12, 20)]
    assert [(r.index, r.returns_to) for r in middle] == [(1, NEW), (2, 0)]
    assert middle[0].name == "break"


def test_chopping_the_sound_changes_nothing():
    audio = np.concatenate([bars(*VERSE), bars(*BREAK)])
    assert hear(audio) == hear(audio, (113, 4096, 7, 480))
