"""Formations: room for everybody, and ways that do not cross."""

import numpy as np
import pytest

from live.body.safe_motion import line_up
from live.dance.choreography.choreographer import Choreographer
from live.dance.choreography.formation import Formations, assigned, chosen, slots
from live.dance.choreography.moment import Moment
from live.dance.choreography.settings import ChoreographySettings
from live.osc.schema import FORMATIONS, MAX_DANCERS

NAMES = FORMATIONS[1:]


def nearest(places):
    between = np.linalg.norm(places[:, None] - places, axis=2)
    return between[np.triu_indices(len(places), 1)].min() if len(places) > 1 else np.inf


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dancers", range(1, MAX_DANCERS + 1))
def test_there_is_room_for_everybody(name, dancers):
    places = slots(name, dancers)
    assert places.shape == (dancers, 2)
    assert nearest(places) > 1.2
    assert np.abs(places).max() < 9.0


@pytest.mark.parametrize("dancers", [2, 5, 8, 16])
def test_nobody_meets_anybody_on_the_way(dancers):
    formations = Formations(dancers)
    for name in (*NAMES, *reversed(NAMES)):
        formations.change(name)
        for _ in range(600):
            assert nearest(formations.step()) > 0.8
        goal = slots(name, dancers)
        found = {tuple(np.round(p, 6)) for p in formations.places}
        assert found == {tuple(np.round(p, 6)) for p in goal}


def test_slots_are_given_away_so_that_no_exchange_is_shorter():
    rng = np.random.default_rng(0)
    start, goal = rng.uniform(-4, 4, (8, 2)), rng.uniform(-4, 4, (8, 2))
    given = assigned(start, goal)
    for i in range(8):
        for j in range(i):
            assert (start[i] - start[j]) @ (given[i] - given[j]) >= -1e-9


def test_who_stays_walks_when_others_come():
    formations = Formations(3, "line")
    before = formations.places.copy()
    formations.set_dancers(5)
    np.testing.assert_array_equal(formations.places[:3], before)
    np.testing.assert_array_equal(formations.places[3:], slots("line", 5)[3:])
    for _ in range(300):
        formations.step()
    np.testing.assert_allclose(formations.places, slots("line", 5))


def test_by_itself_a_show_begins_in_rows_and_a_section_has_its_formation():
    assert chosen("auto", 0, 0) == "rows"
    assert chosen("auto", 4, 3) == chosen("auto", 4, 3) != chosen("auto", 5, 3)
    assert chosen("line", 4, 3) == "line"


def test_a_formation_changes_on_a_phrase_and_waits_for_silence_and_freeze():
    choreographer = Choreographer(4, 4)
    rows, circle = (ChoreographySettings(formation=name) for name in ("rows", "circle"))
    moved = []
    for frame in range(20 * 15):
        beat = frame / 15
        settings = circle if beat > 3 else rows
        moment = Moment(beat, bar_beat=beat % 4, is_frozen=9 < beat < 10, is_idle=10 <= beat < 11)
        before = choreographer.places
        choreographer.step(moment, settings)
        moved.append(choreographer.places is not before)
    assert not any(moved[: 8 * 15])
    assert all(moved[8 * 15 : 9 * 15])
    assert not any(moved[9 * 15 + 1 : 11 * 15 - 1])
    np.testing.assert_allclose(nearest(choreographer.places), nearest(slots("circle", 4)))


def test_rows_are_the_line_up_of_always():
    np.testing.assert_array_equal(slots("rows", 9), line_up(9))
