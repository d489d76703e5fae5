"""How large a picture is drawn, on a simulated clock: motion before sharpness, and no pumping."""

import numpy as np
import pytest

from visuals.window.sharpness import Sharpness

RATE_HZ = 60


def shown(sharpness: Sharpness, full_s, seconds: float, start_s: float = 0.0):
    """Times and shares of the pictures of a loop. full_s: how long a whole picture takes at a
    moment, s; a tenth of it whatever its size, the rest by its pixels."""
    now_s, times_s, shares = start_s, [], []
    while now_s < start_s + seconds:
        took_s = full_s(now_s) * (0.1 + 0.9 * sharpness.share**2)
        sharpness.drawn(took_s, now_s)
        now_s += max(took_s, 1 / RATE_HZ)
        times_s.append(now_s)
        shares.append(sharpness.share)
    return np.array(times_s), np.array(shares)


@pytest.mark.parametrize("full_s", [0.040, 0.075, 0.120, 0.140])
def test_thirty_pictures_a_second_are_reached_within_two_and_a_half_seconds(full_s):
    times_s, shares = shown(Sharpness(), lambda _: full_s, 60.0)
    assert times_s[np.argmax(shares < 1)] < 2.5
    late = times_s > 5.0
    assert np.diff(times_s[late]).mean() < 1 / 30
    # Nor is it blurred for nothing: a size that the machine could not do was tried, or none left.
    assert shares[late].min() >= 0.84**2 * min(np.sqrt((1 / 33 / full_s - 0.1) / 0.9), 1)


def test_a_machine_that_can_do_it_draws_every_pixel():
    _, shares = shown(Sharpness(), lambda _: 0.025, 30.0)
    assert (shares == 1.0).all()


def test_sharpness_comes_back_slowly_when_the_machine_is_free_again():
    sharpness = Sharpness()
    shown(sharpness, lambda _: 0.120, 10.0)
    low = sharpness.share
    times_s, shares = shown(sharpness, lambda _: 0.015, 60.0, start_s=10.0)
    steps = times_s[1:][np.diff(shares) > 0]
    assert shares[times_s < 13.9].max() == low  # not at the first free moment
    assert np.diff(steps).min() >= 4.0
    assert shares[-1] == 1.0
    assert (np.diff(shares) >= 0).all()


def test_a_machine_at_the_edge_is_tried_ever_more_seldom():
    """One that is busy whenever more is asked of it: the size may not go up and down for ever."""
    sharpness = Sharpness()
    busy = [False]

    def full_s(_: float) -> float:
        busy[0] = sharpness.share > 0.8
        return 0.060 if busy[0] else 0.020

    times_s, shares = shown(sharpness, full_s, 300.0)
    rises = times_s[1:][np.diff(shares) > 0]
    in_the_first, in_the_last = (rises < 60).sum(), (rises > 240).sum()
    assert in_the_last <= 2 <= in_the_first
    assert len(rises) <= 14


def test_one_stall_of_the_machine_changes_nothing():
    sharpness = Sharpness()
    shown(sharpness, lambda _: 0.012, 5.0)
    sharpness.drawn(0.9, 5.0)
    _, shares = shown(sharpness, lambda _: 0.012, 5.0, start_s=5.9)
    assert (shares == 1.0).all()


def test_it_never_gets_too_small_to_be_seen():
    _, shares = shown(Sharpness(), lambda _: 5.0, 200.0)
    assert shares.min() == pytest.approx(1 / 3)
