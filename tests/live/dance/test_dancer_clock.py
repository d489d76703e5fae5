"""The dancers' own beat: continuous, on the music's downbeat, also where frames are missing."""

import numpy as np
import pytest

from live.beat.estimate import BeatReading
from live.dance.contract import DANCE_BPM
from live.dance.dancer_clock import DancersBeat


def reading(beats: float, bpm: float = 120.0) -> BeatReading:
    return BeatReading(beats % 1, beats / 4 % 1, bpm, 1.0, "locked", beats)


@pytest.mark.parametrize("lost_beats", [0.4, 0.55, 1.0, 1.5, 7.25])
def test_a_loss_of_sound_takes_no_beat_from_the_bar(lost_beats):
    dancers = DancersBeat()
    times = np.concatenate([np.arange(0, 8, 1 / 15), 8 + lost_beats + np.arange(0, 8, 1 / 15)])
    followed = np.array([dancers.follow(reading(beats))[0] for beats in times])
    np.testing.assert_allclose(followed, times, atol=1e-9)


def test_the_tempo_danced_lies_where_people_dance():
    for bpm in (40.0, 60.0, 74.0, 80.0, 120.0, 150.0, 170.0, 200.0):
        danced = [DancersBeat().follow(reading(0.0, bpm))[1] for _ in "ab"]
        assert DANCE_BPM[0] / 1.05 <= danced[0] <= DANCE_BPM[1] * 1.05, bpm
        assert np.log2(danced[0] / bpm) in (-1, 0, 1)


@pytest.mark.parametrize("limit", DANCE_BPM)
@pytest.mark.parametrize("start", [0.9, 1.1])
def test_a_tempo_that_wavers_about_the_limit_does_not_jump(limit, start):
    """The tempo goes back and forth across the limit by 4 %, for two minutes, at 30 frames/s."""
    beats, music, followed = DancersBeat(), 8.25, []
    for frame in range(3600):
        bpm = limit * (start if frame == 0 else 1 + 0.04 * np.sin(frame / 5))
        music += bpm / 60 / 30
        followed.append(beats.follow(reading(music, bpm))[0])
    steps = np.diff(followed)
    ratio = steps.mean() / (limit / 60 / 30)
    assert ratio == pytest.approx(round(2 * ratio) / 2, rel=0.02)
    assert np.abs(steps / (ratio * limit / 60 / 30) - 1).max() < 0.05


def test_the_dancers_downbeat_is_the_musics():
    beats = DancersBeat()
    for music in np.arange(6.5, 40, 0.1):
        assert (beats.follow(reading(music))[0] - music + 2) % 4 - 2 == pytest.approx(0, abs=1e-6)


def in_three(beats: float) -> BeatReading:
    return BeatReading(beats % 1, beats / 3 % 1, 90.0, 1.0, "locked", beats, metre=3)


def test_a_style_in_three_begins_its_bars_with_those_of_a_waltz():
    beats = DancersBeat()
    for music in np.arange(7.3, 40, 0.1):
        own = beats.follow(in_three(music))[0] + beats.to_bars(in_three(music), 3)
        assert (own - music + 1.5) % 3 - 1.5 == pytest.approx(0, abs=1e-6)
        assert beats.to_bars(in_three(music), 4) == 0


def test_a_style_in_three_counts_on_through_music_in_four():
    beats = DancersBeat()
    beats.follow(in_three(7.0))
    shift = beats.to_bars(in_three(7.0), 3)
    for music in np.arange(7.1, 30, 0.1):
        beats.follow(reading(music))
        assert beats.to_bars(reading(music), 3) == shift
    assert DancersBeat().to_bars(reading(0.0), 3) == 0
