"""Counters, frame rate, step-time percentiles."""

import json
import tracemalloc

import numpy as np
import pytest

from live.show.health import RECENT_STEPS, Health


def test_nothing_yet_is_all_zeros():
    health = Health()
    assert health.fps(5.0) == 0.0
    assert (health.recent().p50, health.recent().p99, health.recent().max) == (0.0, 0.0, 0.0)
    assert set(health.summary().values()) == {0}


def test_frames_of_the_last_second_count():
    health = Health()
    for k in range(300):
        health.add_frame(100.0 + k / 60)
    assert health.frames == 300
    assert health.fps(100.0 + 299 / 60) == 60.0
    assert health.fps(100.0 + 299 / 60 + 0.5) == pytest.approx(30.0, abs=1)
    assert health.fps(200.0) == 0.0


def test_recent_percentiles_forget_and_overall_ones_do_not():
    health = Health()
    for _ in range(RECENT_STEPS):
        health.add_step(50.0)
    rng = np.random.default_rng(0)
    times = rng.gamma(4.0, 0.5, RECENT_STEPS)
    for time_ms in times:
        health.add_step(float(time_ms))
    recent = health.recent()
    assert recent.p50 == pytest.approx(np.percentile(times, 50))
    assert recent.p99 == pytest.approx(np.percentile(times, 99))
    assert recent.max == times.max()
    assert health.overall().p99 == pytest.approx(50.0, rel=0.02)
    assert health.overall().max == 50.0


@pytest.mark.parametrize("scale", [0.01, 1.0, 300.0])
def test_overall_percentiles_are_right_to_two_percent(scale):
    times = np.random.default_rng(1).gamma(3.0, scale, 20_000)
    health = Health()
    for time_ms in times:
        health.add_step(float(time_ms))
    overall = health.overall()
    assert overall.p50 == pytest.approx(np.percentile(times, 50), rel=0.02)
    assert overall.p99 == pytest.approx(np.percentile(times, 99), rel=0.02)
    assert overall.max == times.max()


def test_odd_durations_do_no_harm():
    health = Health()
    for time_ms in (0.0, -1.0, 1e9, float("inf"), float("nan")):
        health.add_step(time_ms)
    assert health.summary()["steps"] == 5


def test_the_summary_is_json_with_every_counter():
    health = Health()
    health.late, health.dropped, health.rejected = 1, 2, 3
    health.xruns, health.resets, health.send_errors = 4, 5, 6
    health.add_frame(0.0)
    health.add_step(1.23456)
    summary = json.loads(json.dumps(health.summary()))
    assert summary == {
        "frames": 1, "late": 1, "dropped": 2, "xruns": 4, "resets": 5, "send_errors": 6,
        "rejected": 3, "skipped": 0,
        "steps": 1, "step_ms_p50": 1.235, "step_ms_p99": 1.235, "step_ms_max": 1.235,
    }  # fmt: skip


def test_its_size_does_not_grow():
    health = Health()

    def run(count):
        for k in range(count):
            health.add_step(1.0 + k % 7)
            health.add_frame(k / 60)

    run(2 * RECENT_STEPS)
    tracemalloc.start()
    try:
        run(5 * RECENT_STEPS)
        grown = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert grown < 20_000
