"""`posejockey export DANCE -o OUT`: the right file by its suffix, whole or none, nothing lost."""

import csv
import json

import numpy as np
import pytest

import posejockey
from export.motion import formats
from live.body.skeleton import JOINT
from live.session.take import read_take
from tests.helpers.takes import dance, motion, take_file
from tests.visuals.recordings import record, walk


def run(*argv):
    """The exit code, whether the command returns it or argparse leaves with it."""
    try:
        return posejockey.main([str(a) for a in argv])
    except SystemExit as leave:
        return leave.code


@pytest.fixture
def three(tmp_path):
    """A take of three dancers, of whom the second comes late and leaves early."""
    joints = dance(60, 3)
    joints[:10, 1] = joints[50:, 1] = np.nan
    return take_file(tmp_path / "three.npz", joints)


def table_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("suffix", formats.FORMATS)
def test_the_same_dance_is_the_same_file(three, tmp_path, suffix):
    for name in ("a", "b"):
        assert run("export", three, "-o", tmp_path / f"{name}{suffix}", "--dancer", 1) == 0
    # An archive of NumPy holds the time of day.
    if suffix != ".npz":
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_a_file_a_dancer_where_the_format_holds_one(three, tmp_path, capsys):
    assert run("export", three, "-o", tmp_path / "all.bvh") == 0
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == ["all-1.bvh", "all-2.bvh", "all-3.bvh", "three.npz"]
    assert "one file a dancer" in capsys.readouterr().out
    assert run("export", three, "-o", tmp_path / "one.bvh", "--dancer", 3) == 0
    assert (tmp_path / "one.bvh").read_bytes() == (tmp_path / "all-3.bvh").read_bytes()


def test_a_table(three, tmp_path):
    assert run("export", three, "-o", tmp_path / "a.csv", "--fps", 30) == 0
    rows, joints = table_of(tmp_path / "a.csv"), read_take(three)["joints"]
    assert len(rows) == 30
    assert float(rows[7]["time_s"]) == pytest.approx(7 / 30, abs=1e-4)
    assert float(rows[7]["3_l_wrist_y"]) == pytest.approx(
        joints[14, 2, JOINT["l_wrist"], 1], abs=1e-4
    )
    assert rows[2]["2_head_x"] == "" != rows[10]["2_head_x"]


def test_json(three, tmp_path):
    assert run("export", three, "-o", tmp_path / "a.json") == 0
    whole = json.loads((tmp_path / "a.json").read_text())
    assert [one["dancer"] for one in whole["dancers"]] == [1, 2, 3]
    assert whole["dancers"][1]["joints"][3] is None
    found = np.array(whole["dancers"][0]["joints"]).reshape(-1, 19, 3)
    np.testing.assert_allclose(found, read_take(three)["joints"][:, 0], atol=1e-5)


def test_arrays_are_a_take_again(three, tmp_path):
    assert run("export", three, "-o", tmp_path / "a.npz") == 0
    np.testing.assert_allclose(
        read_take(tmp_path / "a.npz")["joints"], read_take(three)["joints"], atol=1e-5
    )


def test_a_session_and_a_part_of_it(tmp_path):
    session = record(tmp_path / "show.mcap", latency_ms=60.0)
    assert run("export", session, "-o", tmp_path / "a.csv", "--start", 1, "--seconds", 0.5) == 0
    rows = table_of(tmp_path / "a.csv")
    assert len(rows) == 31
    for row in (rows[0], rows[30]):  # where the room saw it: as much later as its projector took
        x = walk(float(row["time_s"]) - 0.060)[0, 0, 0]
        assert float(row["1_pelvis_x"]) == pytest.approx(x, abs=0.002)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["-o", "a.fbx"], (".bvh", ".csv", ".json", ".npz")),
        (["-o", "three.npz"], ("overwrite",)),
        (["-o", "a.bvh", "--dancer", "4"], ("no dancer 4", "1, 2, 3")),
        (["-o", "a.csv", "--skeleton", "unity"], ("--skeleton",)),
        (["-o", "a.onnx", "--fps", "30"], ("--fps",)),
        (["-o", "a.bvh", "--float32"], ("--float32",)),
        (["-o", "a.bvh", "--recurrence", "0"], ("--recurrence",)),
        (["-o", "a.bvh", "--start", "9"], ("ends after",)),
        (["-o", "a.bvh", "--start", "nan"], ("no time",)),
        (["-o", "none/a.bvh"], ("no folder",)),
        (["three.npz", "-o", "a.bvh"], ("one dance",)),
    ],
)
def test_what_cannot_be_written_is_said_in_one_line(
    three, tmp_path, monkeypatch, capsys, argv, words
):
    monkeypatch.chdir(tmp_path)
    before = three.read_bytes()
    assert run("export", three.name, *argv) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    for word in words:
        assert word in said
    assert [path.name for path in tmp_path.iterdir()] == ["three.npz"]
    assert three.read_bytes() == before


def test_what_is_no_dance(tmp_path, capsys):
    (tmp_path / "song.wav").write_bytes(b"RIFF")
    assert run("export", tmp_path / "song.wav", "-o", tmp_path / "a.bvh") == 2
    assert "posejockey perform" in capsys.readouterr().err


def test_one_of_several_that_fails_leaves_none(tmp_path, monkeypatch):
    def fail_at_two(motion, skeleton, path):
        path.write_text("half")
        if motion.dancers == (2,):
            raise OSError(28, "No space left on device")

    monkeypatch.setitem(formats.FORMATS, ".bvh", formats.Format(fail_at_two, "cmu", True))
    with pytest.raises(Exception, match="No space left"):
        formats.write_motion(motion(dance(5, 3)), tmp_path / "a.bvh")
    assert not list(tmp_path.iterdir())
