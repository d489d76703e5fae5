"""The engine: one dance for one sound, however it is chopped, and never a look into the future."""

import json

import numpy as np
import pytest

from live.audio.features import SAMPLE_RATE
from live.body.skeleton import FEET, JOINT_NAMES, N_JOINTS
from live.dance.manifest import Manifest
from live.dance.performer import Performer
from live.errors import ArtifactError
from live.session.take import write_take
from live.show.offline import run_offline, stage_frames
from tests.helpers.engine import RATE, TOP_SPEED_M_S, bone_errors, joints_of, run, same

# One sound, one dance -------------------------------------------------------------------------


def test_a_take_has_the_shapes_of_the_contract(tiny_model, music, tmp_path):
    take = run_offline(music(3.0), RATE, Performer(str(tiny_model), "cpu", dancers=2))
    write_take(take, tmp_path / "take.npz")
    with np.load(tmp_path / "take.npz") as read:
        take = dict(read)
    shapes = {
        "time_s": (180,), "joints": (180, 2, N_JOINTS, 3), "joint_names": (N_JOINTS,),
        "beat_phase": (180,), "bar_phase": (180,), "tempo_bpm": (180,),
        "section": (180, 5), "phrase": (180, 2),
        "beat_confidence": (180,), "style": (180, 2), "style_names": (2,), "onset": (180, 3),
        "level": (180,), "score_beat": (180,),
    }  # fmt: skip
    beats, phrases = len(take["score_noise"]), len(take["score_first"])
    assert 5 <= beats <= 7  # three seconds at 120 beats a minute, and what is begun ahead
    score = {
        "score_noise": (beats, 2, 4), "score_first": (phrases,), "score_mirrored": (phrases,),
        "score_energy": (phrases,),
    }  # fmt: skip
    assert {name: value.shape for name, value in take.items()} == shapes | score
    assert tuple(take["joint_names"]) == JOINT_NAMES
    assert list(take["style_names"]) == ["street", "salsa"]
    np.testing.assert_allclose(take["time_s"], np.arange(180) / 60, atol=1e-12)
    assert take["score_beat"].dtype == np.int32
    for name in set(shapes) - {"joint_names", "style_names", "time_s", "score_beat"}:
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
    return [engine.performer.given(1) for engine in engines]


def frames_bpm(engine):
    """The dancers' tempo, as the network was told."""
    return 110.0 * 2.0 ** engine.performer.given(1)[:, 0, 6]


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
    clock = engine.performer.given(1)
    np.testing.assert_allclose(frames_bpm(engine)[-30:], 87.5, rtol=0.02)
    np.testing.assert_array_equal(clock[:, 0], clock[:, 1])
    phase = np.unwrap(np.arctan2(clock[-90:, 0, 1], clock[-90:, 0, 0])) / (2 * np.pi)
    assert (phase[-1] - phase[0]) * 60 / (89 / 30) == pytest.approx(87.5, rel=0.03)
