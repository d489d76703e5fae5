"""The engine: one dance for one sound, however it is chopped, and never a look into the future."""

import json

import numpy as np
import pytest

from live.audio.features import FRAME, SAMPLE_RATE, extract
from live.body.skeleton import BONE_LENGTHS, FEET, JOINT_NAMES, MIRROR, N_JOINTS, PARENTS
from live.control.scenes import Scene
from live.dance.contract import CONTROL_DIM
from live.dance.manifest import Manifest
from live.dance.performer import Performer
from live.errors import ArtifactError, ConfigError
from live.osc.schema import CONTROLS
from live.session.take import write_take
from live.show.controls import Controls
from live.show.engine import Engine, EngineConfig
from live.show.offline import run_offline, stage_frames
from live.show.timing import lead_samples
from model.data.music.render import render_song
from model.data.music.song import SongConfig

RATE = 48_000
TOP_SPEED_M_S = 15.0  # nothing on a stage moves faster from one emission to the next


class Listening(Performer):
    """The network, and a note of everything it is told."""

    def __init__(self, *args, **options):
        self.heard = []
        super().__init__(*args, **options)
        self.heard.clear()  # of the warm-up

    def step(self, features, clock, style, control, temperature=1.0):
        told = (features, clock, style, control, temperature)
        self.heard.append([np.array(value) for value in told])
        return super().step(*told)

    def told(self, index):
        """One argument over all frames: 1 clock, 2 style, 3 control, 4 temperature."""
        return np.array([step[index] for step in self.heard])


@pytest.fixture
def make_engine(tiny_model):
    def make(rate=RATE, dancers=1, seed=0, style="auto", **controls):
        performer = Listening(str(tiny_model), "cpu", dancers, seed)
        scenes = (Scene("drop", (("energy", 1.0),)),)
        config = EngineConfig(rate, lead_samples(60), style, scenes=scenes)
        return Engine(config, performer, Controls(**controls))

    return make


@pytest.fixture
def music(click_track):
    """Clicks over a hiss: something to hear at every moment."""

    def make(seconds=4.0, rate=RATE, bpm=120.0):
        audio = click_track(bpm, seconds, rate)
        hiss = np.random.default_rng(1).normal(scale=0.02, size=len(audio))
        return (audio + hiss).astype(np.float32)

    return make


def run(engine, audio, block=None):
    return list(stage_frames(engine, audio, block))


def joints_of(frames):
    return np.array([f.joints for f in frames])


def bone_errors(joints):
    """How far bones are from their length, as a share of it."""
    bones = np.linalg.norm(joints[..., 1:, :] - joints[..., PARENTS[1:], :], axis=-1)
    return np.abs(bones / BONE_LENGTHS[1:] - 1)


def same(a, b):
    """Whether two emissions are the same bit by bit."""
    arrays = ("joints", "heading", "onset", "style")
    return (a.sample, a.beat, a.level) == (b.sample, b.beat, b.level) and all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in arrays
    )


def control(engine, name, value=None):
    engine.control(name, value, float(engine.position))


# One sound, one dance -------------------------------------------------------------------------


def test_a_take_has_the_shapes_of_the_contract(tiny_model, music, tmp_path):
    take = run_offline(music(3.0), RATE, Performer(str(tiny_model), "cpu", dancers=2))
    write_take(take, tmp_path / "take.npz")
    with np.load(tmp_path / "take.npz") as read:
        take = dict(read)
    shapes = {
        "time_s": (180,), "joints": (180, 2, N_JOINTS, 3), "joint_names": (N_JOINTS,),
        "beat_phase": (180,), "bar_phase": (180,), "tempo_bpm": (180,),
        "beat_confidence": (180,), "style": (180, 2), "style_names": (2,), "onset": (180, 3),
        "level": (180,),
    }  # fmt: skip
    assert {name: value.shape for name, value in take.items()} == shapes
    assert tuple(take["joint_names"]) == JOINT_NAMES
    assert list(take["style_names"]) == ["street", "salsa"]
    np.testing.assert_allclose(take["time_s"], np.arange(180) / 60, atol=1e-12)
    for name in set(shapes) - {"joint_names", "style_names", "time_s"}:
        assert take[name].dtype == np.float32, name
        assert np.isfinite(take[name]).all(), name
    for name in ("beat_phase", "bar_phase", "beat_confidence", "level", "onset", "style"):
        assert 0 <= take[name].min() <= take[name].max() <= 1, name
    assert take["beat_phase"].max() < 1
    np.testing.assert_allclose(take["style"].sum(axis=1), 1, atol=1e-5)
    assert bone_errors(take["joints"]).max() < 0.01
    assert take["joints"][..., list(FEET), 1].min() > -1e-5
    speeds = 60 * np.linalg.norm(np.diff(take["joints"], axis=0), axis=-1)
    assert 0.01 < speeds.max() < TOP_SPEED_M_S


