"""Runs that were stopped: they go on as if nothing had happened, or say why they cannot."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from live.errors import ArtifactError, ConfigError
from live.safe_write import partial_name
from model.network.checkpoint import CHECKPOINT, load_checkpoint
from model.network.config import DecoderConfig
from model.training.engine import engine
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

ROOT = Path(__file__).parents[3]


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
    partial_name(killed.folder).write_bytes(b"half a checkpoint")
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
    assert [row["iteration"] for row in rows] == [8, 12, 16]
    assert [row["free"] for row in rows] == [constant.free_max] * 3


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


def stopped_at(iteration, prepared, folder, config=TINY):
    """A run with a checkpoint after so many iterations."""
    run = trainer(prepared, folder, config)
    run.folder.mkdir(exist_ok=True)
    for _ in range(iteration):
        run.iterate()
    run.save()
    return run


def test_a_run_goes_on_with_its_rollouts_where_they_were(prepared, tmp_path):
    stopped = stopped_at(TINY.before_dance + TINY.critic_from + 1, prepared, tmp_path)
    carried = stopped.carried
    stopped.iterate()
    expected = state_of(stopped)
    resumed = trainer(prepared, tmp_path)
    resumed.load()
    assert carried is not None
    assert_same(resumed.carried, carried)
    resumed.iterate()
    assert_same(state_of(resumed), expected)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_run_goes_on_on_a_card(prepared, tmp_path):
    stopped = stopped_at(TINY.before_dance + TINY.critic_from + 1, prepared, tmp_path)
    resumed = Trainer(
        prepared, tmp_path, TINY, TINY_ENCODER, TINY_DECODER, fabric=engine(TINY.precision, "cuda")
    )
    resumed.load()
    assert resumed.carried["pose"].device.type == "cuda"
    assert np.isfinite(resumed.iterate()["loss"])
    resumed.save()
    again = Trainer(
        prepared, tmp_path, TINY, TINY_ENCODER, TINY_DECODER, fabric=engine(TINY.precision, "cuda")
    )
    again.load()
    assert torch.equal(
        torch.cuda.get_rng_state(), load_checkpoint(tmp_path / CHECKPOINT)["processes"][0]["cuda"]
    )
    assert stopped.progress.iteration + 1 == again.progress.iteration


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"learning_rate": 0.1}, r"setting learning_rate is 0\.1 now and was 0\.004"),
        ({"seed": 9}, "setting seed is 9 now and was 1"),
        ({"curriculum": "const"}, "setting curriculum is 'const' now and was 'linear'"),
    ],
)
def test_a_run_goes_on_with_other_settings_only_where_that_is_meant(
    prepared, tmp_path, change, named
):
    stopped_at(1, prepared, tmp_path)
    before = (tmp_path / CHECKPOINT).read_bytes()
    other = replace(TINY, **change)
    with pytest.raises(ConfigError, match=named + r".*--allow-changes"):
        trainer(prepared, tmp_path, other).run(ignore)
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    meant = Trainer(prepared, tmp_path, other, TINY_ENCODER, TINY_DECODER, allow_changes=True)
    meant.load()
    assert meant.progress.iteration == 1


def test_a_run_can_be_given_more_iterations(prepared, tmp_path):
    stopped_at(1, prepared, tmp_path)
    longer = trainer(prepared, tmp_path, replace(TINY, iterations=3))
    longer.run(ignore)
    assert longer.progress.iteration == 3


@pytest.mark.parametrize("other", ["prepared.json", "motion.npz"])
def test_a_run_does_not_go_on_with_other_data_unawares(prepared, tmp_path, other):
    data = tmp_path / "data"
    shutil.copytree(prepared, data)
    stopped_at(1, data, tmp_path / "run")
    if other == "prepared.json":
        (data / other).write_text(json.dumps({"tiers": ["open", "research"]}))
        named = r"the data's tiers is \['open', 'research'\] now and was \['open'\]"
    else:
        motion = dict(np.load(data / other))
        np.savez(data / other, **motion | {"phase": motion["phase"] + 0.5})
        named = "the data was prepared anew"
    with pytest.raises(ConfigError, match=named + r".*--allow-changes"):
        trainer(data, tmp_path / "run").run(ignore)


def test_a_run_on_two_devices_does_not_go_on_on_one(prepared, tmp_path):
    stopped_at(1, prepared, tmp_path)
    state = load_checkpoint(tmp_path / CHECKPOINT)
    state["processes"] *= 2
    torch.save(state, tmp_path / CHECKPOINT)
    with pytest.raises(ConfigError, match="on 2 devices; go on with --devices 2"):
        trainer(prepared, tmp_path).run(ignore)


def test_a_checkpoint_of_the_first_format_goes_on(prepared, tmp_path):
    stopped = stopped_at(TINY.before_dance + TINY.critic_from + 1, prepared, tmp_path)
    state = load_checkpoint(tmp_path / CHECKPOINT)
    (process,) = state.pop("processes")
    for name in ("version", "data"):
        del state[name]
    old = state | {name: process[name] for name in ("numpy", "torch", "carried")}
    torch.save(old, tmp_path / CHECKPOINT)
    resumed = trainer(prepared, tmp_path)
    resumed.load()
    assert_same(state_of(resumed), state_of(stopped))
    assert_same(resumed.carried, stopped.carried)


@pytest.mark.parametrize("lost", ["optimiser", "schedule", "critic"])
def test_a_checkpoint_that_lacks_a_part_says_so(prepared, tmp_path, lost):
    stopped_at(1, prepared, tmp_path)
    state = load_checkpoint(tmp_path / CHECKPOINT)
    del state[lost]
    torch.save(state, tmp_path / CHECKPOINT)
    with pytest.raises(ArtifactError, match="damaged, or of another version"):
        trainer(prepared, tmp_path).run(ignore)


def test_a_loss_that_is_not_finite_ends_the_run_and_keeps_the_last_checkpoint(prepared, tmp_path):
    run = stopped_at(1, prepared, tmp_path)
    before = (tmp_path / CHECKPOINT).read_bytes()
    with torch.no_grad():
        run.network.decoder.unit.spell[0].weight[0, 0] = float("nan")
    with pytest.raises(ArtifactError, match=r"broke down at iteration 1.*stays as it was"):
        run.iterate()
    with torch.no_grad():
        run.average.module.decoder.pose_in.weight[0, 0] = float("inf")
    with pytest.raises(ArtifactError, match="not finite"):
        run.save()
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_a_disk_that_fills_up_costs_the_new_checkpoint_only(prepared, tmp_path):
    resource = pytest.importorskip("resource", reason="needs a limit to the size of files")
    run = stopped_at(1, prepared, tmp_path)
    before = (tmp_path / CHECKPOINT).read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, hard))
    try:
        with pytest.raises(ArtifactError, match=r"cannot write .*the one before stays"):
            run.save()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [CHECKPOINT]
    run.save()


def test_an_interrupt_while_a_checkpoint_is_written_leaves_the_old_one(
    prepared, tmp_path, monkeypatch
):
    run = stopped_at(1, prepared, tmp_path)
    before = (tmp_path / CHECKPOINT).read_bytes()

    def interrupted(_descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.save()
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [CHECKPOINT]


@pytest.mark.slow  # six processes
@pytest.mark.filterwarnings("ignore")
def test_two_processes_go_on_as_if_nothing_had_happened(prepared, tmp_path):
    """Each with generators and rollouts of its own."""

    def run(folder, stop):
        command = [sys.executable, "-m", "tests.helpers.two_processes", prepared, folder, str(stop)]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=240,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return load_checkpoint(folder / CHECKPOINT)

    stop = TINY.before_dance + TINY.critic_from + 2  # with rollouts under way
    whole = run(tmp_path / "whole", TINY.iterations)
    run(tmp_path / "stopped", stop)
    resumed = run(tmp_path / "stopped", TINY.iterations)
    first, second = whole["processes"]
    assert first["numpy"] != second["numpy"]
    assert not torch.equal(first["torch"], second["torch"])
    assert not torch.equal(first["carried"]["pose"], second["carried"]["pose"])
    for name in ("network", "average", "critic", "reader"):
        assert_same(resumed[name], whole[name], name)
    for ours, theirs in zip(resumed["processes"], whole["processes"], strict=True):
        assert_same(ours, theirs)
