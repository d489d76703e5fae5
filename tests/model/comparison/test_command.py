"""`posejockey compare`: what it refuses before anything is trained, and how it says so."""

import sys

import pytest

pytest.importorskip("torch")

import posejockey

RECIPE = '[budget]\nminutes = 0.005\nseeds = [1]\n[[systems]]\nkind = "lstm"\n'


@pytest.fixture
def said(prepared, tmp_path, capsys):
    """A function (arguments) -> exit code, what was said."""
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE, encoding="utf-8")

    def run(*arguments):
        command = ["compare", "--recipe", recipe, "--data", prepared, "--out", tmp_path / "out"]
        code = posejockey.main([*map(str, command), *arguments])
        return code, capsys.readouterr().err

    yield run
    assert not (tmp_path / "out").exists()


def test_without_ray_it_says_what_to_install(said, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    code, text = said("--ray")
    assert code == 2
    assert "ray is not installed" in text
    assert ".[compare]" in text


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("--address", "one:6379"), "give --ray as well"),
        (("--ray", "--devices", "2"), "--ray gives each run one processor"),
        (("--nodes", "0"), "--nodes is 0"),
        (("--recordings", "nowhere"), "--recordings nowhere is not a folder"),
        (("--recipe", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(said, arguments, wanted):
    code, text = said(*arguments)
    assert code == 2
    assert wanted in text
    assert "Traceback" not in text
