"""Training: curriculum, pairs that share their beat, losses, and runs that survive a kill."""

import json
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from benchmarks.encoders import with_encoder
from benchmarks.training import profile
from export.to_onnx import export
from live.audio.features import FEATURE_DIM, ONSET, SAMPLE_RATE, extract
from live.body.pose import FRAME_RATE, POSE_DIM, ROOT, decode, encode, rotate_y
from live.body.skeleton import BONE_LENGTHS, FEET, JOINT, N_JOINTS, PARENTS, REST_POSE
from live.dance.contract import clock_vector
from live.dance.performer import Performer
from live.errors import ArtifactError, ConfigError
from model.data.beat_grid import fit_grid
from model.data.music.render import render_song
from model.data.music.song import Song, SongConfig
from model.data.prepare import (
    Clip,
    beat_position,
    canonical,
    control_curves,
    motion_grid,
    prepare,
    read_clips,
    standardised,
    write_motion,
    write_music,
)
from model.data.recordings import fit_recording, held_out_recordings, training_recordings
from model.data.windows import PairedWindows, danced, mirrored_vectors, warp
from model.evaluation import metrics
from model.evaluation.offsets import accent_delays
from model.network.checkpoint import CHECKPOINT, load_checkpoint, network_of
from model.network.config import DecoderConfig, EncoderConfig, TrainConfig
from model.network.dance_network import DanceNetwork
from model.network.weights import REST_KEY, load_weights
from model.training import kinematics as body
from model.training import losses
from model.training.critic import MotionCritic, StyleReader, critic_loss, mismatched, slipped
from model.training.curriculum import KINDS, free_frames, teacher_mask
from model.training.objective import Objective, Tensors, beat_starts
from model.training.trainer import _PARTS, Trainer, engine
from model.training.warm_start import inherit, inherit_critic, inherit_reader
from model.training.watch import Watcher

# ---- curriculum ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "start", "middle", "end"),
    [
        ("forced", 0, 0, 0),
        ("const", 100, 100, 100),
        ("linear", 0, 50, 100),
        ("quadratic", 0, 25, 100),
        ("exponential", 0, 37, 100),  # 100 (e^0.5 - 1) / (e - 1) = 37.75
    ],
)
def test_free_running_grows_as_its_kind_says(kind, start, middle, end):
    assert [free_frames(kind, t, 100) for t in (0.0, 0.5, 1.0)] == [start, middle, end]
    assert free_frames(kind, 7.0, 100) == end
    assert free_frames(kind, -1.0, 100) == start
    grown = [free_frames(kind, t, 100) for t in np.linspace(0, 1, 200)]
    assert grown == sorted(grown)


def test_every_kind_of_curriculum_is_tested_and_no_other_exists():
    assert set(KINDS) == {"forced", "const", "linear", "quadratic", "exponential"}
    with pytest.raises(ValueError, match="'cubic': one of forced, const, linear"):
        free_frames("cubic", 0.5, 100)


@pytest.mark.parametrize(
    ("forced", "free", "offset", "mask"),
    [
        (2, 3, 0, "##...##...#"),
        (2, 3, 1, "#...##...##"),
        (2, 3, 4, ".##...##..."),
        (1, 1, 0, "#.#.#.#.#.#"),
        (3, 0, 2, "###########"),
        (1, 20, 1, "..........."),
    ],
)
def test_true_frames_and_own_frames_alternate(forced, free, offset, mask):
    found = teacher_mask(len(mask), forced, free, offset)
    assert "".join(".#"[int(f)] for f in found) == mask


# ---- a small prepared folder -----------------------------------------------------------------

TINY = TrainConfig(
    iterations=12,
    batch=8,
    dancers=2,
    window=24,
    context=12,
    warmup=2,
    learning_rate=4e-3,
    kl_warmup=6,
    forced_frames=4,
    free_max=16,
    curriculum_iterations=8,
    critic_from=6,
    free_dancers=1,
    critic_skip=4,
)
TINY_ENCODER = EncoderConfig(width=16, layers=1, heads=2, window=12)
TINY_DECODER = DecoderConfig(hidden=32, latent_dim=4, style_width=4)
NOD, SWAY = 3 * JOINT["head"] + 1, 3 * JOINT["neck"] + 2  # the same in a mirror
NOD_M = 0.1
TEMPO_A_METRE = 100.0
CLIPS = {  # name: style, tempo, beats at frame 0
    "a": ("street", 101.3, 0.4),
    "b": ("street", 128.7, 2.9),
    "c": ("salsa", 93.1, -1.3),
    "d": ("salsa", 112.9, 3.7),
}


def nodding(name, seconds=14.0):
    """A clip that nods once a beat and sways once a bar, walking 1 m/s to its left.

    Its velocity to the front, in m/s, is its tempo / 100, so that a window tells its clip.
    """
    style, tempo_bpm, phase = CLIPS[name]
    beats = phase + np.arange(int(seconds * FRAME_RATE)) * tempo_bpm / 60 / FRAME_RATE
    pose = np.zeros((len(beats), POSE_DIM), np.float32)
    pose[:, : N_JOINTS * 3] = REST_POSE.ravel()
    pose[:, NOD] += NOD_M * np.cos(2 * np.pi * beats)
    pose[:, SWAY] += NOD_M * np.cos(2 * np.pi * beats / 4)
    pose[:, ROOT] = [1.0, tempo_bpm / TEMPO_A_METRE, 0.0]
    return Clip(name, style, pose, np.zeros((len(beats), 4), np.float32), tempo_bpm, phase)


def songs():
    """One at a dancer's tempo, one that is danced at half time."""
    for genre, tempo_bpm in (("house", 118.0), ("salsa", 186.0)):
        song = render_song(
            SongConfig(genre, tempo_bpm, duration_s=7.0, lead_in_s=0.3, seed=3), SAMPLE_RATE
        )
        yield song, song.audio


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    write_motion([nodding(name) for name in CLIPS], folder / "motion.npz")
    assert write_music(songs(), folder / "music.npz") == 2
    (folder / "prepared.json").write_text(json.dumps({"tiers": ["open"]}), encoding="utf-8")
    return folder


@pytest.fixture
def windows(prepared):
    return PairedWindows(prepared, TINY)


def batches(windows, count=12, seed=0):
    rng = np.random.default_rng(seed)
    return [windows.batch(rng) for _ in range(count)]


# ---- pairs -----------------------------------------------------------------------------------


def test_the_dance_is_on_the_beat_of_the_clock(windows):
    for batch in batches(windows):
        cos_beat, cos_bar = batch.clock[..., 0], batch.clock[..., 4]
        pose = batch.pose[:, 1:] - np.concatenate([REST_POSE.ravel(), np.zeros(3)])
        # Measured: 0.2 % of the nod, by interpolation.
        np.testing.assert_allclose(pose[..., NOD], NOD_M * cos_beat, atol=0.01 * NOD_M)
        np.testing.assert_allclose(pose[..., SWAY], NOD_M * cos_bar, atol=0.01 * NOD_M)


def test_the_frame_before_the_window_leads_into_it(windows):
    for batch in batches(windows, count=3):
        nod = batch.pose[..., NOD] - REST_POSE[JOINT["head"], 1]
        phase = np.unwrap(np.arctan2(batch.clock[..., 1], batch.clock[..., 0]), axis=1)
        before = phase[:, 0] - (phase[:, 1] - phase[:, 0])
        np.testing.assert_allclose(nod[:, 0], NOD_M * np.cos(before), atol=0.03 * NOD_M)


def test_clips_are_not_bent_further_than_allowed(windows):
    speeds = []
    for batch in batches(windows):
        root, tempo_bpm = batch.pose[..., ROOT], 110.0 * 2 ** batch.clock[..., 6]
        speed = np.abs(root[..., 0])
        speeds.append(speed)
        # The clip's own tempo, made faster or slower, is the tempo danced.
        np.testing.assert_allclose(TEMPO_A_METRE * root[:, 1:, 1], tempo_bpm, rtol=0.01)
    speeds = np.concatenate(speeds)
    assert speeds.min() >= TINY.speed_low - 0.01
    assert speeds.max() <= TINY.speed_high + 0.01
    assert speeds.max() - speeds.min() > 0.2


