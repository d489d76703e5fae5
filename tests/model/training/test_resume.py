"""Runs that were stopped: they go on as if nothing had happened, or say why they cannot."""

from dataclasses import replace

import pytest
import torch

from live.errors import ConfigError
from model.network.checkpoint import CHECKPOINT, load_checkpoint
from model.network.config import DecoderConfig
from model.training.trainer import Trainer
from tests.helpers.training import (
    TINY,
    TINY_DECODER,
    TINY_ENCODER,
    assert_same,
    ignore,
    state_of,
    trainer,
)


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
