"""What the show hears and when, on a source and a clock made here; no engine, no outputs."""

import logging

import numpy as np
import pytest

from live.show.intake import NO_SOUND, NO_SOUND_AT_ALL, Intake, Lost, Sound
from live.show.report import Latencies
from tests.helpers.stage import BLOCK_S, RATE, START_S, FakeSource

POLL_S = 0.002


def noise(seconds):
    return np.random.default_rng(4).normal(scale=0.1, size=int(seconds * RATE)).astype(np.float32)


class Listener:
    """Asks an intake every 2 ms, and keeps what it hands on."""

    def __init__(self, audio, delays=None):
        self.source = FakeSource(audio, delays)
        self.intake = Intake(self.source)
        self.intake.start(START_S)
        self.now, self.pieces, self.troubles = START_S, [], []

    def listen(self, seconds):
        until = self.now + seconds
        while self.now < until:
            self.now += POLL_S
            self.look()

    def pause(self, seconds, delivers):
        """The whole program stands still, and the card with it, or it alone."""
        self.now += seconds
        if not delivers:
            self.source._coming = [(t + seconds, block) for t, block in self.source._coming]

    def look(self):
        self.source.deliver(self.now)
        taken = self.intake.take(self.now)
        self.pieces += taken
        self.intake.watch(self.now)
        self.troubles.append(self.intake.trouble(self.now))
        return taken

    @property
    def samples(self):
        return sum(p.count if isinstance(p, Lost) else len(p.block) for p in self.pieces)


def test_sound_is_handed_on_as_it_came():
    audio = noise(3.0)
    one = Listener(audio)
    one.listen(2.5)
    assert all(isinstance(piece, Sound) and piece.is_heard for piece in one.pieces)
    heard = np.concatenate([piece.block for piece in one.pieces])
    np.testing.assert_array_equal(heard, audio[: len(heard)])
    assert one.intake.position / 24_000 == pytest.approx(2.5, abs=0.01)
    assert set(one.troubles) == {""}


def test_every_piece_begins_where_the_last_one_ended():
    delays = [None if 200 < i < 500 else 0.0 for i in range(1200)]
    one = Listener(noise(6.5), delays)
    one.listen(6.0)
    at = 0
    for piece in one.pieces:
        assert piece.start == at
        at += piece.count if isinstance(piece, Lost) else len(piece.block)
    assert at == one.intake.samples_in == one.samples
    assert at / RATE == pytest.approx(6.0, abs=0.02)
    silent = sum(len(p.block) for p in one.pieces if isinstance(p, Sound) and not p.is_heard)
    assert silent == one.intake.silence
    assert silent / RATE == pytest.approx(299 * BLOCK_S, abs=0.05)


@pytest.mark.parametrize("delivers", [True, False])
@pytest.mark.parametrize("seconds", [5.0, 60.0, 600.0])
def test_a_pause_of_any_length_costs_one_look(seconds, delivers):
    """A debugger, a suspended laptop, SIGSTOP: nobody pushes ten minutes of silence."""
    one = Listener(noise(4.0 + (seconds if delivers and seconds < 10 else 0.0)))
    one.listen(2.0)
    one.pause(seconds, delivers)
    before = len(one.pieces)
    one.listen(1.5)
    after = one.pieces[before:]
    sound = sum(len(piece.block) for piece in after if isinstance(piece, Sound))
    assert sound < 6.5 * RATE  # what the ring held, and what came since
    silent = [p for p in after if isinstance(p, Sound) and not p.is_heard]
    assert max((len(p.block) for p in silent), default=0) <= 2 * RATE
    assert one.intake.position / 24_000 == pytest.approx(3.5 + seconds, abs=0.1)
    assert one.samples / RATE == pytest.approx(3.5 + seconds, abs=0.4)


def test_a_short_outage_is_silence_and_no_jump():
    delays = [None if 200 < i < 500 else 0.0 for i in range(1200)]
    one = Listener(noise(6.5), delays)
    one.listen(6.0)
    assert not [piece for piece in one.pieces if isinstance(piece, Lost)]


def test_what_the_ring_overwrote_is_lost_in_its_place():
    audio = noise(9.0)
    one = Listener(audio)
    one.listen(2.0)
    one.pause(5.0, delivers=True)  # the ring holds four seconds
    one.listen(1.0)
    [lost] = [piece for piece in one.pieces if isinstance(piece, Lost)]
    assert lost.count / RATE == pytest.approx(1.0, abs=0.02)
    assert one.intake.losses == 1
    for piece in one.pieces:
        if isinstance(piece, Sound):
            np.testing.assert_array_equal(piece.block, audio[piece.start :][: len(piece.block)])


def test_zeros_from_the_first_block_are_named_and_the_device_is_reopened(caplog):
    """macOS without the permission for the microphone, or a muted interface."""
    one = Listener(np.zeros(50 * RATE, np.float32))
    with caplog.at_level(logging.WARNING):
        one.listen(48.0)
    assert one.troubles[int(2.0 / POLL_S)] == ""
    assert set(one.troubles[int(3.0 / POLL_S) :]) == {NO_SOUND_AT_ALL}
    np.testing.assert_allclose(one.source.reopened_at, [5, 15, 35], atol=0.1)
    assert len(caplog.records) == 1
    assert "permission" in caplog.records[0].getMessage()


def test_zeros_after_sound_are_no_sound_until_it_is_back():
    audio = noise(12.0)
    audio[2 * RATE : 6 * RATE] = 0
    one = Listener(audio)
    one.listen(8.0)
    assert set(one.troubles) == {"", NO_SOUND}
    assert one.troubles[-1] == ""


def test_a_file_that_is_silent_is_no_trouble():
    one = Listener(np.zeros(8 * RATE, np.float32))
    one.source.listens = one.source.seeks = False
    one.listen(7.0)
    assert set(one.troubles) == {""}
    assert one.source.reopened_at == []


def test_while_nothing_plays_the_systems_sound_is_no_trouble_and_looked_for_elsewhere(caplog):
    one = Listener(np.zeros(50 * RATE, np.float32))
    one.source.listens = False
    one.listen(48.0)
    assert set(one.troubles) == {""}
    np.testing.assert_allclose(one.source.reopened_at, [5, 15, 35], atol=0.1)
    assert one.samples == pytest.approx(48.0 * RATE, rel=0.01)
    assert not caplog.records


def test_the_median_latency_is_that_of_what_was_measured():
    latencies = Latencies()
    assert latencies.median() == 0.0
    latencies.add(12.0)
    assert latencies.median() == 12.0
    for latency in range(1, 3001):
        latencies.add(float(latency))
    assert latencies.median() == pytest.approx(2488.5)  # of the newest 1024
