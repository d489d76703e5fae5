"""`posejockey learn`: from clips to a file for the stage; what will not do is said at once."""

import json

import numpy as np
import pytest

import posejockey
from export import learn
from live.dance.performer import Performer
from model.learning import judge, learner, lesson, material
from model.learning.learner import Course
from tests.helpers.training import stepping


@pytest.fixture
def clips(tmp_path):
    folder = tmp_path / "clips"
    (folder / "motion").mkdir(parents=True)
    index = {}
    for i in range(2):
        joints = stepping(100 + 10 * i, 0.2, 14.0).astype(np.float32)
        np.savez(folder / "motion" / f"c{i}.npz", joints=joints)
        index[f"c{i}"] = {"style": "mine", "tier": "open", "metre": 3}
    (folder / "index.json").write_text(json.dumps(index))
    return folder


@pytest.fixture
def told(capsys, tiny_model, tmp_path):
    """A function (*options) -> exit code, and what was said on standard output and error."""

    def run(*options):
        code = posejockey.main(["learn", "--model", str(tiny_model), *map(str, options)])
        return code, *capsys.readouterr()

    return run


def test_what_will_not_do_is_said_before_anything_is_computed(clips, told, tmp_path, tiny_model):
    out = ("-o", tmp_path / "mine.onnx")
    for options, said in (
        ((tmp_path / "none", "--style", "mine", *out), "is not a folder"),
        ((tmp_path, "--style", "mine", *out), "holds no index.json"),
        ((clips, "--style", "salsa", *out), "has a style 'salsa' already"),
        ((clips, "--style", "Mine!,", *out), "cannot be a style's name"),
        ((clips, "--style", "mine", "-o", tmp_path / "mine.bvh"), "end its name in .onnx"),
        ((clips, "--style", "mine", "-o", tiny_model), "would overwrite"),
        ((clips, "--style", "mine", "--minutes", "0.1", *out), "it must be 1 to 600"),
    ):
        code, _, error = told(*options)
        assert (code, said in error) == (2, True), error
        assert len(error.splitlines()) == 1
    short = stepping(100, 0.2, 4.0).astype(np.float32)
    for i in range(2):
        np.savez(clips / "motion" / f"c{i}.npz", joints=short[i:])
    code, _, error = told(clips, "--style", "mine", *out)
    assert code == 2
    assert "a style needs 20 s at least" in error
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clips"]


def test_a_folder_of_another_lesson_is_left_alone(clips, told, tmp_path):
    folder = tmp_path / "mine-lesson"
    folder.mkdir()
    other = {"style": "yours", "minutes": 30.0, "clips": "", "model": ""}
    (folder / "lesson.json").write_text(json.dumps(other))
    code, _, error = told(clips, "--style", "mine", "-o", tmp_path / "mine.onnx")
    assert code == 2
    assert "holds a lesson of other style and clips and model" in error
    assert json.loads((folder / "lesson.json").read_text()) == other


@pytest.mark.slow
def test_a_lesson_that_was_stopped_goes_on_and_ends_on_stage(clips, told, tmp_path, monkeypatch):
    monkeypatch.setattr(learn, "course_of", lambda minutes, pace: Course(3, 3, 6))
    monkeypatch.setattr(learner, "_UNITS_FOR_A_CODE", 1)
    monkeypatch.setattr(material, "_MUSIC_MINUTES", 0.5)
    monkeypatch.setattr(material, "_SONG_S", 10.0)
    monkeypatch.setattr(judge, "SECONDS", 16.0)
    monkeypatch.setattr(judge, "_JUDGE_STEPS", 20)
    shown = []

    def stop_at_the_third(network, real, path, step):
        lesson.picture(network, real, path, step)
        shown.append(path)
        if len(shown) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(learn, "picture", stop_at_the_third)
    given = (clips, "--style", "mine", "-o", tmp_path / "mine.onnx", "--progress", "json")
    code, _, error = told(*given)
    assert (code, "stopped" in error) == (130, True)
    code, output, error = told(*given)
    assert code == 0, error
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert lines[0]["done"] < lines[-1]["done"] == 1.0
    steps = [line["say"] for line in lines if line["stage"] == "dance" and "say" in line]
    assert int(steps[0].split()[1]) >= 9  # not from the beginning
    assert lines[-1]["model"] == str(tmp_path / "mine.onnx")
    performer = Performer(str(tmp_path / "mine.onnx"), "cpu", 1)
    assert performer.styles == ("street", "salsa", "mine")
    assert performer.manifest.metre.tolist() == [4, 4, 3]
    report = json.loads((tmp_path / "mine-lesson" / "report.json").read_text())
    assert report["old_styles_moved"] < 1e-5
    page = (tmp_path / "mine-lesson" / "report.html").read_text(encoding="utf-8")
    assert "data:image/png;base64," in page
    assert all(path.is_file() for path in shown)
    code, _, error = told(clips, "--style", "mine", "-o", tmp_path / "mine.onnx", "--minutes", 7)
    assert code == 2
    assert "of other minutes" in error
