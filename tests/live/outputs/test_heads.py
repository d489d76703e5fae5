"""Moving heads: two corners say where one is and how it is turned; then it follows its dancer."""

import math
from itertools import pairwise

import numpy as np
import pytest

from live.errors import ConfigError
from live.outputs.board import Board
from live.outputs.heads import Aim, Corner, Head, calibrated
from live.outputs.levels import LevelMaker
from live.outputs.patch import load_patch
from tests.live.outputs.test_psn import at

RANGES = {"pan_range": 540.0, "tilt_range": 270.0}


def beam(head, pan, tilt):
    """Where on the floor the beam lands, [x, z]; written apart from what it tests."""
    turn = head.yaw + head.sense * math.radians((pan - 0.5) * head.pan_range)
    bend = math.radians((tilt - 0.5) * head.tilt_range)
    down = -math.cos(bend) if head.hangs else math.cos(bend)
    way = np.array([math.sin(bend) * math.sin(turn), down, math.sin(bend) * math.cos(turn)])
    assert way[1] < 0
    place = np.array(head.position) - way * head.position[1] / way[1]
    return place[[0, 2]]


HEADS = {
    "front truss": (Head((1.0, 5.0, 6.0), 0.3, 1.0, True), "front"),
    "other sense": (Head((-2.0, 4.0, 5.0), -2.0, -1.0, True), "front"),
    "back truss": (Head((0.5, 6.0, -4.0), 1.0, -1.0, True), "back"),
    "stand": (Head((-3.0, 2.5, 5.0), 2.2, 1.0, False), "front"),
}


@pytest.mark.parametrize("name", HEADS)
def test_two_corners_say_where_a_head_is(name):
    head, side = HEADS[name]
    corners = []
    for x, z in ((-2.0, 1.5), (2.5, 1.0)):
        pan, tilt = next(iter(head.angles_to(np.array([x, 0.0, z]))))
        np.testing.assert_allclose(beam(head, pan, tilt), [x, z], atol=1e-9)
        corners.append(Corner(x, z, pan, tilt))
    found = calibrated(*corners, hangs=head.hangs, side=side, **RANGES)
    np.testing.assert_allclose(found.position, head.position, atol=1e-6)
    for x, z in ((0.0, 0.0), (-3.0, -2.0), (1.0, 3.0)):
        for pan, tilt in found.angles_to(np.array([x, 0.0, z])):
            np.testing.assert_allclose(beam(head, pan, tilt), [x, z], atol=1e-6)


def test_corners_measured_in_whole_dmx_steps_are_near_enough():
    head, side = HEADS["front truss"]
    corners = []
    for x, z in ((-2.0, 1.5), (2.5, 1.0)):
        pan, tilt = next(iter(head.angles_to(np.array([x, 0.0, z]))))
        corners.append(Corner(x, z, round(pan * 65535) / 65535, round(tilt * 65535) / 65535))
    found = calibrated(*corners, hangs=True, side=side, **RANGES)
    assert np.linalg.norm(np.subtract(found.position, head.position)) < 0.02


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (Corner(0.1, 0.0, 0.6, 0.6), "0.10 m apart"),
        (Corner(2.0, 0.0, 0.5, 0.6), "no head meets"),  # the same pan and tilt for another place
    ],
)
def test_corners_that_cannot_be_are_named(second, said):
    with pytest.raises(ConfigError, match=said):
        calibrated(Corner(0.0, 0.0, 0.5, 0.6), second, hangs=True, side="front", **RANGES)


def test_a_head_goes_the_short_way_round():
    head = HEADS["front truss"][0]
    aim = Aim(head)
    ways = []
    for n in range(400):  # a dancer who goes round below it, twice
        turn = 4 * math.pi * n / 400
        place = np.array([1 + 2 * math.sin(turn), 1.2, 6 + 2 * math.cos(turn)])
        ways.append(aim.at(place))
    steps = [abs(b[0] - a[0]) * head.pan_range for a, b in pairwise(ways)]
    assert sum(step > 30 for step in steps) <= 3  # at the ends of its range it has to unwind
    assert np.median(steps) == pytest.approx(720 / 400, rel=0.1)


def test_without_a_place_it_stays():
    aim = Aim(HEADS["stand"][0])
    assert aim.at(None) is None
    assert aim.at(np.array([np.nan, 0, 0])) is None


PATCH = """
[[universe]]
host = "127.0.0.1"
[[universe.fixture]]
name = "head"
address = 5
dancers = [2]
channels = [{{ level = "pan", offsets = [1, 2] }}, {{ level = "tilt", offsets = [3, 4] }},
            {{ level = "intensity", offsets = [5] }}]
[universe.fixture.head]
side = "front"
corners = [{{ x = -2.0, z = 1.5, pan = {a}, tilt = {b} }},
           {{ x = 2.5, z = 1.0, pan = {c}, tilt = {d} }}]
"""


def test_a_head_of_a_patch_points_at_its_dancer(patch_file):
    head = HEADS["front truss"][0]
    angles = [next(iter(head.angles_to(np.array([x, 0.0, z])))) for x, z in ((-2, 1.5), (2.5, 1))]
    a, b, c, d = (255 * value for pair in angles for value in pair)
    patch = load_patch(patch_file(PATCH.format(a=a, b=b, c=c, d=d)))
    board, maker = Board(patch.universes[0], 3), LevelMaker()
    levels = maker.step(at(0, (0.0, 0.0), (1.5, -1.0)), "dancing")
    slots = board.step(levels, 0.0)
    pan, tilt = (int.from_bytes(slots[k : k + 2]) / 65535 for k in (4, 6))
    (dx, height, dz) = levels.places[1]
    x, z = beam(head, pan, tilt)
    share = (head.position[1] - height) / head.position[1]  # the beam meets the chest on its way
    met = np.array([1.0, 6.0]) + share * (np.array([x, z]) - [1.0, 6.0])
    np.testing.assert_allclose(met, [dx, dz], atol=0.02)
    alone = board.step(maker.step(at(1, (0.0, 0.0)), "dancing"), 0.1)  # its dancer has left
    assert alone[4:8] == slots[4:8]
    dark = board.step(maker.step(at(2, (0.0, 0.0), (0.0, 0.0)), "blackout"), 0.2)
    assert dark[4:8] == slots[4:8]
    assert dark[8] == 0
