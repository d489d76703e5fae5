"""A whole comparison of a tiny recipe: trained, judged, written down."""

import base64
import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch")

from live.body.skeleton import N_JOINTS
from model.comparison import comparison
from model.comparison.comparison import judge_all, mean_and_spread
from model.comparison.judge import FLAT, Judge
from model.comparison.page import write_page
from model.comparison.pictures import draw_pictures
from model.comparison.recipe import read_recipe
from model.comparison.report import as_markdown, write_report
from model.comparison.runs import FAILURE, in_turn
from model.evaluation.body25_judge import FILMED, flat_reference
from model.evaluation.reference import reference
from model.evaluation.segment_classifier import segment_classifier
from model.evaluation.style_classifier import style_classifier
from model.evaluation.take import real_takes

RECIPE = """
[budget]
minutes = 0.005
seeds = [1, 2]
batch = 4
[[systems]]
kind = "lstm"
options = { hidden = 8 }
[[systems]]
kind = "lstm"
space = "body25"
options = { hidden = 8 }
[judge]
tempi = [120]
seconds = 16
styles = ["street"]
shown = []
[curve]
window_s = 5
[films]
seconds = 2
"""
UNTRAINED = ["real", "chance", "mean pose", "shuffled real", "motion graph"]


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "tiny.toml"
    path.write_text(RECIPE, encoding="utf-8")
    return read_recipe(path)


@pytest.fixture(scope="module")
def judge(prepared):
    ref = reference(
        prepared, style_classifier(prepared, steps=5), segment_classifier(prepared, steps=5)
    )
    flat = flat_reference(prepared, style_classifier(prepared, steps=5, sight=FILMED))
    return Judge(ref, real_takes(prepared), flat)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("compared")


@pytest.fixture(scope="module")
def compared(recipe, prepared, out, judge):
    """With a run that breaks down: its steps are too long."""
    last = replace(recipe.runs[0], name="wild", options={"hidden": 8, "learning_rate": 1e30})
    outcomes = in_turn([*recipe.runs, last], prepared, out / "runs", None, lambda line: None)
    return judge_all(recipe, prepared, out, outcomes, judge, lambda line: None)


def test_every_dancer_is_a_row_with_a_figure_for_every_seed(compared):
    rows = {row.name: row for row in compared.rows}
    assert list(rows) == [
        *UNTRAINED,
        "LSTM",
        "LSTM, in a picture",
        "wild",
    ]
    assert [len(rows[name].seeds) for name in ("motion graph", "LSTM")] == [2, 2]
    for name in ("fid", "style_accuracy", "coverage", "hit_rate", "diversity", "range"):
        mean, spread = mean_and_spread(rows["LSTM"], name)
        assert np.isfinite([mean, spread]).all(), name
    assert rows["mean pose"].seeds[0]["coverage"] == 0.0
    assert rows["chance"].seeds[0]["hit_rate"] == pytest.approx(28.0)  # 2 x 70 ms of 500 ms


def test_a_system_of_the_papers_setting_is_judged_in_it_beside_all_others(compared, recipe):
    rows = {row.name: row for row in compared.rows}
    flat = rows["LSTM, in a picture"]
    assert len(flat.seeds) == 2
    assert all(name.endswith(FLAT) for name in flat.seeds[0])
    for name in ("real", "mean pose", "LSTM", "LSTM, in a picture"):
        assert np.isfinite(mean_and_spread(rows[name], "fid_flat")[0]), name
    assert rows["mean pose"].seeds[0]["coverage_flat"] == 0.0
    head, section = as_markdown(recipe, compared).split("## In the paper's own setting")
    assert "| LSTM, in a picture |" not in head
    assert "| LSTM, in a picture |" in section.split("##")[0]
    assert "| motion graph |" in section.split("##")[0]
    assert list(compared.flat_dancers) == ["LSTM, in a picture"]


def test_a_run_that_breaks_down_is_a_row_with_its_reason(compared, out, recipe):
    row = compared.rows[-1]
    assert row.seeds == []
    assert "broke down" in row.reason
    assert "ArtifactError" in (out / "runs" / "wild-1" / FAILURE).read_text(encoding="utf-8")
    assert "failed: ArtifactError" in as_markdown(recipe, compared)


def test_a_system_that_cannot_dance_is_a_row_with_its_reason_and_no_film(
    compared, recipe, prepared, out, judge, monkeypatch
):
    def none(dancer, music, dancers, seed):
        raise ZeroDivisionError("no dance")

    monkeypatch.setattr(comparison, "takes_to", none)
    found = judge_all(recipe, prepared, out / "anew", [], judge, lambda line: None)
    assert found.rows[-1].reason == "ZeroDivisionError: no dance"
    assert found.dancers == {}


def test_what_was_trained_and_judged_is_not_again(
    compared, recipe, prepared, out, judge, monkeypatch
):
    checkpoint = out / "runs" / "lstm-1" / "checkpoint.pt"
    before = checkpoint.read_bytes()
    again = in_turn(recipe.runs, prepared, out / "runs", None, lambda line: None)
    assert checkpoint.read_bytes() == before
    monkeypatch.setattr(comparison, "takes_to", None)
    found = judge_all(recipe, prepared, out, again, judge, lambda line: None)
    assert json.dumps(found.rows[-1].seeds) == json.dumps(compared.rows[-2].seeds)  # NaN is not NaN


def test_the_report_holds_every_row(compared, recipe, prepared, out):
    write_report(recipe, out, compared)
    draw_pictures(recipe, prepared, out, compared)
    found = json.loads((out / "comparison.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in found["rows"]] == [row.name for row in compared.rows]
    text = (out / "comparison.md").read_text(encoding="utf-8")
    assert all(f"| {row.name} |" in text for row in compared.rows)
    assert (out / "fid-over-time.png").is_file()
    assert (out / "sheet.png").is_file()
    assert (out / "sheet-body25.png").is_file()


def test_the_page_has_a_film_of_every_dancer_to_the_song(compared, recipe, out):
    write_page(recipe, compared, out / "page")
    text = (out / "page" / "films.js").read_text(encoding="utf-8")
    films = json.loads(text.removeprefix("const COMPARISON = ").removesuffix(";\n"))
    (scene,) = films["scenes"]
    assert list(scene["films"]) == films["systems"] == list(compared.dancers)
    packed = base64.b64decode(scene["films"]["motion graph"])
    joints = np.frombuffer(packed, "<i2").reshape(-1, N_JOINTS, 3) / 1000
    assert len(joints) == 60
    np.testing.assert_allclose(joints[:, 0, [0, 2]].mean(axis=0), 0.0, atol=0.01)
    assert soundfile.info(out / "page" / scene["sound"]).duration == pytest.approx(2.0)
    assert "http" not in (out / "page" / "index.html").read_text(encoding="utf-8")
