"""The show against time: its loop on a clock and a source made here, and all is well."""

import socket

import numpy as np
import pytest

from live.audio.features import SAMPLE_RATE
from live.dance.performer import Performer
from live.osc import encoding
from live.osc import schema as osc
from live.session.reader import SessionReader
from live.show.engine import Engine
from tests.helpers.stage import (
    BLOCK_S,
    POLL_S,
    RATE,
    assert_same_dance,
    beat_errors,
    punctual,
    steady,
)

# A show on which nothing goes wrong ---------------------------------------------------------------


def test_sixty_bundles_a_second_on_time_and_in_order(stage, music):
    s = stage(music(5.5))
    summary = s.run(5.0)
    assert 296 <= len(s.receiver.packets) <= 300
    assert steady(s)
    assert punctual(s) < POLL_S
    assert (summary["frames"], summary["packets"]) == (len(s.receiver.packets),) * 2
    assert max(map(len, s.receiver.packets)) <= osc.MAX_BUNDLE_BYTES
    quiet = ("late", "dropped", "xruns", "resets", "send_errors", "rejected", "skipped", "reopened")
    assert {name: summary[name] for name in quiet} == dict.fromkeys(quiet, 0)
    assert summary["silence_s"] == 0
    assert 1000 * BLOCK_S < summary["latency_ms"] < 20
    assert s.source.reopened_at == []


def test_the_summary_says_everything_that_is_counted(stage, music):
    s = stage(music(1.5))
    s.source.xruns, s.source.reopens, s.receiver.errors = 3, 2, 5
    summary = s.run(1.0)
    assert set(summary) == {
        "seconds", "frames", "late", "dropped", "xruns", "resets", "send_errors", "rejected",
        "skipped", "steps", "faults", "sound", "step_ms_p50", "step_ms_p99", "step_ms_max",
        "latency_ms", "silence_s", "reopened", "packets", "recorder_lost", "memory_mb",
        "memory_growth_mb", "timecode",
    }  # fmt: skip
    assert summary["seconds"] == pytest.approx(1.0, abs=0.01)
    assert (summary["xruns"], summary["reopened"], summary["send_errors"]) == (3, 2, 5)
    assert 28 <= summary["steps"] <= 30


def test_the_show_gives_the_dance_of_its_sound(stage, music):
    """What is sent is what the engine says for the same sound without any time."""
    audio = music(3.0)
    s = stage(audio)
    s.run(2.5)
    alone = Engine(s.engine.config, Performer(s.model, "cpu"))
    alone.push(audio)
    for packet in s.receiver.packets[::7]:
        told = dict(encoding.decode(packet))
        alone.advance(told["/pj/frame"][1])
        frame = alone.emit(*told["/pj/frame"])
        np.testing.assert_array_equal(np.float32(told["/pj/1/head"]), frame.joints[0, 4])
        np.testing.assert_array_equal(np.float32(told["/pj/onset"]), frame.onset)


def test_the_beat_that_is_sent_is_the_beat_that_is_heard(stage, music):
    s = stage(music(8.5))
    s.run(8.0)
    assert np.abs(beat_errors(s, 6.0)).max() < 0.05


def test_a_file_that_ends_ends_the_show(stage, music):
    s = stage(music(2.0), ends=True)
    summary = s.run()
    assert s.time.elapsed == pytest.approx(2.0, abs=0.1)
    assert 116 <= summary["frames"] <= 122
    assert summary["silence_s"] == 0
    assert steady(s)


def test_a_show_ends_when_it_is_told_to(stage, music):
    s = stage(music(3.0))
    s.show.run(lambda: s.time.elapsed < 1.0)
    assert s.time.elapsed == pytest.approx(1.0, abs=0.01)


# The operator -------------------------------------------------------------------------------------


def test_controls_arrive_over_the_network(stage, music):
    s = stage(music(6.5))
    s.at(1.0, lambda: s.ask("style", "s", "salsa"))
    s.at(3.0, lambda: s.ask("freeze", "f", 1.0))
    s.at(4.0, lambda: s.ask("freeze", "f", 0.0))
    s.at(5.0, lambda: s.ask("dancers", "f", 3.0))
    summary = s.run(6.0)
    told = [dict(encoding.decode(p)) for p in s.receiver.packets]
    one = [t for t in told if "/pj/1/head" in t]
    styles = np.array([t["/pj/style"] for t in one])
    numbers = np.array([t["/pj/frame"][0] for t in one])
    heads = np.array([t["/pj/1/head"] for t in one])
    np.testing.assert_allclose(styles[numbers < 55], [[1, 0]] * (numbers < 55).sum())
    np.testing.assert_allclose(styles[numbers > 130], [[0, 1]] * (numbers > 130).sum(), atol=1e-6)
    frozen = (numbers > 185) & (numbers < 238)
    assert np.ptp(heads[frozen], axis=0).max() == 0
    assert np.ptp(heads[numbers < 180], axis=0).max() > 0.001
    assert sum("/pj/3/head" in t for t in told) == pytest.approx(58, abs=4)
    assert {t["/pj/frame"][0] for t in told if "/pj/3/head" in t} <= set(numbers)
    assert summary["rejected"] == 0


