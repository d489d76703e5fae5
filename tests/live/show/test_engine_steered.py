"""The engine steered: what the network is given, the operator's controls, a network that breaks."""

import json

import numpy as np
import pytest

from live.audio.features import FRAME, SAMPLE_RATE, extract
from live.body.skeleton import MIRROR
from live.dance.contract import ANEW, CONTROL_DIM
from live.dance.manifest import Manifest
from live.dance.performer import Performer
from live.errors import ArtifactError, ConfigError
from live.osc.schema import CONTROLS
from live.show.controls import Controls
from live.show.engine import Engine, EngineConfig
from model.data.music.render import render_song
from model.data.music.song import SongConfig
from tests.helpers.engine import RATE, TOP_SPEED_M_S, Listening, control, joints_of, run, run_on

# What the network is told ---------------------------------------------------------------------


def test_the_operators_energy_reaches_the_network(make_engine, music):
    plain, strong = make_engine(energy=0.0), make_engine(energy=1.5)
    for engine in (plain, strong):
        run(engine, music(1.0))
    difference = strong.performer.given(3) - plain.performer.given(3)
    assert difference.shape[1:] == (1, CONTROL_DIM)
    np.testing.assert_allclose(difference[..., 0], 1.5, atol=1e-5)
    assert not difference[..., 1:].any()
    control(strong, "energy", -1.0)
    frames = len(strong.performer.heard)
    run_on(strong, music(0.5))
    assert strong.performer.given(3)[frames + 1, 0, 0] < plain.performer.given(3)[-1, 0, 0]


@pytest.mark.parametrize(("name", "column"), [("openness", 1), ("travel", 2)])
def test_openness_and_travel_reach_the_network(make_engine, music, name, column):
    engine = make_engine(dancers=2, **{name: -1.5})
    run(engine, music(0.5))
    control(engine, name, 2.0)
    run_on(engine, music(0.2))
    given = engine.performer.given(3)
    assert (given[0, :, column] == -1.5).all()
    assert (given[-1, :, column] == 2.0).all()
    assert not given[:, :, 3 - column].any()


def test_the_network_is_told_on_which_beats_a_phrase_begins(make_engine, music):
    engine = make_engine(dancers=2)
    run(engine, music(12.0))
    clock, control = (engine.performer.given(n) for n in (1, 3))
    anew = control[:, 0, ANEW]
    assert (control[..., ANEW] == anew[:, None]).all()
    assert set(anew.tolist()) == {0.0, 1.0}
    angle = np.arctan2(clock[:, 0, 1], clock[:, 0, 0])
    wrapped = np.flatnonzero((angle[1:] >= 0) & (angle[:-1] < 0) & (angle[1:] < 1)) + 1
    told = [b for b in wrapped if anew[b]]
    assert 0 < len(told) < len(wrapped)
    for begin in told:  # it is heard where the beat falls, and holds for all of it
        assert anew[begin : begin + 10].all()


def test_music_at_its_usual_level_is_danced_at_the_size_of_the_style(make_engine):
    """Export measures that size without any loudness: on average the stage must add none."""
    asked = []
    for genre, seed in (("house", 1), ("jpop", 2), ("tango", 3), ("indian", 4)):
        song = render_song(SongConfig(genre, 120.0, 24.0, seed=seed), RATE)
        engine = make_engine()
        run(engine, song.audio)
        asked.append(engine.performer.given(3)[6 * 30 :, 0, 0].mean())
    assert not engine.performer.manifest.energy_offset.any()
    assert abs(np.mean(asked)) < 0.15


def test_quiet_passages_are_danced_smaller(make_engine, music):
    audio = music(8.0)
    audio[4 * RATE :] *= 0.1
    engine = make_engine()
    run(engine, audio)
    energy = engine.performer.given(3)[:, 0, 0]
    assert energy[-60:].mean() < energy[60:115].mean() - 0.5


def test_style_weights_reach_the_network_for_every_dancer(make_engine, music):
    engine = make_engine(dancers=2, style="street=1,salsa=3")
    frames = run(engine, music(0.5))
    np.testing.assert_allclose(engine.performer.given(2), [[[0.25, 0.75]] * 2] * engine.frames)
    np.testing.assert_allclose(frames[-1].style, [0.25, 0.75])


# Control --------------------------------------------------------------------------------------


def test_every_control_of_the_schema_is_obeyed(dancing):
    values = {"style": "salsa", "dancers": 2.0, "cue": "drop", "form": "ABAC", "recall": 0.0}
    for name, spec in CONTROLS.items():
        if name not in ("panic", "keep", "start"):
            control(dancing, name, values.get(name, float(spec.high) if spec.types else None))
    faders = {"openness": 2.0, "travel": 2.0, "unison": 1.0, "canon": 8.0, "variation": 1.0}
    words = {"form": "ABAC", "phrase": 32, "formation": "scatter", "ensemble": "solo"}
    assert dancing.controls == Controls(
        2.0,
        2.0,
        True,
        True,
        True,
        500.0,
        **faders,
        **words,
        recall=False,
        loop=True,
        lights_out=True,
    )
    control(dancing, "panic")  # all as at the start
    assert (dancing.controls, dancing.performer.dancers) == (Controls(), 1)
    with pytest.raises(ConfigError, match=r"'volume'.*style"):
        control(dancing, "volume", 1.0)