@pytest.mark.parametrize("rate", [8_000, 24_000, 44_100])
def test_the_same_sound_gives_the_same_dance(make_engine, music, rate):
    audio = music(3.0, rate)
    first, second = (run(make_engine(rate, dancers=2, seed=5), audio) for _ in range(2))
    assert len(first) == 180
    assert all(map(same, first, second))
    other = run(make_engine(rate, dancers=2, seed=6), audio)
    assert not np.array_equal(joints_of(first), joints_of(other))


def test_every_dancer_has_random_numbers_of_its_own(make_engine, music):
    joints = joints_of(run(make_engine(dancers=3), music(3.0)))
    joints -= joints[:, :, :1]
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(joints[:, a] - joints[:, b]).max() > 1e-3


@pytest.mark.parametrize("block", [37, 256, 1601, 5000, 30_000, 10**6])
def test_block_sizes_do_not_change_the_dance(make_engine, music, block):
    audio = music(2.0)
    assert all(map(same, run(make_engine(), audio), run(make_engine(), audio, block)))


def test_random_block_sizes_do_not_change_the_dance(make_engine, music):
    audio = music(3.0)
    rng = np.random.default_rng(3)
    engine, at, frames = make_engine(), 0, []
    for expected in run(make_engine(), audio):
        while not engine.advance(expected.sample):
            size = int(10 ** rng.uniform(0, 4.2))
            padded = np.pad(audio[at : at + size], (0, max(0, at + size - max(at, len(audio)))))
            engine.push(padded)
            at += size
        frames.append(engine.emit(expected.frame, expected.sample))
        assert same(frames[-1], expected), expected.frame