def test_who_asks_is_told_what_has_become_of_a_control(stage, music):
    s = stage(music(1.5))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as desk:

        def say(name, types="", *values):
            packet = encoding.encode_message(f"/pj/control/{name}", types, values)
            desk.sendto(packet, ("127.0.0.1", s.control.port))
            s.heed()

        s.at(0.1, lambda: say("ack", "i", 1))
        s.at(0.2, lambda: say("energy", "f", 7.0))
        s.at(0.3, lambda: say("style", "s", "polka"))
        s.at(0.4, lambda: say("freeze"))
        s.at(0.5, lambda: say("freeze"))
        s.at(0.6, lambda: say("dancers", "f", 2.6))
        s.at(0.7, lambda: say("cue", "s", "next"))  # there are no scenes
        s.at(0.8, lambda: say("panic"))
        s.run(1.0)
        desk.settimeout(10.0)
        answers = [next(encoding.decode(desk.recv(2048)))[1] for _ in range(8)]
    assert answers == [
        ["ack", 1, 1.0, ""], ["energy", 1, 2.0, ""], ["style", 0, 0.0, "polka"],
        ["freeze", 1, 1.0, ""], ["freeze", 1, 0.0, ""], ["dancers", 1, 3.0, ""],
        ["cue", 0, 0.0, "next"], ["panic", 1, 0.0, ""],
    ]  # fmt: skip
    told = [next(encoding.decode(p))[0] for p in s.visualizer.packets]
    assert told.count("/pj/control/panic") == 1  # and the picture is set back, too


def test_the_picture_is_passed_on_and_answered_and_the_dance_goes_on(stage, music):
    s, alone = stage(music(2.5)), stage(music(2.5))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as desk:

        def say(address, types="", *values):
            packet = encoding.encode_message(address, types, values)
            desk.sendto(packet, ("127.0.0.1", s.control.port))
            s.heed()

        s.at(0.1, lambda: say("/pj/control/ack", "i", 1))
        s.at(0.5, lambda: say("/pj/visuals/look", "s", "ribbons"))
        s.at(0.6, lambda: say("/pj/visuals/palette", "s", "oil"))
        s.at(0.7, lambda: say("/pj/visuals/cast", "i", 99))
        s.at(0.8, lambda: say("/pj/visuals/dark"))
        summary = s.run(2.0)
        desk.settimeout(10.0)
        answers = [next(encoding.decode(desk.recv(2048)))[1] for _ in range(5)]
    assert answers == [
        ["ack", 1, 1.0, ""], ["look", 1, 0.0, "ribbons"], ["", 0, 1.0, ""], ["cast", 1, 16.0, ""],
        ["dark", 1, 1.0, ""],
    ]  # fmt: skip
    assert summary["rejected"] == 1
    times, told = s.visualizer.times, [next(encoding.decode(p)) for p in s.visualizer.packets]
    played = [(t, m) for t, m in zip(times, told, strict=True) if m[0] != osc.STYLES.address]
    assert [message for _, message in played] == [
        ("/pj/visuals/look", ["ribbons"]), ("/pj/visuals/cast", [16.0]), ("/pj/visuals/dark", []),
    ]  # fmt: skip
    assert [time_s for time_s, _ in played] == pytest.approx([0.5, 0.7, 0.8], abs=0.02)
    alone.run(2.0)
    assert_same_dance(s, alone)


def test_visualizers_are_told_the_styles_once_a_second_and_at_a_change(stage, music):
    s = stage(music(4.0))
    s.at(1.5, lambda: s.ask("style", "s", "Salsa"))
    s.at(1.8, lambda: s.ask("style", "s", "polka"))  # refused
    s.run(3.0)
    told = [next(encoding.decode(p)) for p in s.visualizer.packets]
    assert {address for address, _ in told} == {osc.STYLES.address}
    requests = [request for _, (request, *_) in told]
    assert requests == ["street"] * 2 + ["salsa"] * 2
    assert all(names == list(s.engine.performer.styles) for _, (_, *names) in told)
    times = s.visualizer.times
    assert times[2] == pytest.approx(1.5, abs=0.03)
    assert np.diff(times)[[0, 2]] == pytest.approx(1.0, abs=0.03)