def test_fast_music_is_danced_at_half_time(windows):
    tempi = {round(float(110 * 2**t)) for b in batches(windows) for t in b.clock[:, 0, 6]}
    assert tempi == {93, 118}


def test_a_clip_far_from_the_tempo_is_danced_at_another_octave(tmp_path, prepared):
    """Stepped at twice the tempo of the music, it nods twice a beat instead of being halved."""
    motion = dict(np.load(prepared / "motion.npz"))
    motion["tempo_bpm"], motion["phase"] = motion["tempo_bpm"] * 2, motion["phase"] * 2
    np.savez(tmp_path / "motion.npz", **motion)
    (tmp_path / "music.npz").write_bytes((prepared / "music.npz").read_bytes())
    for batch in batches(PairedWindows(tmp_path, TINY)):
        speed = np.abs(batch.pose[..., ROOT.start])
        assert TINY.speed_low - 0.01 < speed.min() <= speed.max() < TINY.speed_high + 0.01
        nod = (batch.pose[:, 1:, NOD] - REST_POSE[JOINT["head"], 1]) / NOD_M
        np.testing.assert_allclose(nod, batch.clock[..., 0], atol=0.02)


def test_half_of_the_dances_are_mirrored(windows):
    left = np.concatenate([b.pose[:, 0, ROOT.start] > 0 for b in batches(windows)])
    assert 0.3 < left.mean() < 0.7


def test_warping_a_mirrored_clip_swaps_its_sides():
    clip = nodding("a").pose
    clip[:, 3 * JOINT["l_wrist"] + 1] += 0.3
    frames = np.linspace(10.0, 40.0, 50)
    plain, other = (warp(clip, frames, mirror=m) for m in (False, True))
    np.testing.assert_array_equal(other, mirrored_vectors(plain))
    lifted = 3 * JOINT["r_wrist"] + 1
    np.testing.assert_allclose(other[:, lifted] - plain[:, lifted], 0.3, atol=1e-6)


def test_warping_at_whole_frames_gives_the_frames():
    clip = nodding("b").pose
    np.testing.assert_allclose(warp(clip, np.arange(5.0, 60.0), False), clip[5:60], atol=1e-6)


def test_no_window_touches_what_is_held_out(windows):
    motion = windows.motion
    held_out = 0
    for stop, end in zip(motion["split"], motion["start"][1:], strict=True):
        motion["pose"][stop:end] = np.nan
        held_out += end - stop
    assert 0.1 < held_out / len(motion["pose"]) < 0.15
    assert all(np.isfinite(b.pose).all() for b in batches(windows, count=300))


def test_music_is_heard_a_few_frames_before_the_pose_is_seen(prepared, tmp_path):
    # Two songs that are nothing but their own frame numbers, at 15 frames a beat, 60 a bar.
    numbers = np.tile(np.arange(900), 2)
    np.savez(
        tmp_path / "music.npz",
        features=np.repeat(numbers[:, None], FEATURE_DIM, axis=1).astype(np.float16),
        beat=numbers / 15,
        tempo_bpm=np.full(1800, 120.0),
        start=np.array([0, 900, 1800]),
        genre=np.array(["house", "salsa"]),
    )
    (tmp_path / "motion.npz").write_bytes((prepared / "motion.npz").read_bytes())
    windows = PairedWindows(tmp_path, TINY)
    lags = set()
    for batch in batches(windows, count=10):
        assert batch.features.shape == (4, TINY.context + TINY.window, FEATURE_DIM)
        assert (np.diff(batch.features[..., 0], axis=1) == 1).all()
        bar = np.arctan2(batch.clock[:, -1, 5], batch.clock[:, -1, 4]) / (2 * np.pi) * 60
        heard = np.repeat(batch.features[:, -1, 0], TINY.dancers)
        lags |= set(np.rint((bar - heard) % 60).astype(int).tolist())
    assert lags == set(range(1, TINY.lag_max + 1))


def test_the_rest_of_a_batch(windows):
    whole = batches(windows)
    for batch in whole:
        assert batch.pose.shape == (8, TINY.window + 1, POSE_DIM)
        assert (batch.style.sum(axis=1) == 1).all()
        assert (batch.beat[:, 0] == 0).all()
        steps = np.diff(batch.beat, axis=1)
        wraps = np.diff(np.arctan2(batch.clock[..., 1], batch.clock[..., 0]) % (2 * np.pi)) < 0
        np.testing.assert_array_equal(steps == 1, wraps)
    found = np.concatenate([b.danced for b in whole])
    tempo = np.concatenate([b.clock[:: TINY.dancers, 0, 6] for b in whole]) > 0  # house is faster
    assert windows.styles == ("salsa", "street")
    np.testing.assert_array_equal(found, np.stack([~tempo, tempo], axis=1))


def test_a_genre_belongs_to_the_styles_danced_to_it():
    share = danced(("waltz", "contemporary", "salsa"))
    np.testing.assert_allclose(share["salsa"], [0, 0, 1])
    np.testing.assert_allclose(share["waltz"], [0.75, 0.25, 0])  # a third of contemporary's songs
    np.testing.assert_allclose(share["rock"], [0, 0, 0])


def test_faster_is_more_energetic_and_some_go_without_controls(windows):
    control = np.concatenate([b.control for b in batches(windows)])
    speed = np.concatenate([np.abs(b.pose[:, 1:, ROOT.start]) for b in batches(windows)])
    dropped = ~control.any(axis=(1, 2))
    assert 0.2 < dropped.mean() < 0.8
    np.testing.assert_allclose(control[~dropped][..., 0], np.log(speed[~dropped]) / 0.5, atol=0.02)
    assert (control[..., [1, 3]] == 0).all()


def test_equal_seeds_draw_equal_batches(prepared):
    one, two, three = (batches(PairedWindows(prepared, TINY), 1, seed)[0] for seed in (5, 5, 6))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one.pose, three.pose)


def test_a_folder_without_data_says_what_to_do(tmp_path):
    with pytest.raises(ArtifactError, match="posejockey prepare"):
        PairedWindows(tmp_path, TINY)


# ---- preparing -------------------------------------------------------------------------------


