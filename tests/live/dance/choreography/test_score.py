"""The score: noise by beat, that returns where the form says so, whatever the frame rate."""

from dataclasses import replace

import numpy as np
import pytest

from live.dance.choreography.choreographer import Choreographer
from live.dance.choreography.moment import Moment
from live.dance.choreography.phrase import Phrase
from live.dance.choreography.settings import ChoreographySettings

WIDTH = 32
SURE = ChoreographySettings(variation=0.0)


def directed(settings=SURE, beats=64, dancers=1, seed=3, frames_a_beat=15, **moment):
    """Directions of every frame, and the choreographer."""
    choreographer = Choreographer(WIDTH, dancers, seed)
    times = np.arange(round(beats * frames_a_beat)) / frames_a_beat
    said = [choreographer.step(Moment(beats=t, bar_beat=t % 4, **moment), settings) for t in times]
    return said, choreographer


def noise_by_beat(settings=SURE, dancer=0, **options):
    """[beats, Z] of one dancer."""
    said, _ = directed(settings, frames_a_beat=4, **options)
    return np.array([d.noise[dancer] for d in said[::4]])


def likeness(a, b):
    """Correlation of two stretches of noise."""
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


@pytest.mark.parametrize(
    ("form", "letters"),
    [("AABA", "AABACCDC"), ("aabb", "AABBCCDD"), ("A B", "ABCDEFGH"), ("free", "ABCDEFGH")],
)
def test_phrases_return_as_the_form_says(form, letters):
    phrases = noise_by_beat(ChoreographySettings(form=form, variation=0.0)).reshape(8, 8, WIDTH)
    for i, a in enumerate(letters):
        for j, b in enumerate(letters):
            alike = likeness(phrases[i], phrases[j])
            assert alike > 0.999 if a == b else abs(alike) < 0.25


@pytest.mark.parametrize("phrase", [4, 8, 16, 32])
def test_a_phrase_has_its_beats(phrase):
    noise = noise_by_beat(ChoreographySettings(form="AAB", phrase=phrase, variation=0.0), beats=96)
    assert likeness(noise[:phrase], noise[phrase : 2 * phrase]) > 0.999
    assert abs(likeness(noise[:phrase], noise[2 * phrase : 3 * phrase])) < 0.3


def test_variation_moves_away_and_stays_standard_normal():
    for variation, low, high in ((0.0, 0.999, 1.0), (0.3, 0.8, 0.95), (1.0, -0.1, 0.1)):
        settings = ChoreographySettings(form="AA", phrase=32, variation=variation)
        noise = noise_by_beat(settings, beats=64)
        assert low <= likeness(noise[:32], noise[32:]) <= high
        assert noise[32:].std() == pytest.approx(1.0, abs=0.06)


def test_the_score_does_not_depend_on_frames():
    slow, fast = (directed(frames_a_beat=f)[0] for f in (6, 18))
    np.testing.assert_array_equal([d.noise for d in slow[::6]], [d.noise for d in fast[::18]])


def test_frames_that_were_given_up_change_nothing_later():
    whole, dropped = Choreographer(WIDTH, 1, 0), Choreographer(WIDTH, 1, 0)
    for t in np.arange(0, 40, 0.1):
        said = whole.step(Moment(beats=t, bar_beat=t % 4), SURE)
        if not 9.35 < t < 13.05:
            after = dropped.step(Moment(beats=t, bar_beat=t % 4), SURE)
            np.testing.assert_array_equal(after.noise, said.noise)


def test_nobody_depends_on_how_many_dance():
    two, eight = (directed(dancers=n)[0] for n in (2, 8))
    np.testing.assert_array_equal([d.noise for d in two], [d.noise[:2] for d in eight])


def test_unison_is_the_share_in_common():
    for unison, low, high in ((0.0, -0.1, 0.1), (0.5, 0.6, 0.8), (1.0, 1.0, 1.0)):
        said, _ = directed(ChoreographySettings(unison=unison), dancers=3, beats=64)
        noise = np.array([d.noise for d in said[::15]])
        assert low <= likeness(noise[:, 0], noise[:, 1]) <= high + 1e-9
        assert noise[:, 2].std() == pytest.approx(1.0, abs=0.06)


def test_a_canon_dances_the_noise_of_beats_ago():
    settings = ChoreographySettings(unison=1.0, canon=2.0)
    said, _ = directed(settings, dancers=4, beats=48)
    noise = np.array([d.noise for d in said[::15]])
    np.testing.assert_array_equal(said[-1].delays, [0.0, 2.0, 4.0, 6.0])
    for d in range(1, 4):
        np.testing.assert_array_equal(noise[8:, d], noise[8 - 2 * d : -2 * d, 0])


def test_a_kept_phrase_is_danced_from_the_next_phrase_on():
    kept = np.random.default_rng(1).standard_normal((8, 1, WIDTH)).astype(np.float32)
    choreographer = Choreographer(WIDTH, 1, 0)
    noise, playing = [], []
    for t in range(40):
        if t == 10:
            choreographer.play([Phrase(kept, name="mine")])
        noise.append(choreographer.step(Moment(beats=t, bar_beat=t % 4), SURE).noise[0])
        playing.append(choreographer.playing)
        if t == 24:
            np.testing.assert_array_equal(choreographer.last_phrase.noise[:, :1], kept)
    np.testing.assert_array_equal(noise[16:24], kept[:, 0])
    assert [t for t, name in enumerate(playing) if name] == list(range(16, 24))


