"""The filter over tempo, phase and bar: what it believes moves as music does."""

import numpy as np
import pytest

from live.beat.bars import BarCounter
from live.beat.filter import FIRSTS, FRAME_S, METRES, N_BEATS, BeatFilter, BeatFilterConfig

TICK_S = FRAME_S / 4


def hear(
    found: BeatFilter,
    bpm: float,
    metre: int,
    seconds: float,
    start_s: float = 0.0,
    sure: float = 0.5,
) -> None:
    """Evidence of beats, and of downbeats, as a network that is always right would give it."""
    for frame in range(round(seconds / FRAME_S)):
        ticks_s = start_s + (frame + np.array([0.25, 0.5, 0.75, 1.0])) * FRAME_S
        beats = ticks_s * bpm / 60
        pulse = np.exp(-0.5 * (((beats + 0.5) % 1 - 0.5) * 60 / bpm / 0.012) ** 2)
        down = np.where(np.round(beats) % metre == 0, sure, -0.3 * sure)
        found.step(np.stack([pulse - 0.05, pulse * down], axis=1))


def certain(bpm: float, beat: int) -> BeatFilter:
    """A filter that knows everything: the beat numbered `beat` of METRES begins now."""
    found = BeatFilterConfig(wander=0.0, leak=0.0, bar_leak=0.0).make()
    found.probability[:] = 1e-12
    found.probability[np.abs(found.tempo_bpm - bpm).argmin(), beat, 0] = 1.0
    return found


@pytest.mark.parametrize("metre", METRES)
def test_knows_the_metre_and_the_place_in_the_bar(metre):
    found = BeatFilterConfig().make()
    bars = 8 if metre == 6 else 12
    bpm = 130.0
    hear(found, bpm, metre, (bars * metre + 1.5) * 60 / bpm)
    best = found.best()
    assert best.tempo_bpm == pytest.approx(bpm, rel=0.01)
    assert best.bars.sum() == pytest.approx(1.0, abs=0.01)
    # One and a half beats into a bar: the beat that the phase counts from is its second.
    assert best.phase == pytest.approx(0.5, abs=0.08)
    likely = int(best.bars.argmax())
    place = likely - FIRSTS[int(np.searchsorted(FIRSTS, likely, "right")) - 1]
    heard = METRES[int(np.searchsorted(FIRSTS, likely, "right")) - 1]
    # A bar of six may be heard as two of three, one of four as two of two: they begin together.
    assert metre % heard == 0
    assert place == 1


@pytest.mark.parametrize("beat", range(N_BEATS))
@pytest.mark.parametrize("silent", ["stepped", "skipped"])
def test_a_place_in_the_bar_moves_on_with_time(beat, silent):
    found = certain(120.0, beat)
    bpm = float(found.tempo_bpm[np.abs(found.tempo_bpm - 120.0).argmin()])
    seconds = 5.25 * 60 / bpm
    if silent == "skipped":
        found.skip(seconds)
    else:
        for _ in range(round(seconds / FRAME_S)):
            found.step(np.zeros((4, 2)))
    metre_index = int(np.searchsorted(FIRSTS, beat, "right")) - 1
    first, metre = FIRSTS[metre_index], METRES[metre_index]
    best = found.best()
    assert best.phase == pytest.approx(0.25, abs=0.06)
    assert int(best.bars.argmax()) == first + (beat - first + 5) % metre


def test_gaps_of_any_length_turn_every_bar_alike():
    one, many = certain(97.0, 2), certain(97.0, 2)
    one.skip(11.0)
    for _ in range(11):
        many.skip(1.0)
    assert one.best().phase == pytest.approx(many.best().phase, abs=0.05)
    assert int(one.best().bars.argmax()) == int(many.best().bars.argmax())


def bars_at(metre: int, place: int, sure: float = 0.9) -> np.ndarray:
    bars = np.full(N_BEATS, (1 - sure) / (N_BEATS - 1))
    bars[FIRSTS[METRES.index(metre)] + place] = sure
    return bars


def test_counts_the_bar_it_is_told():
    counter = BarCounter()
    counter.hear(10.3, 0.3, bars_at(3, 2))
    assert counter.metre == 3
    assert counter.phase(11.0) == 0.0  # beat 10 was the last of its bar
    counter.hear(10.3, 0.3, bars_at(4, 1, sure=0.4))
    assert counter.metre == 3, "a doubtful bar displaces nothing"


@pytest.mark.parametrize(("scale", "metre"), [(1.0, 4), (2.0, 4), (0.5, 2)])
def test_half_and_double_begin_the_bar_where_the_music_does(scale, metre):
    counter = BarCounter()
    # The tracker stands half a beat after the second of four; the clock counts `scale` as fast.
    counter.hear(20 + 1.5 * scale, 0.5, bars_at(4, 1), scale)
    assert counter.metre == metre
    assert counter.phase(20.0) == 0.0


def test_a_bar_that_half_tempo_cuts_in_two_stays_as_it_was():
    counter = BarCounter()
    counter.hear(8.25, 0.5, bars_at(3, 0), 0.5)
    assert (counter.metre, counter.offset) == (4, 0)
