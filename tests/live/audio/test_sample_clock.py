"""The sample clock against simulated callbacks: jitter, drift, bursts, gaps."""

import numpy as np
import pytest

from live.audio.sample_clock import SampleClock

RATE, BLOCK = 48_000, 256
START_S = 71_234.5  # monotonic time has an arbitrary origin
TRANSPORT_S = 0.008


def arrivals(seconds, drift=0.0, jitter_s=0.0, seed=0, block=BLOCK):
    """(samples, arrival time) of every block; the card is `drift` slower than the clock."""
    rng = np.random.default_rng(seed)
    samples = np.arange(block, int(seconds * RATE), block)
    times = true_time(samples, drift) + rng.exponential(jitter_s, len(samples))
    return list(zip(samples.tolist(), np.maximum.accumulate(times).tolist(), strict=True))


def true_time(sample, drift=0.0):
    return START_S + TRANSPORT_S + np.asarray(sample) / RATE * (1 + drift)


def error_ms(clock, time_s, drift=0.0):
    """How far the clock's idea of the sample at time_s lies ahead of the truth."""
    return (time_s - true_time(clock.sample_at(time_s), drift)) * -1e3


def drift_ppm(clock, time_s):
    """How much slower than time the clock will run, once it has come to its line: long after."""
    first, last = clock.sample_at(time_s + 100.0), clock.sample_at(time_s + 200.0)
    return (1 - (last - first) / (100.0 * RATE)) * 1e6


def test_one_observation_is_enough():
    clock = SampleClock(RATE)
    clock.observe(BLOCK, START_S)
    assert clock.sample_at(START_S) == pytest.approx(BLOCK)
    assert clock.sample_at(START_S + 1) == pytest.approx(BLOCK + RATE)


def test_a_count_of_zero_is_not_a_block():
    clock = SampleClock(RATE)
    clock.observe(0, START_S - 0.2)  # started, but the card needs 0.2 s to wake up
    for samples, time_s in arrivals(5):
        clock.observe(samples, time_s)
    assert abs(error_ms(clock, time_s)) < 0.2


@pytest.mark.parametrize("drift", [-200e-6, 0.0, 200e-6])
@pytest.mark.parametrize("block", [256, 512, 2048])
def test_jitter_and_drift_are_seen_through(drift, block):
    clock = SampleClock(RATE)
    errors = []
    for samples, time_s in arrivals(40, drift, jitter_s=0.010, seed=block, block=block):
        clock.observe(samples, time_s)
        if samples > 12 * RATE:
            errors.append(error_ms(clock, time_s, drift))
    # The mean delay would be 10 ms late. Measured: at most 1.5 ms at 256, 2.2 ms at 2048.
    assert np.max(np.abs(errors)) < 3.0
    assert drift_ppm(clock, time_s) == pytest.approx(drift * 1e6, abs=250)


def test_drift_is_exact_without_jitter():
    clock = SampleClock(RATE)
    for samples, time_s in arrivals(20, 150e-6):
        clock.observe(samples, time_s)
    assert abs(error_ms(clock, time_s, 150e-6)) < 0.05
    assert drift_ppm(clock, time_s) == pytest.approx(150, abs=4)


def test_it_runs_on_without_observations():
    clock = SampleClock(RATE)
    for samples, time_s in arrivals(20, 200e-6, jitter_s=0.002):
        clock.observe(samples, time_s)
    assert abs(error_ms(clock, time_s + 30, 200e-6)) < 2.0


def test_bursts_do_not_move_it():
    """A server that freezes for a second at a time, then delivers its whole backlog at once."""
    clock = SampleClock(RATE)
    for samples, time_s in arrivals(30):
        frozen = int(time_s) % 4 == 0
        clock.observe(samples, float(int(time_s) + 1) if frozen else time_s)
        if samples > 5 * RATE:
            assert abs(error_ms(clock, time_s)) < 1.0


def test_a_stream_that_fills_its_buffers_first_is_no_drift():
    """An output takes its first blocks at once: they come up to 40 ms early."""
    clock = SampleClock(RATE)
    for samples, time_s in arrivals(6):
        clock.observe(samples, max(time_s, START_S + 0.04) - 0.04 * (samples < 0.3 * RATE))
    assert abs(error_ms(clock, time_s)) < 0.2
    assert abs(drift_ppm(clock, time_s)) < 20


def test_it_never_runs_backwards():
    rng = np.random.default_rng(5)
    clock = SampleClock(RATE)
    asked_s, last = START_S, -np.inf
    late_s = lost = 0.0
    for samples, time_s in arrivals(60, 200e-6, jitter_s=0.01, seed=5):
        if rng.random() < 0.001:
            late_s = rng.uniform(-0.3, 0.3)  # the path's delay changes
        if rng.random() < 0.0005:
            lost += rng.uniform(0, RATE)  # samples nobody counted
        clock.observe(int(samples - lost), time_s + late_s)
        asked_s = max(asked_s, time_s + rng.uniform(0.0, 0.02))
        sample = clock.sample_at(asked_s)
        assert sample >= last
        last = sample


def test_a_better_fit_is_approached_smoothly():
    clock = SampleClock(RATE)
    speeds = []
    before = None
    for samples, time_s in arrivals(30, 200e-6, jitter_s=0.01, seed=2):
        clock.observe(samples, time_s)
        if before is not None and time_s > before[0] + 0.01 and samples > 2 * RATE:
            speeds.append((clock.sample_at(time_s) - before[1]) / (time_s - before[0]) / RATE)
        if before is None or time_s > before[0] + 0.01:
            before = (time_s, clock.sample_at(time_s))
    assert np.max(np.abs(np.array(speeds) - 1)) < 0.03


def test_a_gap_nobody_counted_begins_a_new_line():
    clock = SampleClock(RATE)
    for samples, time_s in arrivals(10):
        clock.observe(samples, time_s)
    gap_s = 3.0
    for samples, time_s in arrivals(10):
        clock.observe(samples + 10 * RATE, time_s + 10 + gap_s)
    now_s = time_s + 10 + gap_s
    assert clock.sample_at(now_s) == pytest.approx(samples + 10 * RATE, abs=0.001 * RATE)


def test_a_counted_gap_changes_nothing():
    clock = SampleClock(RATE)
    for samples, time_s in arrivals(30):
        if 10 < samples / RATE < 15:
            continue
        clock.observe(samples, time_s)
        assert abs(error_ms(clock, time_s)) < 0.1


def test_a_rate_must_be_positive():
    with pytest.raises(ValueError, match="positive"):
        SampleClock(0)