def test_a_loop_goes_on_until_it_is_ended():
    kept = np.random.default_rng(1).standard_normal((4, WIDTH)).astype(np.float32)
    choreographer = Choreographer(WIDTH, 1, 0)
    choreographer.play([Phrase(kept[:, None])], loop=True)
    noise = []
    for t in range(32):
        if t == 14:
            choreographer.play([])
        noise.append(choreographer.step(Moment(beats=t, bar_beat=t % 4), SURE).noise[0])
    np.testing.assert_array_equal(noise[:16], np.tile(kept, (4, 1)))
    assert abs(likeness(np.array(noise[16:20]), kept)) < 0.3


def test_a_response_is_the_call_by_the_other_half():
    settings = ChoreographySettings(form="call-response", unison=1.0, variation=0.0)
    said, _ = directed(settings, beats=16, dancers=4)
    call, response = said[6 * 15], said[14 * 15]
    np.testing.assert_array_equal(call.noise[0], response.noise[1])
    assert call.energy[0] > call.energy[1] + 1.0
    assert response.energy[1] > response.energy[0] + 1.0


def test_one_dancer_answers_with_the_mirror_image():
    said, _ = directed(ChoreographySettings(form="call-response", variation=0.0), beats=16)
    np.testing.assert_array_equal(said[0].noise, said[8 * 15].noise)
    assert [d.staging.mirrored[0] for d in (said[0], said[8 * 15])] == [False, True]


def test_pairs_dance_one_dance_and_its_mirror_image():
    said, _ = directed(ChoreographySettings(ensemble="pairs", unison=0.0), dancers=4, beats=4)
    noise = said[-1].noise
    np.testing.assert_array_equal(noise[0], noise[1])
    np.testing.assert_array_equal(noise[2], noise[3])
    assert np.abs(noise[0] - noise[2]).max() > 0.1
    assert said[-1].staging.mirrored.tolist() == [False, True, False, True]


def test_a_soloist_dances_larger_than_a_crew_that_is_together():
    said, _ = directed(ChoreographySettings(ensemble="solo", unison=1.0), dancers=4, beats=8)
    last = said[-1]
    np.testing.assert_array_equal(last.noise[1], last.noise[3])
    assert np.abs(last.noise[0] - last.noise[1]).max() > 0.1
    assert last.energy[0] > last.energy[1:].max() + 0.5


def test_beats_that_jump_begin_a_phrase_and_go_on():
    choreographer = Choreographer(WIDTH, 2, 0)
    settings = ChoreographySettings(canon=1.0)
    for beats in (*np.arange(0, 30, 0.25), *np.arange(3.1, 20, 0.25), *np.arange(900, 910, 0.25)):
        said = choreographer.step(Moment(beats=beats, bar_beat=beats % 4), settings)
        assert np.isfinite(said.noise).all()
        assert said.noise.shape == (2, WIDTH)


def test_a_form_that_is_none_leaves_the_one_that_was():
    said, choreographer = directed(SURE, beats=8)
    broken = ChoreographySettings(form="?", variation=0.0)
    again = [choreographer.step(Moment(8.0 + t, bar_beat=t % 4), broken) for t in range(8)]
    np.testing.assert_array_equal([d.noise for d in again], [d.noise for d in said[::15]])


def begins_anew(settings, beats=34, dancer=0, **options):
    """The beats on which a dancer begins anew; on all frames of a beat, or on none."""
    said, _ = directed(settings, beats=beats, dancers=dancer + 1, frames_a_beat=4, **options)
    told = np.array([d.anew[dancer] for d in said]).reshape(-1, 4)
    assert (told == told[:, :1]).all()
    return np.flatnonzero(told[:, 0]).tolist()


@pytest.mark.parametrize(
    ("phrase", "beats"), [(4, range(0, 34, 4)), (8, range(0, 34, 8)), (16, range(0, 34, 8))]
)
def test_memory_ends_with_the_phrase_and_every_two_bars(phrase, beats):
    settings = ChoreographySettings(phrase=phrase)
    assert begins_anew(settings) == list(beats)
    late = begins_anew(replace(settings, canon=1.0), dancer=2)
    assert [b for b in late if b >= 8] == [b + 2 for b in beats if 8 <= b + 2 < 34]


def test_bars_of_three_are_remembered_by_twos():
    waltz = Choreographer(WIDTH)
    settings = ChoreographySettings(phrase=16)  # twelve beats in bars of three
    said = [waltz.step(Moment(beats=t, bar_beat=t % 3, metre=3), settings) for t in range(30)]
    assert [t for t, d in enumerate(said) if d.anew[0]] == [0, 6, 12, 18, 24]


def test_a_phrase_that_is_played_at_once_begins_anew():
    kept = np.random.default_rng(1).standard_normal((8, 1, WIDTH)).astype(np.float32)
    choreographer = Choreographer(WIDTH)
    anew = []
    for t in range(24):
        if t == 11:
            choreographer.play([Phrase(kept)], at_once=True)
        anew.append(choreographer.step(Moment(beats=t, bar_beat=t % 4), SURE).anew[0])
    assert [t for t, now in enumerate(anew) if now][:3] == [0, 8, 11]
