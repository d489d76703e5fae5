"""Scenes: the file and its mistakes, the calls, the bar they wait for, the engine they play."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

import posejockey
from live.control.scenes import FADERS, SETTABLE, Scene, ScenePlayer, load_scenes
from live.dance.performer import Performer
from live.errors import ConfigError
from live.osc.schema import PICTURE
from live.show.controls import Controls
from live.show.engine import Engine, EngineConfig
from live.show.programme import Programme
from live.show.timing import lead_samples

ROOT = Path(__file__).resolve().parents[3]
STYLES = ("street", "salsa")
EXAMPLE = ROOT / "docs" / "set-list.toml"


@pytest.fixture
def listed(tmp_path):
    """The scenes of a text; a mistake's message without the path."""

    def read(text):
        path = tmp_path / "set.toml"
        path.write_text(text)
        return load_scenes(path, STYLES)

    return read


# The file -------------------------------------------------------------------------------------


def test_the_example_suits_the_model_that_ships():
    manifest = json.loads((ROOT / "live" / "weights" / "open.json").read_text())
    scenes = load_scenes(EXAMPLE, tuple(manifest["styles"]))
    names = ["doors", "build", "drop", "break", "dark", "encore"]
    assert [scene.name for scene in scenes] == names
    build = (("blackout", 0.0), ("energy", 1.0), ("openness", 1.0))
    assert scenes[1] == Scene("build", build, "bar", 8.0)
    assert scenes[4] == Scene("dark", (("blackout", 1.0),), "now")


def test_the_example_leaves_nobody_in_the_dark():
    manifest = json.loads((ROOT / "live" / "weights" / "open.json").read_text())
    scenes = load_scenes(EXAMPLE, tuple(manifest["styles"]))
    for scene in scenes:
        assert dict(scene.controls)["blackout"] == (scene.name == "dark")
    assert dict(scenes[-1].controls)["blackout"] == 0.0  # where `next` ends


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"1 to 999 scenes"),
        ("cue = 3", r"1 to 999 scenes"),
        ("cue = [3]", r"cue 1: write it as a table"),
        ("[[cue]]\nenergy = 1", r"cue 1: it needs a name"),
        ('[[cue]]\nname = "a"\n[[cue]]\nname = "A"', r"cue 2: another one is called 'A'"),
        ('[[cue]]\nname = "next"', r"'next' cannot be its name"),
        ('[[cue]]\nname = "7"', r"'7' cannot be its name"),
        ('[[cue]]\nname = "a"\nvolume = 1', r"cue 1: unknown setting 'volume'.* travel"),
        ('[[cue]]\nname = "a"\ntap = true', r"unknown setting 'tap'"),
        ('[[cue]]\nname = "a"\nenergy = 3', r"energy is 3; it must be a number from -2 to 2"),
        ('[[cue]]\nname = "a"\nenergy = nan', r"energy is nan"),
        ('[[cue]]\nname = "a"\nenergy = "much"', r"'much'; it must be a number"),
        ('[[cue]]\nname = "a"\nenergy = true', r"it must be a number"),
        ('[[cue]]\nname = "a"\nmirror = 1', r"it must be true or false"),
        ('[[cue]]\nname = "a"\nstyle = 1', r"it must be a text"),
        ('[[cue]]\nname = "a"\nstyle = "polka"', r"'polka' is unknown.* street, salsa"),
        (
            '[[cue]]\nname = "a"\nlook = "oil"',
            r"look is 'oil'; it must be one of neon, .*wireframe",
        ),
        ('[[cue]]\nname = "a"\nlook = "next"', r"look is 'next'; it must be one of neon"),
        ('[[cue]]\nname = "a"\ncast = 17', r"cast is 17; it must be a number from 0 to 16"),
        ('[[cue]]\nname = "a"\ndark = 1', r"dark is 1; it must be true or false"),
        ('[[cue]]\nname = "a"\nat = "noon"', r"'noon'.* bar, beat, now"),
        ('[[cue]]\nname = "a"\nbars = -1', r"bars is -1; it must be a number from 0 to 64"),
        ('[[scene]]\nname = "a"', r"unknown 'scene'"),
        ("[[cue]\n", r"not valid TOML"),
    ],
)
def test_mistakes_are_named(listed, text, said):
    with pytest.raises(ConfigError, match=said) as caught:
        listed(text)
    assert "set.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mistake_is_found_before_the_show(tiny_model, tmp_path, capsys):
    path = tmp_path / "set.toml"
    for content, said in ((None, "cannot read"), ('[[cue]]\nname="a"\nstyle="polka"', "polka")):
        if content:
            path.write_text(content)
        options = ["--model", tiny_model, "--cues", path, "--input", "demo", "--no-visuals"]
        assert posejockey.main(["live", *map(str, options)]) == 2
        told = capsys.readouterr()
        assert said in told.err
        assert len(told.err.splitlines()) == 1
        assert not told.out


