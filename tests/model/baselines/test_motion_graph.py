"""The motion graph dances what it was given, on the beat it is asked for."""

import numpy as np
import pytest

from live.body.pose import FRAME_RATE, encode
from live.body.skeleton import BONE_LENGTHS, JOINT, PARENTS, REST_POSE
from live.errors import ArtifactError
from model.baselines.motion_graph import motion_graphs
from model.evaluation import metrics

TEMPO = 110.0


def clip(seconds, seed):
    """Bounces once a beat; both wrists swing once a beat, each time as far as chance will have."""
    t = np.arange(round(seconds * FRAME_RATE)) / FRAME_RATE
    joints = np.repeat(REST_POSE[None], len(t), axis=0)
    wave = np.cos(2 * np.pi * t * TEMPO / 60)
    joints[..., 1] += 0.03 * wave[:, None]
    depth = np.random.default_rng(seed).uniform(0.05, 0.3, 60)[(t * TEMPO / 60).astype(int)]
    for name in ("l_wrist", "r_wrist"):
        joints[:, JOINT[name], 2] += depth * (1 - wave)
    return encode(joints.astype(np.float32))


def write(folder, poses):
    starts = np.concatenate([[0], np.cumsum([len(p) for p in poses])])
    np.savez(
        folder / "motion.npz",
        pose=np.concatenate(poses),
        control=np.zeros((starts[-1], 4), np.float32),
        start=starts,
        split=starts[1:] - 10,
        style=np.zeros(len(poses), int),
        tempo_bpm=np.full(len(poses), TEMPO),
        phase=np.zeros(len(poses)),
        styles=np.array(["street"]),
        names=np.array([f"clip {i}" for i in range(len(poses))]),
    )
    return folder


@pytest.fixture
def graph(tmp_path):
    return motion_graphs(write(tmp_path, [clip(12.0, 1), clip(4.0, 2)]))["street"]


def beats_at(tempo_bpm, seconds=20.0, start=0.3):
    return start + np.arange(round(seconds * FRAME_RATE)) / FRAME_RATE * tempo_bpm / 60


def test_its_dances_keep_the_beat_of_the_song_not_of_the_clip(graph):
    beats = beats_at(130.0, 40.0)
    found = metrics.phase_coherence(graph.dance(beats, 1), FRAME_RATE, beats)
    assert found.score > 0.5
    assert found.score > 4 * found.null


def test_equal_seeds_dance_alike_and_others_do_not(graph):
    beats = beats_at(120.0)
    one, again, other = (graph.dance(beats, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0.05


def test_it_never_jumps_and_keeps_the_body_whole(graph):
    joints = graph.dance(beats_at(TEMPO, 60.0), 3)
    assert np.abs(np.diff(joints, axis=0)).max() < 0.2  # m a frame; its wrists swing at 3.5 m/s
    lengths = np.linalg.norm(joints[:, 1:] - joints[:, PARENTS[1:]], axis=-1)
    np.testing.assert_allclose(lengths, np.tile(BONE_LENGTHS[1:], (len(lengths), 1)), atol=1e-4)


def test_it_goes_from_clip_to_clip(graph):
    visited = {graph.nodes[n].clip for row in graph.nearest for n in row}
    assert visited == {0, 1}
    for i, row in enumerate(graph.nearest):
        assert i not in row
        assert graph.nodes[i].follows not in row


def test_too_few_beats_are_refused_with_the_style(tmp_path):
    with pytest.raises(ArtifactError, match="street have too few beats"):
        motion_graphs(write(tmp_path, [clip(2.5, 1)]))
