"""The sample ring: order, counts, and what a late reader loses."""

import sys
import threading

import numpy as np
import pytest

from live.audio.ring import SampleRing


def ramp(start, count):
    return np.arange(start, start + count, dtype=np.float32)


def test_samples_come_out_in_order_for_any_chopping():
    rng = np.random.default_rng(1)
    ring = SampleRing(1000)
    sent, got = 0, []
    for _ in range(500):
        count = int(rng.integers(0, 400))
        ring.write(ramp(sent, count))
        sent += count
        while ring.unread > 300:
            got.append(ring.read(int(rng.integers(1, 500))))
    got.append(ring.read(10_000))
    np.testing.assert_array_equal(np.concatenate(got), ramp(0, sent))
    assert (ring.written, ring.dropped, ring.unread) == (sent, 0, 0)


def test_an_empty_ring_reads_empty():
    block = SampleRing(8).read(100)
    assert block.shape == (0,)
    assert block.dtype == np.float32


def test_a_read_is_a_copy():
    ring = SampleRing(4)
    ring.write(ramp(0, 4))
    block = ring.read(4)
    ring.write(ramp(10, 4))
    np.testing.assert_array_equal(block, ramp(0, 4))


def test_a_late_reader_loses_the_oldest_and_they_are_counted():
    ring = SampleRing(100)
    for start in range(0, 250, 50):
        ring.write(ramp(start, 50))
    assert (ring.dropped, ring.unread) == (150, 100)
    np.testing.assert_array_equal(ring.read(1000), ramp(150, 100))
    assert (ring.dropped, ring.written) == (150, 250)


def test_a_block_larger_than_the_ring_leaves_its_end():
    ring = SampleRing(16)
    ring.write(ramp(0, 5))
    ring.write(ramp(5, 100))
    np.testing.assert_array_equal(ring.read(1000), ramp(89, 16))
    assert ring.dropped == 89


def test_drop_oldest_keeps_the_newest():
    ring = SampleRing(100)
    ring.write(ramp(0, 80))
    assert ring.drop_oldest(30) == 50
    assert ring.drop_oldest(30) == 0
    np.testing.assert_array_equal(ring.read(100), ramp(50, 30))
    assert ring.dropped == 50


def test_drop_oldest_counts_once_what_was_overwritten():
    ring = SampleRing(100)
    ring.write(ramp(0, 150))
    assert ring.dropped == 50
    assert ring.drop_oldest(10) == 90
    assert ring.dropped == 140


def test_samples_overwritten_during_the_copy_are_thrown_away():
    class Overtaken(SampleRing):
        """The producer writes 30 samples while the consumer copies."""

        def _load(self, start, count):
            self.write(ramp(self.written, 30))
            return super()._load(start, count)

    ring = Overtaken(100)
    ring.write(ramp(0, 100))
    np.testing.assert_array_equal(ring.read(100), ramp(30, 70))
    assert ring.dropped == 30


def test_an_announced_write_already_invalidates_what_it_will_overwrite():
    class Unfinished(SampleRing):
        """The producer has announced 10 samples and overwritten 5 when the consumer copies."""

        def _load(self, start, count):
            self._claimed += 10
            self._buffer[:5] = -1
            return super()._load(start, count)

    ring = Unfinished(100)
    ring.write(ramp(0, 100))
    np.testing.assert_array_equal(ring.read(100), ramp(10, 90))


@pytest.mark.parametrize("capacity", [257, 5000])
def test_two_threads_account_for_every_sample(capacity):
    total, got = 3_000_000, []
    ring = SampleRing(capacity)

    def produce():
        for start in range(0, total, 256):
            ring.write(ramp(start, min(256, total - start)))

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        producer = threading.Thread(target=produce)
        producer.start()
        while producer.is_alive() or ring.unread:
            got.append(ring.read(1000))
        producer.join()
    finally:
        sys.setswitchinterval(before)
    samples = np.concatenate(got)
    assert len(samples) + ring.dropped == total
    steps = np.diff(samples)  # float32 holds these counts exactly
    assert steps.min() >= 1
    assert samples[0] + np.sum(steps - 1) + (total - 1 - samples[-1]) == ring.dropped


def test_a_ring_needs_a_capacity():
    with pytest.raises(ValueError, match="at least 1"):
        SampleRing(0)
