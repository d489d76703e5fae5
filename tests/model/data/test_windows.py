"""Training windows: any dance on any music of its genre, beat on beat."""

from dataclasses import replace

import numpy as np
import pytest

from live.audio.features import FEATURE_DIM
from live.body.pose import POSE_DIM, ROOT
from live.body.skeleton import JOINT, REST_POSE
from live.errors import ArtifactError
from model.data.windows import PairedWindows, danced, mirrored_vectors, warp
from tests.helpers.training import NOD, NOD_M, SWAY, TEMPO_A_METRE, TINY, batches, nodding


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


def test_a_style_whose_hands_are_told_apart_is_never_mirrored(prepared):
    free = PairedWindows(prepared, TINY)
    handed = PairedWindows(prepared, replace(TINY, handed=",".join(free.styles)))
    left = np.concatenate([b.pose[:, 0, ROOT.start] > 0 for b in batches(handed)])
    assert left.all()


def test_a_clip_too_short_to_keep_its_bars_falls_on_some_beat(tmp_path, prepared):
    """It holds a window, and no four beats more."""
    motion = dict(np.load(prepared / "motion.npz"))
    longest = int(np.ceil(TINY.window * TINY.speed_high)) + 24
    motion["split"] = np.minimum(motion["split"], motion["start"][:-1] + longest)
    np.savez(tmp_path / "motion.npz", **motion)
    (tmp_path / "music.npz").write_bytes((prepared / "music.npz").read_bytes())
    bars_kept = []
    for batch in batches(PairedWindows(tmp_path, TINY), count=4):
        pose = (batch.pose[:, 1:] - np.concatenate([REST_POSE.ravel(), np.zeros(3)])) / NOD_M
        np.testing.assert_allclose(pose[..., NOD], batch.clock[..., 0], atol=0.02)
        off = np.abs(pose[..., SWAY] - batch.clock[..., 4]).max(axis=1)
        bars_kept.append(off < 0.05)
    assert 0 < np.mean(bars_kept) < 1


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


def test_who_has_to_hear_the_style_is_shown_none_that_does_not_suit_the_song(prepared):
    def suits(windows):
        return np.concatenate([(b.danced * b.style).sum(axis=1) > 0 for b in batches(windows)])

    one = replace(TINY, dancers=1)
    assert suits(PairedWindows(prepared, one, suited=True)).all()
    assert not suits(PairedWindows(prepared, one)).all()


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


def test_clips_that_no_window_fits_are_said_so_however_late_it_shows(prepared):
    windows = PairedWindows(prepared, TINY)
    windows.motion["split"] = windows.motion["start"][:-1] + 10
    with pytest.raises(ArtifactError, match="no clip holds a window of 24 frames"):
        batches(windows, count=1)


def test_other_data_has_another_fingerprint(prepared):
    one, same, other = (PairedWindows(prepared, TINY) for _ in range(3))
    other.motion["pose"][3, 2] += 1e-3
    assert one.fingerprint() == same.fingerprint() != other.fingerprint()
