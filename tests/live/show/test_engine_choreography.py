"""The choreographer within the engine: the same show in any chopping, whatever fails."""

import numpy as np
import pytest

from tests.helpers.engine import control, joints_of, run, run_on, same

TOGETHER = {"unison": 1.0, "formation": "line"}


@pytest.mark.parametrize("block", [441, 4096])
def test_any_chopping_dances_the_same_canon(make_engine, music, block):
    audio = music(6.0)
    controls = {"canon": 1.5, "unison": 0.7, "ensemble": "halves", "phrase": 4, "form": "AB~A-"}
    whole, chopped = (
        run(make_engine(dancers=3, **controls), audio, size) for size in (None, block)
    )
    assert len(whole) == len(chopped)
    assert all(same(a, b) for a, b in zip(whole, chopped, strict=True))


def test_in_unison_everybody_is_given_the_same(make_engine, music):
    engine = make_engine(dancers=3, **TOGETHER)
    run_on(engine, music(3.0))
    for index in (1, 3, 4):
        given = engine.performer.given(index)
        np.testing.assert_array_equal(given, given[:, :1].repeat(3, axis=1))


def test_a_canon_is_a_later_clock(make_engine, music):
    engine = make_engine(dancers=2, canon=0.5, **TOGETHER)
    run_on(engine, music(3.0))
    clock = engine.performer.given(1)
    np.testing.assert_allclose(clock[:, 1, :2], -clock[:, 0, :2], atol=1e-5)


def test_a_show_begins_in_the_formation_it_was_given(make_engine, music):
    engine = make_engine(dancers=4, formation="circle", unison=1.0)
    places = engine.choreographer.places
    joints = joints_of(run(engine, music(1.0)))
    assert np.abs(joints[0, :, 0, ::2] - places).max() < 0.05


def test_a_choreographer_that_raises_leaves_a_dance(make_engine, music):
    engine = make_engine(dancers=2)
    engine.faults._survives = True
    run_on(engine, music(1.0))

    def raises(*args):
        raise RuntimeError("lost the score")

    engine.choreographer.step, step = raises, engine.choreographer.step
    assert np.isfinite(run_on(engine, music(1.0))).all()
    assert engine.faults.counted["choreography"] > 0
    engine.choreographer.step = step
    control(engine, "dancers", 3.0)
    engine.push(music(1.0))
    while engine.advance(engine.newest + 1):
        joints = engine.emit(0, engine.newest).joints
    assert joints.shape[0] == 3