@pytest.mark.parametrize("rate", [8_000, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("change_s", [0.5, 1.0, 1.7345])
def test_the_future_never_changes_the_past(make_engine, music, rate, change_s):
    audio = music(2.5, rate)
    changed = audio.copy()
    noise = np.random.default_rng(4).normal(scale=0.3, size=len(audio))
    at = int(np.ceil(change_s * rate))
    changed[at:] = noise[at:]
    performers = [make_engine(rate).performer for _ in range(2)]
    takes = [run_offline(a, rate, p) for a, p in zip((audio, changed), performers, strict=True)]
    past = takes[0]["time_s"] <= change_s
    for name in ("joints", "beat_phase", "tempo_bpm", "onset", "level", "style"):
        np.testing.assert_array_equal(takes[0][name][past], takes[1][name][past], name)
    later = takes[0]["time_s"] > change_s + 0.1
    assert np.abs(takes[0]["joints"][later] - takes[1]["joints"][later]).max() > 1e-4


def test_nothing_to_dance_to_is_said(tiny_model):
    with pytest.raises(ArtifactError, match="shorter than one frame"):
        run_offline(np.zeros(100, np.float32), RATE, Performer(str(tiny_model), "cpu"))


def test_nothing_is_emitted_before_the_first_frame(make_engine):
    engine = make_engine()
    assert (engine.emit(0, 0), engine.state, engine.newest, engine.position) == (
        None, "starting", -1, 0,
    )  # fmt: skip
    engine.push(np.zeros(2000, np.float32))
    assert not engine.advance()
    assert engine.emit(0, 0) is not None
    assert engine.position == 800


def test_emissions_between_two_frames_lie_between_them(make_engine, music):
    engine = make_engine()
    run(engine, music(2.0))
    newest = engine.newest
    before, after = (engine.emit(0, newest - back).joints for back in (800, 0))
    middle = engine.emit(0, newest - 400).joints
    np.testing.assert_allclose(middle, (before + after) / 2, atol=0.01)
    coasting = engine.emit(0, newest + 24_000)  # nothing newer: the last pose holds
    np.testing.assert_array_equal(coasting.joints, after)


def test_lost_samples_advance_the_time(make_engine, music):
    audio = music(4.0)
    engine, whole = make_engine(), make_engine()
    engine.push(audio[:RATE])
    engine.skip(RATE)
    engine.push(audio[2 * RATE :])
    engine.advance()
    whole.push(audio)
    whole.advance()
    assert engine.position == whole.position
    assert whole.frames - 32 <= engine.frames <= whole.frames - 29


# Sound of every kind --------------------------------------------------------------------------


def silence(audio):
    return np.zeros_like(audio)


def not_numbers(audio):
    audio[::7] = np.nan
    audio[3::7] = np.inf
    return audio


def clipped(audio):
    return np.clip(audio * 100, -1, 1)


def far_too_loud(audio):
    return audio * np.float32(1e30)


def direct_current(audio):
    return audio * 0 + np.float32(0.9)


@pytest.mark.parametrize(
    "spoil", [silence, not_numbers, clipped, far_too_loud, direct_current], ids=lambda f: f.__name__
)
def test_the_body_is_sound_whatever_is_heard(make_engine, music, spoil):
    engine = make_engine(dancers=2)
    frames = run(engine, spoil(music(3.0)))
    joints = joints_of(frames)
    assert len(frames) == 180
    assert bone_errors(joints).max() < 0.01
    assert np.isfinite([[*f.beat, f.level, *f.onset, *f.style] for f in frames]).all()
    assert np.ptp(joints[60:], axis=0).max() > 0.003  # and it moves
    assert engine.resets == 0


def test_silence_is_idled_through_and_sound_danced_to(make_engine, music):
    audio = np.concatenate([np.zeros(RATE, np.float32), music(2.0), np.zeros(4 * RATE, np.float32)])
    engine = make_engine(style="street")
    states = [engine.state for _ in stage_frames(engine, audio)]
    assert states[50] == "idle"
    assert states[75:180] == ["dancing"] * 105
    assert states[180 + 90] == "dancing"  # a rest in the music is no end of it
    assert states[-60:] == ["idle"] * 60
    assert len(engine.performer.heard) == engine.frames  # the network never stops listening


def test_the_level_follows_the_sound(make_engine, music):
    audio = np.concatenate([np.zeros(RATE, np.float32), music(2.0)])
    levels = np.array([f.level for f in stage_frames(make_engine(), audio)])
    assert levels[:58].max() < 0.05
    assert levels[66:].min() > 0.4


# Beat -----------------------------------------------------------------------------------------


def test_the_beat_of_the_music_is_found(make_engine, music):
    frames = run(make_engine(), music(10.0, bpm=126.0))
    assert frames[-1].beat[2] == pytest.approx(126.0, rel=0.02)
    ends = np.array([f.beat[0] for f in frames[-150:]])
    starts_s = np.array([f.sample for f in frames[-149:]])[np.diff(ends) < -0.5] / SAMPLE_RATE
    errors = (starts_s * 126 / 60 + 0.5) % 1 - 0.5
    assert np.abs(errors).max() * 60 / 126 < 0.06


@pytest.mark.parametrize("latency_ms", [60.0, 200.0])
def test_latency_moves_the_beat_by_exactly_that_much(make_engine, music, latency_ms):
    audio = music(6.0)
    prompt, early = make_engine(), make_engine(latency_ms=latency_ms)
    ahead = latency_ms * SAMPLE_RATE / 1000
    for a, b in zip(stage_frames(prompt, audio), stage_frames(early, audio), strict=True):
        reading = prompt.clock.at(a.sample + ahead)
        assert b.beat[:2] == (reading.phase, reading.bar_phase)
    beats = [np.unwrap(np.arctan2(e[:, 0, 1], e[:, 0, 0])) for e in clocks(prompt, early)]
    moved = (beats[1] - beats[0]) / (2 * np.pi) % 1
    expected = latency_ms / 1000 * frames_bpm(prompt) / 60
    np.testing.assert_allclose(moved[120:], expected[120:] % 1, atol=0.02)


def clocks(*engines):
    """What the networks were told of the beat: [T, N, 8]."""
    return [engine.performer.told(1) for engine in engines]


def frames_bpm(engine):
    """The dancers' tempo, as the network was told."""
    return 110.0 * 2.0 ** engine.performer.told(1)[:, 0, 6]


def test_a_style_is_driven_as_much_later_as_its_accents_need(make_engine, music):
    plain, delayed = make_engine(style="street"), make_engine(style="street")
    delay = delayed.performer.manifest.accent_delay_ms
    assert not delay.any()
    delay[delayed.performer.styles.index("street")] = 40.0
    delay[delayed.performer.styles.index("salsa")] = -90.0  # which nobody dances
    run(plain, music(6.0))
    run(delayed, music(6.0))
    beats = [np.unwrap(np.arctan2(e[:, 0, 1], e[:, 0, 0])) for e in clocks(plain, delayed)]
    later = (beats[0] - beats[1]) / (2 * np.pi)
    np.testing.assert_allclose(later, 0.040 * frames_bpm(plain) / 60, atol=0.002)


@pytest.mark.parametrize("wrong", [{"street": 0.0}, {"street": 0.0, "salsa": 300.0}, 3.0])
def test_a_delay_that_cannot_be_is_refused(tiny_model, wrong):
    manifest = Performer(str(tiny_model)).manifest.raw | {"accent_delay_ms": wrong}
    with pytest.raises(ArtifactError, match="damaged"):
        Manifest.parse(json.dumps(manifest), tiny_model)


def test_fast_music_is_danced_at_half_time(make_engine, music):
    engine = make_engine(dancers=2)
    run(engine, music(9.0, bpm=175.0))
    clock = engine.performer.told(1)
    np.testing.assert_allclose(frames_bpm(engine)[-30:], 87.5, rtol=0.02)
    np.testing.assert_array_equal(clock[:, 0], clock[:, 1])
    phase = np.unwrap(np.arctan2(clock[-90:, 0, 1], clock[-90:, 0, 0])) / (2 * np.pi)
    assert (phase[-1] - phase[0]) * 60 / (89 / 30) == pytest.approx(87.5, rel=0.03)


# What the network is told ---------------------------------------------------------------------


def test_the_operators_energy_reaches_the_network(make_engine, music):
    plain, strong = make_engine(energy=0.0), make_engine(energy=1.5)
    for engine in (plain, strong):
        run(engine, music(1.0))
    difference = strong.performer.told(3) - plain.performer.told(3)
    assert difference.shape[1:] == (1, CONTROL_DIM)
    np.testing.assert_allclose(difference[..., 0], 1.5, atol=1e-5)
    assert not difference[..., 1:].any()
    control(strong, "energy", -1.0)
    frames = len(strong.performer.heard)
    run_on(strong, music(0.5))
    assert strong.performer.told(3)[frames + 1, 0, 0] < plain.performer.told(3)[-1, 0, 0]


@pytest.mark.parametrize(("name", "column"), [("openness", 1), ("travel", 2)])
def test_openness_and_travel_reach_the_network(make_engine, music, name, column):
    engine = make_engine(dancers=2, **{name: -1.5})
    run(engine, music(0.5))
    control(engine, name, 2.0)
    run_on(engine, music(0.2))
    told = engine.performer.told(3)
    assert (told[0, :, column] == -1.5).all()
    assert (told[-1, :, column] == 2.0).all()
    assert not told[:, :, [c for c in (1, 2, 3) if c != column]].any()


def run_on(engine, audio):
    """More sound into an engine that is under way; the joints of its key frames."""
    engine.push(audio)
    joints = []
    while engine.advance(engine.newest + 1):
        joints.append(engine.emit(0, engine.newest).joints)
    return np.array(joints)


def test_music_at_its_usual_level_is_danced_at_the_size_of_the_style(make_engine):
    """Export measures that size without any loudness: on average the stage must add none."""
    asked = []
    for genre, seed in (("house", 1), ("jpop", 2), ("tango", 3), ("indian", 4)):
        song = render_song(SongConfig(genre, 120.0, 24.0, seed=seed), RATE)
        engine = make_engine()
        run(engine, song.audio)
        asked.append(engine.performer.told(3)[6 * 30 :, 0, 0].mean())
    assert not engine.performer.manifest.energy_offset.any()
    assert abs(np.mean(asked)) < 0.15


def test_quiet_passages_are_danced_smaller(make_engine, music):
    audio = music(8.0)
    audio[4 * RATE :] *= 0.1
    engine = make_engine()
    run(engine, audio)
    energy = engine.performer.told(3)[:, 0, 0]
    assert energy[-60:].mean() < energy[60:115].mean() - 0.5


def test_style_weights_reach_the_network_for_every_dancer(make_engine, music):
    engine = make_engine(dancers=2, style="street=1,salsa=3")
    frames = run(engine, music(0.5))
    np.testing.assert_allclose(engine.performer.told(2), [[[0.25, 0.75]] * 2] * engine.frames)
    np.testing.assert_allclose(frames[-1].style, [0.25, 0.75])


# Control --------------------------------------------------------------------------------------


@pytest.fixture
def dancing(make_engine, music):
    """An engine two seconds into its dance."""
    engine = make_engine(style="street")
    engine.push(music(3.0))
    engine.advance()
    return engine


def test_every_control_of_the_schema_is_obeyed(dancing):
    values = {"style": "salsa", "dancers": 2.0, "cue": "drop"}
    for name, spec in CONTROLS.items():
        control(dancing, name, values.get(name, spec.high if spec.types else None))
    assert dancing.controls == Controls(2.0, 2.0, True, True, True, 500.0, 2.0, 2.0)
    with pytest.raises(ConfigError, match=r"'volume'.*style"):
        control(dancing, "volume", 1.0)


@pytest.mark.parametrize("name", [c.name for c in CONTROLS.values() if c.is_switch])
def test_a_switch_without_a_value_changes_over(dancing, name):
    for stands in (True, False, True):
        control(dancing, name)
        assert getattr(dancing.controls, name) is stands
        assert dancing.value_of(name) == float(stands)


def test_a_style_is_faded_to(dancing, music):
    control(dancing, "style", "salsa")
    run_on(dancing, music(2.0))
    weights = dancing.performer.told(2)[-60:, 0]
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
    assert dancing.performer.told(4)[-1] == 0.25


def test_mirror_swaps_left_and_right(make_engine, music):
    plain, mirrored = make_engine(), make_engine()
    control(mirrored, "mirror", 1.0)
    a, b = (joints_of(run(e, music(3.0))) for e in (plain, mirrored))
    np.testing.assert_allclose(b, a[:, :, MIRROR] * np.float32([-1, 1, 1]), atol=0.08)
    late = slice(120, None)  # the idle sway of the first second is not mirrored
    np.testing.assert_allclose(b[late], a[late][:, :, MIRROR] * [-1, 1, 1], atol=1e-4)


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
    told = performer.told(0)
    np.testing.assert_array_equal(told[held:], heard[: len(told) - held])
    np.testing.assert_array_equal(told[:held], heard[:1].repeat(held, axis=0))


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


def test_a_seed_starts_the_random_numbers_anew(make_engine, music):
    engine = make_engine(seed=3)
    run_on(engine, music(1.0))
    rolled = [d.standard_normal() for d in engine.performer._rngs]
    control(engine, "seed", 9.0)
    assert engine.performer.seed == 9
    fresh = make_engine(seed=9)
    np.testing.assert_array_equal(
        [d.standard_normal() for d in engine.performer._rngs],
        [d.standard_normal() for d in fresh.performer._rngs],
    )
    assert rolled != [d.standard_normal() for d in fresh.performer._rngs]


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
    np.testing.assert_allclose(held[1:, 1], np.repeat(before[None, 1], len(held) - 1, 0), atol=1e-5)
    assert engine.resets == 0
    expected = [run_on(well, music(2.0)[: 10 * RATE // 30]), run_on(well, music(2.0))]
    revived = run_on(engine, music(2.0))
    assert engine.state == "dancing"
    assert engine.resets == 1
    assert np.ptp(revived[-30:, 1], axis=0).max() > 1e-4
    np.testing.assert_array_equal(held[:, [0, 2]], expected[0][:, [0, 2]])
    np.testing.assert_array_equal(revived[:, [0, 2]], expected[1][:, [0, 2]])
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
