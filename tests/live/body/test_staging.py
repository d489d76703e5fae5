"""Nobody runs into anybody, and who dances together stays so."""

import numpy as np
import pytest

from live.body.pose import FRAME_RATE
from live.body.safe_motion import SafeMotion, line_up
from live.body.skeleton import mirrored
from live.body.staging import NEAREST_M, Staging, free_place, kept_apart
from tests.live.body.test_safe_motion import dance, flying, vector


def nearest(positions):
    between = np.linalg.norm(positions[:, None] - positions, axis=2)
    return between[np.triu_indices(len(positions), 1)].min()


def test_who_is_far_from_everybody_goes_where_they_want():
    wanted = line_up(8)
    assert kept_apart(wanted + 0.01, wanted) is wanted


@pytest.mark.parametrize("seed", range(20))
def test_a_crowd_that_runs_to_one_spot_never_touches(seed):
    rng = np.random.default_rng(seed)
    positions = line_up(8)
    for _ in range(300):
        towards = rng.uniform(-1, 1, 2)
        step = towards - positions
        step *= 0.1 / np.maximum(np.linalg.norm(step, axis=1, keepdims=True), 0.1)
        before, positions = positions, kept_apart(positions, positions + step)
        # Between two frames they are shown on the line from one to the next.
        for share in (0.0, 0.25, 0.5, 0.75):
            assert nearest(before + share * (positions - before)) > 0.4
    assert nearest(positions) >= NEAREST_M


def test_a_newcomer_does_not_stand_on_anybody():
    place = free_place(np.zeros(2), np.array([[0.0, 0.1], [0.2, -0.6]]))
    assert np.linalg.norm(np.array([[0.0, 0.1], [0.2, -0.6]]) - place, axis=1).min() >= 0.8
    motion = SafeMotion(1)
    motion.set_dancers(4, np.zeros((4, 2)))
    assert nearest(motion.body.position) >= NEAREST_M


def staged(motion, frames, staging, roots, start=0):
    bodies = []
    for i in range(start, start + frames):
        poses = np.concatenate([vector(flying(dance(i, 1)), root) for root in roots])
        bodies.append(motion.step(poses, 0.0, False, False, staging))
    return bodies


def test_who_dances_the_first_ones_mirror_image_is_led_home_as_its_mirror_image():
    roots = [(0.3, 0.6, 0.1), (0.2, 0.7, 0.2)]
    staging = Staging(line_up(2), np.array([False, True]), 1.0)
    motion = SafeMotion(2)
    turned = []
    for body in staged(motion, 400, staging, roots):
        away = body.position - line_up(2)
        turned.append(body.heading[0] + body.heading[1])
    assert np.abs(body.heading[0]) > 2.0  # it was led
    assert np.abs(turned).max() < 0.5
    assert np.linalg.norm(away[0] * (-1, 1) - away[1]) < 0.3


def test_together_they_keep_to_the_first_dancer():
    roots = [(0.0, 0.2, 0.5), (0.1, 0.2, 0.5), (0.0, 0.1, 0.4)]
    apart, together = SafeMotion(3), SafeMotion(3)
    for motion, share in ((apart, 0.0), (together, 1.0)):
        staging = Staging(line_up(3), np.zeros(3, bool), share)
        body = staged(motion, 150, staging, roots)[-1]
        away = body.position - line_up(3)
        spread = np.linalg.norm(away - away[0], axis=1).max()
        turned = np.abs(body.heading - body.heading[0]).max()
        for off in (spread, turned):
            assert off < 0.2 if share else off > 0.2


def test_they_go_with_their_places():
    motion = SafeMotion(2)
    still = [(0.0, 0.0, 0.0)] * 2
    places = line_up(2)
    for i in range(60):
        places = places + np.array([0.0, 0.02])
        staged(motion, 1, Staging(places, np.zeros(2, bool)), still, i)
    np.testing.assert_allclose(motion.body.position, places, atol=0.01)


def test_a_dancer_is_mirrored_alone_and_without_a_jump():
    motion, plain = SafeMotion(2), SafeMotion(2)
    still = [(0.0, 0.0, 0.0)] * 2
    nobody, second = (Staging(line_up(2), np.array([False, b])) for b in (False, True))
    before = staged(motion, 90, nobody, still)
    bodies = before + staged(motion, 90, second, still, 90)
    others = staged(plain, 180, nobody, still)
    local = np.array([body.local for body in bodies])
    same = np.array([body.local for body in others])
    np.testing.assert_array_equal(local[:, 0], same[:, 0])
    # Feet that stood in the sway at the beginning were kept a little from it.
    np.testing.assert_allclose(local[-1, 1], mirrored(same[-1])[1], atol=1e-3)
    speed = FRAME_RATE * np.linalg.norm(np.diff(local[:, 1], axis=0), axis=-1).max()
    usual = FRAME_RATE * np.linalg.norm(np.diff(same[:, 1], axis=0), axis=-1).max()
    assert speed < usual + 4.0
