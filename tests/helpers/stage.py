"""A show with all its fakes: a clock and a source made here, and what a receiver gets of it.

Sleeping is what makes the fake time pass, and the source hears as much of it. So a show of minutes
runs in seconds, and always alike.
"""

import select

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.audio.ring import SampleRing
from live.audio.source import BlockTime
from live.control.osc_in import ControlIn
from live.dance.performer import Performer
from live.osc import encoding
from live.osc import schema as osc
from live.outputs.udp import OscOut
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

    note, name, listens, seeks = "", "fake", True, True

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
        self.times, self.packets, self.errors, self.targets = [], [], 0, []

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
        outputs = Outputs(
            self.receiver, self.control, self.recorder, visualizers=self.visualizer,
            watchers=self.control.watchers,
        )  # fmt: skip
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


def beat_errors(stage, from_s):
    """Seconds by which the beats sent miss those of the clicks, two a second."""
    phases = stage.receiver.messages("/pj/beat")[:, 0]
    times = stage.numbers[1] / SAMPLE_RATE
    wrapped = np.flatnonzero(np.diff(phases) < -0.5)
    beats = times[wrapped] + (1 - phases[wrapped]) * 0.5
    beats = beats[beats > from_s]
    assert len(beats) >= 2
    return (beats + 0.25) % 0.5 - 0.25


def away(seconds, start_s, stop_s, delay):
    """Delays of the blocks of a show; those that fall between two times get `delay`."""
    times = BLOCK_S * np.arange(1, int(seconds / BLOCK_S) + 1)
    return [delay(t) if start_s <= t < stop_s else 0.0 for t in times]


def assert_same_dance(a, b):
    for address in ("/pj/frame", "/pj/1/head", "/pj/beat", "/pj/style"):
        np.testing.assert_array_equal(a.receiver.messages(address), b.receiver.messages(address))