# Calls and bars -------------------------------------------------------------------------------


@dataclass(frozen=True)
class At:
    """A reading at so many beats."""

    beats: float

    @property
    def phase(self):
        return self.beats % 1

    @property
    def bar_phase(self):
        return self.beats / 4 % 1


A = Scene("Quiet", (("energy", -1.0), ("style", "salsa")))
B = Scene("Loud", (("energy", 1.0),), bars=2.0)
C = Scene("Beat", (("mirror", 1.0),), at="beat")
D = Scene("Now", (("blackout", 1.0),), at="now")


def play(player, beats, controls=None):
    """What is set at which beat; controls follow."""
    controls = controls or Controls()
    heard = []
    for beat in beats:
        for name, value in player.step(At(beat), controls):
            heard.append((beat, name, value))
            if name in FADERS:
                setattr(controls, name, value)
    return heard


def test_a_scene_takes_effect_on_the_next_bar():
    player = ScenePlayer([A, B, C, D])
    frames = np.arange(1.0, 9.0, 0.05)
    assert play(player, frames[:10]) == []
    player.call("quiet")
    assert player.called == "Quiet"
    heard = play(player, frames[10:])
    assert [(name, value) for _, name, value in heard] == list(A.controls)
    assert all(4.0 - 1e-9 <= beat < 4.05 for beat, _, _ in heard)


@pytest.mark.parametrize(("cue", "low", "high"), [("beat", 2.0, 2.05), ("now", 1.3, 1.31)])
def test_a_scene_may_come_sooner(cue, low, high):
    player = ScenePlayer([A, B, C, D])
    play(player, [1.2, 1.25])
    player.call(cue)
    ((beat, _, value),) = play(player, np.arange(1.3, 9.0, 0.05))
    assert low - 1e-9 <= beat < high
    assert value == 1.0


def test_the_last_call_counts():
    player = ScenePlayer([A, B, C, D])
    player.call("quiet")
    player.call("beat")
    assert [name for _, name, _ in play(player, np.arange(1.0, 9.0, 0.05))] == ["mirror"]


def test_faders_take_their_bars():
    player = ScenePlayer([A, B])
    player.call(2.0)
    controls = Controls(energy=-1.0)
    heard = play(player, np.arange(3.0, 20.0, 0.05), controls)
    for beat, name, value in heard:
        assert name == "energy"
        assert value == pytest.approx(-1 + 2 * min((beat - 4) / 8, 1), abs=0.03)
    assert heard[-1][0] == pytest.approx(12.0, abs=0.11)  # a frame or two
    assert controls.energy == 1.0


def test_the_operator_takes_a_fader_over():
    player = ScenePlayer([B])
    player.call("loud")
    assert play(player, np.arange(3.0, 6.0, 0.05))
    player.take_over("temperature")
    assert play(player, [6.0])
    player.take_over("energy")
    assert play(player, np.arange(6.05, 20.0, 0.05)) == []


