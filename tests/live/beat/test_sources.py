"""Beats from elsewhere: opened, offered to the clock, and handed over from one to the next; the
operator's tempo, nudge and sync."""

import gc
import sys
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest

from live.audio.features import FRAME, SAMPLE_RATE, extract
from live.beat.clock import OFFERED, BeatClock, TempoConfig
from live.beat.estimate import BeatEstimate
from live.beat.sources import open_sources
from live.errors import ConfigError, DeviceError
from live.show.loop import Show
from live.show.outputs import Outputs
from live.show.timing import receive_margin_s
from tests.helpers.beats import Port, apart
from tests.helpers.stage import BLOCK, RATE, START_S
from tests.helpers.stage import Stage as ShowStage

FRAME_S = FRAME / SAMPLE_RATE

# The clock ------------------------------------------------------------------------------------


@pytest.fixture
def silence():
    """Frames that say nothing, 60 s of them."""
    return extract(np.zeros(60 * SAMPLE_RATE, np.float32), SAMPLE_RATE)


class Stage:
    """A clock in silence, and what other sources say."""

    def __init__(self, frames):
        self.clock = BeatClock(TempoConfig())
        self.frames = iter(frames)
        self.sample = 0

    def run(self, seconds, **sources):
        """Readings of each frame. sources: name -> (bpm, beats at 0 s)."""
        readings = []
        for _ in range(round(seconds / FRAME_S)):
            frame = next(self.frames)
            for name in OFFERED:
                self.clock.offer(name, line(frame.end, *sources[name]) if name in sources else None)
            self.clock.push(frame)
            self.sample = frame.end
            readings.append(self.clock.at(frame.end))
        return readings

    def bar_error(self, bpm, beats_at_zero):
        """Beats by which the clock is ahead of a source."""
        expected = line(self.sample, bpm, beats_at_zero).bar_beat
        return apart(4 * self.clock.at(self.sample).bar_phase, expected, 4.0)


def line(sample, bpm, beats_at_zero):
    bar_beat = (beats_at_zero + sample / SAMPLE_RATE * bpm / 60) % 4
    return BeatEstimate(sample, bar_beat % 1, bpm, 1.0, bar_beat=bar_beat)


@pytest.fixture
def stage(silence):
    return Stage(silence)


def speeds(readings):
    """Tempo at which the phase really moved from frame to frame, BPM."""
    phase = np.array([r.phase for r in readings])
    return apart(np.diff(phase), 0.0) / FRAME_S * 60


def test_link_rules_over_midi_over_the_operator(stage):
    stage.clock.set_tempo(90.0, 0.0)
    stage.run(8.0)
    assert stage.clock.at(stage.sample).tempo_bpm == pytest.approx(90.0)
    stage.run(8.0, midi=(100.0, 0.3))
    assert abs(stage.bar_error(100.0, 0.3)) < 0.005
    stage.run(8.0, os2l=(110.0, 1.1), midi=(100.0, 0.3))
    assert abs(stage.bar_error(100.0, 0.3)) < 0.005
    stage.run(8.0, os2l=(110.0, 1.1), midi=(100.0, 0.3), link=(126.0, 2.7))
    assert abs(stage.bar_error(126.0, 2.7)) < 0.005
    reading = stage.clock.at(stage.sample)
    assert (reading.state, reading.tempo_bpm) == ("locked", pytest.approx(126.0))
    stage.run(8.0, midi=(100.0, 0.3))
    assert abs(stage.bar_error(100.0, 0.3)) < 0.005
    stage.run(8.0, os2l=(110.0, 1.1))
    assert stage.clock.active_source == "os2l"
    assert abs(stage.bar_error(110.0, 1.1)) < 0.005


@pytest.mark.parametrize("beats", [0.4, -0.45, 2.1])
def test_a_hand_over_bends_the_tempo_by_a_tenth_at_most(stage, beats):
    readings = stage.run(8.0, link=(120.0, 0.0))
    readings += stage.run(8.0, midi=(126.0, beats))
    readings += stage.run(8.0, link=(120.0, 0.7), midi=(126.0, beats))
    assert abs(stage.bar_error(120.0, 0.7)) < 0.005
    fast = speeds(readings)[30:]
    assert fast.min() > 0.9 * 120 - 0.1
    assert fast.max() < 1.1 * 126 + 0.1


