"""The show against time: its loop on a clock and a source made here, and everything going wrong.

Sleeping is what makes the fake time pass, and the source hears as much of it. So a show of minutes
runs in seconds, and always alike.
"""

import gc
import select
import socket
from contextlib import ExitStack

import numpy as np
import pytest

from live.audio.features import SAMPLE_RATE
from live.audio.ring import SampleRing
from live.audio.source import BlockTime
from live.control.osc_in import ControlIn
from live.dance.performer import Performer
from live.osc import encoding
from live.osc import schema as osc
from live.outputs.udp import OscOut
from live.session.reader import SessionReader
from live.session.writer import SessionWriter
from live.show.controls import Controls
from live.show.engine import Engine, EngineConfig
from live.show.loop import Show
from live.show.outputs import Outputs
from live.show.timing import lead_samples, receive_margin_s

RATE = 48_000
BLOCK = 256
STEP = SAMPLE_RATE // 60
START_S = 1000.0
BLOCK_S = BLOCK / RATE
POLL_S = 0.003
GRACE_S = 0.008  # a bundle waits that long for its pose


class FakeTime:
    """The clock and the sleep of a show. `plan`: what happens when, (seconds, function)."""

    def __init__(self):
        self.now = START_S
        self.plan = []
        self.source = None

    @property
    def elapsed(self):
        return self.now - START_S

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        assert seconds > 0
        self.now += max(seconds, 1e-4)  # nobody wakes up sooner
        self.source.deliver(self.now)
        while self.plan and self.plan[0][0] <= self.elapsed:
            self.plan.pop(0)[1]()


class FakeSource:
    """An `AudioSource` whose blocks arrive by the fake time.

    delays: seconds by which each block is late; None means it never comes (its sound is lost to
    the ring, as when a device is away). ends: finished after the last block.
    """

    note, name, listens = "", "fake", True

    def __init__(self, audio, delays=None, ends=False):
        self.rate, self.xruns, self.reopens = RATE, 0, 0
        self.ring = SampleRing(4 * RATE)
        self.active, self.finished, self.reopened_at = True, False, []
        self._ends, self._now = ends, START_S
        count = len(audio) // BLOCK
        delays = [0.0] * count if delays is None else delays
        heard = START_S + BLOCK_S * np.arange(1, count + 1)
        self._coming, self._next = [], 0
        before = START_S
        for i, delay in enumerate(delays[:count]):
            if delay is not None:
                before = max(before, heard[i] + delay)
                self._coming.append((before, audio[i * BLOCK : (i + 1) * BLOCK]))
        self._last = BlockTime(START_S, 0)

    @property
    def last_block_s(self):
        return self._last

    def deliver(self, now):
        self._now = now
        while self._next < len(self._coming) and self._coming[self._next][0] <= now:
            time_s, block = self._coming[self._next]
            self.ring.write(block)
            self._last = BlockTime(time_s, self.ring.written)
            self._next += 1
        self.finished = self._ends and self._next == len(self._coming)

    def reopen(self):
        self.reopened_at.append(self._now - START_S)


class Receiver:
    """Where packets go, and when: an `OscOut` without a network."""

    def __init__(self, time):
        self._time = time
        self.times, self.packets, self.errors = [], [], 0

    @property
    def sent(self):
        return len(self.packets)

    def send(self, packets):
        self.times.append(self._time.elapsed)
        self.packets += packets

    def messages(self, address):
        """The arguments of every message with that address."""
        found = (dict(encoding.decode(p)).get(address) for p in self.packets)
        return np.array([a for a in found if a is not None])


@pytest.fixture
def music(click_track):
    def make(seconds):
        hiss = np.random.default_rng(1).normal(scale=0.02, size=int(seconds * RATE))
        return (click_track(120.0, seconds, RATE) + hiss).astype(np.float32)

    return make


@pytest.fixture
def stage(tiny_model):
    """A function that builds a show; everything is closed, and collected again, afterwards."""
    with ExitStack() as stack:
        yield lambda *args, **options: Stage(tiny_model, stack, *args, **options)
    gc.unfreeze()