def test_taps_fall_when_they_arrive(stage):
    hiss = np.random.default_rng(0).normal(scale=1e-3, size=9 * RATE).astype(np.float32)
    s = stage(hiss)
    for beat in range(12):
        s.at(1.0 + 0.6 * beat, lambda: s.ask("tap"))
    s.run(8.5)
    beats = s.receiver.messages("/pj/beat")
    assert beats[-1, 2] == pytest.approx(100.0, rel=0.02)
    tapped = int((1.0 + 0.6 * 11) * 60)
    error = (beats[tapped - s.numbers[0][0], 0] + 0.5) % 1 - 0.5
    assert abs(error) < 0.15


def test_bad_messages_are_counted_and_ignored(stage, music):
    bad, good = stage(music(2.5)), stage(music(2.5))
    for i, (name, types, value) in enumerate(
        [("volume", "f", 1.0), ("style", "s", "polka"), ("style", "f", 1.0), ("freeze", "s", "x")]
    ):
        bad.at(0.5 + 0.2 * i, lambda n=name, t=types, v=value: bad.ask(n, t, v))
    bad.at(1.5, lambda: (bad.desk.send([b"\0nonsense"]), bad.heed()))
    summary = bad.run(2.0)
    good.run(2.0)
    assert summary["rejected"] == 5
    assert_same_dance(bad, good)


# Health -------------------------------------------------------------------------------------------


def test_health_is_told_once_a_second(stage, music):
    s = stage(music(6.0))
    s.run(5.5)
    numbers = [number for number, _ in s.states]
    assert len(numbers) == 6
    assert numbers[0] == s.numbers[0][0]  # at once
    assert all(abs(gap - 60) <= 1 for gap in np.diff(numbers[1:]))
    health = s.receiver.messages("/pj/health")
    assert health[1:, 0] == pytest.approx(60, abs=2)  # fps, but for the first
    assert health[-1, 5] == pytest.approx(10, abs=8)  # latency, ms


def test_a_change_of_state_is_told_at_once(stage, music):
    s = stage(music(4.0))
    s.at(1.5, lambda: s.ask("freeze", "f", 1.0))
    s.at(1.7, lambda: s.ask("blackout", "f", 1.0))
    s.at(2.25, lambda: s.ask("blackout", "f", 0.0))
    s.at(2.6, lambda: s.ask("freeze", "f", 0.0))
    s.run(3.5)
    changes, last = [], None
    for number, state in s.states:
        if state != last:
            changes.append((state, number / 60))
            last = state
    assert [state for state, _ in changes] == ["dancing", "frozen", "blackout", "frozen", "dancing"]
    times = [time_s for _, time_s in changes[1:]]
    assert times == pytest.approx([1.5, 1.7, 2.25, 2.6], abs=0.03)


# Recording ----------------------------------------------------------------------------------------


def test_a_recorded_show_can_be_read_back_bit_by_bit(stage, music, tmp_path):
    audio = music(2.5)
    s = stage(audio, record=tmp_path / "show.mcap")
    s.at(1.0, lambda: s.ask("energy", "f", 1.5))
    s.at(1.2, lambda: s.ask("style", "s", "polka"))  # not obeyed, so not recorded
    s.at(1.5, lambda: s.ask("tap"))
    summary = s.run(2.0)
    s.recorder.close()
    assert summary["recorder_lost"] == 0
    session = SessionReader(tmp_path / "show.mcap")
    recorded, rate = session.audio()
    assert rate == RATE
    assert len(recorded) == s.show.intake.samples_in >= 1.98 * RATE
    np.testing.assert_array_equal(recorded, audio[: len(recorded)])
    packets = list(session.packets())
    assert [packet for _, packet in packets] == s.receiver.packets
    assert [sample for sample, _ in packets] == list(s.numbers[1])
    controls = list(session.controls())
    assert [control[1:] for control in controls] == [("energy", 1.5), ("tap", None)]
    assert [c[0] / SAMPLE_RATE for c in controls] == pytest.approx([1.0, 1.5], abs=0.01)
    assert [report["state"] for _, report in session.health()] == [state for _, state in s.states]
    assert session.complete
