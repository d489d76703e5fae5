"""What `posejockey train` says before it begins."""

from dataclasses import replace

import pytest

import posejockey
from live.errors import ConfigError
from model.cli.train import check_config, read_config
from model.network.config import TrainConfig


@pytest.mark.parametrize(
    "setting",
    [
        {"iterations": 0}, {"batch": 0}, {"batch": 2}, {"dancers": 0}, {"window": 1},
        {"window": 10**9}, {"context": -1}, {"lag_max": 0}, {"seed": -1}, {"free_dancers": 5},
        {"learning_rate": float("nan")}, {"learning_rate": -1.0}, {"average": 1.5},
        {"speed_low": 1.2}, {"speed_high": 0.9}, {"kl_weight": float("inf")},
    ],
)  # fmt: skip
def test_a_setting_no_run_can_have_is_named(setting):
    with pytest.raises(ConfigError, match=next(iter(setting))):
        check_config(replace(TrainConfig(), **setting))


def test_the_recipe_passes(request):
    check_config(read_config(request.config.rootpath / "model" / "recipes" / "dance.toml"))


@pytest.mark.parametrize("option", [("--watch", "nan"), ("--devices", "0"), ("--iterations", "0")])
def test_an_option_no_run_can_have_is_named(tmp_path, option, capsys):
    argv = ["train", "--data", str(tmp_path), "--out", str(tmp_path / "run"), *option]
    assert posejockey.main(argv) == 2
    assert option[0].strip("-") in capsys.readouterr().err


def test_data_that_is_missing_is_told_before_anything_is_begun(tmp_path, capsys):
    argv = ["train", "--data", str(tmp_path / "none"), "--out", str(tmp_path / "run")]
    assert posejockey.main(argv) == 2
    assert "run `posejockey prepare` first" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
