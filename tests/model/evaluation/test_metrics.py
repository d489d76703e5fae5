"""The metrics, on motion whose score is known: on the beat, beside it, frozen, skating."""

import numpy as np
import pytest

from live.body.pose import FRAME_RATE
from live.body.skeleton import JOINT, N_JOINTS, REST_POSE
from model.evaluation import metrics

FPS = float(FRAME_RATE)
SECONDS = 60.0


def beats_at(tempo_bpm, fps=FPS, seconds=SECONDS):
    return tempo_bpm / 60 / fps * np.arange(round(seconds * fps))


def swaying(beats, late_beats=0.0, size_m=0.1):
    """A rest pose that swings to and fro and stands still for a moment on every beat."""
    offset = size_m * np.cos(np.pi * (beats - late_beats))
    return REST_POSE + offset[:, None, None] * np.array([1.0, 0.0, 0.3])


def wandering(rng, seconds=SECONDS, fps=FPS):
    """A body whose joints float smoothly and independently, and never heard any music."""
    noise = rng.normal(size=(round(seconds * fps), N_JOINTS, 3))
    kernel = np.exp(-0.5 * (np.arange(-20, 21) / 5) ** 2)
    smooth = np.apply_along_axis(np.convolve, 0, noise, kernel / kernel.sum(), "same")
    return REST_POSE + 0.3 * smooth


def evenly(tempo_bpm, seconds=SECONDS):
    return np.arange(0, seconds, 60 / tempo_bpm)


# ---- the beat --------------------------------------------------------------------------------


@pytest.mark.parametrize("tempo_bpm", [90, 120, 150])
def test_a_sway_on_the_beat_is_coherent_and_a_detuned_clock_is_not(tempo_bpm):
    beats = beats_at(tempo_bpm)
    found = metrics.phase_coherence(swaying(beats), FPS, beats)
    assert found.score > 0.5
    assert found.harmonic == 1.0
    assert found.null < 0.2 * found.score


def test_a_dancer_who_heard_nothing_is_near_the_null():
    joints = wandering(np.random.default_rng(1))
    found = metrics.phase_coherence(joints, FPS, beats_at(117))
    assert found.score < 0.12
    assert found.null < 0.12


def test_the_accent_moves_with_the_motion():
    beats = beats_at(117)  # no whole number of frames: the sampling grid averages out
    early, late = (
        metrics.phase_coherence(swaying(beats, shift), FPS, beats).accent_beats * 60_000 / 117
        for shift in (0.0, 0.078)
    )
    assert late - early == pytest.approx(40, abs=2)


def test_coherence_does_not_depend_on_the_frame_rate():
    scores = [
        metrics.phase_coherence(swaying(beats_at(100, fps)), fps, beats_at(100, fps))
        for fps in (30.0, 60.0)
    ]
    assert scores[0].score == pytest.approx(scores[1].score, abs=0.03)
    assert scores[0].accent_beats == pytest.approx(scores[1].accent_beats, abs=0.017)


def test_one_accent_in_two_beats_shows_at_half_the_beat():
    beats = beats_at(120)
    assert metrics.phase_coherence(swaying(beats / 2), FPS, beats).harmonic == 0.5


def test_a_statue_scores_nothing():
    still = np.broadcast_to(REST_POSE, (600, N_JOINTS, 3))
    assert metrics.phase_coherence(still, FPS, beats_at(120)[:600]).score == 0.0


def test_kinematic_beats_are_where_the_body_stands_still():
    motion_s = metrics.kinematic_beats(swaying(beats_at(120)), FPS)
    np.testing.assert_allclose(motion_s, np.arange(1, len(motion_s) + 1) * 0.5, atol=0.005)


def test_beat_alignment_of_a_dance_on_the_beat_and_between_beats():
    beats_s = evenly(120)
    on, between = (
        metrics.kinematic_beats(swaying(beats_at(120), shift), FPS) for shift in (0.0, 0.5)
    )
    assert metrics.beat_alignment(on, beats_s) > 0.95
    assert metrics.beat_alignment(between, beats_s) < 0.05
    assert metrics.shifted_alignment(on, beats_s) < 0.1
    assert metrics.hit_rate(on, beats_s) == 1.0
    assert metrics.hit_rate(between, beats_s) == 0.0
    assert metrics.beat_coverage(on, beats_s) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("tempo_bpm", [80, 120, 170])
def test_chance_is_what_random_kinematic_beats_score(tempo_bpm):
    rng = np.random.default_rng(2)
    beats_s = evenly(tempo_bpm)
    anywhere = np.sort(rng.uniform(beats_s[0], beats_s[-1], 20_000))
    chance = metrics.chance_alignment(beats_s)
    assert metrics.beat_alignment(anywhere, beats_s) == pytest.approx(chance, abs=0.01)
    assert metrics.shifted_alignment(anywhere, beats_s) == pytest.approx(chance, abs=0.01)
    luck = 2 * metrics.HIT_TOLERANCE_S * tempo_bpm / 60
    assert metrics.hit_rate(anywhere, beats_s) == pytest.approx(luck, abs=0.01)


def test_smooth_random_motion_scores_about_chance():
    beats_s = evenly(110)
    scores = [
        metrics.beat_alignment(
            metrics.kinematic_beats(wandering(np.random.default_rng(seed)), FPS), beats_s
        )
        for seed in range(8)
    ]
    assert np.mean(scores) == pytest.approx(metrics.chance_alignment(beats_s), abs=0.04)


