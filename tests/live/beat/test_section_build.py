"""What rises step by step is a build, what follows it the drop; a part that comes in is neither."""

import numpy as np
import pytest

from live.beat.beat_sound import BANDS, LEVEL, RHYTHM, SLOTS, SOUND_DIM, TIMBRE
from live.beat.section_build import Build


def beat(strokes=0.3, high=-10.0, level=-3.0, kick=1.0):
    sound = np.zeros(SOUND_DIM)
    sound[TIMBRE] = -8.0
    sound[TIMBRE.start + BANDS - 6 : TIMBRE.stop] = high
    sound[RHYTHM] = np.tile([kick, strokes, strokes], SLOTS)
    sound[LEVEL] = level
    return sound


FULL = [beat()] * 32
BREAK = [beat(0.05, -11.7, -6.0, 0.1)] * 16
ROLL = [
    beat(strokes, -11.7 + 0.1 * i, -5.0, 0.3)
    for i, strokes in enumerate(np.repeat([0.1, 0.2, 0.35, 0.6], 8))
]
SWEEP = [beat(0.1 + 0.004 * i, -11.7 + 0.08 * i, -5.0, 0.1) for i in range(32)]


def follow(beats, changes=()):
    """(building, dropped) after every beat; changes: numbers of beats with which sections begin."""
    build, said = Build(), []
    for i, sound in enumerate(beats):
        if i in changes:
            build.change()
        build.add(sound)
        said.append((build.building, build.dropped))
    return np.array(said)


@pytest.mark.parametrize("rising", [ROLL, SWEEP])
def test_a_rise_after_a_break_is_a_build_and_then_comes_the_drop(rising):
    said = follow([*FULL, *BREAK, *rising, *FULL], changes=(32, 48, 82))
    begins = len(FULL) + len(BREAK)
    ends = begins + len(rising)
    building = np.flatnonzero(said[:, 0])
    assert begins + 8 <= building[0] < begins + 24
    assert said[building[0] : ends, 0].all()
    assert building[-1] <= ends + 2
    assert not said[:ends, 1].any()
    assert said[ends + 4 :, 1].all()  # the change two beats after it is the drop's own


def test_the_section_after_the_drop_is_no_drop():
    beats = [*FULL, *BREAK, *ROLL, *FULL, *FULL]
    said = follow(beats, changes=(32, 48, 82, 112))
    assert said[111, 1]
    assert not said[112:, 1].any()


def test_a_build_that_comes_to_nothing_has_no_drop():
    said = follow([*FULL, *BREAK, *ROLL, *BREAK, *BREAK, *FULL])
    assert said[:, 0].any()
    assert not said[:, 1].any()


@pytest.mark.parametrize(
    "beats",
    [
        [*FULL, *BREAK, *FULL],  # the drums return at once
        [*FULL, *BREAK, *([beat(0.2, -11.0, -4.5)] * 16), *FULL],  # in two steps
        [*BREAK, *ROLL, *FULL],  # an intro: nothing was fuller before
        [*FULL, *([beat(level=-3.0 + 0.01 * i) for i in range(64)])],
    ],
)
def test_what_does_not_rise_by_small_steps_from_below_is_no_build(beats):
    assert not follow(beats).any()
