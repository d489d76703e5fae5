"""What all dance to, and the weights that ship as dancers of it."""

import numpy as np
import pytest

pytest.importorskip("torch")

from live.body.pose import FRAME_RATE
from live.errors import ArtifactError
from model.comparison.programme import (
    frames_at,
    on_stage,
    on_true_clock,
    programme,
)
from model.comparison.recipe import Judging

JUDGING = Judging((100.0, 140.0), 8.0, 2, 3, ("street",))


@pytest.fixture(scope="module")
def music(prepared):
    return programme(prepared, JUDGING)


def test_every_style_has_a_song_of_its_own_at_each_tempo(prepared, music):
    assert [song.tempo_bpm for song in music] == [100.0, 140.0]
    everything = programme(prepared, Judging((100.0, 140.0), 8.0, 2, 3))
    assert len({song.seed for song in everything}) == 4
    assert set(music) < set(everything)  # a style alone dances to the same songs


def test_a_style_that_the_data_lacks_is_named(prepared):
    with pytest.raises(ArtifactError, match="no style waltz"):
        programme(prepared, Judging(styles=("waltz",)))


def test_the_true_clock_gives_equal_dances_to_equal_seeds(tiny_model, music):
    dance = on_true_clock(str(tiny_model))
    one, other = dance(music[0], [1, 2])
    (again,) = dance(music[0], [1])
    np.testing.assert_allclose(one.joints, again.joints, atol=1e-4)
    assert np.abs(one.joints - other.joints).max() > 1e-3
    assert len(one.joints) == len(one.beats) == 8 * FRAME_RATE


def test_on_stage_the_dance_is_as_long_and_its_beat_is_that_of_the_song(tiny_model, music):
    (take,) = on_stage(str(tiny_model))(music[0], [1])
    assert abs(len(take.joints) - 8 * FRAME_RATE) <= 2
    tempo = 60 * FRAME_RATE * np.polyfit(np.arange(len(take.beats)), take.beats, 1)[0]
    assert tempo == pytest.approx(take.tempo_bpm, rel=0.01)
    assert take.tempo_bpm == music[0].piece().tempo_bpm


def test_films_of_both_show_the_same_moment_of_the_song(tiny_model, music):
    moments = np.array([2.0, 3.5, 6.0])
    shown = [dance(str(tiny_model))(music[0], [1])[0] for dance in (on_true_clock, on_stage)]
    clock, stage = (take.beats[frames_at(take, music[0], moments)] for take in shown)
    np.testing.assert_allclose(clock, stage, atol=0.08)  # of a beat; a frame is 0.06
