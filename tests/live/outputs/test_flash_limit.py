"""Lights flash no more often than the screen, or as they like where that is switched off."""

import numpy as np
import pytest

from live.flashes import UNLIMITED
from live.outputs.flash_limit import FlashLimit
from live.outputs.levels import LEVELS, Levels
from live.outputs.signals import Reader, Signal

RATE = 60
MUSIC = tuple(LEVELS)[:6]
STEP = 0.1
ALL = [Signal(name) for name in LEVELS]


def played(series, limit, tempo_bpm=0.0):
    """What leaves, [T, levels], of {level: values}; the clock is sure where a tempo is given."""
    length = len(next(iter(series.values())))
    rows = []
    for k in range(length):
        music = np.array([series.get(name, np.zeros(length))[k] for name in MUSIC])
        body = np.array([[series.get(n, np.zeros(length))[k] for n in tuple(LEVELS)[6:12]]])
        now_s = k / RATE
        beat_s = 60 / tempo_bpm if tempo_bpm else 0.0
        next_s = beat_s - now_s % beat_s if tempo_bpm else np.inf
        levels = Levels(music, body, time_s=now_s, next_beat_s=next_s)
        rows.append(limit.step(Reader(levels)))
    return np.array(rows)


def flashes_in_any_second(values):
    """The most pairs of opposing changes of a tenth, of which the rise falls into one second."""
    rises, extreme, is_up = [], values[0], False
    for k, value in enumerate(values):
        if is_up:
            extreme = max(extreme, value)
            if value <= extreme - STEP:
                is_up, extreme = False, value
        else:
            extreme = min(extreme, value)
            if value >= extreme + STEP:
                is_up, extreme = True, value
                rises.append(k / RATE)
    return max((sum(a <= b < a + 1 for b in rises) for a in rises), default=0)


def hits(every_s, seconds=10, first_s=0.0, fall_s=0.12):
    """1 at each hit, falling until the next."""
    t = np.arange(seconds * RATE) / RATE
    since = (t - first_s + 1e-6) % every_s
    return np.where(t < first_s, 0.0, np.exp(-since / fall_s))


def column(name):
    return tuple(LEVELS).index(name)


@pytest.mark.parametrize("every_s", [1 / 7, 1 / 4, 0.31, 0.34, 0.47])
@pytest.mark.parametrize("name", ["beat", "low", "mid", "high", "level", "arms", "travel"])
def test_no_level_flashes_more_than_three_times_a_second(name, every_s):
    raw = hits(every_s)
    out = played({name: raw}, FlashLimit(ALL))[:, column(name)]
    assert flashes_in_any_second(out) <= 3
    assert (out <= raw + 1e-9).all()
    if every_s >= 1 / 3:  # it was few enough
        np.testing.assert_allclose(out, raw)
    else:
        assert flashes_in_any_second(raw) > 3
        assert flashes_in_any_second(out) >= 2  # and it still flashes


def test_colours_of_one_lamp_flash_together_or_not_at_all():
    beat_s = 60 / 128
    series = {
        "beat": hits(beat_s), "low": hits(beat_s, first_s=0.02),
        "high": hits(beat_s, first_s=beat_s / 2), "mid": hits(beat_s / 4),
    }  # fmt: skip
    out = played(series, FlashLimit(ALL), tempo_bpm=128)
    lamp = out[:, [column(n) for n in series]].mean(axis=1)
    raw = np.mean(list(series.values()), axis=0)
    assert flashes_in_any_second(raw) > 3
    assert flashes_in_any_second(lamp) <= 3
    np.testing.assert_allclose(out[:, column("beat")], series["beat"])  # every beat is seen
    kicks = np.flatnonzero(np.diff(out[:, column("low")]) > 0.5)
    assert len(kicks) == 22  # and every kick with it


def test_above_180_bpm_every_second_beat_flashes():
    out = played({"beat": hits(0.3)}, FlashLimit(ALL), tempo_bpm=200)[:, column("beat")]
    peaks = np.flatnonzero(out > 0.99) / RATE
    np.testing.assert_allclose(np.diff(peaks), 0.6, atol=1.1 / RATE)


def test_slow_changes_and_places_are_left_alone():
    t = np.arange(600) / RATE
    slow = 0.5 - 0.5 * np.cos(2 * np.pi * t / 2)
    quick = 0.5 + 0.5 * np.sin(2 * np.pi * 5 * t)
    out = played({"level": slow, "bar": (t / 2) % 1, "lean": quick}, FlashLimit(ALL))
    np.testing.assert_allclose(out[:, column("level")], slow)
    np.testing.assert_allclose(out[:, column("bar")], (t / 2) % 1)
    np.testing.assert_allclose(out[:, column("lean")], quick)


def test_a_level_that_is_high_and_stays_is_reached():
    high = np.where(np.arange(300) % 4 < 2, 1.0, 0.0)  # 15 swings a second, then it stays
    high[120:] = 0.8
    out = played({"level": high}, FlashLimit(ALL))[:, column("level")]
    np.testing.assert_allclose(out[200:], 0.8)


def test_none_at_all_and_without_limit():
    raw = hits(1 / 7)
    none = played({"low": raw}, FlashLimit(ALL, 0))[:, column("low")]
    assert flashes_in_any_second(none) == 0
    np.testing.assert_allclose(
        played({"low": raw}, FlashLimit(ALL, UNLIMITED))[:, column("low")], raw
    )


def test_what_is_at_rest_stays_at_rest():
    limit = FlashLimit(ALL)
    assert limit.step(Reader(Levels(dark=True, state=1.0))) == [None] * len(LEVELS)
