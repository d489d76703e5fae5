"""Runs on more than one machine: two of torchrun, two of Ray, all of them this one."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from live.errors import ConfigError
from model.comparison.recipe import Run
from model.comparison.runs import by_ray, in_turn, train
from model.network.checkpoint import CHECKPOINT

ROOT = Path(__file__).resolve().parents[3]


def run(seed, **changes):
    options = changes.pop("options", {"hidden": 8})
    return Run("systems", "lstm", "lstm", options, "body", seed, 0.005, 4)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.slow  # two processes with torch, and torchrun's own two
def test_two_machines_end_with_equal_weights(prepared, tmp_path):
    if not torch.distributed.is_available() or not torch.distributed.is_gloo_available():
        pytest.skip("this torch has no gloo")
    command = [
        sys.executable, "-m", "torch.distributed.run", "--nnodes", "2", "--nproc-per-node", "1",
        "--master-addr", "127.0.0.1", "--master-port", str(free_port()),
    ]  # fmt: skip
    program = ["-m", "tests.helpers.fit_under_torchrun", str(prepared), str(tmp_path), "2"]
    nodes = [
        subprocess.Popen(
            [*command, "--node-rank", str(rank), *program], cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        )
        for rank in (0, 1)
    ]  # fmt: skip
    said = [node.communicate(timeout=240)[0] for node in nodes]
    found = re.findall(r"rank (\d) of 2: (\w+)", "".join(said))
    assert sorted(rank for rank, _ in found) == ["0", "1"], said[0][-2000:]
    assert len({digest for _, digest in found}) == 1
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    assert state["spent"]["iteration"] == 6
    assert len(state["processes"]) == 2


@pytest.mark.slow  # Ray starts a dozen processes
@pytest.mark.filterwarnings("ignore")
def test_two_machines_of_a_ray_cluster_share_the_runs(prepared, tmp_path, monkeypatch):
    pytest.importorskip("ray", reason="Ray is not installed: the extra `compare`")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # of the workers
    monkeypatch.setenv("RAY_worker_niceness", "0")  # or on a busy machine they never get to work
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        cluster.add_node(num_cpus=1)
        said = []
        found = by_ray(
            [run(1), run(2), run(3, options={"hidden": 8, "learning_rate": 1e30})],
            prepared, tmp_path, cluster.address, said.append,
        )  # fmt: skip
    finally:
        cluster.shutdown()
    assert "3 runs as tasks of Ray on 2 CPUs" in said[0]
    assert [outcome.run.seed for outcome in found] == [1, 2, 3]
    assert [bool(outcome.reason) for outcome in found] == [False, False, True]
    assert all((tmp_path / f"lstm-{seed}" / CHECKPOINT).is_file() for seed in (1, 2))


def test_a_folder_of_another_run_is_refused_rather_than_failed(prepared, tmp_path):
    train(run(1), prepared, tmp_path)
    with pytest.raises(ConfigError, match="another"):
        in_turn([run(1, options={"hidden": 9})], prepared, tmp_path, None, lambda line: None)