def test_without_sources_the_clock_runs_on(stage):
    stage.run(4.0, link=(120.0, 0.0))
    readings = stage.run(4.0)
    assert readings[-1].state == "silent"
    np.testing.assert_allclose(speeds(readings), 120.0, atol=0.01)


def test_osc_bpm_keeps_the_phase(stage):
    stage.run(4.0, link=(120.0, 0.0))
    stage.run(2.0)
    before = stage.clock.at(stage.sample)
    stage.clock.set_tempo(132.0, float(stage.sample))
    readings = stage.run(6.0)
    fast = speeds(readings)
    assert fast.max() < 134.0  # the frame until it was obeyed is made up for
    assert fast.min() > 119.9
    beats = (4 * before.bar_phase + 6.0 * 132 / 60) % 4
    assert abs(apart(4 * readings[-1].bar_phase, beats, 4.0)) < 0.02
    stage.clock.set_tempo(0.0, float(stage.sample))
    assert stage.run(1.0)[-1].state == "silent"


def test_a_nudge_moves_every_beat_and_stays(stage):
    stage.run(4.0, link=(120.0, 0.0))
    for _ in range(3):
        stage.clock.nudge(20.0)
    readings = stage.run(4.0, link=(120.0, 0.0))
    assert stage.bar_error(120.0, 0.0) == pytest.approx(0.12, abs=0.002)  # 60 ms earlier
    assert speeds(readings).max() < 1.1 * 120 + 0.1
    stage.clock.nudge(-60.0)
    stage.run(4.0, link=(120.0, 0.0))
    assert abs(stage.bar_error(120.0, 0.0)) < 0.002


def test_a_nudge_moves_a_clock_that_runs_free(stage):
    before = stage.clock.at(0).phase
    stage.clock.nudge(-100.0)
    stage.run(4.0)
    bpm = TempoConfig().default_bpm
    expected = before + (stage.sample / SAMPLE_RATE - 0.1) * bpm / 60
    assert abs(apart(stage.clock.at(stage.sample).phase, expected)) < 0.002


@pytest.mark.parametrize("source", [{}, {"link": (120.0, 0.0)}, {"midi": (120.0, 1.3)}])
def test_sync_makes_this_the_downbeat(stage, source):
    stage.run(4.4, **source)
    now = stage.sample + 100.0
    stage.clock.sync(now)
    assert stage.clock.at(now).bar_phase == 0.0
    stage.run(6.0, **source)
    bpm = stage.clock.at(stage.sample).tempo_bpm
    beats = (stage.sample - now) / SAMPLE_RATE * bpm / 60
    assert abs(apart(4 * stage.clock.at(stage.sample).bar_phase, beats % 4, 4.0)) < 0.01


class Metronome:
    """A source at 100 BPM whose downbeat was when the show began; it falls silent at the end."""

    name, rejected = "midi", 0

    def __init__(self, until_s):
        self.polls, self._until_s = [], until_s

    def poll(self, sample, time_s):
        self.polls.append((sample, time_s))
        return line(sample, 100.0, 0.0) if time_s - START_S < self._until_s else None

    def close(self):
        pass


def test_a_show_polls_its_sources(tiny_model):
    source = Metronome(until_s=6.0)
    with ExitStack() as stack:
        s = ShowStage(tiny_model, stack, np.zeros(10 * RATE, np.float32))
        outputs = Outputs(s.receiver, s.control)
        show = Show(
            s.engine,
            s.source,
            outputs,
            60,
            receive_margin_s(BLOCK, RATE),
            s.time,
            s.time.sleep,
            [source],
        )
        show.run(lambda: True, 6.0)
    gc.unfreeze()
    assert len(source.polls) > 6 * 25  # for every frame of sound
    samples, times_s = np.array(source.polls).T
    np.testing.assert_allclose(samples / SAMPLE_RATE, times_s - START_S, atol=0.01)
    reading = s.engine.clock.at(6.0 * SAMPLE_RATE)
    assert reading.tempo_bpm == pytest.approx(100.0)
    assert abs(apart(4 * reading.bar_phase, 6.0 * 100 / 60 % 4, 4.0)) < 0.005


