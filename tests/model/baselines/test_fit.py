"""A run of the comparison: it learns, ends with its budget, goes on where it was stopped."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from live.errors import ArtifactError, ConfigError
from model.baselines.fit import Fit, FitConfig
from model.baselines.pose_space import BODY
from model.baselines.systems import trained, untrained
from model.data.prepared import read_motion
from model.evaluation.piece import piece
from model.network.checkpoint import CHECKPOINT

TINY = FitConfig(iterations=8, batch=4, window=40)
OPTIONS = {"hidden": 12, "dropout": 0.5}


def fit(prepared, folder, config=TINY, options=OPTIONS):
    styles = tuple(str(s) for s in read_motion(prepared)["styles"])
    torch.manual_seed(0)  # weights before the first step
    return Fit(untrained("lstm", options, BODY, styles), prepared, folder, config)


def test_a_killed_run_goes_on_as_if_nothing_had_happened(prepared, tmp_path):
    whole = fit(prepared, tmp_path / "whole")
    whole.run()
    killed = fit(prepared, tmp_path / "killed", replace(TINY, iterations=5))
    killed.run()
    resumed = fit(prepared, tmp_path / "killed")
    resumed.run()
    assert resumed.spent.iteration == 8
    for name, value in whole.system.state_dict().items():
        assert torch.equal(value, resumed.system.state_dict()[name]), name


def test_what_was_trained_dances_from_its_file(prepared, tmp_path):
    run = fit(prepared, tmp_path)
    run.run()
    music = piece(run.system.styles[0], 120.0, 3.0, 5)
    dance = trained(tmp_path / CHECKPOINT).dance(music, 1)
    assert dance.joints.shape == (90, 19, 3)
    assert len(dance.beats) == 90
    assert np.array_equal(dance.joints, run.system.dance(music, 1).joints)
    silent = replace(music, features=np.zeros_like(music.features))
    assert not np.allclose(dance.joints, run.system.dance(silent, 1).joints)


def test_a_run_learns(prepared, tmp_path):
    run = fit(prepared, tmp_path, replace(TINY, iterations=60), OPTIONS | {"hidden": 48})
    losses = [run.iterate(0.0)["loss"] for _ in range(60)]
    assert np.mean(losses[-10:]) < 0.9 * np.mean(losses[:10])


def test_a_budget_of_time_ends_a_run(prepared, tmp_path):
    run = fit(prepared, tmp_path, replace(TINY, iterations=0, minutes=1e-6))
    run.run()
    assert run.spent.iteration == 1
    assert run.spent.processor_s > 0
    again = fit(prepared, tmp_path, replace(TINY, iterations=0, minutes=1e-6))
    again.run()  # nothing is left to do
    assert again.spent.iteration == 1


def test_another_run_in_the_folder_is_not_gone_on_with(prepared, tmp_path):
    fit(prepared, tmp_path).run()
    with pytest.raises(ConfigError, match="another options"):
        fit(prepared, tmp_path, options={"hidden": 13}).run()
    with pytest.raises(ConfigError, match="another fit"):
        fit(prepared, tmp_path, replace(TINY, seed=2)).run()


def test_a_run_that_breaks_down_says_so_and_keeps_what_it_had(prepared, tmp_path):
    run = fit(prepared, tmp_path)
    run.run()
    kept = (tmp_path / CHECKPOINT).read_bytes()
    broken = fit(prepared, tmp_path, replace(TINY, iterations=9))
    broken.load()
    with torch.no_grad():
        broken.system.out.weight.fill_(float("nan"))
    with pytest.raises(ArtifactError, match="LSTM broke down at step 8"):
        broken.iterate(0.0)
    assert (tmp_path / CHECKPOINT).read_bytes() == kept


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("transformer", {}, "no system 'transformer': one of"),
        ("lstm", {"layers": 2}, "unknown setting 'layers'"),
        ("lstm", {"hidden": 1.5}, "hidden must be of the kind of 200"),
    ],
)
def test_a_system_that_is_not_there_is_said_so(kind, options, said):
    with pytest.raises(ConfigError, match=said):
        untrained(kind, options, BODY, ("salsa",))


def test_a_strange_file_is_no_system(tmp_path):
    path = tmp_path / CHECKPOINT
    torch.save({"version": 1, "kind": "lstm"}, path)
    with pytest.raises(ArtifactError, match="lacks 'options'"):
        trained(path)
    state = {"options": {}, "space": "cube", "styles": ["salsa"], "system": {}}
    torch.save({"version": 1, "kind": "lstm"} | state, path)
    with pytest.raises(ArtifactError, match="does not fit"):
        trained(path)