def test_music_frames_know_their_beat(click_track, tmp_path):
    beats_s = np.arange(0.0, 6.0, 0.5)
    song = Song(
        audio=click_track(120.0, 6.0, SAMPLE_RATE),
        sample_rate=SAMPLE_RATE,
        beats_s=beats_s,
        downbeats_s=beats_s[2::4],
        tempo_bpm=np.full(12, 120.0),
        metre=4,
        genre="house",
        sections=(),
    )
    write_music(iter([(song, song.audio)] * 2), tmp_path / "music.npz")
    data = np.load(tmp_path / "music.npz")
    frames = len(extract(song.audio, SAMPLE_RATE))
    np.testing.assert_array_equal(data["start"], [0, frames, 2 * frames])
    beat = data["beat"][frames:]
    np.testing.assert_allclose(beat, (np.arange(1, frames + 1) / FRAME_RATE - 1.0) * 2, atol=1e-9)
    np.testing.assert_allclose(data["tempo_bpm"][frames + 1 : -1], 120.0, atol=1e-6)
    # A click sounds in the first frame that ends after its beat.
    onset = data["features"][frames:, ONSET].max(axis=1)
    first = np.flatnonzero(np.diff(np.ceil(beat - 1e-9))) + 1
    assert onset[first].min() > 0.5
    assert onset[(first[:-1] + first[1:]) // 2].max() < 0.1


def test_beats_go_on_before_the_first_and_after_the_last():
    beats_s = np.array([1.0, 1.5, 2.0, 3.0])
    position = beat_position(np.array([0.5, 1.0, 1.25, 2.5, 4.0]), beats_s, np.array([1.5]))
    np.testing.assert_allclose(position, [-2.0, -1.0, -0.5, 1.5, 3.0])


def shaky_child(frames=60):
    """Joints of a body three quarters as tall with unequal bones, that floats and trembles."""
    rng = np.random.default_rng(2)
    joints = 0.75 * REST_POSE + rng.normal(0, 0.01, (frames, N_JOINTS, 3))
    joints[..., 1] += 0.3
    return joints


def test_any_body_becomes_the_one_body_with_its_feet_on_the_floor():
    body = canonical(shaky_child())
    lengths = np.linalg.norm(body[:, 1:] - body[:, PARENTS[1:]], axis=-1)
    np.testing.assert_allclose(lengths, np.tile(BONE_LENGTHS[1:], (60, 1)), atol=1e-5)
    toes = body[:, [JOINT["l_toe"], JOINT["r_toe"]], 1]
    assert abs(np.median(toes.min(axis=1))) < 0.03


def test_a_bigger_dance_has_bigger_controls():
    t = np.arange(120) / FRAME_RATE
    curves = []
    for size in (1.0, 2.0):
        joints = np.repeat(REST_POSE[None], 120, axis=0)
        for wrist, side in ((JOINT["l_wrist"], 1), (JOINT["r_wrist"], -1)):
            joints[:, wrist, 0] += side * size * (0.2 + 0.1 * np.sin(2 * np.pi * 2 * t))
        joints[..., 2] += 0.2 * size * t[:, None]
        curves.append(control_curves(encode(joints)))
    middle = slice(40, 80)
    assert (curves[1][middle, :3] > curves[0][middle, :3] + 0.03).all()
    assert (curves[0][:, 3] == 0).all()


def test_a_style_of_ones_own_can_be_prepared_and_paired(tmp_path):
    (tmp_path / "motion").mkdir()
    np.savez(tmp_path / "motion" / "one.npz", joints=stepping(120.0, 0.0, seconds=12.0))
    entry = {"tier": "open", "style": "my-style", "tempo_bpm": 120.0, "beat_phase_at_frame0": 0.0}
    (tmp_path / "index.json").write_text(json.dumps({"one": entry}), encoding="utf-8")
    summary = prepare(tmp_path, tmp_path / "out", ("open",), 1.0, seed=1)
    assert summary["styles"] == ["my-style"]
    batch = PairedWindows(tmp_path / "out", TINY).batch(np.random.default_rng(0))
    assert (batch.style == 1).all()


def test_controls_are_relative_to_their_style():
    def clip(name, style, level):
        curve = np.full((10, 4), level, np.float32)
        return Clip(name, style, np.zeros((10, POSE_DIM), np.float32), curve, 100.0, 0.0)

    clips = standardised(
        [clip("a", "street", 1.0), clip("b", "street", 2.0), clip("c", "salsa", 9)]
    )
    np.testing.assert_allclose(clips[0].control[0], [-1.0, -10.0, -1.0, -0.5], rtol=1e-5)
    np.testing.assert_allclose(clips[1].control, -clips[0].control, rtol=1e-5)
    assert not clips[2].control.any()


def test_clips_are_read_by_tier_with_the_grid_of_the_index(tmp_path):
    (tmp_path / "motion").mkdir()
    index = {}
    for name, tier, tempo in (("one", "open", 180.0), ("two", "research", 120.0)):
        np.savez(tmp_path / "motion" / f"{name}.npz", joints=shaky_child())
        index[name] = {
            "tier": tier, "style": "street", "tempo_bpm": tempo, "beat_phase_at_frame0": 3.0,
        }  # fmt: skip
    (tmp_path / "index.json").write_text(json.dumps(index), encoding="utf-8")
    (clip,) = read_clips(tmp_path, ("open",))
    assert (clip.name, clip.tempo_bpm, clip.phase) == ("one", 180.0, 3.0)
    assert [c.name for c in read_clips(tmp_path, ("open", "research"))] == ["one", "two"]
    with pytest.raises(ArtifactError, match="no clip of tier share"):
        read_clips(tmp_path, ("share",))
    with pytest.raises(ArtifactError, match=r"no index\.json"):
        read_clips(tmp_path / "motion", ("open",))


def stepping(tempo_bpm, phase, seconds=20.0):
    """Arms that stop dead on every beat, and swing in between."""
    beats = phase + np.arange(int(seconds * FRAME_RATE)) * tempo_bpm / 60 / FRAME_RATE
    swing = np.floor(beats) + 0.5 - 0.5 * np.cos(np.pi * (beats % 1) ** 0.5)
    joints = np.repeat(REST_POSE[None], len(beats), axis=0)
    for side in ("l_wrist", "r_wrist"):
        joints[:, JOINT[side], 2] += 0.3 * np.sin(np.pi * swing)
    return joints


def test_salsa_is_read_at_the_tempo_it_is_stepped(tmp_path):
    (tmp_path / "motion").mkdir()
    joints = stepping(171.0, 0.3)
    np.savez(tmp_path / "motion" / "one.npz", joints=joints)
    entry = {"tier": "open", "style": "salsa", "tempo_bpm": 114.0, "beat_phase_at_frame0": 0.0}
    (tmp_path / "index.json").write_text(json.dumps({"one": entry}), encoding="utf-8")
    (clip,) = read_clips(tmp_path, ("open",))
    assert abs(clip.tempo_bpm - 171.0) < 1.0
    assert motion_grid(encode(joints), 155.0, 195.0).consistency > 0.95


# ---- grids -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("tempo_bpm", "phase"), [(91.3, 0.25), (127.0, 0.9)])
def test_a_pulse_train_has_its_own_grid(tempo_bpm, phase):
    rng = np.random.default_rng(4)
    beats = phase + np.arange(30 * 120) / 120 * tempo_bpm / 60
    envelope = np.maximum(np.cos(2 * np.pi * beats), 0) ** 8 + 0.3 * rng.normal(size=len(beats))
    grid = fit_grid(envelope - envelope.mean(), 120.0, 80.0, 140.0)
    assert abs(grid.tempo_bpm - tempo_bpm) < 0.2
    assert abs((grid.phase - phase + 0.5) % 1 - 0.5) < 0.06
    assert grid.consistency > 0.95


def test_noise_has_no_grid_to_trust():
    rng = np.random.default_rng(5)
    grids = [fit_grid(rng.normal(size=3600), 120.0, 80.0, 140.0) for _ in range(5)]
    assert all(g.strength < 0.2 for g in grids)
    assert min(g.consistency for g in grids) < 0.95


def test_the_grid_of_a_long_recording_does_not_drift():
    beats = np.arange(240 * 120) / 120 * 117.012 / 60
    grid = fit_grid(np.cos(2 * np.pi * beats), 120.0, 80.0, 140.0)
    assert abs(grid.tempo_bpm - 117.012) * 240 / 60 < 0.02  # of a beat, after four minutes


def test_a_recordings_beats_are_where_those_of_the_music_are():
    song = render_song(SongConfig("tango", 126.0, 40.0, seed=4), SAMPLE_RATE)
    track = fit_recording("tango", song.audio, "tango", 114.0, 136.0)
    inside = track.beats_s[(track.beats_s > 1) & (track.beats_s < 39)]
    off = inside - song.beats_s[np.abs(song.beats_s[:, None] - inside).argmin(axis=0)]
    assert abs(np.median(off)) < 0.015


def test_a_recordings_beats_are_where_its_clicks_are(click_track):
    track = fit_recording("clicks", click_track(122.0, 20.0, SAMPLE_RATE), "chacha", 110.0, 134.0)
    clicks = np.arange(0.0, 20.0, 60 / 122)
    off = np.abs(track.beats_s[:, None] - clicks).min(axis=1)
    assert off.max() < 0.03
    assert abs(len(track.beats_s) - len(clicks)) <= 1
    assert track.is_trusted


def test_recordings_are_trained_on_or_held_out_and_never_both(
    click_track, write_recording, tmp_path
):
    for number in range(10):
        audio = click_track(112.0 + 2 * number, 12.0, SAMPLE_RATE)
        write_recording(tmp_path / f"ballroom_C_{number}.ogg", audio)
    write_recording(tmp_path / "voice_over.ogg", np.zeros(SAMPLE_RATE, np.float32))
    trained = {track.name for track, _ in training_recordings(tmp_path, seed=1)}
    held = {track.name for track, _ in held_out_recordings(tmp_path, trained_on=True)}
    unheard = held_out_recordings(tmp_path, trained_on=False)
    assert len(held) == 2
    assert trained.isdisjoint(held)
    assert trained | held == {track.name for track, _ in unheard}
    assert len(unheard) == 10
    tempi = [track.tempo_bpm for track, _ in unheard]
    np.testing.assert_allclose(tempi, 112.0 + 2 * np.arange(10), atol=0.2)


def test_a_folder_without_recordings_is_said_so(tmp_path):
    with pytest.raises(ArtifactError, match="holds no recording to judge by"):
        held_out_recordings(tmp_path, trained_on=False)


# ---- losses ----------------------------------------------------------------------------------


def pose_of(joints):
    return torch.as_tensor(encode(joints))[None]


def standing(frames=40):
    return np.repeat(REST_POSE[None], frames, axis=0)


def swaying(frames=40):
    """The body moves about over feet that stay where they are."""
    joints = standing(frames)
    upper = [i for i in range(N_JOINTS) if i not in FEET]
    joints[:, upper, 0] += 0.1 * np.sin(np.arange(frames) / 6)[:, None]
    return joints


NOTHING_M_S = 2e-3  # the square root's own floor, 1e-3 m/s


def test_planted_feet_cost_nothing_even_under_a_moving_body():
    truth = pose_of(standing())
    assert float(losses.contact_loss(truth, truth)) < NOTHING_M_S
    assert float(losses.contact_loss(pose_of(swaying()), truth)) < NOTHING_M_S


def test_planted_feet_cost_nothing_under_a_turning_body():
    joints = swaying()
    turn = 0.3 * np.sin(np.arange(len(joints)) / 12)
    upper = [i for i in range(N_JOINTS) if i not in FEET]
    joints[:, upper] = rotate_y(joints[:, upper], turn[:, None])
    pose = pose_of(joints)
    assert float(pose[..., -1].abs().max()) > 0.3
    # Measured: 0.004 m/s, as a turn within a frame is taken for a straight line.
    assert float(losses.contact_loss(pose, pose_of(standing()))) < 0.01


def test_skating_costs_its_speed():
    joints = standing()
    joints[..., 0] += 0.5 * np.arange(len(joints))[:, None] / FRAME_RATE
    truth = pose_of(standing())
    assert np.isclose(float(losses.contact_loss(pose_of(joints), truth)), 0.5, atol=0.01)
    one = standing()
    one[:, [JOINT["l_ankle"], JOINT["l_toe"]]] += [0, 0, 0.01] * np.arange(40)[:, None, None]
    assert np.isclose(float(losses.contact_loss(pose_of(one), truth)), 0.15, atol=0.01)


def test_skating_costs_nothing_where_the_true_foot_is_in_the_air_or_on_its_way():
    lifted, walked = standing(), standing()
    lifted[..., 1] += 0.5
    walked[..., 2] += np.arange(40)[:, None] / FRAME_RATE
    skating = pose_of(walked)
    assert float(losses.contact_loss(skating, pose_of(lifted))) == 0.0
    assert float(losses.contact_loss(skating, skating)) == 0.0


def sliding(speed_m_s, lifted_m=0.0):
    joints = standing()
    joints[..., 0] += speed_m_s * np.arange(len(joints))[:, None] / FRAME_RATE
    joints[..., 1] += lifted_m
    return pose_of(joints)


ONE_STYLE = torch.ones(1, 1)


def skate_cost(made, real, style, usual=((0.5, 1.0),)):
    return float(losses.skate_loss(made, real, style, torch.tensor(usual)))


def test_sliding_more_or_less_than_real_dances_costs_its_share_of_what_is_usual():
    still, slow, fast = sliding(0.0), sliding(0.3), sliding(3.0)
    assert skate_cost(still, still, ONE_STYLE) == 0.0
    # .5 off, of .5 that are usual; the mean of two figures
    assert np.isclose(skate_cost(slow, still, ONE_STYLE), 0.5, atol=0.01)
    assert np.isclose(skate_cost(still, slow, ONE_STYLE), 0.5, atol=0.01)
    assert np.isclose(skate_cost(slow, still, ONE_STYLE, ((0.25, 1.0),)), 1.0, atol=0.02)
    assert skate_cost(fast, still, ONE_STYLE) > 0.9
    assert skate_cost(sliding(3.0, lifted_m=0.5), still, ONE_STYLE) < 0.01


def test_feet_slide_where_the_judge_of_feet_says_so():
    """One foot stands, of the other only the toe is low enough to count."""
    joints = standing()
    ankle, toe = FEET[2:]
    joints[:, (ankle, toe), 1] += 0.03
    joints[:, (ankle, toe), 0] += 0.6 * np.arange(len(joints))[:, None] / FRAME_RATE
    pose = pose_of(joints)
    judged = metrics.foot_skate(decode(pose[0].numpy()), FRAME_RATE)
    cost = skate_cost(pose, sliding(0.0), ONE_STYLE, ((1.0, 1e9),))
    assert np.isclose(judged, 1 / 3, atol=0.01)
    assert np.isclose(2 * cost, judged, atol=0.05)


def test_creeping_all_the_time_is_no_way_to_stand_and_step():
    steps = torch.cat([sliding(0.0)] * 3 + [sliding(1.2)])
    creeps = sliding(0.19).expand_as(steps)
    style = torch.ones(4, 1)
    assert skate_cost(steps, sliding(0.0).expand_as(steps), style) > 0.24
    assert skate_cost(creeps, steps, style) > 0.1  # squares would find them equal


def test_sliding_counts_over_the_dances_of_a_style_and_no_other():
    made = torch.cat([sliding(0.3), sliding(0.0)])
    real = made.flip(0)
    same, apart = torch.ones(2, 1), torch.eye(2)
    assert skate_cost(made, real, same) < 1e-6
    assert np.isclose(skate_cost(made, real, apart, ((0.5, 1.0),) * 2), 0.5, atol=0.01)


def swinging(planted):
    """A body that swings sideways with its feet, or over feet that stay where they are."""
    joints = standing()
    swing = 0.1 * np.sin(np.arange(len(joints)) / 2)
    joints[..., 0] += swing[:, None]
    if planted:
        joints[:, FEET, 0] -= swing[:, None]
    return pose_of(joints)


def test_a_body_that_swings_with_no_foot_at_rest_costs_and_one_on_its_feet_does_not():
    """As `metrics.physical_foot_contact` has it; the feet's sliding counts nothing here."""
    at_rest = standing()
    usual = ((1e9, 1.0),)
    carried = skate_cost(swinging(True), pose_of(at_rest), ONE_STYLE, usual)
    adrift = skate_cost(swinging(False), pose_of(at_rest), ONE_STYLE, usual)
    assert carried < 0.01 < 1.0 < adrift
    judged = [metrics.physical_foot_contact(decode(swinging(p)[0].numpy()), 30) for p in (1, 0)]
    assert judged[0] < 0.01 < 1.0 < judged[1]


def test_hovering_is_no_way_out_of_sliding():
    pose = sliding(0.5).requires_grad_()
    losses.skate_loss(pose, sliding(0.0), ONE_STYLE, torch.ones(1, 2)).backward()
    gradient = pose.grad[0, :, : N_JOINTS * 3].unflatten(-1, (N_JOINTS, 3))
    assert float(gradient[:, FEET, 1].abs().max()) == 0.0
    assert float(gradient[:, FEET, 0].abs().max()) > 0.0


def moments_cost(made, real, style, spread=1.0, usual=None):
    spreads = torch.full((style.shape[1], POSE_DIM), spread)
    dances = real if usual is None else usual
    known = losses.usual_of(dances, torch.zeros_like(dances), style, spreads)
    return losses.moments_loss(made, real, style, known)


def test_a_posture_of_another_body_costs_its_square_style_by_style():
    real = torch.zeros(4, 30, POSE_DIM)
    made = real.clone()
    made[:2] += 0.5
    style = torch.eye(2)[[0, 0, 1, 1]]
    # Of 8 figures two are off, in 2 of 4 rows: the mean pose, and how unusual it is.
    assert np.isclose(float(moments_cost(made, real, style)), 2 * 0.25 / 8 / 2)
    assert float(moments_cost(made, real, style * torch.tensor([[0.0], [1], [1], [1]]))) == 0


def test_a_posture_is_measured_by_how_its_style_moves():
    real = torch.zeros(2, 10, POSE_DIM)
    style = torch.ones(2, 1)
    far, near = moments_cost(real + 0.5, real, style, 0.5), moments_cost(real + 0.5, real, style)
    assert np.isclose(float(far), 4 * float(near))


def test_the_spread_of_a_style_is_its_own(windows):
    spread = windows.style_spread()
    assert spread.shape == (2, POSE_DIM)
    nods = {s: spread[i, NOD] for i, s in enumerate(windows.styles)}
    own = windows.motion["pose"][:, NOD].reshape(-1)
    of_frame = np.repeat(windows.motion["style"], np.diff(windows.motion["start"]))
    for i, style in enumerate(windows.styles):
        expected = own[of_frame == i].std() / own.std()
        assert np.isclose(nods[style], np.clip(expected, 0.2, 1.0), rtol=1e-3)


def test_spread_speed_and_smoothness_of_a_style_count_as_well():
    time = torch.arange(60) / 60 * 2 * torch.pi
    small, large, fast = (a * torch.sin(f * time) for a, f in ((0.5, 2), (1.0, 2), (0.5, 6)))
    small, large, fast = (x[None, :, None].expand(3, -1, POSE_DIM) for x in (small, large, fast))
    style = torch.ones(3, 1)
    assert float(moments_cost(small, small, style)) < 1e-9
    assert float(moments_cost(large, small, style)) > 0.02
    assert float(moments_cost(fast, small, style)) > 0.02
    shaky = small + 0.02 * (torch.arange(60) % 2)[None, :, None]
    assert float(moments_cost(shaky, small, style)) > 0.2
    quiet, shaky_too = 0.3 * small, 0.3 * shaky  # what counts is how many times it shakes
    assert float(moments_cost(shaky_too, quiet, style)) > 0.1


def test_the_dances_of_a_style_need_not_be_alike():
    """Over many draws, dances as different as the real ones cost nothing."""
    torch.manual_seed(0)
    found = []
    usual = torch.zeros(3, 10, POSE_DIM)
    for _ in range(400):
        made, real = (torch.randn(3, 1, POSE_DIM).expand(-1, 10, -1) for _ in range(2))
        found.append(float(moments_cost(made, real, torch.ones(3, 1), usual=usual)))
    error = np.std(found) / len(found) ** 0.5
    assert abs(np.mean(found)) < 4 * error
    assert error < 0.005  # the square of their mean would be 2 / 3 / 8


def test_the_dances_of_a_style_must_not_all_be_alike():
    torch.manual_seed(0)
    real = torch.randn(40, 1, POSE_DIM).expand(-1, 10, -1)
    alike = real.mean(dim=0, keepdim=True).expand_as(real)
    style = torch.ones(40, 1)
    assert abs(float(moments_cost(real.flip(dims=(0,)), real, style))) < 0.01
    assert float(moments_cost(alike, real, style)) > 0.05


def stopping(late_beats, tempo_bpm=120.0):
    """Pose [1, T, 60] of a wrist that stops `late_beats` after each beat, and clock [1, T, 8]."""
    position = np.arange(240) * tempo_bpm / 60 / FRAME_RATE
    since = (position - late_beats) % 1.0
    joints = standing(len(position))
    joints[:, JOINT["l_wrist"], 1] += 0.2 * np.abs(2 * np.clip(since / 0.7, 0, 1) - 1)
    clock = torch.as_tensor(clock_vector(position, np.asarray(tempo_bpm)))[None]
    return pose_of(joints), clock


def test_an_accent_costs_where_it_falls_not_only_that_it_does():
    style = torch.ones(4, 1)

    def cost(late_beats):
        made, clock = stopping(late_beats)
        made, real, clock = (x.expand(4, -1, -1) for x in (made, stopping(0.1)[0], clock))
        return float(losses.accent_loss(made, real, clock, style))

    there = cost(0.1)
    assert cost(0.0) > there < cost(0.2)
    assert cost(0.6) > 5 * there
    assert cost(0.35) > 2 * there


def test_the_dances_of_another_style_cost_no_accent():
    made, clock = stopping(0.5)
    real, _ = stopping(0.0)
    made, real, clock = (x.expand(4, -1, -1).clone() for x in (made, real, clock))
    style = torch.eye(2)[[0, 0, 1, 1]]
    both = float(losses.accent_loss(made, real, clock, style))
    made[:2] = real[:2]
    one = float(losses.accent_loss(made, real, clock, style))
    only = float(losses.accent_loss(made, real, clock, style * torch.tensor([1.0, 0.0])))
    assert only < one < both


def test_what_is_read_costs_style_by_style():
    torch.manual_seed(0)
    real = torch.randn(64, 5)
    style = torch.eye(2)[torch.arange(64) % 2]
    again = torch.randn(64, 5)
    alike = float(losses.features_loss(again, real, style))
    swapped = again + 2 * (style[:, :1] - style[:, 1:])  # the same over both styles together
    assert abs(alike) < 0.2
    assert float(losses.features_loss(swapped, real, style)) > 3


def test_bones_cost_what_they_deviate():
    assert float(losses.bone_loss(pose_of(standing()))) < 1e-6
    longer = pose_of(REST_POSE * 1.1 + np.zeros((5, 1, 1)))
    assert np.isclose(float(losses.bone_loss(longer)), 0.1 * BONE_LENGTHS[1:].mean(), rtol=1e-4)


def test_pose_and_velocity_losses():
    truth = torch.zeros(1, 10, POSE_DIM)
    shifted = truth + 0.5
    assert float(losses.pose_loss(shifted, truth)) == 0.5
    assert float(losses.velocity_loss(shifted, truth)) == 0.0
    ramp = truth + 0.2 * torch.arange(10)[None, :, None]
    assert np.isclose(float(losses.velocity_loss(ramp, truth)), 0.2)


def test_velocity_on_the_stage_is_that_of_the_joints():
    joints = swaying()
    joints[..., 2] += 0.02 * np.arange(len(joints))[:, None]
    true = np.diff(joints, axis=0) * FRAME_RATE
    found = body.joint_velocity(pose_of(joints))[0].numpy()
    np.testing.assert_allclose(found, true, atol=2e-3)


def test_movement_that_was_asked_for_costs_nothing():
    joints, counts = swaying(), torch.ones(1)
    calm = np.repeat(joints[:1], len(joints), axis=0) + 0.2 * (joints - joints[:1])
    asked = pose_of(joints)
    assert float(losses.movement_loss(asked, asked, counts)) == 0.0
    less = float(losses.movement_loss(pose_of(calm), asked, counts))
    assert less > 0.3
    both = torch.cat([asked, pose_of(calm)]), torch.cat([asked, asked])
    only_first = losses.movement_loss(*both, torch.tensor([1.0, 0.0]))
    assert float(only_first) == 0.0
    assert float(losses.movement_loss(*both, torch.tensor([0.0, 0.0]))) == 0.0


def gaussian(mean, log_std, shape=(2, 3, 4)):
    return torch.full(shape, float(mean)), torch.full(shape, float(log_std))


def test_equal_gaussians_are_no_distance_apart():
    one, used = gaussian(0.7, -0.4), torch.ones(2, 3)
    assert abs(float(losses.kl_loss(*one, *one, used))) < 1e-5


def test_gaussians_apart_cost_their_nats():
    used = torch.tensor([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    shifted = float(losses.kl_loss(*gaussian(1, 0), *gaussian(0, 0), used))
    assert np.isclose(shifted, 3 * 4 * 0.5)
    p, q = (
        torch.distributions.Normal(m, s.exp()) for m, s in (gaussian(1, -1), gaussian(0.5, 0.3))
    )
    expected = float((torch.distributions.kl_divergence(p, q).sum(-1) * used).sum())
    found = losses.kl_loss(*gaussian(1, -1), *gaussian(0.5, 0.3), used)
    assert np.isclose(float(found), expected, rtol=1e-5)


def test_the_style_heard_costs_how_unlikely_it_thinks_the_songs_own():
    logits = torch.tensor([[5.0, -5.0]])[:, None].expand(-1, 3, -1)
    right, wrong, either = (torch.tensor([d]) for d in ([1.0, 0.0], [0.0, 1.0], [0.5, 0.5]))
    assert float(losses.style_loss(logits, right)) < 1e-3
    assert np.isclose(float(losses.style_loss(logits, wrong)), 10.0, atol=1e-3)
    assert np.isclose(float(losses.style_loss(0 * logits, either)), np.log(2), atol=1e-3)


def test_beats_start_where_their_number_does():
    beat = torch.tensor([[0, 0, 1, 1, 1, 2], [0, 0, 0, 0, 1, 1]])
    starts, used = beat_starts(beat)
    assert used.tolist() == [[1, 1, 1], [1, 1, 0]]
    assert starts[0].tolist() == [0, 2, 5]
    assert starts[1, :2].tolist() == [0, 4]


# ---- critic ----------------------------------------------------------------------------------


def test_a_slipped_clock_is_later_by_so_many_beats():
    beats = np.linspace(0.0, 9.0, 50)
    clock = torch.as_tensor(clock_vector(beats, 100.0, 0.7))[None]
    later = torch.as_tensor(clock_vector(beats + 0.3, 100.0, 0.7))[None]
    torch.testing.assert_close(slipped(clock, torch.tensor([0.3])), later, atol=1e-5, rtol=0)


def test_the_critic_is_content_beyond_the_margin_only():
    far, near = torch.full((2, 4), 5.0), torch.zeros(2, 4)
    assert float(critic_loss(far, -far, -far)) == 0.0
    assert float(critic_loss(near, near, near)) == 2.0
    assert float(critic_loss(far, -far, near)) == 0.5  # off the beat, and not noticed


def test_what_does_not_match_is_either_the_style_or_the_clock():
    torch.manual_seed(0)
    clock = torch.as_tensor(clock_vector(np.linspace(0.0, 9.0, 50), 100.0, 0.7)).repeat(200, 1, 1)
    style = torch.eye(4)[torch.arange(200) % 4]
    other_clock, other_style = mismatched(clock, style)
    assert torch.equal(other_style.sum(dim=1), torch.ones(200))
    restyled = (other_style != style).any(dim=1)
    off_beat = (other_clock != clock).flatten(1).any(dim=1)
    assert torch.equal(restyled, ~off_beat)
    assert 50 < int(restyled.sum()) < 100  # three in four of one half meet another style


def reaching(windows):
    """Draws poses, normalised and plain, and their batch; one of the two styles reaches out."""
    mean, std = (torch.as_tensor(windows.statistics()[k]) for k in ("pose_mean", "pose_std"))
    rng = np.random.default_rng(1)

    def draw():
        batch = Tensors.of(windows.batch(rng), torch.device("cpu"))
        plain = batch.pose[:, 1:].clone()
        plain[..., 3 * JOINT["l_wrist"]] += 0.2 * batch.style[:, :1]
        return (plain - mean) / std, plain, batch

    return draw


@pytest.mark.parametrize("wrong", ["clock", "style"])
def test_the_critic_learns_what_belongs_together(windows, wrong):
    torch.manual_seed(0)
    critic = MotionCritic(POSE_DIM, 2, width=32)
    critic.velocity_std.copy_(torch.as_tensor(windows.velocity_std()))
    optimiser = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.0, 0.9))
    draw = reaching(windows)

    def verdicts():
        pose, plain, batch = draw()
        clock, style = batch.clock, batch.style
        if wrong == "clock":
            other = slipped(clock, torch.full((len(plain),), 0.5)), style
        else:
            other = clock, style.flip(dims=(1,))
        return [critic(pose, plain, c, batch.control, s) for c, s in ((clock, style), other)]

    for _ in range(150):
        right, off = verdicts()
        optimiser.zero_grad()
        critic_loss(right, off, off).backward()
        optimiser.step()
    right, off = verdicts()
    each, whole = (right > off).float().chunk(2, dim=1)
    assert float(each.mean()) > 0.9
    assert float(whole.mean()) > 0.9


def test_the_reader_learns_styles_by_what_it_reads(windows):
    torch.manual_seed(0)
    reader = StyleReader(POSE_DIM, 2, width=16)
    optimiser = torch.optim.Adam(reader.parameters(), lr=3e-3)
    draw = reaching(windows)
    for _ in range(80):
        pose, _, batch = draw()
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(reader(pose), batch.style).backward()
        optimiser.step()
    pose, _, batch = draw()
    assert torch.equal(reader(pose).argmax(dim=1), batch.style.argmax(dim=1))
    read = reader.read(pose).detach()
    assert torch.equal(read, reader.read(pose))  # no noise where dances are compared
    of_one = read[batch.style[:, 0] == 0][:1].expand_as(read)
    assert float(losses.features_loss(of_one, read, batch.style)) > 0.1


def test_free_dancers_dance_as_on_stage_whoever_is_beside_them(prepared, windows):
    """Told and free rows share the recurrence's products, and nothing else."""
    run = trainer(prepared, prepared / "unused")
    network, decoder = run.network, run.network.decoder
    batch = Tensors.of(windows.batch(np.random.default_rng(2)), torch.device("cpu"))
    config = replace(TINY, mix_share=0.0)
    forced = teacher_mask(TINY.window, 4, 0, 0)
    state = decoder.initial_state(4)
    torch.manual_seed(3)
    outcome = Objective(network, config, run._usual())(batch, forced, state)
    torch.manual_seed(3)
    torch.rand(4, 1), torch.rand(4, 1)  # the dice of mixing come first
    noise = torch.randn(4, TINY.window, decoder.config.latent_dim)
    made = outcome.made
    music = network.hear(batch.features)[0][:, -TINY.window :]  # one free dancer to each song
    for t in range(TINY.window):
        clock = made.clock[:, t]
        plain, state = network.dance_frame(
            music[:, t], clock, made.style, made.control[:, t], noise[:, t], state
        )
        torch.testing.assert_close(made.plain[:, t], plain, atol=1e-5, rtol=1e-5)
    for name, value in state.items():
        torch.testing.assert_close(outcome.state[name], value, atol=1e-5, rtol=1e-5)


def test_free_dancers_go_on_from_where_they_were(prepared, windows):
    run = trainer(prepared, prepared / "unused")
    batch = Tensors.of(windows.batch(np.random.default_rng(2)), torch.device("cpu"))
    state = run.network.decoder.initial_state(4)
    forced = teacher_mask(TINY.window, 4, 0, 0)
    objective = Objective(run.network, TINY, run._usual())
    torch.manual_seed(3)
    outcome = objective(batch, forced, state)
    assert outcome.made.pose.shape == outcome.real.pose.shape == (4, TINY.window, POSE_DIM)
    assert not any(v.requires_grad for v in outcome.state.values())
    torch.testing.assert_close(outcome.state["pose"], outcome.made.pose[:, -1].detach())
    torch.manual_seed(3)
    onward = objective(batch, forced, outcome.state)
    assert not torch.equal(onward.made.pose[:, 0], outcome.made.pose[:, 0])
    assert "movement" in outcome.parts
    assert "movement" not in objective(batch, forced).parts


def test_a_free_dancer_goes_on_in_its_own_style(prepared):
    run = trainer(
        prepared, prepared / "unused", replace(TINY, restart=0.0, dancers=4, free_dancers=2)
    )
    styles = torch.eye(2)[[0, 0, 0, 1, 1, 1, 0, 1]]  # two songs of four dancers, the last two free
    rows = torch.arange(4.0)[:, None]
    fresh = run.network.decoder.initial_state(4)
    run.carried = {name: rows.expand_as(value) for name, value in fresh.items()}
    run.carried["style"] = torch.tensor([0, 1, 0, 1])
    # Asked for are the styles 0, 1 | 0, 1: every dancer finds a place of its own style.
    entering = run._entering(styles)["pose"][:, 0].long()
    assert sorted(entering.tolist()) == [0, 1, 2, 3]
    assert run.carried["style"][entering].tolist() == [0, 1, 0, 1]
    again = trainer(
        prepared, prepared / "unused", replace(TINY, restart=1.0, dancers=4, free_dancers=2)
    )
    again.carried = run.carried
    torch.testing.assert_close(again._entering(styles)["pose"], fresh["pose"])


# ---- runs ------------------------------------------------------------------------------------


def trainer(prepared, folder, config=TINY):
    return Trainer(prepared, folder, config, TINY_ENCODER, TINY_DECODER)


def ignore(_row):
    pass


def test_a_few_steps_already_help(prepared, tmp_path):
    config = TrainConfig(**{**vars(TINY), "curriculum": "forced", "iterations": 30})
    run = trainer(prepared, tmp_path, config)
    lost = [run.iterate() for _ in range(30)]
    assert all(np.isfinite(list(row.values())).all() for row in lost)
    for name in ("pose", "style"):  # measured: a fifth and a quarter of what it was
        first, last = (np.mean([row[name] for row in part]) for part in (lost[:4], lost[-4:]))
        assert last < 0.6 * first, name


def test_the_curriculum_frees_the_network_step_by_step(prepared, tmp_path):
    run = trainer(prepared, tmp_path)
    free = [run.iterate()["free"] for _ in range(TINY.iterations)]
    assert free[0] == 0
    assert free == sorted(free)
    assert free[-1] == TINY.free_max


def test_every_loss_counts(prepared, tmp_path):
    run = trainer(prepared, tmp_path, config=replace(TINY, critic_ramp=1))
    for _ in range(TINY.critic_from):
        run.iterate()
    run.progress.iteration += 10 * TINY.kl_warmup
    reported = {"judging", "reading"}  # what the critic and the reader learn by
    losses_named = [name for name in _PARTS if name not in reported]
    parts = {name: torch.tensor(1.0) for name in losses_named}
    for name in losses_named:
        assert float(run._weigh(parts | {name: torch.tensor(2.0)})) > float(run._weigh(parts)), name
    assert run.iterate().keys() >= set(_PARTS)


def test_every_part_of_the_network_learns(prepared, tmp_path):
    run = trainer(prepared, tmp_path)
    parts = {"network": run.network, "critic": run.critic, "reader": run.reader}
    before = {
        f"{part}.{k}": v.detach().clone()
        for part, module in parts.items()
        for k, v in module.named_parameters()
    }
    for _ in range(TINY.critic_from + 2):
        run.iterate()
    still = [
        f"{part}.{k}"
        for part, module in parts.items()
        for k, v in module.named_parameters()
        if torch.equal(v, before[f"{part}.{k}"])
    ]
    assert still == []


def state_of(run):
    return {
        "network": run.network.state_dict(),
        "average": run.average.state_dict(),
        "critic": run.critic.state_dict(),
        "reader": run.reader.state_dict(),
        "reader optimiser": run.reader_optimiser.state_dict()["state"],
        "critic optimiser": run.critic_optimiser.state_dict()["state"],
        "optimiser": run.optimiser.state_dict()["state"],
        "schedule": run.schedule.get_last_lr(),
        "numpy": run.rng.bit_generator.state,
        "torch": torch.get_rng_state(),
    }


def assert_same(a, b, path="run"):
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            assert_same(a[key], b[key], f"{path}.{key}")
    elif isinstance(a, torch.Tensor):
        assert torch.equal(a, b), path
    else:
        assert a == b, path


def test_a_killed_run_goes_on_as_if_nothing_had_happened(prepared, tmp_path):
    uninterrupted = trainer(prepared, tmp_path / "whole")
    uninterrupted.run(ignore)
    whole = state_of(uninterrupted)
    killed = trainer(prepared, tmp_path / "killed")
    killed.folder.mkdir()
    for _ in range(5):
        killed.iterate()
    killed.save()
    for _ in range(2):  # lost with the kill
        killed.iterate()
    (killed.folder / (CHECKPOINT + ".partial")).write_bytes(b"half a checkpoint")
    resumed = trainer(prepared, tmp_path / "killed")
    resumed.run(ignore)
    assert resumed.progress.iteration == TINY.iterations
    assert_same(state_of(resumed), whole)


def test_the_first_row_after_a_kill_is_a_mean_like_the_others(prepared, tmp_path, monkeypatch):
    monkeypatch.setattr("model.training.trainer._LOG_EVERY", 4)
    constant = replace(TINY, curriculum="const")
    killed = trainer(prepared, tmp_path, config=constant)
    for _ in range(6):
        killed.iterate()
    killed.save()
    rows = []
    trainer(prepared, tmp_path, config=constant).run(rows.append)
    assert [row["iteration"] for row in rows] == [8, 12]
    assert [row["free"] for row in rows] == [constant.free_max] * 2


def test_a_profile_of_its_steps_has_every_part(prepared):
    (step,) = profile(prepared, replace(TINY, critic_from=0), 2)
    assert {"drawing a batch", "dancing, told and free, forward", "teaching the critic"} < set(step)
    assert min(step.values()) > 0


def test_an_encoder_can_be_exchanged_for_an_untrained_one_of_another_kind(prepared, tmp_path):
    trainer(prepared, tmp_path).run(ignore)
    donor = load_checkpoint(tmp_path / CHECKPOINT)
    exchanged = network_of(with_encoder(donor, "conv"))
    assert exchanged.config.encoder.kind == "conv"
    ours, theirs = exchanged.state_dict(), network_of(donor).state_dict()
    kept = [name for name in theirs if not name.startswith("encoder.")]
    assert_same({n: ours[n] for n in kept}, {n: theirs[n] for n in kept})


def test_a_run_can_begin_with_a_file_for_the_stage(prepared, tmp_path, tiny_network, tiny_model):
    """It holds the posterior too, which the stage never needs."""
    begun = load_weights(tiny_model)
    assert_same(begun["weights"], tiny_network.state_dict())
    c = tiny_network.config
    run = Trainer(prepared, tmp_path, TINY, c.encoder, c.decoder, initial=begun)
    ours = run.network.state_dict()
    theirs = tiny_network.state_dict()
    kept = [n for n in theirs if theirs[n].shape == ours[n].shape and "style" not in n]
    assert len(kept) > 40
    assert_same({n: ours[n] for n in kept}, {n: theirs[n] for n in kept})
    assert np.isfinite(run.iterate()["loss"])


def test_a_file_from_which_nothing_can_begin_is_named(tmp_path, tiny_model):
    other = tmp_path / "other.onnx"
    for content in (b"", b"no model", tiny_model.read_bytes()[:1000]):
        other.write_bytes(content)
        with pytest.raises(ArtifactError, match="is not a file of this program"):
            load_weights(other)
    model = onnx.load(tiny_model)
    (rest,) = (p for p in model.metadata_props if p.key == REST_KEY)
    rest.value = rest.value[:1000]
    onnx.save(model, other)
    with pytest.raises(ArtifactError, match="is not a file of this program"):
        load_weights(other)
    model.metadata_props.remove(rest)
    onnx.save(model, other)
    with pytest.raises(ArtifactError, match="by an older version, without "):
        load_weights(other)


def test_a_style_whose_dancers_brake_later_gets_a_clock_as_much_later(
    prepared, tmp_path, tiny_network
):
    def delay_ms(dancers_later_ms):
        motion = dict(np.load(prepared / "motion.npz"))
        motion["phase"] = motion["phase"] + motion["tempo_bpm"] / 60_000 * dancers_later_ms
        np.savez(tmp_path / "motion.npz", **motion)
        return accent_delays(tiny_network, tmp_path, {}, seconds=10.0)["street"]

    found = np.array([delay_ms(later) for later in range(0, 600, 60)])
    near = (found[1:] != 0) & (found[:-1] != 0)  # the rest is too far off for any delay
    assert near.any()
    np.testing.assert_allclose(np.diff(found)[near], 60, atol=8)
    assert np.abs(found).max() <= 90


def test_a_file_exported_beside_its_data_says_what_the_stage_has_to_make_up_for(
    prepared, tmp_path, tiny_network, tiny_checkpoint
):
    export([tiny_checkpoint], tmp_path / "tuned.onnx", prepared)
    manifest = Performer(str(tmp_path / "tuned.onnx")).manifest
    delay = accent_delays(tiny_network, prepared, manifest.raw["energy_offset"])
    np.testing.assert_array_equal(manifest.accent_delay_ms, [delay[s] for s in manifest.styles])
    assert manifest.energy_offset.any()
    assert manifest.accent_delay_ms.any()


def test_the_network_waits_while_critic_reader_and_posterior_learn(prepared, tmp_path):
    run = trainer(prepared, tmp_path, replace(TINY, critic_from=0, held=3))
    parts = (run.network, run.critic, run.reader)

    def now():
        return [{k: v.clone() for k, v in part.state_dict().items()} for part in parts]

    before = now()
    for _ in range(3):
        run.iterate()
    after = now()
    held = [n for n in before[0] if not n.startswith("posterior.")]
    assert_same({n: after[0][n] for n in held}, {n: before[0][n] for n in held})
    for name in ("posterior.out.weight", "posterior.read.weight_ih_l0"):
        assert not torch.equal(after[0][name], before[0][name])
    assert not torch.equal(after[1]["layers.0.bias"], before[1]["layers.0.bias"])
    assert not torch.equal(after[2]["style.weight"], before[2]["style.weight"])
    run.iterate()
    assert not torch.equal(now()[0]["decoder.pose_in.weight"], after[0]["decoder.pose_in.weight"])


def test_a_finished_run_leaves_a_network_that_dances(prepared, tmp_path):
    config = TrainConfig(**{**vars(TINY), "iterations": 20})
    rows = []
    trainer(prepared, tmp_path, config).run(rows.append)
    checkpoint = load_checkpoint(tmp_path / CHECKPOINT)
    assert checkpoint["progress"]["iteration"] == 20
    assert checkpoint["train_config"] == vars(config)
    network = network_of(checkpoint)
    assert network.config.styles == ("salsa", "street")
    assert [row["iteration"] for row in rows] == [20]
    header, line = (tmp_path / "log.csv").read_text().splitlines()
    assert header.split(",")[:3] == ["iteration", "seconds", "loss"]
    assert line.startswith("20,")


def test_a_run_can_begin_with_the_weights_of_another(prepared, tmp_path):
    first = trainer(prepared, tmp_path / "first")
    first.run(ignore)
    checkpoint = load_checkpoint(first.folder / CHECKPOINT)
    donor = network_of(checkpoint)
    heir = DanceNetwork(replace(donor.config, styles=("ballroom", "street")))
    inherit(heir, checkpoint)
    ours, theirs = heir.decoder.style.weight, donor.decoder.style.weight
    assert torch.equal(ours[:, 1], theirs[:, donor.config.styles.index("street")])
    assert torch.equal(ours[:, 0], theirs.mean(dim=1))
    assert torch.equal(heir.pose_mean, donor.pose_mean)
    other = DanceNetwork(replace(donor.config, decoder=DecoderConfig(hidden=8, latent_dim=2)))
    with pytest.raises(ConfigError, match="other sizes"):
        inherit(other, checkpoint)
    again = Trainer(
        prepared, tmp_path / "second", TINY, TINY_ENCODER, TINY_DECODER, initial=checkpoint
    )
    assert_same(again.network.state_dict(), donor.state_dict())
    assert_same(again.critic.state_dict(), checkpoint["critic"])
    assert_same(again.reader.state_dict(), checkpoint["reader"])
    taught = MotionCritic(POSE_DIM, 3)
    inherit_critic(taught, checkpoint, ("ballroom", *donor.config.styles))
    ours = taught.style.parametrizations.weight.original
    assert torch.equal(ours[:, 1:], checkpoint["critic"]["style.parametrizations.weight.original"])
    assert torch.equal(ours[:, 0], ours[:, 1:].mean(dim=1))
    for name in [n for n in checkpoint["critic"] if n.startswith("whole_")]:
        del checkpoint["critic"][name]  # a run from before there was one
    inherit_critic(MotionCritic(POSE_DIM, 2), checkpoint, donor.config.styles)
    reader = StyleReader(POSE_DIM, 3)
    inherit_reader(reader, checkpoint, ("ballroom", *donor.config.styles))
    read = checkpoint["reader"]
    assert torch.equal(reader.style.weight[1:], read["style.weight"])
    assert torch.equal(reader.layers[0].weight, read["layers.0.weight"])
    del checkpoint["reader"]
    inherit_reader(reader, checkpoint, ("ballroom", *donor.config.styles))
    assert torch.equal(reader.style.weight[1:], read["style.weight"])  # untouched


def test_a_run_is_watched_while_it_trains(prepared, tmp_path):
    run = trainer(prepared, tmp_path)
    watcher = Watcher(prepared, tmp_path, every_s=0.0)
    run.run(ignore, lambda: watcher.look(run.dancer(), run.progress.iteration))
    rows = (tmp_path / "rollouts.csv").read_text().splitlines()
    assert rows[0].startswith("iteration,style,speed_ratio")
    assert [row.split(",")[:2] for row in rows[1:]] == [["12", "salsa"], ["12", "street"]]
    with Image.open(tmp_path / "rollouts" / "000012.png") as sheet:
        assert len(set(sheet.get_flattened_data())) > 4
    Watcher(prepared, tmp_path, every_s=1e9).look(run.dancer(), 13)
    assert len((tmp_path / "rollouts.csv").read_text().splitlines()) == len(rows)


def test_an_engine_that_is_not_there_is_said_so():
    with pytest.raises(ConfigError, match="cannot train on 1 x abacus"):
        engine(TINY, "abacus")


def test_an_unknown_curriculum_is_refused(prepared, tmp_path):
    with pytest.raises(ConfigError, match="curriculum 'steep': one of forced, const"):
        trainer(prepared, tmp_path, TrainConfig(curriculum="steep"))


def test_a_run_of_an_older_version_says_how_to_go_on_from_it(prepared, tmp_path):
    run = trainer(prepared, tmp_path)
    run.save()
    state = load_checkpoint(tmp_path / CHECKPOINT)
    del state["reader"]
    torch.save(state, tmp_path / CHECKPOINT)
    with pytest.raises(ConfigError, match="another folder, with --init"):
        trainer(prepared, tmp_path).run(ignore)
    again = Trainer(prepared, tmp_path / "on", TINY, TINY_ENCODER, TINY_DECODER, initial=state)
    assert_same(again.critic.state_dict(), state["critic"])


def test_a_folder_with_another_network_is_not_overwritten(prepared, tmp_path):
    run = trainer(prepared, tmp_path)
    run.save()
    before = (tmp_path / CHECKPOINT).read_bytes()
    other = Trainer(prepared, tmp_path, TINY, TINY_ENCODER, DecoderConfig(hidden=8, latent_dim=2))
    with pytest.raises(ConfigError, match="another network; choose another folder"):
        other.run(ignore)
    assert (tmp_path / CHECKPOINT).read_bytes() == before


class Executed:
    def __reduce__(self):
        return (print, ("a checkpoint must not run code",))


FOREIGN = {"code": Executed(), "weights": {"model": torch.zeros(3)}, "a list": [1, 2]}


@pytest.mark.parametrize("damage", ["truncated", "text", "empty", "missing", *FOREIGN])
def test_a_damaged_checkpoint_is_refused(tiny_checkpoint, tmp_path, capsys, damage):
    whole, path = tiny_checkpoint.read_bytes(), tmp_path / CHECKPOINT
    if damage in FOREIGN:
        torch.save(FOREIGN[damage], path)
    elif damage != "missing":
        path.write_bytes(
            {
                "truncated": whole[: len(whole) // 2],
                "text": b"not a checkpoint",
                "empty": b"",
            }[damage]
        )
    with pytest.raises(ArtifactError, match=r"checkpoint\.pt is not a checkpoint of this program"):
        network_of(load_checkpoint(path))
    assert capsys.readouterr().out == ""
