"""Bars and seconds of a song, from readings of the beat clock."""

import pytest

from live.beat.estimate import BeatReading
from live.beat.song_position import SongPosition
from live.beat.timecode import TimecodeReading

RATE, FRAME = 24_000, 800


def reading(beats, bpm=120.0, state="locked", metre=4, shift=0.0):
    bars = (beats + shift) / metre
    return BeatReading(beats % 1.0, bars % 1.0, bpm, 0.9, state, beats, metre)


def follow(position, bpm=120.0, seconds=10.0, from_s=0.0, state="locked", **rest):
    for n in range(round(seconds * 30)):
        time_s = from_s + n / 30
        position.step(reading(time_s * bpm / 60, bpm, state, **rest), round(time_s * RATE))


def test_bars_and_seconds_of_a_steady_song():
    position = SongPosition()
    follow(position, 120.0, 10.0)
    assert position.seconds == pytest.approx(10.0, abs=0.05)
    assert position.bars == pytest.approx(position.seconds / 2, abs=1e-6)


def test_silence_before_the_song_is_no_part_of_it():
    position = SongPosition()
    follow(position, seconds=4.0, state="silent")
    assert not position.has_begun
    follow(position, seconds=6.0, from_s=4.0)
    assert position.has_begun
    assert position.seconds == pytest.approx(6.0, abs=0.05)
    assert position.bars == pytest.approx(3.0, abs=0.05)


def test_bars_before_the_clock_has_locked_are_counted_back():
    position = SongPosition()
    for n in range(4 * 30):  # it searches at another tempo
        position.step(reading(n / 30 * 118 / 60, 118.0, "searching"), n * FRAME)
        assert position.bars < (1 if n < 90 else 2)
    for n in range(4 * 30, 20 * 30):
        position.step(reading(n / 30 * 150 / 60, 150.0), n * FRAME)
    assert position.bars == pytest.approx(599 / 30 * 150 / 240, abs=1e-6)


def test_a_change_of_tempo_does_not_change_what_was_counted():
    position = SongPosition()
    follow(position, 120.0, 8.0)
    bars = position.bars
    beats = 8.0 * 2 - 2 / 30
    for n in range(30):
        position.step(reading(beats + n / 30, 60.0), round((8.0 + n / 30) * RATE))
    assert position.bars == pytest.approx(bars + 0.25, abs=0.02)


def test_a_downbeat_found_anew_moves_the_position_by_as_much():
    position = SongPosition()
    follow(position, 120.0, 8.0)
    before = position.bars
    position.step(reading(16.0, shift=1.0), 8 * RATE)
    assert position.bars == pytest.approx(before + 0.25, abs=0.02)


def test_the_operator_says_where_it_begins():
    position = SongPosition()
    follow(position, 120.0, 9.9)
    position.start()
    position.step(reading(19.8), round(9.9 * RATE))
    assert position.seconds == 0.0
    assert position.bars == pytest.approx(-0.05, abs=1e-6)
    follow(position, 120.0, 4.0, from_s=9.9 + 1 / 30)
    assert position.bars == pytest.approx(1.95, abs=0.02)


def test_timecode_says_the_time_where_it_comes():
    position = SongPosition(follows_timecode=True)
    position.step(reading(0.0, state="silent"), 0)
    assert (position.has_begun, position.seconds) == (False, -1.0)
    position.step(reading(0.0, state="silent"), 800, TimecodeReading(800.0, 61.5, 25))
    assert (position.has_begun, position.seconds) == (True, 61.5)
    position.step(reading(0.1), 1600)  # it stands still
    assert position.seconds == 61.5
    position.step(reading(0.2), 50_000, TimecodeReading(800.0, 61.5, 25))  # not renewed
    assert position.seconds == 61.5


def test_bars_of_three():
    position = SongPosition()
    follow(position, 90.0, 8.0, metre=3)
    assert position.bars == pytest.approx((8.0 - 1 / 30) * 0.5, abs=0.01)
