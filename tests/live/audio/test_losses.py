"""Samples that a card loses: told from blocks that are merely late, and made up for in place."""

import numpy as np
import pytest

from live.audio import microphone as microphone_module
from live.audio.features import SAMPLE_RATE, FeatureStream
from live.audio.losses import LossEstimator
from live.audio.sources import Microphone
from live.beat.clock import TempoConfig

RATE, BLOCK = 48_000, 256
BLOCK_S = BLOCK / RATE


class Stream:
    """Blocks of a card on a clock made here. `found`: (block, samples) of every loss found."""

    def __init__(self, seed=0, jitter_s=0.002, capture=False, ppm=0.0):
        self.rng = np.random.default_rng(seed)
        self.losses = LossEstimator(RATE)
        self.jitter_s, self.capture, self.pace = jitter_s, capture, 1.0 + ppm * 1e-6
        self.blocks = 0
        self.time_s = 100.0  # when the card has taken the next block
        self.arrived_s = 0.0
        self.found = []

    def run(self, seconds, stall_s=0.0, xrun=False):
        """Deliver blocks; those of the first `stall_s` all arrive when it is over."""
        free_s = self.time_s + stall_s
        for _ in range(round(seconds / BLOCK_S)):
            taken_s = self.time_s
            self.time_s += BLOCK_S * self.pace
            late_s = self.rng.exponential(self.jitter_s) if self.jitter_s else 0.0
            self.arrived_s = max(self.arrived_s + 1e-5, self.time_s + late_s, free_s)
            lost = self.losses.lost_before(
                BLOCK, self.arrived_s, 7.0 + taken_s if self.capture else 0.0, xrun
            )
            xrun = False
            if lost:
                self.found.append((self.blocks, lost))
            self.blocks += 1

    def lose(self, seconds):
        self.time_s += seconds


@pytest.mark.parametrize("capture", [False, True])
@pytest.mark.parametrize("reported", [False, True])
@pytest.mark.parametrize("lost_s", [0.05, 0.128, 0.24, 0.8])
def test_a_loss_is_found_in_full_and_soon(capture, reported, lost_s):
    stream = Stream(capture=capture)
    stream.run(5.0)
    stream.lose(lost_s)
    before = stream.blocks
    stream.run(5.0, xrun=reported)
    ((block, lost),) = stream.found
    assert lost / RATE == pytest.approx(lost_s, abs=0.003)
    assert (block - before) * BLOCK_S < (0.03 if reported else 0.13)


@pytest.mark.parametrize("capture", [False, True])
def test_every_loss_of_a_bad_night_is_found(capture):
    stream = Stream(seed=2, capture=capture)
    stream.run(5.0)
    for _ in range(20):
        stream.lose(0.12)
        stream.run(1.5, xrun=True)
    assert sum(lost for _, lost in stream.found) / RATE == pytest.approx(2.4, abs=0.06)


@pytest.mark.parametrize("capture", [False, True])
@pytest.mark.parametrize("xrun", [False, True])
@pytest.mark.parametrize("stall_s", [0.06, 0.24, 0.9])
def test_blocks_that_are_late_are_not_lost(stall_s, xrun, capture):
    stream = Stream(capture=capture)
    stream.run(5.0)
    stream.run(5.0, stall_s=stall_s, xrun=xrun)
    assert stream.found == []


def test_a_backlog_that_comes_before_what_was_lost_is_no_loss():
    # The first blocks after a stall were kept by the driver; what it had no room for is missing.
    stream = Stream()
    stream.run(5.0)
    free_s = stream.time_s + 0.3
    stream.run(0.1, stall_s=0.3, xrun=True)
    stream.lose(free_s - stream.time_s)
    stream.run(2.0)
    assert sum(lost for _, lost in stream.found) / RATE == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("ppm", [-300.0, 300.0])
@pytest.mark.parametrize("jitter_s", [0.0, 0.01])
def test_a_card_with_another_clock_loses_nothing(ppm, jitter_s):
    stream = Stream(jitter_s=jitter_s, ppm=ppm)
    stream.run(120.0)
    assert stream.found == []


def test_a_loss_that_silence_stands_for_already_is_not_made_up_for_again():
    stream = Stream()
    stream.run(3.0)
    stream.lose(5.0)
    stream.run(3.0)
    stream.lose(0.2)
    stream.run(3.0)
    ((_, lost),) = stream.found
    assert lost / RATE == pytest.approx(0.2, abs=0.003)


def test_a_time_of_capture_that_stands_still_is_left_out():
    losses = LossEstimator(RATE)
    times = np.arange(1000) * BLOCK_S
    times[500:] += 0.24
    found = [losses.lost_before(BLOCK, t, 3.0, False) for t in times]
    assert sum(found) == pytest.approx(0.24 * RATE, abs=2)


class Clock:
    now = 50.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize("reported", [False, True])
def test_the_beat_stays_true_after_a_loss(card, click_track, monkeypatch, reported):
    """0.2 s after 240 ms of sound were lost, the beat is where it is in the room."""
    clock = Clock()
    monkeypatch.setattr(microphone_module, "monotonic_s", clock)
    bpm, card.rate = 120.0, SAMPLE_RATE
    track = click_track(bpm, 24.0)
    lost_at, lost = round(12.3 * SAMPLE_RATE), round(0.24 * SAMPLE_RATE)
    features, beat = FeatureStream(SAMPLE_RATE), TempoConfig().make()
    errors_s = []
    with Microphone(rate=SAMPLE_RATE) as microphone:
        at, xrun = 0, None
        while at + BLOCK <= len(track):
            if lost_at <= at < lost_at + lost:
                at, xrun = lost_at + lost, "input overflow" if reported else None
            at += BLOCK
            clock.now = 50.0 + at / SAMPLE_RATE
            card.streams[0].capture(np.repeat(track[at - BLOCK : at, None] / 1.5, 3, 1), xrun)
            xrun = None
            for frame in features.push(microphone.ring.read(1 << 20)):
                beat.push(frame)
            if at > lost_at + lost + 0.2 * SAMPLE_RATE:
                # What the room's beat is at this sample of the music, against what we say.
                phase = beat.at(at).phase - at / SAMPLE_RATE * bpm / 60
                errors_s.append(((phase + 0.5) % 1.0 - 0.5) * 60 / bpm)
        assert microphone.lost == pytest.approx(lost, abs=BLOCK)
        assert microphone.xruns == 1
    assert np.abs(errors_s).max() < 0.04
