"""The show when sound, network or processor fail: late, lost, missing, stalled, broken."""

from dataclasses import replace

import numpy as np
import pytest

from live.audio.features import SAMPLE_RATE
from live.audio.ring import SampleRing
from live.osc import encoding
from live.session.reader import SessionReader
from tests.helpers.stage import (
    BLOCK,
    GRACE_S,
    POLL_S,
    RATE,
    STEP,
    away,
    beat_errors,
    punctual,
    steady,
)

# Sound that is late, lost or missing --------------------------------------------------------------


@pytest.mark.parametrize("jitter_s", [0.004, 0.010])
def test_blocks_that_jitter_change_nothing(stage, music, jitter_s):
    rng = np.random.default_rng(0)
    s = stage(music(6.0), list(rng.uniform(0, jitter_s, 6 * RATE // BLOCK)))
    summary = s.run(5.0)
    assert steady(s)
    assert punctual(s) < jitter_s + POLL_S
    assert (summary["late"], summary["dropped"], summary["silence_s"]) == (0, 0, 0)


def test_blocks_that_jitter_by_20_ms_do_not_shake_the_rhythm(stage, music):
    rng = np.random.default_rng(0)
    s = stage(music(6.0), list(rng.uniform(0, 0.020, 6 * RATE // BLOCK)))
    summary = s.run(5.0)
    assert steady(s)
    gaps = np.diff(s.receiver.times)
    assert np.abs(gaps[60:] - 1 / 60).max() < 0.010
    assert summary["late"] < 0.1 * summary["frames"]
    assert (summary["dropped"], summary["silence_s"]) == (0, 0)


def test_without_any_sound_a_figure_stands_there(stage):
    s = stage(np.zeros(0, np.float32))
    summary = s.run(4.0)
    assert s.receiver.times[0] < 0.5
    assert steady(s)
    assert {state for _, state in s.states} == {"idle"}
    assert summary["silence_s"] == pytest.approx(4.0, abs=0.4)
    heads = s.receiver.messages("/pj/1/head")
    assert np.isfinite(heads).all()
    assert 1.2 < heads[:, 1].min() < heads[:, 1].max() < 1.8


def test_sound_that_stays_away_is_silence_and_the_dancer_idles(stage, music):
    s = stage(music(9.0), away(9.0, 2.0, 10.0, lambda _: None))
    summary = s.run(8.0)
    assert steady(s)
    assert punctual(s) < GRACE_S + POLL_S
    assert summary["silence_s"] == pytest.approx(6.0, abs=0.1)
    assert summary["late"] < 0.5 * 60  # until it was clear that nothing comes
    heads = s.receiver.messages("/pj/1/head")[-100:]
    speeds = 60 * np.linalg.norm(np.diff(heads, axis=0), axis=1)
    assert 0.001 < speeds.max() < 0.12  # it sways, smoothly
    states = dict(s.states)
    assert states[min(states)] == "dancing"
    idle = min(number for number, state in states.items() if state == "idle")
    assert 3.95 < idle / 60 < 4.4  # two quiet seconds after the last sound
    assert set(states.values()) == {"dancing", "idle"}


def test_a_device_that_is_gone_is_asked_for_once_a_second(stage, music):
    audio = music(9.0)
    s = stage(audio, away(9.0, 2.0, 6.0, lambda _: None))
    s.at(2.0, lambda: setattr(s.source, "active", False))
    s.at(6.0, lambda: setattr(s.source, "active", True))
    s.run(8.5)
    np.testing.assert_allclose(s.source.reopened_at, [2, 3, 4, 5], atol=0.05)
    assert steady(s)
    assert s.states[-1][1] == "dancing"


def test_a_device_that_only_falls_silent_is_reopened_too(stage, music):
    s = stage(music(3.0), away(3.0, 1.0, 9.0, lambda _: None))
    s.run(4.5)
    np.testing.assert_allclose(s.source.reopened_at, [2, 3, 4], atol=0.05)


def test_a_device_that_says_nothing_but_zeros_is_reopened_more_and_more_rarely(stage, music):
    audio = music(30.0)
    audio[2 * RATE : 24 * RATE] = 0
    s = stage(audio)
    s.run(29.0)
    np.testing.assert_allclose(s.source.reopened_at, [7, 17], atol=0.1)
    assert steady(s)


def test_a_file_may_be_silent(stage, music):
    audio = music(10.0)
    audio[2 * RATE :] = 0
    s = stage(audio)
    s.source.listens = s.source.seeks = False
    s.run(9.0)
    assert s.source.reopened_at == []


def test_after_an_outage_the_beat_is_still_true(stage, music):
    """The sound of two seconds is lost for good; what comes after it belongs to its own time."""
    s = stage(music(12.5), away(12.5, 5.0, 7.0, lambda _: None))
    summary = s.run(12.0)
    assert steady(s)
    assert summary["silence_s"] == pytest.approx(2.0, abs=0.1)
    assert s.engine.position / SAMPLE_RATE == pytest.approx(12.0, abs=0.1)
    assert np.abs(beat_errors(s, 10.5)).max() < 0.05


def test_a_backlog_is_dropped_and_the_time_stays_true(stage, music):
    """A frozen sound server hands over two seconds at once when it thaws."""
    s = stage(music(12.5), away(12.5, 5.0, 7.0, lambda t: 7.0 - t))
    summary = s.run(12.0)
    assert steady(s)
    assert summary["dropped"] >= 1
    assert s.engine.position / SAMPLE_RATE == pytest.approx(12.0, abs=0.1)
    assert np.abs(beat_errors(s, 10.5)).max() < 0.05


def test_a_short_stall_of_the_sound_is_caught_up_with(stage, music):
    """A quarter of a second: nothing is lost, so nothing is given up."""
    s = stage(music(5.0), away(5.0, 2.0, 2.25, lambda t: 2.25 - t))
    summary = s.run(4.5)
    assert steady(s)
    assert (summary["dropped"], summary["silence_s"]) == (0, 0)
    assert s.show.intake.samples_in + s.source.ring.unread == s.source.ring.written


# A loop that stands still -------------------------------------------------------------------------


def test_a_stall_is_counted_and_left_behind(stage, music):
    s = stage(music(5.0))
    s.at(2.0, lambda: s.time.sleep(0.5))
    summary = s.run(4.5)
    assert 25 <= summary["late"] <= 35
    jumps = np.diff(s.numbers[0])
    assert sorted(set(jumps[jumps > 1])) == [jumps.max()]  # once, to the present
    assert 28 <= jumps.max() <= 32
    np.testing.assert_array_equal(np.diff(s.numbers[1]), STEP * jumps)
    times = np.array(s.receiver.times)
    assert np.abs(times - s.numbers[1] / SAMPLE_RATE).max() < 3.5 / 60
    assert (np.abs(times - s.numbers[1] / SAMPLE_RATE)[-100:] < POLL_S).all()
    assert summary["dropped"] == 0  # the ring kept the sound
    assert s.engine.position / SAMPLE_RATE == pytest.approx(4.5, abs=0.1)


def test_sound_lost_in_a_long_stall_advances_the_time(stage, music, tmp_path):
    audio = music(12.0)
    s = stage(audio, record=tmp_path / "show.mcap")
    s.at(2.0, lambda: s.time.sleep(6.0))  # the ring holds four seconds
    summary = s.run(11.0)
    assert summary["dropped"] == 1
    assert s.engine.position / SAMPLE_RATE == pytest.approx(11.0, abs=0.1)
    assert np.abs(beat_errors(s, 10.0)).max() < 0.06
    s.recorder.close()
    recorded, _ = SessionReader(tmp_path / "show.mcap").audio()
    assert not recorded[int(2.1 * RATE) : int(3.9 * RATE)].any()
    np.testing.assert_array_equal(recorded[5 * RATE :], audio[5 * RATE : len(recorded)])


def test_the_beat_is_true_at_once_after_a_loss_of_sound(stage, music):
    """The ring holds 100 ms, and the loop stands still for 340."""
    s = stage(music(11.0))
    s.source.ring = SampleRing(int(0.1 * RATE))
    s.at(8.0, lambda: s.time.sleep(0.34))
    summary = s.run(10.5)
    assert summary["dropped"] == 1
    assert np.abs(beat_errors(s, 8.54)).max() < 0.04


# A network that fails -----------------------------------------------------------------------------


def test_a_network_that_is_too_slow_still_moves_the_figure(stage, music):
    """40 ms a step where a frame has 33, for two seconds; then all is as before."""
    s = stage(music(6.5))
    step, extra_s = s.engine.performer.step, 0.0

    def slow(*args):
        s.time.now += extra_s
        return step(*args)

    def take(seconds):
        nonlocal extra_s
        extra_s = seconds

    s.engine.performer.step = slow
    s.at(2.0, lambda: take(0.04))
    s.at(4.0, lambda: take(0.0))
    summary = s.run(6.0)
    numbers, samples = s.numbers
    times = np.array(s.receiver.times)
    during = (times > 2.1) & (times < 4.0)
    assert np.diff(times[during]).max() < 0.1  # ten and more pictures a second
    assert (times - samples / SAMPLE_RATE).max() < 0.15  # of now, not of a second ago
    assert summary["skipped"] > 0
    assert (np.diff(numbers[times > 4.5]) == 1).all()
    assert np.abs(times - samples / SAMPLE_RATE)[times > 4.5].max() < POLL_S


@pytest.mark.parametrize("part", ["joints", "heading", "beat", "onset", "level", "style"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_no_number_that_is_none_leaves(stage, music, part, bad):
    s = stage(music(2.0))
    emit = s.engine.emit

    def spoiled(number, sample):
        frame = emit(number, sample)
        if frame is None or not 30 <= number < 60:
            return frame
        return replace(frame, **{part: bad * np.ones_like(getattr(frame, part))})

    s.engine.emit = spoiled
    summary = s.run(1.5)
    said = [v for p in s.receiver.packets for _, vs in encoding.decode(p) for v in vs]
    assert np.isfinite([v for v in said if not isinstance(v, str)]).all()
    assert steady(s)
    assert summary["faults"] == {"finite numbers": 30}


def test_a_network_that_says_nan_is_held_and_healed(stage, music):
    s = stage(music(5.5))
    step, broken = s.engine.performer.step, False

    def spoil(*args):
        pose, logits = step(*args)
        return (np.full_like(pose, np.nan) if broken else pose), logits

    def set_broken(value):
        nonlocal broken
        broken = value

    s.engine.performer.step = spoil
    s.at(2.0, lambda: set_broken(True))
    s.at(3.0, lambda: set_broken(False))
    summary = s.run(5.0)
    assert steady(s)
    assert punctual(s) < POLL_S
    heads = s.receiver.messages("/pj/1/head")
    assert np.isfinite(heads).all()
    assert summary["resets"] == 2
    assert "holding" in {state for _, state in s.states}
    assert s.states[-1][1] == "dancing"
    speed = 60 * np.linalg.norm(np.diff(heads, axis=0), axis=1)
    assert speed.max() < 5.0  # blended back, not thrown