class Stage:
    """A show with all its fakes."""

    def __init__(self, model, stack, audio, delays=None, ends=False, record=None, **controls):
        self.time = FakeTime()
        self.source = self.time.source = FakeSource(audio, delays, ends)
        self.receiver = Receiver(self.time)
        self.control = stack.enter_context(ControlIn("127.0.0.1", 0))
        self.desk = stack.enter_context(OscOut([("127.0.0.1", self.control.port)]))
        self.recorder = None
        if record:
            self.recorder = SessionWriter(record, {"sample_rate": RATE})
            stack.callback(self.recorder.close)
        margin_s = receive_margin_s(BLOCK, RATE)
        config = EngineConfig(RATE, lead_samples(60, margin_s), "street")
        self.model = str(model)
        self.engine = Engine(config, Performer(self.model, "cpu"), Controls(**controls))
        self.visualizer = Receiver(self.time)
        outputs = Outputs(self.receiver, self.control, self.recorder, visualizers=self.visualizer)
        time = self.time
        self.show = Show(self.engine, self.source, outputs, 60, margin_s, time, time.sleep)

    def at(self, seconds, do):
        """Let something happen at that time of the show."""
        self.time.plan = sorted([*self.time.plan, (seconds, do)], key=lambda item: item[0])

    def ask(self, name, types="", *values):
        """Send a control message; it has arrived when this returns."""
        self.desk.send([encoding.encode_message(f"/pj/control/{name}", types, values)])
        self.heed()

    def heed(self):
        """Wait until the control port has something to say."""
        assert select.select([self.control._socket], [], [], 10.0)[0]

    def run(self, seconds=np.inf, limit=100.0):
        """The summary. limit: a show that does not end by itself is a failure."""
        summary = self.show.run(lambda: self.time.elapsed < limit, seconds)
        assert self.time.elapsed < limit
        return summary

    @property
    def numbers(self):
        """Of the emitted frames, and their presentation samples."""
        return self.receiver.messages("/pj/frame").T

    @property
    def states(self):
        """(emission, state) of every health message."""
        told = [dict(encoding.decode(p)) for p in self.receiver.packets]
        return [
            (m["/pj/frame"][0], osc.STATES[m["/pj/health"][-1]]) for m in told if "/pj/health" in m
        ]


def steady(stage):
    """Frame numbers that follow each other, each a sixtieth of a second after the one before."""
    numbers, samples = stage.numbers
    return (np.diff(numbers) == 1).all() and (np.diff(samples) == STEP).all()


def punctual(stage):
    """The most that an emission left before or after its time, on the fake clock."""
    samples = stage.numbers[1]
    return np.abs(np.array(stage.receiver.times) - samples / SAMPLE_RATE).max()


# A show on which nothing goes wrong -----------------------------------------------------------


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
        "memory_growth_mb",
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


def beat_errors(stage, from_s):
    """Seconds by which the beats sent miss those of the clicks, two a second."""
    phases = stage.receiver.messages("/pj/beat")[:, 0]
    times = stage.numbers[1] / SAMPLE_RATE
    wrapped = np.flatnonzero(np.diff(phases) < -0.5)
    beats = times[wrapped] + (1 - phases[wrapped]) * 0.5
    beats = beats[beats > from_s]
    assert len(beats) >= 2
    return (beats + 0.25) % 0.5 - 0.25


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


# Sound that is late, lost or missing ----------------------------------------------------------


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


def away(seconds, start_s, stop_s, delay):
    """Delays of the blocks of a show; those that fall between two times get `delay`."""
    times = BLOCK_S * np.arange(1, int(seconds / BLOCK_S) + 1)
    return [delay(t) if start_s <= t < stop_s else 0.0 for t in times]


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
    s.source.listens = False
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


# A loop that stands still ---------------------------------------------------------------------


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


# A network that fails -------------------------------------------------------------------------


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


# The operator ---------------------------------------------------------------------------------


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
        ["dark", 1, 0.0, ""],
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


def assert_same_dance(a, b):
    for address in ("/pj/frame", "/pj/1/head", "/pj/beat", "/pj/style"):
        np.testing.assert_array_equal(a.receiver.messages(address), b.receiver.messages(address))


# Health ---------------------------------------------------------------------------------------


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


# Recording ------------------------------------------------------------------------------------


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
