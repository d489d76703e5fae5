"""What commands may write: said before the work, and nothing that is read is ever lost."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

import posejockey

NO_WORK = {
    "a take over its song": (["perform", "song.wav", "-o", "song.wav"], "name in one of .bvh"),
    "a take over its session": (["perform", "show.mcap", "-o", "show.mcap"], "in one of .bvh"),
    "a take over a link": (["perform", "show.mcap", "-o", "link.npz"], "overwrite show.mcap"),
    "a take over a hard link": (["perform", "show.mcap", "-o", "hard.npz"], "overwrite show.mcap"),
    "a take through dots": (["perform", "a.npz", "-o", "folder/../a.npz"], "overwrite a.npz"),
    "a take over its settings": (
        ["perform", "song.wav", "-o", "set.npz", "--config", "show.toml"], "overwrite show.toml"
    ),
    "motion of another program": (["perform", "song.wav", "-o", "a.fbx"], "in one of .bvh"),
    "a take of no kind": (["perform", "song.wav", "-o", "take"], "in one of .bvh"),
    "a take in no folder": (["perform", "song.wav", "-o", "none/a.npz"], "no folder none"),
    "a take over a manifest": (
        ["perform", "song.wav", "--model", "folder/own.onnx", "-o", "folder/own.json"],
        "overwrite folder",
    ),
    "a film over its session": (["render", "show.mcap", "-o", "link.mp4"], "overwrite show.mcap"),
    "a film over its music": (
        ["render", "a.npz", "-o", "song.mp4", "--music", "song.wav"], "overwrite song.wav"
    ),
    "a film of another kind": (["render", "a.npz", "-o", "a.avi"], "end it in .mp4, .mov, .webm"),
    "a film without transparency": (
        ["render", "song.wav", "-o", "b.mp4", "--transparent"], "no transparency"
    ),
    "pictures in a file's place": (["render", "a.npz", "-o", "plain"], "plain is a file"),
    "figures of another kind": (["bench", "--json", "song.wav"], "in .json"),
    "figures in no folder": (["bench", "--json", "none/a.json"], "no folder none"),
    "curves of another kind": (["bench", "--soak", "1", "--png", "song.wav"], "in .png"),
    "delays in no folder": (["bench", "--clicks", "9", "--json", "none/a.json"], "no folder none"),
    "two pictures of one name": (
        ["evaluate", "run.pt", "--data", ".", "--sheet", "a.png", "--curve", "folder/../a.png"],
        "overwrite",
    ),
    "an evaluation over its checkpoint": (
        ["evaluate", "run.pt", "--data", ".", "--json", "run.pt"], "in .json"
    ),
    "an evaluation over a manifest": (
        ["evaluate", "--model", "folder/own.onnx", "--data", ".", "--json", "folder/own.json"],
        "overwrite folder",
    ),
    "an evaluation over its data": (
        ["evaluate", "--model", "folder/own.onnx", "--data", "folder", "--json",
         "folder/prepared.json"],
        "overwrite folder",
    ),
    "figures over a manifest": (
        ["bench", "--model", "folder/own.onnx", "--json", "folder/own.json"], "overwrite folder"
    ),
    "delays over a manifest": (
        ["bench", "--clicks", "9", "--model", "folder/own.onnx", "--json", "folder/own.json"],
        "overwrite folder",
    ),
    "a soak over a manifest": (
        ["bench", "--soak", "1", "--model", "folder/own.onnx", "--json", "folder/own.json"],
        "overwrite folder",
    ),
    "counts over a manifest": (
        ["live", "--input", "song.wav", "--model", "folder/own.onnx", "--no-visuals", "--summary",
         "folder/own.json"],
        "overwrite folder",
    ),
    "a model over its checkpoint": (["export", "run.pt", "-o", "run.onnx"], "overwrite run.pt"),
    "a model of another kind": (["export", "run.pt", "-o", "run.pt"], "in .onnx"),
    "a manifest over its data": (
        ["export", "run.pt", "-o", "folder/prepared.onnx", "--data", "folder"],
        f"overwrite {Path('folder', 'prepared.json')}",
    ),
    "data in a file's place": (["prepare", "--source", ".", "--out", "plain"], "is a file"),
    "data below a file": (["prepare", "--source", ".", "--out", "plain/x"], "cannot write"),
    "a run in a file's place": (["train", "--data", ".", "--out", "plain"], "is a file"),
    "a mapping over a song": (["devices", "--learn", "song.wav"], "in .toml"),
    "a mapping over settings": (["devices", "--learn", "show.toml"], "no MIDI mapping"),
}  # fmt: skip
READ_ONLY = {
    "perform": ["perform", "song.wav", "-o", "/proc/take.npz"],
    "render": ["render", "song.wav", "-o", "/proc/film.mp4"],
    "pictures": ["render", "song.wav", "-o", "/proc/film"],
    "bench": ["bench", "--json", "/proc/bench.json"],
    "evaluate": ["evaluate", "run.pt", "--data", ".", "--json", "/proc/a.json"],
    "export": ["export", "run.pt", "-o", "/proc/run.onnx"],
    "prepare": ["prepare", "--source", ".", "--out", "/proc/data"],
    "train": ["train", "--data", ".", "--out", "/proc/run"],
    "summary": ["live", "--input", "song.wav", "--no-visuals", "--summary", "/proc/a.json"],
    "record": ["live", "--input", "song.wav", "--no-visuals", "--record", "/proc/a.mcap"],
    "learn": ["devices", "--learn", "/proc/map.toml"],
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """What everything is read from, and names that lead there."""
    monkeypatch.chdir(tmp_path)
    soundfile.write("song.wav", np.zeros(24_000), 24_000)
    for name in ("show.mcap", "a.npz", "run.pt", "plain", "show.toml"):
        Path(name).write_text("" if name == "show.toml" else f"the only {name}")
    Path("folder").mkdir()
    Path("folder", "prepared.json").write_text("the only data")
    for name in ("own.onnx", "own.json"):
        Path("folder", name).write_text(f"the only {name}")
    os.link("show.toml", "set.npz")
    os.link("show.mcap", "hard.npz")
    os.link("run.pt", "run.onnx")
    for link, name in (("link.npz", "show.mcap"), ("link.mp4", "show.mcap"),
                       ("song.mp4", "song.wav")):  # fmt: skip
        Path(link).symlink_to(name)
    return tmp_path


def content(folder):
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def refused(folder, argv, capsys):
    before = content(folder)
    assert posejockey.main(argv) == 2
    assert content(folder) == before
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1, said
    return said


@pytest.mark.parametrize(("argv", "said"), NO_WORK.values(), ids=NO_WORK)
def test_nothing_is_lost_and_no_work_in_vain(folder, capsys, argv, said):
    assert said in refused(folder, argv, capsys)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder nobody may write to")
@pytest.mark.parametrize("argv", READ_ONLY.values(), ids=READ_ONLY)
def test_a_folder_that_takes_nothing_is_told_before_the_work(folder, capsys, argv):
    assert "cannot write /proc" in refused(folder, argv, capsys)