def test_a_scene_ends_what_another_still_moves():
    player = ScenePlayer([A, B])
    player.call("loud")
    play(player, np.arange(3.0, 6.0, 0.05))
    player.call("quiet")
    heard = play(player, np.arange(6.0, 20.0, 0.05))
    assert [h[1:] for h in heard if h[0] >= 8.0] == list(A.controls)


def test_a_sync_is_a_bar_but_a_downbeat_found_anew_is_none():
    player = ScenePlayer([A])
    player.call(1.0)
    assert play(player, [1.0, 2.4, 1.5, 2.6]) == []  # the count of the bar was mended
    assert play(player, [2.65, 4.0])  # a sync, at 2.7
    player.call(1.0)
    assert play(player, [6.5, 4.01])


def test_next_and_previous_stop_at_the_ends():
    player = ScenePlayer([A, B, C])
    called = []
    for wanted in ("previous", "next", "NEXT ", "previous", "3", 1.0, "loud"):
        player.call(wanted)
        called.append(player.called)
    assert called == ["Quiet", "Loud", "Beat", "Loud", "Beat", "Quiet", "Loud"]


def test_after_the_last_and_before_the_first_nothing_changes():
    player = ScenePlayer([A, C])
    player.call(1.0)
    with pytest.raises(ConfigError, match="Quiet is the first scene"):
        player.call("previous")
    assert player.called == "Quiet"
    player.call("next")
    play(player, np.arange(1.0, 3.0, 0.05))
    with pytest.raises(ConfigError, match="Beat is the last scene"):
        player.call("next")
    assert (player.called, play(player, np.arange(3.0, 9.0, 0.05))) == ("Beat", [])


def test_a_reset_forgets_what_waits_and_what_moves():
    player = ScenePlayer([A, B])
    player.call("loud")
    assert play(player, np.arange(3.0, 6.0, 0.05))
    player.call("quiet")
    player.reset()
    assert (player.called, play(player, np.arange(6.0, 20.0, 0.05))) == ("", [])
    player.call("next")
    assert player.called == "Quiet"


@pytest.mark.parametrize("wanted", ["", "louder", 0.5, 4.0, "0", "99999", -1.0, None, 1e30])
def test_an_unknown_scene_changes_nothing(wanted):
    player = ScenePlayer([A, B, C])
    with pytest.raises(ConfigError, match="there are Quiet, Loud, Beat"):
        player.call(wanted)
    assert (player.called, play(player, np.arange(1.0, 9.0, 0.05))) == ("", [])
    with pytest.raises(ConfigError, match="--cues"):
        ScenePlayer().call("next")


# The engine -----------------------------------------------------------------------------------


def test_every_setting_of_a_scene_reaches_the_engine_on_the_bar(tiny_model, click_track):
    values = {
        "style": "salsa", "energy": 1.0, "openness": 0.5, "travel": -0.5, "temperature": 0.5,
        "mirror": 1.0, "freeze": 1.0, "blackout": 0.0, "dancers": 3.0, "seed": 5.0, "bpm": 125.0,
        "unison": 1.0, "variation": 0.5, "canon": 2.0, "form": "ABAC", "recall": 0.0,
        "formation": "wedge", "ensemble": "pairs", "phrase": 16.0, "loop": 1.0, "master": 0.5,
        "lights_out": 1.0,
    }  # fmt: skip
    assert set(values) == set(SETTABLE) - set(PICTURE)
    programme = Programme((Scene("all", tuple(values.items())),))
    config = EngineConfig(24_000, lead_samples(60), "street", programme=programme)
    engine = Engine(config, Performer(str(tiny_model), "cpu"))
    engine.push(click_track(120.0, 3.5, 24_000))
    engine.advance(24_000)
    engine.control("cue", "all", 0.0)
    assert engine.value_of("cue") == "all"
    before = engine.clock.at(engine.newest).bar_phase
    while not (recalled := engine.take_recalled()):
        assert engine.controls == Controls()
        assert engine.advance(engine.newest + 1)
    assert dict(recalled) == values
    assert engine.clock.at(engine.newest).bar_phase < 0.05 < before
    expected = Controls(
        1.0, 0.5, True, True, False, 0.0, 0.5, -0.5, "ABAC", 16, 0.5, False, 1.0, 2.0, "wedge",
        "pairs", True, 0.5, True,
    )  # fmt: skip
    assert engine.controls == expected
    assert engine.advance(engine.newest + 1)  # a new dancer is in both key frames now
    assert len(engine.emit(0, engine.newest).joints) == engine.performer.dancers == 3
    assert engine.performer.seed == 5


