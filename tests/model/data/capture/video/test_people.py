"""Who is who in a film."""

import numpy as np

from model.data.capture.video.networks import Detection
from model.data.capture.video.people import DETECT_EVERY_S, People, Person, most_central

RED, BLUE = (200, 30, 30), (30, 30, 200)
WIDTH = 640


def picture(*shirts: tuple[float, tuple[int, int, int]]) -> tuple[np.ndarray, list[Detection]]:
    """People at these places in these shirts, and what a detector says of them."""
    rgb = np.full((360, WIDTH, 3), 120, np.uint8)
    found = []
    for x, colour in shirts:
        rgb[120:240, int(max(0, x - 30)) : int(x + 30)] = colour
        hips, circle, shoulders = (np.array([x, y]) for y in (220.0, 120.0, 140.0))
        found.append(Detection(hips, circle, shoulders, 0.9))
    return rgb, found


def seen(*moments: tuple[tuple[float, tuple[int, int, int]], ...]) -> list[Person]:
    people = People()
    for i, moment in enumerate(moments):
        people.push(i * DETECT_EVERY_S, *picture(*moment))
    return people.result()


def shirts(person: Person) -> set[bool]:
    return {bool(s.colour[0] > s.colour[2]) for s in person.sightings}


def test_two_who_cross_stay_who_they_are():
    film = [((100 + 40 * i, RED), (540 - 40 * i, BLUE)) for i in range(12)]
    people = seen(*film)
    assert len(people) == 2
    assert [len(shirts(p)) for p in people] == [1, 1]


def test_who_leaves_and_comes_back_in_the_same_shirt_is_the_same():
    here, away = ((300.0, RED), (500.0, BLUE)), ((500.0, BLUE),)
    people = seen(*[here] * 5, *[away] * 20, *[((100.0, RED), (500.0, BLUE))] * 5)
    assert sorted(len(p.sightings) for p in people) == [10, 30]
    red = next(p for p in people if shirts(p) == {True})
    assert red.square_at(1.0) is not None
    assert red.square_at(15 * DETECT_EVERY_S) is None  # away for seconds


def test_people_are_counted_from_the_left_and_the_middle_one_is_taken():
    moment = ((560.0, BLUE), (330.0, RED), (90.0, BLUE))
    people = seen(*[moment] * 4)
    assert [round(p.last.detection.hips[0]) for p in people] == [90, 330, 560]
    assert most_central(people, WIDTH) == 1


def test_somebody_seen_once_is_nobody():
    assert len(seen(((300.0, RED), (60.0, BLUE)), *[((300.0, RED),)] * 5)) == 1
