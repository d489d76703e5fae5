"""A run: it learns, every part of it, and leaves a network that dances."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from live.errors import ConfigError
from model.network.checkpoint import CHECKPOINT, load_checkpoint, network_of
from model.network.config import TrainConfig
from model.training.engine import engine
from model.training.trainer import PARTS
from model.training.watch import Watcher
from tests.helpers.training import TINY, assert_same, ignore, trainer


def test_a_few_steps_already_help(prepared, tmp_path):
    config = replace(
        TINY, curriculum="forced", units_iterations=5, prior_iterations=40, iterations=65
    )
    run = trainer(prepared, tmp_path, config)
    lost = [run.iterate() for _ in range(65)]
    assert all(np.isfinite(list(row.values())).all() for row in lost)
    for name, begin, end in (("prior", 5, 45), ("style", 45, 65)):
        stage = [row[name] for row in lost[begin:end]]
        assert np.mean(stage[-4:]) < 0.9 * np.mean(stage[:4]), name  # measured: .8 and .2


def test_the_curriculum_frees_the_network_step_by_step(prepared, tmp_path):
    run = trainer(prepared, tmp_path)
    free = [run.iterate()["free"] for _ in range(TINY.iterations)]
    assert free[0] == 0
    assert free == sorted(free)
    assert free[-1] == TINY.free_max


def test_every_loss_counts(prepared, tmp_path):
    run = trainer(prepared, tmp_path, config=replace(TINY, critic_ramp=1))
    for _ in range(TINY.before_dance + TINY.critic_from):
        run.iterate()
    run.progress.iteration += 10
    reported = {"judging", "reading"}  # what the critic and the reader learn by
    losses_named = [name for name in PARTS if name not in reported]
    parts = {name: torch.tensor(1.0) for name in losses_named}
    for name in losses_named:
        assert float(run._weigh(parts | {name: torch.tensor(2.0)})) > float(run._weigh(parts)), name
    assert run.iterate().keys() >= set(PARTS)


def test_every_part_of_the_network_learns(prepared, tmp_path):
    run = trainer(prepared, tmp_path)
    parts = {"network": run.network, "critic": run.critic, "reader": run.reader}
    before = {
        f"{part}.{k}": v.detach().clone()
        for part, module in parts.items()
        for k, v in module.named_parameters()
    }
    for _ in range(TINY.before_dance + TINY.critic_from + 2):
        run.iterate()
    still = [
        f"{part}.{k}"
        for part, module in parts.items()
        for k, v in module.named_parameters()
        if torch.equal(v, before[f"{part}.{k}"])
    ]
    assert still == []


def test_each_stage_learns_its_part(prepared, tmp_path):
    """First latents and what they spell, then the vocabulary and what follows what, then all the
    rest, while latents and vocabulary stay."""
    run = trainer(prepared, tmp_path, replace(TINY, units_iterations=2, prior_iterations=2))
    learned = []
    for _ in range(3):
        before = {k: v.clone() for k, v in run.network.state_dict().items()}
        run.iterate()
        run.iterate()
        after = run.network.state_dict()
        learned.append({k for k in before if not torch.equal(before[k], after[k])})
    units, prior, dance = learned
    assert all(n.startswith(("posterior.", "decoder.unit.")) for n in units)
    assert "posterior.read.0.weight" in units
    assert all(n.startswith("decoder.prior.") for n in prior)
    assert {"decoder.prior.codes", "decoder.prior.out.weight"} <= prior
    assert {"decoder.pose_in.weight", "decoder.unit_in.weight", "decoder.prior.out.weight"} <= dance
    assert not any(n.startswith(("posterior.", "decoder.unit.")) for n in dance)
    assert "decoder.prior.codes" not in dance


def test_the_network_waits_while_critic_and_reader_learn(prepared, tmp_path):
    settings = {"units_iterations": 0, "prior_iterations": 0, "critic_from": 0, "held": 3}
    run = trainer(prepared, tmp_path, replace(TINY, **settings))
    parts = (run.network, run.critic, run.reader)

    def now():
        return [{k: v.clone() for k, v in part.state_dict().items()} for part in parts]

    before = now()
    for _ in range(3):
        run.iterate()
    after = now()
    held = [n for n in before[0] if not n.startswith(("decoder.prior.", "decoder.unit_in."))]
    assert_same({n: after[0][n] for n in held}, {n: before[0][n] for n in held})
    assert not torch.equal(after[0]["decoder.unit_in.weight"], before[0]["decoder.unit_in.weight"])
    assert not torch.equal(after[1]["layers.0.bias"], before[1]["layers.0.bias"])
    assert not torch.equal(after[2]["style.weight"], before[2]["style.weight"])
    run.iterate()
    assert not torch.equal(now()[0]["decoder.pose_in.weight"], after[0]["decoder.pose_in.weight"])


def test_a_finished_run_leaves_a_network_that_dances(prepared, tmp_path):
    config = TrainConfig(**{**vars(TINY), "iterations": 20})
    rows = []
    trainer(prepared, tmp_path, config).run(rows.append)
    checkpoint = load_checkpoint(tmp_path / CHECKPOINT)
    assert checkpoint["progress"]["iteration"] == 20
    assert checkpoint["train_config"] == vars(config)
    network = network_of(checkpoint)
    assert network.config.styles == ("salsa", "street")
    assert [row["iteration"] for row in rows] == [20]
    header, line = (tmp_path / "log.csv").read_text().splitlines()
    assert header.split(",")[:3] == ["iteration", "seconds", "loss"]
    assert line.startswith("20,")


def test_a_run_is_watched_while_it_trains(prepared, tmp_path):
    run = trainer(prepared, tmp_path)
    watcher = Watcher(prepared, tmp_path, every_s=0.0)
    run.run(ignore, lambda: watcher.look(run.dancer(), run.progress.iteration))
    rows = (tmp_path / "rollouts.csv").read_text().splitlines()
    assert rows[0].startswith("iteration,style,speed_ratio")
    assert [row.split(",")[:2] for row in rows[1:]] == [["18", "salsa"], ["18", "street"]]
    with Image.open(tmp_path / "rollouts" / "000018.png") as sheet:
        assert len(set(sheet.get_flattened_data())) > 4
    Watcher(prepared, tmp_path, every_s=1e9).look(run.dancer(), 13)
    assert len((tmp_path / "rollouts.csv").read_text().splitlines()) == len(rows)


def test_an_engine_that_is_not_there_is_said_so():
    with pytest.raises(ConfigError, match="cannot train on 1 x abacus"):
        engine(TINY.precision, "abacus")


def test_an_unknown_curriculum_is_refused(prepared, tmp_path):
    with pytest.raises(ConfigError, match="curriculum 'steep': one of forced, const"):
        trainer(prepared, tmp_path, TrainConfig(curriculum="steep"))
