"""Packets that come early, late or never, and the poses shown between them."""

import numpy as np
import pytest

from live.body.skeleton import BONE_LENGTHS, BONES, JOINT
from live.osc import encoding
from live.osc import schema as osc
from tests.visuals.stage import FPS, packets, timeline_after, waving
from visuals.feed.timeline import Timeline


def test_between_two_samples_poses_lie_between_and_bones_keep_their_length():
    timeline = timeline_after(range(30))
    x, hand = [], []
    for now_s in np.arange(0.35, 0.47, 0.003):
        (joints,) = timeline.view(now_s).joints
        bones = [np.linalg.norm(joints[b] - joints[a]) for a, b in BONES]
        np.testing.assert_allclose(bones, BONE_LENGTHS[1:], rtol=1e-4)
        x.append(joints[0, 0])
        hand.append(joints[JOINT["l_wrist"], 1])
    np.testing.assert_allclose(np.diff(x), 0.003, atol=1e-5)  # 1 m/s, no steps
    true = [waving(t)[JOINT["l_wrist"], 1] for t in np.array(x)]
    np.testing.assert_allclose(hand, true, atol=0.006)  # chords of an arc of 0.5 m


def test_music_and_health_reach_the_view():
    view = timeline_after(range(31), n_dancers=3).view(0.5)
    assert view.dancers == (1, 2, 3)
    assert view.joints.shape == (3, 19, 3)
    np.testing.assert_allclose(np.diff(view.joints[:, 0, 0]), 1.0, atol=1e-5)
    assert (view.bpm, view.confidence) == (120.0, pytest.approx(0.9))
    assert (view.onset, view.level) == ((0.75, 0.5, 0.25), 0.5)
    np.testing.assert_array_equal(view.style, [0.75, 0.25])
    assert view.state == "dancing"
    assert not view.lost


def test_beat_moves_on_between_packets_with_the_pose():
    timeline = timeline_after(range(61))
    for now_s in np.arange(0.9, 1.02, 0.004):
        view = timeline.view(now_s)
        beats = 2 * view.joints[0, 0, 0]  # x says which moment is shown
        assert view.beat_phase == pytest.approx(beats % 1, abs=1e-3)
        assert view.bar_phase == pytest.approx(beats / 4 % 1, abs=1e-3)


def test_late_lost_doubled_and_reordered_packets_leave_no_stutter():
    rng = np.random.default_rng(3)
    arrivals = []
    for k in range(600):
        for _ in range(1 + (rng.random() < 0.02)):
            if rng.random() > 0.02:
                late_s = rng.uniform(-0.020, 0.020)
                arrivals.append((k / FPS + late_s, packets(k)[0]))
    arrivals.sort(key=lambda arrival: arrival[0])
    timeline, shown = Timeline(), []
    for tick in range(600):
        now_s = tick / FPS + 0.003
        while arrivals and arrivals[0][0] <= now_s:
            timeline.receive(arrivals[0][1], arrivals.pop(0)[0])
        if tick >= FPS:
            shown.append(timeline.view(now_s).joints[0, 0, 0])
    steps = np.diff(shown)
    # Measured: 0.4 mm of the mean arrival's own movement, 1 mm where a guess was corrected.
    np.testing.assert_allclose(steps, 1 / FPS, atol=0.003)


def test_latest_view_never_waits_for_a_backlog():
    """A receiver that slept for two seconds shows the newest pose at once."""
    timeline = Timeline()
    for k in range(120):
        timeline.receive(packets(k)[0], 5.0 + k * 1e-5)
    assert timeline.view(5.0 + 1 / FPS).joints[0, 0, 0] > 119 / FPS - 0.06


def test_sample_counter_wraps_without_a_jump():
    timeline = Timeline()
    start = osc.SAMPLE_WRAP - 15 * 400
    for k in range(30):
        for packet in packets(k, sample=(start + k * 400) % osc.SAMPLE_WRAP):
            timeline.receive(packet, k / FPS)
    x = [timeline.view(t).joints[0, 0, 0] for t in np.arange(0.40, 0.50, 0.01)]
    np.testing.assert_allclose(np.diff(x), 0.01, atol=1e-4)


def test_restarted_engine_is_shown_at_once():
    timeline = timeline_after(range(120))
    for packet in packets(0):
        timeline.receive(packet, 3.0)
    assert timeline.view(3.01).joints[0, 0, 0] == pytest.approx(0.0, abs=1e-6)


def test_dancers_who_stop_coming_vanish_but_a_silent_feed_keeps_everybody():
    timeline = timeline_after(range(30), n_dancers=2)
    for k in range(30, 59):
        timeline.receive(packets(k)[0], k / FPS)
    assert timeline.view(59 / FPS).dancers == (1, 2)
    for k in range(59, 62):
        timeline.receive(packets(k)[0], k / FPS)
    assert timeline.view(62 / FPS).dancers == (1,)
    later = timeline.view(61 / FPS + 1.5)
    assert later.dancers == (1,)
    assert later.lost


def test_a_flood_of_controls_keeps_the_newest_and_bounded_memory():
    timeline = Timeline()
    for k in range(1000):
        timeline.receive(encoding.encode_picture("cast", k % 17), 0.0)
    taken = timeline.take_controls()
    assert len(taken) < 100
    assert taken[-1] == ("cast", 999 % 17)
    assert timeline.take_controls() == []


def test_an_operator_who_plays_is_no_engine_that_dances():
    timeline = timeline_after(range(10))
    for packet in (
        encoding.encode_picture("cast", 3.0),
        encoding.encode_styles("auto", ("salsa",)),
    ):
        timeline.receive(packet, 5.0)
    assert timeline.view(5.0).lost
