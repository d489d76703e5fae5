"""The dance and the music as a handful of levels, 0 to 1."""

import math

import numpy as np
import pytest

from live.body.skeleton import JOINT, REST_POSE
from live.osc.schema import SECTION_KINDS
from live.outputs.levels import LEVELS, LevelMaker
from tests.live.outputs.test_feeds import standing


def levels_of(frames, state="dancing", dancers=()):
    maker = LevelMaker()
    for frame in frames:
        last = maker.step(frame, state)
    return dict(zip(LEVELS, last.of(dancers), strict=True))


def test_the_flash_falls_from_the_beat_on():
    flash = [levels_of([standing(beat=(p, 0.5, 120.0, 1.0))])["beat"] for p in (0, 0.25, 0.5, 0.99)]
    assert flash[0] == 1
    assert flash == sorted(flash, reverse=True)
    assert flash[-1] < 1e-3
    assert levels_of([standing(beat=(0, 0, 120, 0.25))])["beat"] == 0.5  # unsure: weaker
    assert levels_of([standing(beat=(0, 0.75, 120, 1.0))])["bar"] == 0.75


def test_hits_rise_at_once_and_fall():
    hit, quiet = np.array([1, 0, 0.5], np.float32), np.zeros(3, np.float32)
    frames = [standing(0, onset=hit)] + [standing(n, onset=quiet) for n in range(1, 16)]
    values = [levels_of(frames[:n]) for n in (1, 4, 16)]
    assert [v["mid"] for v in values] == [0, 0, 0]
    assert values[0]["low"] == 1
    assert 0.5 < values[1]["low"] < 0.8
    assert values[2]["low"] < 0.15
    assert values[0]["high"] == 0.5


def test_a_drop_is_the_brightest_section_and_a_break_the_darkest():
    sections = [
        levels_of([standing(section=(2, -1, kind, 8.0, 0.0))])["section"] for kind in range(7)
    ]
    assert sections[0] == 0  # nothing is known
    assert np.argmax(sections) == SECTION_KINDS.index("drop")
    assert sections.index(min(sections[1:])) == SECTION_KINDS.index("break")
    assert levels_of([standing(phrase=(0.75, 32))])["phrase"] == 0.75


def shaken(joint, hz=2.0, amplitude=0.1, count=60):
    """A dancer who stands and moves one joint sideways."""
    frames = []
    for number in range(count):
        joints = REST_POSE.copy()[None]
        joints[0, JOINT[joint], 0] += amplitude * math.sin(2 * math.pi * hz * number / 60)
        frames.append(standing(number, joints=joints))
    return frames


def test_arms_and_legs_are_told_apart():
    still, arm, leg = levels_of([standing(0), standing(1)]), levels_of(shaken("l_wrist")), None
    leg = levels_of(shaken("r_ankle"))
    assert still["arms"] == still["legs"] == 0
    assert arm["arms"] > 0.03 > arm["legs"]
    assert leg["legs"] > 0.03 > leg["arms"]


def test_walking_is_travel_and_not_busy_limbs():
    frames = [
        standing(n, joints=REST_POSE[None] + np.float32([0.75 * n / 60, 0, 0])) for n in range(60)
    ]
    values = levels_of(frames)
    assert values["travel"] == pytest.approx(0.5, abs=0.01)
    assert max(values["arms"], values["legs"]) < 1e-4


def test_shape_of_the_body():
    upright = levels_of([standing()])
    assert upright["lean"] == pytest.approx(0.5)
    assert upright["height"] == pytest.approx(REST_POSE[:, 1].max() / 2.2)
    tilt = math.radians(22.5)
    turn = np.array(
        [[math.cos(tilt), math.sin(tilt), 0], [-math.sin(tilt), math.cos(tilt), 0], [0, 0, 1]]
    )  # to the dancer's left, +x
    leaning = (REST_POSE @ turn.T)[None].astype(np.float32)
    assert levels_of([standing(joints=leaning)])["lean"] == pytest.approx(0.75, abs=0.01)
    turned = leaning * np.float32([-1, 1, -1])  # the same, with the back to the audience
    back = standing(joints=turned, heading=np.float32([math.pi]))
    assert levels_of([back])["lean"] == pytest.approx(0.75, abs=0.01)
    spread = REST_POSE.copy()[None]
    spread[0, JOINT["l_wrist"]], spread[0, JOINT["r_wrist"]] = (0.72, 1.4, 0), (-0.72, 1.4, 0)
    assert levels_of([standing(joints=spread)])["openness"] == pytest.approx(1)


def test_several_dancers_are_averaged_or_chosen():
    joints = np.repeat(REST_POSE[None], 2, axis=0)
    joints[1, :, 1] -= 0.5
    frame = standing(n_dancers=2, joints=joints)
    one, two = (levels_of([frame], dancers=(d,))["height"] for d in (1, 2))
    assert one > two
    assert levels_of([frame])["height"] == pytest.approx((one + two) / 2)
    absent = levels_of([frame], dancers=(3,))
    assert [absent[n] for n in ("arms", "legs", "height", "travel", "lean", "openness")] == 6 * [
        None
    ]
    assert absent["level"] == frame.level


def test_in_a_blackout_all_rest():
    values = levels_of([standing(beat=(0, 0.5, 120, 1.0))], "blackout")
    assert set(values.values()) == {None}
    assert levels_of([standing()], "dancing")["state"] == pytest.approx(0.2)


def test_dancers_may_come_and_go():
    maker = LevelMaker()
    for number, n in enumerate((1, 3, 2, 5)):
        levels = maker.step(standing(number, n_dancers=n), "dancing")
        assert levels.body.shape == (n, 6)
        assert np.isfinite(levels.body).all()


@pytest.mark.parametrize(
    ("beat", "expected"),
    [
        ((0.25, 0, 120.0, 0.9), 0.375),
        ((0.25, 0, 120.0, 0.4), math.inf),
        ((0.25, 0, 0.0, 0.9), math.inf),
        ((0.25, 0, math.nan, 0.9), math.inf),
    ],
)
def test_the_next_beat_is_known_where_the_clock_is_sure(beat, expected):
    assert LevelMaker().step(standing(beat=beat), "dancing").next_beat_s == expected
