"""What a lesson says of itself, for people and for programs."""

import json

import pytest

from model.learning import progress as module
from model.learning.progress import Progress

EXPECTED = {"prepare": 10.0, "units": 30.0, "dance": 60.0}


@pytest.fixture
def clock(monkeypatch):
    """Seconds, to be set by a test."""
    now = [0.0]
    monkeypatch.setattr(module, "monotonic_s", lambda: now[0])
    return now


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_json_has_a_line_a_second_and_one_for_each_stage_and_picture(clock, capsys, tmp_path):
    said = Progress("json", EXPECTED)
    said.at("prepare", 0.5)
    assert not lines(capsys)  # nothing has changed for a second
    clock[0] = 10.0
    said.at("units", 0.0, "step 0 of 9")
    said.at("units", 0.1)
    said.at("units", 0.1, figure=tmp_path / "1.png")
    first, second = lines(capsys)
    assert first == {"stage": "units", "done": 0.1, "eta_s": 90, "say": "step 0 of 9"}
    assert second["figure"] == str(tmp_path / "1.png")
    said.end("there", model=tmp_path / "mine.onnx")
    (last,) = lines(capsys)
    assert last["stage"] == "done"
    assert last["done"] == 1.0
    assert last["model"] == str(tmp_path / "mine.onnx")


def test_the_time_left_follows_what_is_measured(clock):
    said = Progress("none", EXPECTED)
    said.at("units", 0.5)
    assert said.eta_s == 0.5 * 30 + 60
    said.expect(units=100.0)
    assert said.eta_s == 0.5 * 100 + 60


def test_a_lesson_that_goes_on_does_not_begin_at_nothing(clock, capsys):
    said = Progress("json", EXPECTED)
    said.resume(40.0)
    clock[0] = 2.0
    said.at("dance", 0.0)
    (line,) = lines(capsys)
    assert line["done"] == pytest.approx(42 / 102, abs=1e-3)


def test_where_nobody_watches_a_bar_is_a_line_now_and_then(clock, capsys):
    said = Progress("bar", EXPECTED)
    for second in range(60):
        clock[0] = float(second)
        said.at("prepare", second / 60)
    found = capsys.readouterr().out.splitlines()
    assert 3 <= len(found) <= 5
    assert "left  prepare" in found[0]
