"""The judge of dances in a picture: real ones beside those that are not, in space and flat."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from live.body.pose import FRAME_RATE, encode
from live.body.skeleton import JOINT, REST_POSE
from live.errors import ArtifactError
from model.evaluation.body25_judge import FILMED, KEYS, flat_reference, judge_flat, judge_real
from model.evaluation.style_classifier import IN_SPACE, style_classifier
from model.evaluation.take import Take, filmed, real_takes

_TEMPO_BPM = 120.0


def swinging(style, seconds=16.0, phase=0.0, seed=0):
    """A wrist or an ankle that stands still on every beat, and a body that trembles a little."""
    joint = {"kick": "r_ankle", "wave": "l_wrist"}[style]
    beats = np.arange(round(seconds * FRAME_RATE)) / FRAME_RATE * _TEMPO_BPM / 60
    size = 0.3 + 0.05 * np.random.default_rng(seed).standard_normal()
    joints = np.repeat(REST_POSE[None], len(beats), axis=0)
    joints[:, JOINT[joint], 0] += size * np.cos(np.pi * (beats - phase))
    return joints.astype(np.float32), beats


def take(style, song="a song", **how):
    joints, beats = swinging(style, **how)
    return Take("", style, _TEMPO_BPM, joints, beats, song)


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    styles = ["kick", "wave"] * 4
    poses = [encode(swinging(style, seed=i)[0]) for i, style in enumerate(styles)]
    starts = np.concatenate([[0], np.cumsum([len(p) for p in poses])])
    np.savez(
        folder / "motion.npz",
        pose=np.concatenate(poses),
        control=np.zeros((starts[-1], 4), np.float32),
        start=starts,
        split=starts[1:] - 120,
        style=np.array([style == "wave" for style in styles]).astype(int),
        tempo_bpm=np.full(len(styles), _TEMPO_BPM),
        phase=np.zeros(len(styles)),
        styles=np.array(["kick", "wave"]),
        names=np.array([f"clip {i}" for i in range(len(styles))]),
    )
    assert len(real_takes(folder)) == len(styles)
    return flat_reference(folder, style_classifier(folder, steps=25, sight=FILMED))


def test_real_dances_are_as_near_as_real_dances_are(reference):
    real = judge_real(reference)
    assert tuple(real) == KEYS
    assert real["fid"] == real["fid_floor"]
    assert real["style_accuracy"] == 1.0
    made = [take(style, seed=s) for style in ("kick", "wave") for s in (20, 21, 22)]
    found = judge_flat(made, reference)
    assert tuple(found) == KEYS
    assert found["fid_floor"] == real["fid_floor"]
    assert (
        found["fid"] < 0.2 * judge_flat([replace(t, style="wave") for t in made], reference)["fid"]
    )
    assert found["style_accuracy"] == 1.0


def test_a_dance_of_another_style_is_seen(reference):
    found = judge_flat([replace(take("kick"), style="wave")], reference)
    assert found["style_accuracy"] == 0.0
    assert judge_real(reference, ["wave"])["fid_floor"] < found["fid"]


def test_flat_dances_are_judged_as_those_in_space_that_were_filmed(reference):
    made = [take(style, seed=s) for style in ("kick", "wave") for s in (20, 21)]
    space, flat = (judge_flat(t, reference) for t in (made, [filmed(t) for t in made]))
    assert space == pytest.approx(flat, rel=0.05, abs=1e-3)


def test_the_beat_is_hit_where_the_limb_stands_still(reference):
    on = judge_flat([take("wave")], reference)
    assert on["hit_rate"] > 0.9
    assert on["coverage"] == pytest.approx(1.0, abs=0.1)
    off = judge_flat([take("wave", phase=0.5)], reference)
    assert off["hit_rate"] < 0.1
    assert off["hit_rate_chance"] == pytest.approx(0.28)


def test_equal_dances_to_a_song_have_no_multimodality(reference):
    same = judge_flat([take("wave", seed=5), take("wave", seed=5)], reference)
    assert same["multimodality"] == pytest.approx(0.0, abs=1e-5)
    other = judge_flat([take("wave", seed=5), take("wave", phase=0.5, seed=6)], reference)
    assert other["multimodality"] > 1e-2
    apart = judge_flat([take("wave", "one", seed=5), take("wave", "two", seed=6)], reference)
    assert apart["multimodality"] == 0.0  # each to a song of its own


def test_what_is_seen_in_space_is_kept_beside_it():
    assert FILMED.cache != IN_SPACE.cache


def test_a_dance_too_short_to_judge_says_so(reference):
    with pytest.raises(ArtifactError, match="too short"):
        judge_flat([take("wave", seconds=3.0)], reference)
