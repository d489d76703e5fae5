"""From landmarks to measurements: gaps, times, sides."""

import numpy as np
import pytest

from live.body.skeleton import JOINT
from model.data.capture.video.follow import Followed
from model.data.capture.video.measure import stretches

SIZE = (640, 360)
SIDES = [0, 4, 5, 6, 1, 2, 3, 8, 7, 10, 9]  # BlazePose's face, left and right exchanged
SWAPPED = np.array(SIDES + [i + 1 if i % 2 else i - 1 for i in range(11, 33)])


def standing(times_s: np.ndarray) -> Followed:
    """Somebody who stands before the camera."""
    rng = np.random.default_rng(3)
    body = rng.normal(0, 0.3, (33, 3))
    body[11::2, 0], body[12::2, 0] = 0.2, -0.2
    n = len(times_s)
    world = np.repeat(body[None], n, axis=0)
    pixels = world[..., :2] * 100 + (320, 180)
    ones = np.ones((n, 33))
    return Followed(times_s, pixels, world, ones, np.ones(n), np.zeros((n, 3)), SIZE)


def test_a_film_of_any_rate_is_measured_thirty_times_a_second():
    (found,) = stretches(standing(np.arange(0, 3, 1 / 24)))
    assert len(found.rays) == 89
    wrist = standing(np.zeros(1)).picture[0, 15]
    assert found.rays[50, JOINT["l_wrist"]] == pytest.approx((wrist - (320, 180)) * (1, -1))


def test_a_film_of_few_pictures_is_trusted_too():
    (found,) = stretches(standing(np.arange(0, 3, 1 / 8)))
    assert found.confidence.min() > 0.9


def test_a_long_absence_cuts_and_a_short_one_is_unsure():
    times = np.arange(0, 8, 1 / 30)
    film = standing(times)
    film.presence[60:66] = 0
    film.presence[120:150] = 0
    first, second = stretches(film)
    assert (first.start_s, second.start_s) == pytest.approx((0.0, 5.0))
    assert first.confidence[62].max() <= 0.05 < 0.9 < first.confidence[30].min()


def test_sides_that_change_places_from_one_frame_to_the_next_are_put_back():
    film = standing(np.arange(0, 4, 1 / 30))
    for values in (film.picture, film.world, film.visibility):
        values[50:70] = values[50:70][:, SWAPPED]
    (found,) = stretches(film)
    wrist = found.rays[:, JOINT["l_wrist"], 0]
    assert np.ptp(wrist) == pytest.approx(0.0, abs=1e-6)


def test_a_camera_that_turns_moves_nobody():
    film = standing(np.arange(0, 3, 1 / 30))
    (still,) = stretches(film)
    film.moved[:, 0] = shift = np.linspace(0, 40, len(film.times_s))
    film.picture[..., 0] += shift[:, None]
    (found,) = stretches(film)
    assert found.rays == pytest.approx(still.rays)


def test_nobody_gives_nothing():
    film = standing(np.arange(0, 3, 1 / 30))
    film.presence[:] = 0
    assert list(stretches(film)) == []
