"""The options of a show: each switch both ways, and what the visualizer is told."""

import argparse
from dataclasses import fields

import pytest

from live.cli.options import add_show, plan_of
from live.show.config import ShowConfig

SWITCHES = [f.name for f in fields(ShowConfig) if isinstance(f.default, bool)]


@pytest.fixture
def plan(tmp_path):
    """The plan of a settings file's text and a command line."""

    def make(text, *argv):
        (tmp_path / "show.toml").write_text(text)
        parser = argparse.ArgumentParser()
        add_show(parser)
        return plan_of(parser, ["--config", str(tmp_path / "show.toml"), *argv])[0]

    return make


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("stands", [True, False])
def test_a_switch_of_the_file_can_be_undone_on_the_command_line(plan, name, stands):
    text = f"{name} = {str(stands).lower()}"
    assert getattr(plan(text).config, name) is stands
    assert getattr(plan(text, f"--{name}").config, name) is True
    assert getattr(plan(text, f"--no-{name}").config, name) is False


def test_the_visualizers_table_outlives_the_switch_that_opens_it(plan):
    table = '[visuals]\nlook = "chalk"'
    assert plan(table, "--visuals").config.visualizer_options == ["--look=chalk"]
    assert plan(table, "--no-visuals").config.opens_visualizer is False


def test_every_setting_is_an_option(plan):
    parser = argparse.ArgumentParser()
    add_show(parser)
    known = {action.dest for action in parser._actions}
    assert {f.name for f in fields(ShowConfig)} <= known


def test_what_follows_the_dashes_is_the_visualizers(plan):
    made = plan("", "--dancers", "3", "--", "--look", "chalk", "--", "x")
    assert made.config.dancers == 3
    assert made.visuals == ["--look", "chalk", "--", "x"]
