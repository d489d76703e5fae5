"""The style classifier: learns what differs, keeps it, and forgets it when the data changes."""

import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from live.body.pose import FRAME_RATE, encode  # noqa: E402
from live.body.skeleton import JOINT, REST_POSE  # noqa: E402
from live.errors import ArtifactError  # noqa: E402
from model.evaluation import style_classifier as module  # noqa: E402
from model.evaluation.style_classifier import FEATURE_DIM, WINDOW, style_classifier, windows_of  # noqa: E402

_STEPS = 25


def waving(joint, hz, seconds, phase=0.0):
    """A rest pose that swings one joint to and fro: float32 [T, 19, 3]."""
    t = np.arange(round(seconds * FRAME_RATE)) / FRAME_RATE
    joints = np.repeat(REST_POSE[None], len(t), axis=0)
    joints[:, JOINT[joint], 0] += 0.2 * np.sin(2 * np.pi * hz * t + phase)
    return joints.astype(np.float32)


def write(folder, clips):
    """clips: (style, joints) in the format of `posejockey prepare`; the last quarter held out."""
    poses = [encode(joints) for _, joints in clips]
    lengths = np.array([len(p) for p in poses])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    styles = sorted({style for style, _ in clips})
    np.savez(
        folder / "motion.npz",
        pose=np.concatenate(poses),
        start=starts,
        split=starts[:-1] + lengths * 3 // 4,
        style=np.array([styles.index(style) for style, _ in clips]),
        styles=np.array(styles),
    )
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    clips = [("kick", waving("r_ankle", 1.0, 30.0, p)) for p in (0.0, 1.0)]
    clips += [("wave", waving("l_wrist", 1.5, 30.0, p)) for p in (0.0, 1.0)]
    clips.append(("wave", waving("l_wrist", 1.5, 9.0)))  # its held-out end is shorter than a window
    return write(tmp_path_factory.mktemp("prepared"), clips)


@pytest.fixture(scope="module")
def classifier(data):
    return style_classifier(data, steps=_STEPS)


def test_what_is_held_out_is_told_apart(classifier):
    assert classifier.styles == ("kick", "wave")
    assert classifier.accuracy == {"kick": 1.0, "wave": 1.0}
    assert classifier.windows == {"kick": 8, "wave": 9}


def test_a_dance_it_never_saw_is_classified_a_window_a_second(classifier):
    seen = classifier.classify(waving("r_ankle", 0.9, 10.0, phase=2.0))
    assert seen.features.shape == (7, FEATURE_DIM)
    assert (seen.style == classifier.styles.index("kick")).all()


def test_a_mirrored_dance_is_the_same_style(classifier):
    assert (
        classifier.classify(waving("r_wrist", 1.5, 6.0)).style == classifier.styles.index("wave")
    ).all()


def test_it_does_not_matter_where_on_the_stage_and_whereto_a_dancer_faces(classifier):
    joints = waving("l_wrist", 1.5, 6.0)
    turned = joints[..., [2, 1, 0]] * np.array([1.0, 1.0, -1.0]) + np.array([3.0, 0.0, -2.0])
    before, after = (classifier.classify(j).features for j in (joints, turned))
    np.testing.assert_allclose(after, before, atol=1e-3)  # 2e-5 measured


def test_a_dance_shorter_than_a_window_has_no_window(classifier):
    seen = classifier.classify(waving("l_wrist", 1.0, 3.0))
    assert seen.features.shape == (0, FEATURE_DIM)
    assert len(seen.style) == 0


def test_windows_are_cut_at_every_hop():
    pose = np.arange(2 * WINDOW, dtype=np.float32)[:, None] * np.ones(60, np.float32)
    windows = windows_of(pose, WINDOW, 50)
    assert windows.shape == (3, WINDOW, 60)
    assert windows[:, 0, 0].tolist() == [0.0, 50.0, 100.0]


def test_it_is_learned_once_and_the_same_each_time(classifier, data, monkeypatch):
    joints = waving("l_wrist", 1.2, 5.0)
    (data / module.CACHE).unlink()
    again = style_classifier(data, steps=_STEPS)
    np.testing.assert_array_equal(
        again.classify(joints).features, classifier.classify(joints).features
    )
    monkeypatch.setattr(module, "_learn", None)  # must not be called
    kept = style_classifier(data, steps=_STEPS)
    np.testing.assert_array_equal(
        kept.classify(joints).features, classifier.classify(joints).features
    )
    assert (kept.styles, kept.accuracy, kept.windows) == (
        classifier.styles, classifier.accuracy, classifier.windows,
    )  # fmt: skip


@pytest.mark.parametrize("damage", ["other data", "half a file"])
def test_what_is_kept_counts_only_for_its_data_and_whole(data, tmp_path, damage):
    style_classifier(data, steps=1)
    clips = [("calm", waving("l_wrist", 0.5, 20.0)), ("wild", waving("l_wrist", 3.0, 20.0))]
    write(tmp_path, clips)
    content = (data / module.CACHE).read_bytes()
    whole = damage == "other data"
    (tmp_path / module.CACHE).write_bytes(content if whole else content[:500])
    assert style_classifier(tmp_path, steps=1).styles == ("calm", "wild")


def test_where_it_cannot_be_kept_it_is_learned_each_time(data, tmp_path):
    shutil.copy(data / "motion.npz", tmp_path)
    (tmp_path / module.CACHE).mkdir()
    assert style_classifier(tmp_path, steps=1).styles == ("kick", "wave")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["motion.npz", module.CACHE]


def test_a_folder_that_cannot_be_written_only_costs_the_time(data, tmp_path, monkeypatch):
    def full(*args):
        raise OSError("no space left")

    write(tmp_path, [("calm", waving("l_wrist", 0.5, 20.0)), ("wild", waving("l_toe", 3.0, 20.0))])
    monkeypatch.setattr(torch, "save", full)
    assert style_classifier(tmp_path, steps=1).styles == ("calm", "wild")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["motion.npz"]


def test_a_folder_without_data_says_so(tmp_path):
    with pytest.raises(ArtifactError, match="no prepared data"):
        style_classifier(tmp_path)