@pytest.mark.parametrize("name", [c.name for c in CONTROLS.values() if c.is_switch])
def test_a_switch_without_a_value_changes_over(dancing, name):
    at_start = getattr(dancing.controls, name)
    for stands in (not at_start, at_start, not at_start):
        control(dancing, name)
        assert getattr(dancing.controls, name) is stands
        assert dancing.value_of(name) == float(stands)


def test_a_style_is_faded_to(dancing, music):
    control(dancing, "style", "salsa")
    run_on(dancing, music(2.0))
    weights = dancing.performer.given(2)[-60:, 0]
    np.testing.assert_allclose(weights[-1], [0, 1], atol=1e-6)
    assert np.abs(np.diff(weights, axis=0)).max() < 0.04


@pytest.mark.parametrize("style", ["polka", "street=-1", ""])
def test_an_unknown_style_changes_nothing(make_engine, music, style):
    audio = music(2.0)
    engine, untouched = make_engine(style="street"), make_engine(style="street")
    for e in (engine, untouched):
        e.push(audio)
        e.advance()
    with pytest.raises(ConfigError, match="style"):
        control(engine, "style", style)
    np.testing.assert_array_equal(run_on(engine, audio), run_on(untouched, audio))
    with pytest.raises(ConfigError, match="style"):
        make_engine(style=style)


def test_temperature_reaches_the_noise(dancing, music):
    control(dancing, "temperature", 0.25)
    run_on(dancing, music(0.5))
    assert dancing.performer.given(5)[-1] == 0.25


def test_mirror_swaps_left_and_right(make_engine, music):
    plain, mirrored = make_engine(), make_engine()
    control(mirrored, "mirror", 1.0)
    a, b = (joints_of(run(e, music(3.0))) for e in (plain, mirrored))
    np.testing.assert_allclose(b, a[:, :, MIRROR] * np.float32([-1, 1, 1]), atol=0.08)
    late = slice(120, None)  # the idle sway of the first second is not mirrored
    np.testing.assert_allclose(b[late], a[late][:, :, MIRROR] * [-1, 1, 1], atol=1e-3)


def test_freeze_holds_the_figure_while_the_beat_goes_on(dancing, music):
    control(dancing, "freeze", 1.0)
    joints = run_on(dancing, music(1.0))
    np.testing.assert_array_equal(joints[1:], np.repeat(joints[1:2], len(joints) - 1, axis=0))
    assert dancing.state == "frozen"
    beats = [dancing.emit(0, dancing.newest + s).beat[0] for s in (0, 2400)]
    assert beats[0] != beats[1]
    control(dancing, "freeze", 0.0)
    again = run_on(dancing, music(1.0))
    assert np.ptp(again, axis=0).max() > 0.01
    assert 30 * np.linalg.norm(np.diff(again, axis=0), axis=-1).max() < TOP_SPEED_M_S
    assert dancing.state == "dancing"


def test_blackout_is_a_state_and_the_dance_goes_on(dancing, music):
    control(dancing, "blackout", 1.0)
    assert dancing.state == "blackout"
    assert np.ptp(run_on(dancing, music(1.0)), axis=0).max() > 0.001
    control(dancing, "blackout", 0.0)
    assert dancing.state == "dancing"