# What must not be believed --------------------------------------------------------------------

BAD = {
    "tempo": (np.nan, np.inf, -np.inf, -120.0, 0.0, 1e9, 19.0, 401.0),
    "phase": (np.nan, np.inf, -np.inf),
    "bar_beat": (np.nan, np.inf, -np.inf),
    "sample": (np.nan, np.inf),
    "confidence": (np.nan,),
}


@pytest.mark.parametrize(("field", "value"), [(f, v) for f, bad in BAD.items() for v in bad])
def test_an_impossible_beat_is_none(stage, field, value):
    stage.run(8.0, midi=(100.0, 0.3))
    bad = {"tempo_bpm" if field == "tempo" else field: value}
    readings = []
    for frame in islice(stage.frames, 60):
        stage.clock.offer("midi", line(frame.end, 100.0, 0.3))
        stage.clock.offer("link", replace(line(frame.end, 126.0, 0.0), **bad))
        stage.clock.push(frame)
        readings.append(stage.clock.at(frame.end))
        stage.sample = frame.end
    assert stage.clock.active_source == "midi"
    assert abs(stage.bar_error(100.0, 0.3)) < 0.005
    np.testing.assert_allclose(speeds(readings), 100.0, atol=0.1)


def test_a_source_that_jumps_about_never_stops_the_beat(stage):
    rng = np.random.default_rng(5)
    readings = stage.run(4.0, link=(120.0, 0.0))
    for _ in range(120):
        readings += stage.run(FRAME_S, link=(rng.uniform(20, 400), rng.uniform(0, 4)))
    readings += stage.run(8.0, link=(120.0, 0.0))
    assert speeds(readings).min() > 0
    assert abs(stage.bar_error(120.0, 0.0)) < 0.005


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e9])
def test_a_tempo_that_nobody_means_changes_nothing(stage, value):
    stage.run(4.0, link=(120.0, 0.0))
    stage.clock.set_tempo(value, float(stage.sample))
    np.testing.assert_allclose(speeds(stage.run(2.0)), 120.0, atol=0.1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_nudge_by_no_number_changes_nothing(stage, value):
    stage.run(4.0, link=(120.0, 0.0))
    stage.clock.nudge(value)
    stage.run(2.0, link=(120.0, 0.0))
    assert abs(stage.bar_error(120.0, 0.0)) < 0.002


# Opening --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("clock", "module"), [("link", "link"), ("midi", "mido")])
def test_an_absent_library_is_named(monkeypatch, clock, module):
    monkeypatch.setitem(sys.modules, module, None)
    with ExitStack() as stack, pytest.raises(ConfigError, match=r"-e \.\[control\]"):
        open_sources(clock, "", stack)


def test_auto_takes_what_there_is(monkeypatch):
    monkeypatch.setitem(sys.modules, "link", None)
    monkeypatch.setitem(sys.modules, "mido", None)
    with ExitStack() as stack:
        assert open_sources("auto", "", stack) == []
        assert open_sources("audio", "", stack) == []
        one, other = Metronome(0.0), Metronome(0.0)
        assert open_sources("auto", "", stack, open_os2l=lambda: one) == [one]
        assert open_sources("os2l", "", stack, open_os2l=lambda: other) == [other]


def test_who_leads_link_does_not_follow_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "mido", None)
    with ExitStack() as stack:
        assert open_sources("auto", "", stack, leads_link=True) == []


def test_a_midi_input_is_found_by_a_part_of_its_name(monkeypatch):
    port = Port()
    names = ["Midi Through", "Keystep 37 MIDI 1"]
    mido = SimpleNamespace(
        get_input_names=lambda: names,
        open_input=lambda name: port if name == names[1] else None,
        backend=SimpleNamespace(load=lambda: None),
    )
    monkeypatch.setitem(sys.modules, "mido", mido)
    with ExitStack() as stack:
        (source,) = open_sources("midi", "keystep", stack)
        assert source.name == "midi"
    assert port.closed
    with ExitStack() as stack, pytest.raises(DeviceError, match="Keystep 37"):
        open_sources("midi", "organ", stack)
