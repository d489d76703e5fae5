"""The dance knows the song: sections bring their phrases back, and have moods."""

from dataclasses import replace

import numpy as np
import pytest

from live.beat.section import BREAK, BUILD, DROP, UNKNOWN, VERSE, SectionReading
from live.dance.choreography.choreographer import Choreographer
from live.dance.choreography.moment import Moment
from live.dance.choreography.settings import ChoreographySettings
from live.dance.choreography.song import SongPlace, mood_of
from tests.live.dance.choreography.test_score import SURE, WIDTH, likeness

# (index, returns_to, kind, beats)
SONG = ((0, -1, VERSE, 32), (1, -1, DROP, 32), (2, 0, VERSE, 32), (3, 1, DROP, 32))


def danced(song=SONG, settings=SURE, dancers=1, told_after=4, seed=3):
    """Directions by beat; a section is told so many beats after it began."""
    choreographer = Choreographer(WIDTH, dancers, seed)
    said, start = [], 0
    last = SectionReading()
    for index, returns_to, kind, beats in song:
        for beat in range(beats):
            age, now = float(beat), SectionReading(index, returns_to, kind)
            if beat < told_after and index:
                age, now = float(beat + song[index - 1][3]), last
            phase = (start + beat) % 16 / 16
            reading = replace(now, age_beats=age, phrase_phase=phase)
            moment = Moment(float(start + beat), bar_beat=beat % 4, section=reading)
            said.append(choreographer.step(moment, settings))
        last, start = now, start + beats
    return said


def stretch(said, start, beats=28, dancer=0):
    return np.array([d.noise[dancer] for d in said[start : start + beats]])


def test_a_section_that_returns_brings_its_phrases_back():
    said = danced()
    verse, chorus, verse_2, chorus_2 = (stretch(said, start + 4) for start in (0, 32, 64, 96))
    assert likeness(verse, verse_2) > 0.99
    assert likeness(chorus, chorus_2) > 0.99
    assert abs(likeness(verse, chorus)) < 0.15


def test_a_section_that_returns_brings_its_variations_back():
    said = danced(settings=replace(SURE, form="AA", phrase=8, variation=0.5))
    chorus, chorus_2 = stretch(said, 36), stretch(said, 100)
    np.testing.assert_array_equal(chorus, chorus_2)
    first, repeated = stretch(said, 100, 4), stretch(said, 108, 4)
    assert 0.5 < likeness(first, repeated) < 0.9


def test_it_returns_where_it_was_however_late_it_is_told():
    soon, late = danced(told_after=4), danced(told_after=8)
    np.testing.assert_array_equal(stretch(soon, 104, 20), stretch(late, 104, 20))


def test_without_recall_nothing_returns_but_by_the_form():
    said = danced(settings=replace(SURE, recall=False))
    assert abs(likeness(stretch(said, 4), stretch(said, 68))) < 0.15
    assert abs(likeness(stretch(said, 36), stretch(said, 100))) < 0.15


def test_a_free_dance_remembers_its_sections_too():
    said = danced(settings=replace(SURE, form="free"))
    assert likeness(stretch(said, 36), stretch(said, 100)) > 0.99
    assert abs(likeness(stretch(said, 36, 8), stretch(said, 44, 8))) < 0.3


def test_another_seed_is_another_dance():
    assert abs(likeness(stretch(danced(), 0), stretch(danced(seed=4), 0))) < 0.15


def test_a_break_is_calm_and_held_and_a_drop_large_and_together():
    said = danced(
        ((0, -1, VERSE, 32), (1, -1, BREAK, 32), (2, -1, DROP, 32)), ChoreographySettings(), 2
    )
    calm, large = said[62], said[94]
    assert calm.energy.max() < -0.5
    assert large.energy.min() > 0.2
    np.testing.assert_array_equal(said[57].noise, said[58].noise)  # one movement a bar
    together = [likeness(stretch(said, start, dancer=0), stretch(said, start, dancer=1))
                for start in (36, 68)]  # fmt: skip
    assert together[1] > 0.9 > together[0] + 0.2


@pytest.mark.parametrize("unison", [0.0, 1.0])
def test_who_asked_for_none_or_all_in_common_gets_it_in_every_section(unison):
    song = ((0, -1, VERSE, 16), (1, -1, BREAK, 16), (2, -1, DROP, 16))
    said = danced(song, ChoreographySettings(unison=unison), 2)
    for start in (4, 20, 36):
        alike = likeness(stretch(said, start, 12, 0), stretch(said, start, 12, 1))
        assert alike > 0.999 if unison else abs(alike) < 0.3


def test_a_build_grows():
    energies = [mood_of(BUILD, age).energy for age in (0.0, 8.0, 16.0, 32.0, 64.0)]
    assert energies == sorted(energies)
    assert (
        energies[0]
        < mood_of(VERSE, 0.0).energy
        < energies[-1]
        == pytest.approx(mood_of(DROP, 0.0).energy)
    )
    assert mood_of(UNKNOWN, 0.0).energy == mood_of(99, 0.0).energy == 0.0


def test_what_returns_to_what_returned_has_the_first_name():
    place = SongPlace()
    names = [
        place.follow(SectionReading(index, back), False)
        for index, back in ((0, -1), (1, -1), (2, 0), (3, 1), (4, 2))
    ]
    assert names == [(0, 0), (0, 1), (0, 0), (0, 1), (0, 0)]


def test_after_silence_another_piece_begins():
    place = SongPlace()
    first = place.follow(SectionReading(0), False)
    place.follow(SectionReading(0), True)
    assert place.follow(SectionReading(0), False) != first


def test_two_choruses_in_a_row_are_two():
    song = ((0, -1, VERSE, 32), (1, -1, DROP, 20), (2, 1, DROP, 32))
    said = danced(song)
    assert likeness(stretch(said, 36, 16), stretch(said, 56, 16)) > 0.99


def test_a_section_that_is_understood_late_is_danced_as_what_it_is():
    """First it is taken for a new one, after ten beats for the first chorus."""
    choreographer = Choreographer(WIDTH, 1, 3)
    said = []
    for beat in range(96):
        index, age = divmod(beat, 32)
        back = 1 if index == 2 and age >= 10 else -1
        section = SectionReading(index, back, DROP, float(age))
        said.append(
            choreographer.step(Moment(float(beat), bar_beat=beat % 4, section=section), SURE)
        )
    assert abs(likeness(stretch(said, 32, 10), stretch(said, 64, 10))) < 0.3
    np.testing.assert_array_equal(stretch(said, 44, 20), stretch(said, 76, 20))


def test_a_section_longer_than_its_form_goes_on_with_new_phrases():
    said = danced(((0, -1, VERSE, 64),))
    assert abs(likeness(stretch(said, 0, 32), stretch(said, 32, 32))) < 0.15