def test_beat_times_come_from_the_position():
    np.testing.assert_allclose(metrics.beat_times(beats_at(90), FPS)[:4], np.arange(4) * 2 / 3)


# ---- life ------------------------------------------------------------------------------------


def test_a_frozen_stretch_is_found_and_timed():
    joints = swaying(beats_at(100), size_m=0.2)
    joints[600:690] = joints[600]
    joints[900:930] = joints[900]
    reference = metrics.mean_speed(joints, FPS)
    frozen = metrics.freezing(joints, FPS, reference)
    assert frozen.longest_s == pytest.approx(3.0, abs=0.4)
    assert frozen.total_s == pytest.approx(4.0, abs=0.8)


def test_poses_that_are_no_numbers_are_no_dance():
    joints = swaying(beats_at(120))
    joints[300:600] = np.nan
    assert metrics.freezing(joints, FPS, metrics.mean_speed(joints[:300], FPS)).longest_s >= 10


def test_a_dancer_who_keeps_moving_never_freezes():
    joints = wandering(np.random.default_rng(3))
    assert metrics.freezing(joints, FPS, metrics.mean_speed(joints, FPS)) == (0.0, 0.0)


def test_speed_is_in_metres_a_second_at_any_frame_rate():
    for fps in (30.0, 60.0):
        joints = REST_POSE + np.arange(round(10 * fps))[:, None, None] / fps * np.array([0.5, 0, 0])
        assert metrics.mean_speed(joints, fps) == pytest.approx(0.5)


# ---- the body --------------------------------------------------------------------------------


def test_a_sliding_foot_skates_and_a_stepping_one_does_not():
    standing = np.repeat(REST_POSE[None], 300, axis=0)
    sliding, lifted = standing.copy(), standing.copy()
    left = [JOINT["l_ankle"], JOINT["l_toe"]]
    travel = np.arange(300)[:, None] * 0.02
    sliding[:, left, 0] += travel
    lifted[:, left, 0] += travel
    lifted[:, left, 1] += 0.2
    assert metrics.foot_skate(standing, FPS) == 0.0
    assert metrics.foot_skate(sliding, FPS) == pytest.approx(0.5)
    assert metrics.foot_skate(lifted, FPS) == 0.0
    assert metrics.grounded_share(lifted) == 1.0
    assert metrics.grounded_share(lifted + np.array([0.0, 0.1, 0.0])) == 0.0


def test_physical_foot_contact_asks_for_a_foot_that_rests():
    t = np.arange(300) / FPS
    bob = np.sin(2 * np.pi * t)
    standing = np.repeat(REST_POSE[None], 300, axis=0)
    standing[:, 0, 1] += 0.05 * bob
    gliding = standing + 0.3 * bob[:, None, None] * np.array([1.0, 0.0, 0.0])
    assert metrics.physical_foot_contact(standing, FPS) == 0.0
    assert metrics.physical_foot_contact(gliding, FPS) > 0.1


def test_bones_floor_and_stage():
    joints = np.repeat(REST_POSE[None], 10, axis=0)
    assert metrics.bone_error(joints) == pytest.approx(0.0, abs=1e-6)
    assert metrics.bone_error(joints * 1.1) == pytest.approx(
        0.1 * np.mean(metrics.BONE_LENGTHS[1:]), rel=1e-3
    )
    assert metrics.floor_penetration(joints) == pytest.approx((0.0, 0.0), abs=1e-6)
    sunk = joints.copy()
    sunk[5, :, 1] -= 0.03
    assert metrics.floor_penetration(sunk) == pytest.approx((0.003, 0.03), abs=1e-5)
    assert metrics.stage_distance(joints + np.array([3.0, 0.0, 4.0]))[0] == pytest.approx(5.0)


# ---- variety ---------------------------------------------------------------------------------


def test_frechet_distance_is_zero_for_equal_sets_and_grows_with_the_shift():
    features = np.random.default_rng(4).normal(size=(400, 6)) * np.arange(1, 7)
    assert metrics.frechet_distance(features, features) == pytest.approx(0.0, abs=1e-6)
    for shift in (1.0, 3.0):
        moved = features + np.array([shift, 0, 0, 0, 0, 0])
        assert metrics.frechet_distance(features, moved) == pytest.approx(shift**2, rel=1e-6)
    wider = metrics.frechet_distance(features, 2 * features)
    assert wider == pytest.approx(np.trace(np.cov(features.T)) + (features.mean(0) ** 2).sum())


def test_diversity_is_the_mean_distance_of_pairs():
    features = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 0.0]])
    assert metrics.diversity(features) == pytest.approx(10 / 3)
    assert metrics.diversity(features[:1]) == 0.0
    assert metrics.multimodality(np.stack([features, features * 0])) == pytest.approx(5 / 3)


def test_kinetic_features_have_a_row_for_each_window_and_the_speeds_in_it():
    joints = REST_POSE + np.arange(300)[:, None, None] / FPS * np.array([0.3, 0.0, 0.4])
    features = metrics.kinetic_features(joints, FPS)
    assert features.shape == (2, 57)
    np.testing.assert_allclose(features[:, :19], 0.5, atol=1e-6)
    np.testing.assert_allclose(features[:, 19:], 0.0, atol=1e-4)