def test_a_scene_changes_the_picture_on_the_bar_and_the_dance_goes_on(
    listed, tiny_model, click_track
):
    scenes = listed(
        '[[cue]]\nname = "all"\nlook = "ribbons"\npalette = "safe"\ncamera = "cuts"\n'
        'lineup = "wedge"\ncast = 5\npairs = true\npicture_canon = 0.5\ndark = false\n'
        'glow = 1.5\nzoom = 1.2\ntrail = 0.5\nglow_by = "beat"\nzoom_by = "off"\n'
        'trail_by = "level"\npicture_fade = 2'
    )
    values = dict(scenes[0].controls)
    assert set(values) == set(PICTURE)
    config = EngineConfig(24_000, lead_samples(60), "street", programme=Programme(scenes))
    engine = Engine(config, Performer(str(tiny_model), "cpu"))
    engine.push(click_track(120.0, 3.5, 24_000))
    engine.advance(24_000)
    engine.control("cue", "all", 0.0)
    before = engine.clock.at(engine.newest).bar_phase
    while not (recalled := engine.take_recalled()):
        assert engine.advance(engine.newest + 1)
    assert dict(recalled) == values
    assert engine.clock.at(engine.newest).bar_phase < 0.05 < before
    assert engine.controls == Controls()
    assert engine.performer.dancers == 1


def test_panic_is_everything_as_at_the_start(tiny_model, click_track):
    scenes = (Scene("up", (("energy", 2.0),), bars=8.0), Scene("later", (("mirror", 1.0),)))
    start = Controls(energy=0.5, latency_ms=60.0, travel=-0.5)
    config = EngineConfig(24_000, lead_samples(60), "street", programme=Programme(scenes))
    engine = Engine(config, Performer(str(tiny_model), "cpu", 2, 7), replace(start))
    engine.push(click_track(120.0, 12.0, 24_000))
    engine.advance(3 * 24_000)
    engine.control("cue", "up", engine.newest)
    engine.advance(engine.newest + 60_000)
    assert engine.controls.energy > start.energy  # it moves by now
    played = {
        "openness": 1.0, "travel": 1.0, "temperature": 0.1, "latency": 200.0, "mirror": 1.0,
        "freeze": 1.0, "blackout": 1.0, "style": "salsa", "dancers": 4.0, "seed": 3.0,
        "bpm": 90.0, "nudge": 80.0, "half": None, "cue": "later",
    }  # fmt: skip
    for name, value in played.items():
        engine.control(name, value, engine.newest)
    engine.advance(engine.newest + 1)
    engine.control("panic", None, engine.newest)
    for _ in range(2):  # at once, and after the bars in which something waited or moved
        assert engine.controls == start
        assert (engine.style, engine.performer.dancers, engine.performer.seed) == ("street", 2, 7)
        assert engine.value_of("dancers") == 2.0
        engine.take_recalled()
        while engine.advance(engine.newest + 1):
            pass
        assert engine.take_recalled() == []
    assert engine.clock.at(engine.newest).tempo_bpm == pytest.approx(120.0, rel=0.02)
    engine.control("cue", "next", engine.newest)
    assert engine.value_of("cue") == "up"
