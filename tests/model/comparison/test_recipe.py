"""Recipes: what they ask for, and that a mistake is named."""

from pathlib import Path

import pytest

pytest.importorskip("torch")

from live.errors import ConfigError
from model.comparison.recipe import SYSTEMS, read_recipe

ROOT = Path(__file__).resolve().parents[3]
BUDGET = "[budget]\nminutes = 1\nseeds = [4, 5]\n"
LSTM = '[[systems]]\nkind = "lstm"\n'


def read(tmp_path, text):
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return read_recipe(path)


def test_every_system_is_run_with_every_seed_for_as_long(tmp_path):
    small = '[[systems]]\nkind = "lstm"\nname = "small"\noptions = { hidden = 8 }\n'
    recipe = read(tmp_path, BUDGET + LSTM + small)
    assert [run.folder for run in recipe.runs] == ["lstm-4", "lstm-5", "small-4", "small-5"]
    assert {run.minutes for run in recipe.runs} == {1.0}
    assert recipe.runs[2].options == {"hidden": 8}
    assert recipe.seeds == (4, 5)


def test_the_recipe_that_ships_is_one(tmp_path):
    recipe = read_recipe(ROOT / "model" / "recipes" / "table.toml")
    assert len(recipe.seeds) == 3
    assert len({run.kind for run in recipe.runs}) == 4
    assert recipe.tables == (SYSTEMS, "encoder", "learning")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"\[budget\]"),
        (BUDGET, r"\[\[systems\]\]"),
        (BUDGET + '[[systems]]\nkind = "gan"\n', r"systems\[0\]: no system 'gan': one of lstm, "),
        (BUDGET + LSTM + "optoins = {}\n", "unknown setting 'optoins'"),
        (BUDGET + LSTM + "options = { hiden = 8 }\n", "unknown setting 'hiden'"),
        (BUDGET + LSTM + "options = { hidden = 8.5 }\n", "hidden must be of the kind of 200"),
        (BUDGET + LSTM + "options = { hidden = -8 }\n", "lstm cannot be made with"),
        (BUDGET + LSTM + 'space = "head"\n', "no space 'head'"),
        (BUDGET + LSTM + 'name = "../up"\n', "name is '../up'"),
        (BUDGET + LSTM + LSTM, "two runs would be in the folder lstm-4"),
        (BUDGET + "batch = 0\n" + LSTM, "budget.batch is 0"),
        ("[budget]\nminutes = nan\n" + LSTM, "budget.minutes is nan"),
        ("[budget]\nseeds = []\n" + LSTM, "budget.seeds"),
        (BUDGET + LSTM + "[judge]\ntempo = 90\n", "judge: unknown setting 'tempo'"),
        (BUDGET + LSTM + "[judge]\ntempi = 90\n", "tempi must be a list"),
        (BUDGET + LSTM + "[judge]\nshown = ['open', 'a/open.onnx']\n", "two files of one name"),
        (BUDGET + LSTM + "[judge]\ndancers = 1\n", "dancers is 1"),
        (BUDGET + LSTM + "[judge]\nseconds = 20\n[curve]\nwindow_s = 30\n", "window_s is 30"),
        (BUDGET + LSTM + "[ablation]\nencoder = 1\n", "ablation.encoder is 1"),
        (
            BUDGET + LSTM + '[ablation.size]\nkind = "lstm"\noption = "hidden"\nvalues = []\n',
            "values names nothing",
        ),
        (
            BUDGET + LSTM + '[ablation.size]\nkind = "lstm"\noption = "hiden"\nvalues = ["a"]\n',
            "ablation.size: unknown setting 'hiden'",
        ),
    ],
)
def test_a_mistake_is_named(tmp_path, text, said):
    with pytest.raises(ConfigError, match=said):
        read(tmp_path, text)
