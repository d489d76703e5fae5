"""Material in the engine: phrases kept, played, looped; a score; scenes at bars and times."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from live.control.scenes import parse_scenes, value_of
from live.dance.material.bank import PhraseBank
from live.dance.material.phrase import StoredPhrase
from live.dance.material.score_file import parse_score
from live.dance.material.take_score import arrays_of, score_of_take
from live.errors import ArtifactError, ConfigError
from live.show.controls import Controls
from live.show.engine import Engine, EngineConfig
from live.show.programme import Programme
from live.show.timing import lead_samples
from tests.helpers.engine import RATE, Listening, control, run_on

STYLES = ("street", "salsa")
WHERE = Path("plan.toml")
PLAIN = {"variation": 0.0, "unison": 1.0, "recall": False}


@pytest.fixture
def perform(tiny_model):
    """An engine with a score, scenes and phrases."""

    def make(score="", scenes="", phrases=(), dancers=1, style="auto", take=None, **controls):
        performer = Listening(str(tiny_model), "cpu", dancers, 0)
        bank = PhraseBank(phrases)
        read = partial(value_of, styles=performer.styles)
        planned = parse_score(score, WHERE, bank, read) if score else take
        listed = parse_scenes(scenes, WHERE, performer.styles) if scenes else ()
        config = EngineConfig(
            RATE, lead_samples(60), style, programme=Programme(listed, bank, planned)
        )
        return Engine(config, performer, Controls(**(PLAIN | controls)))

    return make


@pytest.fixture
def hook(tiny_model):
    width = Listening(str(tiny_model), "cpu").manifest.latent_dim
    noise = np.random.default_rng(5).standard_normal((4, 2, width)).astype(np.float32)
    return StoredPhrase("hook", noise, {"salsa": 1.0}, {"energy": 1.5, "temperature": 0.5}, 120.0)


def noise_of(engine):
    """The noise of the first dancer, a row each time that it changed, float32 [B, Z]."""
    noise = engine.performer.given(4)[:, 0]
    changed = np.r_[True, (np.diff(noise, axis=0) != 0).any(axis=1)]
    return noise[changed]


def finds(sequence, part):
    """Where rows of `part` begin in `sequence`."""
    ends = len(sequence) - len(part) + 1
    return [k for k in range(ends) if np.array_equal(sequence[k : k + len(part)], part)]


def test_a_phrase_that_was_kept_is_danced_again(perform, music):
    engine = perform()
    run_on(engine, music(9.0))
    assert engine.value_of("keep") == ""
    control(engine, "keep", "mine")
    assert engine.value_of("keep") == "mine"
    kept = engine.steering.material.bank.find("mine")
    assert (kept.beats, kept.dancers) == (8, 1)
    assert kept.bpm == pytest.approx(120, abs=3)
    assert kept.poses.shape == (8, 19, 3)
    (first,) = finds(noise_of(engine), kept.noise[:, 0])[:1]
    run_on(engine, music(3.0))
    control(engine, "phrase", "mine")
    run_on(engine, music(10.0))
    again = finds(noise_of(engine), kept.noise[:, 0])
    assert len(again) >= 2
    assert again[0] == first


def test_a_phrase_brings_its_own_style_and_faders_until_somebody_moves_them(perform, music, hook):
    engine = perform(phrases=[hook])
    run_on(engine, music(4.0))
    control(engine, "phrase", "hook")
    assert engine.value_of("phrase") == "hook"  # asked for, and answered
    while engine.steering.material.playing != "hook":
        run_on(engine, music(0.25))
    assert [engine.steering.fader(name) for name in ("energy", "temperature")] == [1.5, 0.5]
    np.testing.assert_allclose(engine._styles.borrowed, [0, 1])
    control(engine, "energy", -0.5)
    control(engine, "style", "street")
    run_on(engine, music(0.25))
    assert engine.steering.fader("energy") == -0.5
    assert engine._styles.borrowed is None
    while engine.value_of("phrase") == "hook":
        run_on(engine, music(0.25))
    assert engine.steering.fader("temperature") == engine.controls.temperature == 1.0
    assert engine.value_of("phrase") == 8.0


def test_a_style_asked_for_dances_the_same_phrase(perform, music, hook):
    engine = perform('[[part]]\nat = 1\nphrase = "hook"\ntimes = 3', phrases=[hook], style="street")
    run_on(engine, music(6.0))
    assert finds(noise_of(engine), hook.noise[:, 0])
    np.testing.assert_allclose(engine.performer.given(2)[-1, 0], [1, 0])


def test_a_loop_repeats_what_is_danced_until_it_is_ended(perform, music):
    engine = perform(form="free", phrase=4)
    run_on(engine, music(6.0))
    control(engine, "loop", 1.0)
    run_on(engine, music(8.0))
    control(engine, "loop", 0.0)
    looped = len(noise_of(engine))
    run_on(engine, music(6.0))
    beats = noise_of(engine)
    np.testing.assert_array_equal(beats[looped - 5 : looped - 1], beats[looped - 9 : looped - 5])
    after = beats[looped + 5 :]
    assert not finds(after, beats[looped - 5 : looped - 1])


def test_a_score_puts_phrases_on_its_bars(perform, music, hook):
    engine = perform(
        '[[part]]\nat = 3\nphrase = "hook"\ntimes = 2\nenergy = 1\n[[part]]\nform = "AB"\nbars = 1',
        phrases=[hook],
    )
    where = []
    for _ in range(48):
        run_on(engine, music(0.25))
        where.append((engine.steering.position.bars, engine.value_of("phrase")))
    danced = [bars for bars, playing in where if playing == "hook"]
    assert 1.9 < danced[0] < 2.4
    assert 3.6 < danced[-1] < 4.2
    assert engine.controls.energy == 1.0
    assert engine.controls.form == "AB"
    assert ("energy", 1.0) in engine.take_recalled()


def test_some_dance_a_phrase_and_the_others_their_own(perform, music, hook):
    text = '[[part]]\nat = 1\nphrase = "hook"\ndancers = [2]\ntimes = 4\nunison = 0'
    engine = perform(text, phrases=[hook], dancers=2)
    run_on(engine, music(7.0))
    noise = engine.performer.given(4)
    second = noise[np.r_[True, (np.diff(noise[:, 1], axis=0) != 0).any(axis=1)], 1]
    assert finds(second, hook.noise[:, 0])
    assert not finds(noise_of(engine), hook.noise[:, 0])


def test_a_take_carries_its_score(perform, music):
    first = perform(dancers=2)
    first.choreographer.keep_history()
    run_on(first, music(10.0))
    take = arrays_of(first.choreographer.danced, 2)
    assert take["score_first"][0] == 0
    score = score_of_take(take, WHERE)
    again = perform(take=score, dancers=2, style="salsa")
    run_on(again, music(10.0))
    a, b = first.performer.given(4), again.performer.given(4)
    same = (a == b).all(axis=(1, 2)).mean()
    assert same > 0.9  # but for the beats before the song has begun
    text = parse_score(score.text, WHERE, PhraseBank(score.phrases.values()), lambda n, v: v)
    uses = [use for part in text.parts for use in part.uses]
    assert uses == list(score.parts[0].uses)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("score_noise", np.zeros((8, 2), np.float32)),
        ("score_noise", np.full((8, 2, 4), np.nan, np.float32)),
        ("score_first", np.array([0, 9], np.int32)),
        ("score_first", np.array([1, 4], np.int32)),
        ("score_first", np.array([0.0, 4.0])),
        ("score_mirrored", np.zeros(3, bool)),
        ("score_energy", np.array([0.0, np.inf], np.float32)),
    ],
)
def test_a_damaged_score_in_a_take_is_refused(name, value):
    take = {
        "score_noise": np.zeros((8, 2, 4), np.float32),
        "score_first": np.array([0, 4], np.int32),
        "score_mirrored": np.zeros(2, bool),
        "score_energy": np.zeros(2, np.float32),
    }
    assert len(score_of_take(take, WHERE).phrases) == 2
    with pytest.raises(ArtifactError, match="damaged"):
        score_of_take(take | {name: value}, WHERE)
    with pytest.raises(ArtifactError, match="no score"):
        score_of_take({}, WHERE)


def test_a_phrase_of_another_network_is_refused_before_the_show(perform):
    other = StoredPhrase("other", np.zeros((4, 1, 7), np.float32))
    with pytest.raises(ConfigError, match="7 numbers a beat"):
        perform(phrases=[other])


def test_a_scene_comes_at_its_bar_its_time_or_when_it_is_called(perform, music):
    engine = perform(
        scenes='[[cue]]\nname = "three"\nat = 3\nenergy = 0.5\n'
        '[[cue]]\nname = "five"\nat = "0:05"\nenergy = 1.0\nphrase = "nobody"\n'
        '[[cue]]\nname = "third"\nat = 99\nunison = 0.0\n'
    )
    at = {}
    for _ in range(28):
        run_on(engine, music(0.25))
        position = engine.steering.position
        for name, value in engine.take_recalled():
            at[name, value] = (position.bars, position.seconds)
    assert at["energy", 0.5][0] == pytest.approx(2.0, abs=0.3)
    assert at["energy", 1.0][1] == pytest.approx(5.0, abs=0.3)
    assert engine.steering.refused == 1  # there is no such phrase, and the scene comes all the same
    assert engine.value_of("cue") == "five"
    control(engine, "cue", "third")
    run_on(engine, music(2.5))
    assert engine.controls.unison == 0.0


def test_bars_are_counted_anew_from_a_start(perform, music):
    engine = perform(scenes='[[cue]]\nname = "two"\nat = 2\nenergy = 0.5')
    run_on(engine, music(4.0))
    assert engine.take_recalled() == [("energy", 0.5)]
    control(engine, "start")
    run_on(engine, music(1.0))
    assert engine.take_recalled() == []
    run_on(engine, music(2.5))
    assert engine.take_recalled() == [("energy", 0.5)]
