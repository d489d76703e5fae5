"""Rollouts of a checkpoint: reproducible, on the true clock, and in a table beside real dances."""

import numpy as np
import pytest
import torch
from PIL import Image

from live.body.pose import FRAME_RATE, encode
from live.body.skeleton import N_JOINTS, REST_POSE
from live.errors import ArtifactError
from model.data.body25 import project
from model.evaluation import rollout as rollouts
from model.evaluation.checkpoint_report import evaluate, format_report
from model.evaluation.contact_sheet import draw
from model.evaluation.piece import piece
from model.evaluation.rollout import rollout
from model.evaluation.tables import Column, Row, format_table
from model.evaluation.take import real_takes
from model.network.config import DecoderConfig, EncoderConfig, NetworkConfig
from model.network.dance_network import DanceNetwork

FPS = float(FRAME_RATE)


def beats_at(tempo_bpm, seconds=60.0):
    return tempo_bpm / 60 / FPS * np.arange(round(seconds * FPS))


def swaying(beats):
    """A rest pose that swings to and fro and stands still for a moment on every beat."""
    return REST_POSE + (0.1 * np.cos(np.pi * beats))[:, None, None] * np.array([1.0, 0.0, 0.3])


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(1)
    small = EncoderConfig(width=16, layers=1, heads=2, window=8)
    return DanceNetwork(
        NetworkConfig(("jpop", "street"), small, DecoderConfig(hidden=24, latent_dim=4))
    ).eval()


def test_a_rollout_is_reproducible_and_its_dancers_differ(network):
    first, again, other = (
        rollout(network, ["jpop"], [120.0], seconds=4.0, seed=seed) for seed in (1, 1, 2)
    )
    assert [t.joints.shape for t in first] == [(120, N_JOINTS, 3)] * 2
    assert np.diff(first[0].beats) == pytest.approx(120 / 60 / FPS, abs=1e-3)
    np.testing.assert_array_equal(first[0].joints, again[0].joints)
    assert np.abs(first[0].joints - first[1].joints).max() > 1e-3
    assert np.abs(first[0].joints - other[0].joints).max() > 1e-3


def test_music_heard_in_pieces_is_the_music_heard_at_once(network, monkeypatch):
    features = torch.randn(100, 83)
    with torch.inference_mode():
        whole = rollouts._hear(network, features)
        monkeypatch.setattr(rollouts, "_HEARD_AT_ONCE", 16)
        pieces = rollouts._hear(network, features)
    torch.testing.assert_close(pieces, whole, atol=1e-5, rtol=1e-5)  # 1e-6 with a trained network


def test_an_unknown_style_is_refused(network):
    with pytest.raises(ArtifactError, match="polka"):
        rollout(network, ["polka"], seconds=1.0)


def test_evaluation_sets_free_dances_beside_the_real_ones(network, tmp_path):
    clips = [encode(swaying(beats_at(tempo, seconds=20.0))) for tempo in (100, 120)]
    np.savez(
        tmp_path / "motion.npz",
        pose=np.concatenate(clips),
        control=np.zeros((1200, 4), np.float32),
        start=np.array([0, 600, 1200]),
        split=np.array([500, 1100]),
        style=np.array([0, 1]),
        tempo_bpm=np.array([100.0, 120.0]),
        phase=np.zeros(2),
        styles=np.array(["jpop", "street"]),
        names=np.array(["a", "b"]),
    )
    checkpoint = {
        "network": network.state_dict(),
        "average": torch.optim.swa_utils.AveragedModel(network).state_dict(),
        "network_config": network.config.to_dict(),
        "train_config": {"lag_max": 3},
        "prepared": {"tiers": ["open"]},
        "machine": "",
        "progress": {"iteration": 7, "seconds": 1.0},
    }
    torch.save(checkpoint, tmp_path / "checkpoint.pt")
    report = evaluate(tmp_path / "checkpoint.pt", tmp_path, seconds=12.0, tempi_bpm=[120.0])
    assert list(report.rows) == ["jpop real", "jpop 120", "street real", "street 120"]
    assert report.iteration == 7
    assert report.rows["jpop real"]["coherence"] > 0.5
    assert report.rows["street real"]["speed_ratio"] == pytest.approx(1.0)
    assert all(np.isfinite(list(row.values())).all() for row in report.rows.values())
    assert "street real" in format_report(report)


def test_a_contact_sheet_shows_every_row(tmp_path):
    joints = swaying(beats_at(120))
    draw({"one": joints, "short": joints[:40]}, tmp_path / "sheet.png", FPS, columns=8)
    with Image.open(tmp_path / "sheet.png") as sheet:
        pixels = np.asarray(sheet).astype(int)
    assert sheet.width == 8 * 96
    rows = pixels.reshape(2, -1, sheet.width, 3)
    lit = (rows.max(axis=-1) > 150).any(axis=1)  # [row, x]: bright somewhere in the column
    assert lit[0, -96:].any()
    assert lit[1, :96].any()
    assert not lit[1, -96:].any()


def test_a_contact_sheet_draws_a_filmed_dance_as_it_draws_the_body(tmp_path):
    joints = swaying(beats_at(120))
    draw(
        {"space": joints[::2], "film": project(joints)}, tmp_path / "sheet.png", FPS / 2, columns=8
    )
    with Image.open(tmp_path / "sheet.png") as sheet:
        rows = np.asarray(sheet).astype(int).reshape(2, -1, sheet.width, 3)[:, 16:]
    warm, cool = rows[..., 0] - rows[..., 2] > 80, rows[..., 2] - rows[..., 0] > 80
    for limbs in (warm, cool):
        space, film = ([np.mean(where) for where in np.nonzero(own)] for own in limbs)
        np.testing.assert_allclose(space, film, atol=4)  # pixels; feet are drawn out


def test_the_pose_is_seen_as_long_after_the_music_as_training_had_it():
    near, far = (piece("jpop", 120.0, 3.0, 1, lag) for lag in (1.0, 2.5))
    np.testing.assert_array_equal(near.features, far.features)
    assert (far.beats - near.beats) * FPS / 2 == pytest.approx(1.5, abs=1e-6)  # 2 beats a second


def test_a_table_marks_what_misses_its_target_and_leaves_open_what_is_not_known():
    columns = (Column("speed", "speed", "{:.1f}"), Column("skate", "skate", "{:.2f}"))
    rows = [
        Row("real", {"speed": 1.0}),
        Row("ours", {"speed": 0.3, "skate": 0.5}, {"speed": lambda x: x > 0.5}),
        Row("lost", {"speed": float("nan")}, {"speed": lambda x: x > 0.5}),
    ]
    lines = [line.split() for line in format_table(rows, columns).splitlines()]
    assert lines == [
        ["speed", "skate"], ["real", "1.0", "-"], ["ours", "0.3!", "0.50"], ["lost", "nan!", "-"],
    ]  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"no arrays", None])
def test_prepared_data_that_cannot_be_read_is_said_in_a_sentence(network, tmp_path, content):
    if content is None:
        np.savez(tmp_path / "motion.npz", pose=np.zeros((3, 60)))
    else:
        (tmp_path / "motion.npz").write_bytes(content)
    with pytest.raises(ArtifactError, match="run `posejockey prepare`"):
        real_takes(tmp_path)
