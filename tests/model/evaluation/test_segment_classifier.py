"""The second pair of eyes: what it sees, and that it learns the same again and keeps it."""

import numpy as np
import pytest

pytest.importorskip("torch")

from live.body.pose import FRAME_RATE, encode, rotate_y
from live.body.skeleton import JOINT, REST_POSE
from live.errors import ArtifactError
from model.evaluation.segment_classifier import CACHE, relations, segment_classifier


def swinging(joint, seconds, tempo_bpm=100.0):
    t = np.arange(round(seconds * FRAME_RATE)) / FRAME_RATE
    joints = np.repeat(REST_POSE[None], len(t), axis=0)
    joints[:, JOINT[joint], 1] += 0.25 * (1 - np.cos(2 * np.pi * t * tempo_bpm / 60))
    return joints.astype(np.float32)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    clips = [
        ("salsa", "r_ankle"),
        ("salsa", "l_ankle"),
        ("street", "l_wrist"),
        ("street", "r_wrist"),
    ]
    poses = [encode(swinging(joint, 20.0)) for _, joint in clips]
    starts = np.concatenate([[0], np.cumsum([len(p) for p in poses])])
    np.savez(
        folder / "motion.npz",
        pose=np.concatenate(poses),
        control=np.zeros((starts[-1], 4), np.float32),
        start=starts,
        split=starts[1:] - 120,
        style=np.array([s == "street" for s, _ in clips]).astype(int),
        tempo_bpm=np.full(len(clips), 100.0),
        phase=np.zeros(len(clips)),
        styles=np.array(["salsa", "street"]),
        names=np.array([f"clip {i}" for i in range(len(clips))]),
    )
    return folder


@pytest.fixture(scope="module")
def classifier(data):
    return segment_classifier(data, steps=60)


def test_it_knows_the_style_of_a_dance_at_another_tempo(classifier):
    for joint, style in (("r_ankle", "salsa"), ("l_wrist", "street")):
        found = classifier.classify(swinging(joint, 12.0, tempo_bpm=110.0))
        assert found.features.shape == (9, 32)
        assert np.mean(found.style == classifier.styles.index(style)) > 0.8
    assert set(classifier.accuracy) == {"salsa", "street"}


def test_it_sees_the_dance_not_where_it_is_danced():
    joints = swinging("l_wrist", 6.0)
    elsewhere = rotate_y(joints, np.array(1.2)) + np.array([3.0, 0.0, -2.0])
    np.testing.assert_allclose(
        relations(elsewhere.astype(np.float32)), relations(joints), atol=2e-4
    )


def test_a_dance_shorter_than_its_window_has_none(classifier):
    assert len(classifier.classify(swinging("l_wrist", 3.0)).features) == 0
    assert len(classifier.classify(swinging("l_wrist", 3.0), length=60).features) == 2


def test_it_is_learned_once_and_again_alike(data, classifier):
    kept = segment_classifier(data, steps=60)
    (data / CACHE).unlink()
    again = segment_classifier(data, steps=60)
    dance = swinging("r_wrist", 8.0)
    for other in (kept, again):
        np.testing.assert_array_equal(
            other.classify(dance).features, classifier.classify(dance).features
        )
        assert other.accuracy == classifier.accuracy


def test_data_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(ArtifactError, match="prepare"):
        segment_classifier(tmp_path)