@pytest.mark.parametrize(
    ("lead", "latency_ms", "held"),
    # Trained for two frames: what the picture's own lateness makes up is not waited for.
    [(FRAME, 0.0, 1), (FRAME, 34.0, 0), (FRAME, 200.0, 0), (FRAME // 4, 0.0, 2)],
)
def test_music_comes_as_long_before_its_pose_as_in_training(
    tiny_model, music, lead, latency_ms, held
):
    performer = Listening(str(tiny_model))
    assert performer.manifest.music_lag == 2.0
    engine = Engine(EngineConfig(SAMPLE_RATE, lead), performer, Controls(latency_ms=latency_ms))
    audio = music(2.0, SAMPLE_RATE)
    run(engine, audio)
    heard = np.stack([frame.features for frame in extract(audio, SAMPLE_RATE)])
    given = performer.given(0)
    np.testing.assert_array_equal(given[held:], heard[: len(given) - held])
    np.testing.assert_array_equal(given[:held], heard[:1].repeat(held, axis=0))


def test_a_model_that_says_nothing_of_its_lag_hears_at_once(tiny_model):
    manifest = dict(Performer(str(tiny_model)).manifest.raw)
    del manifest["music_lag"]
    assert Manifest.parse(json.dumps(manifest), tiny_model).music_lag == 1.0
    for wrong in ("two", -1.0, 100, float("nan")):
        manifest["music_lag"] = wrong
        with pytest.raises(ArtifactError, match="damaged"):
            Manifest.parse(json.dumps(manifest), tiny_model)


def test_latency_can_be_turned_during_the_show(dancing):
    before = dancing.clock.at(dancing.newest + 0.1 * SAMPLE_RATE)
    control(dancing, "latency", 100.0)
    assert dancing.emit(0, dancing.newest).beat[0] == before.phase


def test_a_seed_starts_the_score_anew(make_engine, music):
    engines = [make_engine(seed=3) for _ in range(3)]
    for engine, seed in zip(engines, (3, 9, 9), strict=True):
        run_on(engine, music(1.0))
        if seed != 3:
            control(engine, "seed", float(seed))
        assert engine.performer.seed == engine.choreographer.seed == seed
        run_on(engine, music(1.0))
    before, after, again = (engine.performer.given(4)[-1] for engine in engines)
    np.testing.assert_array_equal(after, again)
    assert np.abs(after - before).max() > 0.1


def test_dancers_come_and_go(make_engine, music):
    engine, alone = make_engine(dancers=2), make_engine(dancers=2)
    for e in (engine, alone):
        run_on(e, music(1.0))
    control(engine, "dancers", 4.0)
    assert len(engine.emit(0, engine.newest).joints) == 2  # no frame with four yet
    for e in (engine, alone):
        e.push(music(0.1))
        assert not e.advance()
    four, two = (run_on(e, music(2.0)) for e in (engine, alone))
    assert four.shape[1] == 4
    upright = four[:, :2] - four[:, :2, :1], two - two[:, :, :1]
    np.testing.assert_allclose(*upright, atol=0.02)  # they only walk to their new places
    control(engine, "dancers", 1.0)
    one = run_on(engine, music(0.5))
    assert one.shape[1] == 1
    assert engine.emit(0, engine.newest).heading.shape == (1,)


def test_taps_set_the_tempo(make_engine):
    engine = make_engine()
    quiet = np.random.default_rng(0).normal(scale=1e-3, size=RATE // 10).astype(np.float32)
    for tenth in range(60):
        engine.push(quiet)
        engine.advance()
        if tenth % 6 == 0:  # 100 BPM
            engine.control("tap", None, tenth * 0.1 * SAMPLE_RATE)
    assert engine.emit(0, engine.newest).beat[2] == pytest.approx(100.0, rel=0.02)


def test_half_and_double_scale_the_tempo(dancing):
    bpm = dancing.emit(0, dancing.newest).beat[2]
    control(dancing, "half")
    assert dancing.emit(0, dancing.newest).beat[2] == pytest.approx(bpm / 2)
    control(dancing, "double")
    assert dancing.emit(0, dancing.newest).beat[2] == pytest.approx(bpm)


# A network that breaks ------------------------------------------------------------------------


def poison(performer, dancer=None):
    """NaN into a dancer's own states, or into the music's, as an overflow would leave them."""
    for spec in performer.manifest.states:
        if dancer is None and not spec.per_dancer:
            performer._state[spec.name][:] = np.nan
        elif dancer is not None and spec.per_dancer:
            performer._state[spec.name][dancer] = np.nan


def test_a_dancer_whose_network_breaks_is_held_and_revived(make_engine, music):
    engine, well = make_engine(dancers=3), make_engine(dancers=3)
    before, _ = (run_on(e, music(2.0))[-1] for e in (engine, well))
    poison(engine.performer, 1)
    held = run_on(engine, music(2.0)[: 10 * RATE // 30])
    assert engine.state == "holding"
    # Measured: .3 mm, by which the stage still leads it to its place.
    np.testing.assert_allclose(held[1:, 1], np.repeat(before[None, 1], len(held) - 1, 0), atol=1e-3)
    assert engine.resets == 0
    expected = [run_on(well, music(2.0)[: 10 * RATE // 30]), run_on(well, music(2.0))]
    revived = run_on(engine, music(2.0))
    assert engine.state == "dancing"
    assert engine.resets == 1
    assert np.ptp(revived[-30:, 1], axis=0).max() > 1e-4
    np.testing.assert_allclose(held[:, [0, 2]], expected[0][:, [0, 2]], rtol=0, atol=1e-5)
    np.testing.assert_allclose(revived[:, [0, 2]], expected[1][:, [0, 2]], rtol=0, atol=1e-5)
    together = np.concatenate([before[None], held, revived])
    assert np.isfinite(together).all()
    assert 30 * np.linalg.norm(np.diff(together, axis=0), axis=-1).max() < TOP_SPEED_M_S


def test_music_that_breaks_the_network_is_survived(make_engine, music):
    engine = make_engine(dancers=2)
    run_on(engine, music(2.0))
    poison(engine.performer)
    joints = run_on(engine, music(2.0))
    assert np.isfinite(joints).all()
    assert engine.state == "dancing"
    assert engine.resets >= 1
    assert all(np.isfinite(state).all() for state in engine.performer._state.values())
    assert np.ptp(joints[-15:], axis=0).max() > 1e-4
