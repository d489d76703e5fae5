"""Dancers that learn nothing: they stand, shuffle and copy as they say."""

import numpy as np
import pytest

from live.errors import ArtifactError
from model.baselines.plain import MeanPose, ShuffledReal, plain
from model.evaluation.piece import piece
from model.evaluation.take import real_takes


@pytest.fixture(scope="module")
def real(prepared):
    return real_takes(prepared)


def music(real, seconds=4.0):
    return piece(real[0].style, 120.0, seconds, 5)


def test_the_mean_pose_stands_still_on_the_floor(real):
    take = MeanPose(real).dance(music(real), 1)
    assert take.joints.shape == (120, 19, 3)
    assert take.style == real[0].style
    assert np.ptp(take.joints, axis=0).max() == 0
    assert 0.5 < take.joints[0, 0, 1] < 1.3


def test_a_shuffled_dance_is_a_real_one_moved_only(real):
    dancer = ShuffledReal(real)
    take, again, other = (dancer.dance(music(real), seed) for seed in (1, 1, 2))
    assert np.array_equal(take.joints, again.joints)
    assert not np.array_equal(take.joints, other.joints)
    shape = take.joints - take.joints[:, :1]
    clips = [t.joints - t.joints[:, :1] for t in real if t.style == take.style]
    nearest = min(np.abs(clip - shape[7]).max(axis=(1, 2)).min() for clip in clips)
    assert nearest < 1e-5


def test_a_style_the_data_lacks_is_said_so(real):
    with pytest.raises(ArtifactError, match="no dance of"):
        MeanPose([]).dance(music(real), 1)


def test_all_of_them_dance_to_the_whole_piece(prepared, real):
    dancers = plain(prepared)
    assert tuple(d.name for d in dancers) == ("mean pose", "shuffled real", "motion graph")
    for dancer in dancers:
        take = dancer.dance(music(real), 3)
        assert take.joints.shape == (120, 19, 3)
        assert len(take.beats) == 120
        assert np.isfinite(take.joints).all()
