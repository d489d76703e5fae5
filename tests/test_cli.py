"""The command: takes of every kind of file, and mistakes answered in one line."""

import json
import os
import shutil
import socket
import subprocess
import sys

import numpy as np
import pytest
import soundfile

import posejockey
from live.body.skeleton import BONE_LENGTHS, PARENTS
from live.session.rows import row_width, rows_of_take
from tests.helpers.sound_server import ROOT

RATE = 24_000


def run(*argv):
    """The exit code, whether the command returns it or argparse leaves with it."""
    try:
        return posejockey.main([str(a) for a in argv])
    except SystemExit as leave:
        return leave.code


@pytest.fixture
def song(tmp_path, click_track):
    path = tmp_path / "song.wav"
    soundfile.write(path, click_track(120.0, 1.0, RATE), RATE)
    return path


@pytest.fixture
def perform(tiny_model, tmp_path):
    """The take of a file, as arrays."""

    def make(path, *options):
        out = tmp_path / "take.npz"
        assert run("perform", path, "-o", out, "--model", tiny_model, *options) == 0
        with np.load(out) as take:
            return dict(take)

    return make


# Takes ----------------------------------------------------------------------------------------


FILES = {
    "8 kHz": ("wav", 8_000, 1, "PCM_16"),
    "192 kHz": ("wav", 192_000, 2, "PCM_16"),
    "mono": ("wav", 48_000, 1, "PCM_16"),
    "5.1": ("wav", 48_000, 6, "PCM_16"),
    "24 bit": ("wav", 44_100, 2, "PCM_24"),
    "float": ("wav", 44_100, 2, "FLOAT"),
    "flac": ("flac", 44_100, 2, "PCM_16"),
    "ogg": ("ogg", 44_100, 2, "VORBIS"),
}


@pytest.mark.parametrize(("suffix", "rate", "channels", "subtype"), FILES.values(), ids=FILES)
def test_a_take_of_any_file(perform, tmp_path, click_track, suffix, rate, channels, subtype):
    audio = np.repeat(click_track(120.0, 1.5, rate)[:, None], channels, axis=1)
    path = tmp_path / f"song.{suffix}"
    soundfile.write(path, audio, rate, subtype=subtype)
    assert_whole(perform(path), 90)


def assert_whole(take, frames):
    joints = take["joints"]
    assert joints.shape == (frames, 1, 19, 3)
    assert all(np.isfinite(v).all() for v in take.values() if v.dtype.kind == "f")
    bones = np.linalg.norm(joints[:, :, 1:] - joints[:, :, PARENTS[1:]], axis=-1)
    np.testing.assert_allclose(bones, np.broadcast_to(BONE_LENGTHS[1:], bones.shape), rtol=0.01)
    assert 0.2 < take["level"].max() <= 1


def test_a_program_is_told_how_far_a_dance_is_and_sees_its_rows(perform, song, tmp_path, capsys):
    take = perform(song, "--progress", "json", "--rows", tmp_path / "rows")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    done = [line["done"] for line in lines]
    assert done == sorted(done)
    assert done[-1] > 0.9
    rows = np.fromfile(tmp_path / "rows", "<i2").reshape(-1, row_width(1))
    np.testing.assert_array_equal(rows, rows_of_take(take))
    beats = take["score_beat"]
    assert set(np.diff(beats)) <= {0, 1}
    assert beats[-1] < len(take["score_noise"])


def test_a_take_of_a_file_with_numbers_that_are_none(perform, tmp_path, click_track):
    audio = click_track(120.0, 1.5, 48_000)
    audio[1000:2000] = np.nan
    audio[3000:3100] = np.inf
    soundfile.write(tmp_path / "song.wav", audio, 48_000, subtype="FLOAT")
    assert_whole(perform(tmp_path / "song.wav"), 90)


def test_options_and_settings_shape_the_take(perform, song, tmp_path):
    (tmp_path / "show.toml").write_text('style = "salsa"\ndancers = 3\nseed = 5')
    options = ("--config", tmp_path / "show.toml", "--dancers", "2")
    take = perform(song, *options)
    assert take["joints"].shape[1] == 2
    np.testing.assert_array_equal(take["style"], [[0, 1]] * 60)
    np.testing.assert_array_equal(perform(song, *options)["joints"], take["joints"])
    assert (perform(song, *options, "--seed", "6")["joints"] != take["joints"]).any()
    later = perform(song, *options, "--latency-ms", "100")
    moved = (later["beat_phase"] - take["beat_phase"])[:3] % 1  # at 118 BPM, before it has heard
    np.testing.assert_allclose(moved, 0.1 * 118 / 60, atol=0.01)


def test_an_older_take_survives_a_mistake(perform, song, tmp_path, capsys):
    perform(song)
    before = (tmp_path / "take.npz").read_bytes()
    assert run("perform", song, "-o", tmp_path / "take.npz", "--style", "polka") == 2
    assert (tmp_path / "take.npz").read_bytes() == before
    assert [p.name for p in tmp_path.glob("*.partial")] == []


@pytest.mark.parametrize("command", ["perform", "render"])
@pytest.mark.parametrize("named_by", ["option", "settings"])
def test_the_model_is_never_written_over(tiny_model, song, tmp_path, capsys, command, named_by):
    model = tmp_path / ("model.npz" if command == "perform" else "model.mp4")
    shutil.copy(tiny_model, model)
    (tmp_path / "show.toml").write_text(f"model = '{model.as_posix()}'")
    given = ("--model", model) if named_by == "option" else ("--config", tmp_path / "show.toml")
    before = model.read_bytes()
    assert run(command, song, "-o", model, *given) == 2
    assert "it would overwrite" in capsys.readouterr().err
    assert model.read_bytes() == before


# Mistakes -------------------------------------------------------------------------------------


def assert_one_line(captured, *parts):
    """One sentence on standard error that names the command and the mistake."""
    lines = captured.err.splitlines()
    assert len(lines) == 1, captured.err
    assert lines[0].startswith("posejockey ")
    for part in parts:
        assert part in lines[0]


def test_a_command_that_is_none(capsys):
    assert run("dance") == 2
    told = capsys.readouterr().err
    assert "no command 'dance'" in told.splitlines()[0]
    assert "perform" in told  # what there is


def test_without_a_command_it_says_what_there_is(capsys):
    assert run() == 2
    assert run("--help") == 0
    assert capsys.readouterr().out.count("live") >= 2


@pytest.mark.parametrize(
    "options",
    [("--dancers", "two"), ("--energy", "high"), ("--volume", "3"), ("--style",), ("-o",)],
    ids=" ".join,
)
def test_options_that_are_none(song, capsys, options):
    assert run("perform", song, "-o", "take.npz", *options) == 2
    assert options[0] in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--look", "oil"], "no look 'oil'; there are neon"),
        (["--volume", "3"], "unrecognized arguments: --volume 3"),
        (["--cast", "many"], "--cast"),
    ],
)
def test_what_the_visualizer_refuses_is_said_before_the_show(
    tiny_model, song, capsys, monkeypatch, options, said
):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    assert run("live", "--model", tiny_model, "--input", song, "--no-play", "--", *options) == 2
    assert_one_line(capsys.readouterr(), "after --", said)


@pytest.mark.parametrize(
    ("table", "options", "said"),
    [
        ('look = "oil"', [], ["[visuals]", "no look 'oil'; there are neon"]),
        ("volume = 3", [], ["[visuals]", "unrecognized arguments: --volume=3"]),
        ("cast = 99", ["--", "--look", "chalk"], ["[visuals]", "--cast 99"]),
        ("cast = 3", ["--", "--look", "oil"], ["after --", "no look 'oil'"]),
    ],
)
def test_what_the_visualizer_refuses_in_the_shows_file_is_said_before_the_show(
    tiny_model, song, tmp_path, capsys, monkeypatch, table, options, said
):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "show.toml").write_text(f"dancers = 1\n[visuals]\n{table}\n")
    argv = ["--model", tiny_model, "--input", song, "--no-play", "--config", tmp_path / "show.toml"]
    assert run("live", *argv, *options) == 2
    assert_one_line(capsys.readouterr(), *said)


def test_options_for_no_visualizer_are_refused(tiny_model, song, capsys):
    argv = ["--model", tiny_model, "--input", song, "--no-play", "--no-visuals"]
    assert run("live", *argv, "--", "--look", "chalk") == 2
    assert_one_line(capsys.readouterr(), "after --", "this show has none")


def missing(folder, song):
    return folder / "none.wav"


def empty(folder, song):
    (folder / "empty.wav").touch()
    return folder / "empty.wav"


def no_samples(folder, song):
    soundfile.write(folder / "none.wav", np.zeros((0, 1)), RATE)
    return folder / "none.wav"


def text(folder, song):
    (folder / "text.wav").write_text("This is not music. " * 100)
    return folder / "text.wav"


def a_folder(folder, song):
    return folder


NO_SOUND = {
    missing: "No such file",
    empty: "cannot be read as audio",
    no_samples: "holds no sound",
    text: "cannot be read as audio",
    a_folder: "not a file",
}


@pytest.mark.parametrize("make", NO_SOUND)
def test_files_that_are_no_sound(tiny_model, tmp_path, song, capsys, make):
    path = make(tmp_path, song)
    assert run("perform", path, "-o", tmp_path / "take.npz", "--model", tiny_model) == 2
    assert_one_line(capsys.readouterr(), "perform", path.name, NO_SOUND[make])


@pytest.mark.parametrize("make", [m for m in NO_SOUND if m is not missing])
def test_files_that_are_no_sound_to_a_show(tiny_model, tmp_path, song, capsys, make):
    path = make(tmp_path, song)
    argv = ["--input", path, "--no-visuals", "--no-play", "--control-port", "0"]
    assert run("live", *argv, "--model", tiny_model) == 2
    assert_one_line(capsys.readouterr(), "live", path.name, NO_SOUND[make])


def truncated(model, folder):
    path = folder / "cut.onnx"
    path.write_bytes(model.read_bytes()[:5000])
    return path


def of_another_contract(model, folder):
    path = folder / "other.onnx"
    content = model.read_bytes()
    assert b'"feature_dim": 83' in content
    path.write_bytes(content.replace(b'"feature_dim": 83', b'"feature_dim": 84'))
    return path


def without_manifest(model, folder):
    path = folder / "foreign.onnx"
    path.write_bytes(model.read_bytes().replace(b"posejockey", b"posejackey"))
    return path


def no_model(model, folder):
    return folder / "none.onnx"


@pytest.mark.parametrize("command", ["perform", "live"])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (truncated, "not a model ONNX Runtime can load"),
        (of_another_contract, "feature_dim is 84, this program needs 83"),
        (without_manifest, "not one of PoseJockey"),
        (no_model, "no model"),
    ],
)
def test_models_that_cannot_dance(tiny_model, tmp_path, song, capsys, command, make, said):
    path = make(tiny_model, tmp_path)
    own = {
        "perform": [song, "-o", tmp_path / "take.npz"],
        "live": ["--input", song, "--no-visuals", "--no-play", "--control-port", "0"],
    }[command]
    assert run(command, *own, "--model", path) == 2
    assert_one_line(capsys.readouterr(), command, path.name, said)


SETTINGS = {
    "style": (["--style", "polka"], ["'polka'", "street, salsa"]),
    "weight": (["--style", "street=much"], ["street=much"]),
    "dancers": (["--dancers", "17"], ["dancers is 17", "1 to 16"]),
    "energy": (["--energy", "nan"], ["energy is nan", "-2 to 2"]),
    "device": (["--device", "tpu"], ["'tpu'", "auto, cpu, cuda"]),
    "tracker": (["--beat-tracker", "ear"], ["'ear'", "native, aubio"]),
    "config": (["--config", "none.toml"], ["none.toml", "No such file"]),
}


@pytest.mark.parametrize(("options", "said"), SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("command", ["perform", "live"])
def test_settings_that_are_out_of_range(tiny_model, tmp_path, song, capsys, command, options, said):
    own = {
        "perform": [song, "-o", tmp_path / "take.npz"],
        "live": ["--input", song, "--no-visuals", "--no-play", "--control-port", "0"],
    }[command]
    assert run(command, *own, "--model", tiny_model, *options) == 2
    assert_one_line(capsys.readouterr(), command, *said)


@pytest.mark.parametrize("content", ["dancers = 99", "volume = 3", "not = [toml"])
def test_a_bad_settings_file(tiny_model, tmp_path, song, capsys, content):
    (tmp_path / "show.toml").write_text(content)
    options = ["--config", tmp_path / "show.toml", "--model", tiny_model]
    assert run("perform", song, "-o", tmp_path / "take.npz", *options) == 2
    assert_one_line(capsys.readouterr(), "show.toml")


@pytest.mark.parametrize(
    "target", ["localhost", "localhost:port", "localhost:70000", ":9000", "no such host:9000"]
)
def test_a_target_that_is_none(tiny_model, song, capsys, target):
    argv = ["--input", song, "--no-visuals", "--no-play", "--control-port", "0"]
    assert run("live", *argv, "--model", tiny_model, "--osc", target) == 2
    assert_one_line(capsys.readouterr(), target)


def test_a_take_that_cannot_be_written(tiny_model, tmp_path, song, capsys, monkeypatch):
    def never(*_):
        raise AssertionError("it danced before it looked where to")

    monkeypatch.setattr("live.cli.perform.run_offline", never)
    for out in (tmp_path / "none" / "take.npz", tmp_path):
        assert run("perform", song, "-o", out, "--model", tiny_model) == 2
        assert_one_line(capsys.readouterr(), f"cannot write {out}")


def test_a_disk_that_is_full(tiny_model, tmp_path, song, capsys):
    resource = pytest.importorskip("resource", reason="limits the size of files")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    try:
        assert run("perform", song, "-o", tmp_path / "take.npz", "--model", tiny_model) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert_one_line(capsys.readouterr(), "cannot write", "File too large")
    assert [path.name for path in tmp_path.iterdir()] == ["song.wav"]


def test_a_control_port_that_is_taken(tiny_model, song, capsys):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = str(other.getsockname()[1])
        argv = ["--input", song, "--no-visuals", "--no-play", "--control-port", port]
        assert run("live", *argv, "--model", tiny_model) == 2
    assert_one_line(capsys.readouterr(), port)


def test_a_recording_that_cannot_be_written(tiny_model, tmp_path, song, capsys):
    (tmp_path / "old.mcap").write_text("a show that was good")
    for path in (tmp_path / "old.mcap", tmp_path / "none" / "new.mcap"):
        argv = ["--input", song, "--no-visuals", "--no-play", "--control-port", "0"]
        assert run("live", *argv, "--model", tiny_model, "--record", path) == 2
        assert_one_line(capsys.readouterr(), path.name)
    assert (tmp_path / "old.mcap").read_text() == "a show that was good"


def test_a_session_that_is_none(tmp_path, capsys):
    (tmp_path / "show.mcap").write_text("no session")
    assert run("replay", tmp_path / "show.mcap") == 2
    assert_one_line(capsys.readouterr(), "show.mcap", "not a PoseJockey session")
    assert run("replay", tmp_path / "none.mcap") == 2
    assert_one_line(capsys.readouterr(), "none.mcap")


def test_ctrl_c_leaves_without_a_traceback(tiny_model, tmp_path, song, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("live.cli.perform.run_offline", interrupted)
    assert run("perform", song, "-o", tmp_path / "take.npz", "--model", tiny_model) == 130
    assert_one_line(capsys.readouterr(), "stopped")
    monkeypatch.setattr("live.cli.replay.replay", interrupted)
    assert run("replay", tmp_path / "show.mcap") == 130
    assert_one_line(capsys.readouterr(), "stopped")


# As a process of its own ----------------------------------------------------------------------


def process(*argv, **env):
    return subprocess.run(
        [sys.executable, "-W", "error", ROOT / "posejockey.py", *map(str, argv)],
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_device_that_is_not_there(tiny_model, tmp_path):
    nowhere = {"PULSE_SERVER": f"unix:{tmp_path}/none"}
    argv = ["--no-visuals", "--control-port", "0", "--model", tiny_model]
    told = process("live", "--input", "Megaphone 3000", *argv, **nowhere)
    assert told.returncode == 2
    lines = [line for line in told.stderr.splitlines() if line.startswith("posejockey live: ")]
    assert len(lines) == 1
    assert "input" in lines[0] or "PortAudio" in lines[0]
    assert "Traceback" not in told.stderr


def test_the_show_needs_neither_torch_nor_pygame(tiny_model, tmp_path, song):
    code = (
        "import sys, posejockey; code = posejockey.main(sys.argv[1:]); "
        "assert not {'torch', 'pygame', 'sounddevice'} & set(sys.modules); sys.exit(code)"
    )
    argv = ["perform", song, "-o", tmp_path / "take.npz", "--model", tiny_model]
    told = subprocess.run(
        [sys.executable, "-c", code, *map(str, argv)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.returncode == 0, told.stderr
    assert "1.0 s, 1 dancer(s)" in told.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is no folder"),
        ({}, "no audio file"),
        ({"a.beats": "hello\n"}, "one beat time in seconds a line"),
        ({"a.beats": "1.0\n"}, "at least 2"),
    ],
    ids=["missing", "empty", "words", "one beat"],
)
def test_a_folder_without_beats_to_score_is_explained(tmp_path, capsys, content, said):
    folder = tmp_path / "annotated"
    if content is not None:
        folder.mkdir()
        for name, text in content.items():
            (folder / name).write_text(text)
            soundfile.write(folder / "a.wav", np.zeros(24_000), 24_000)
    assert posejockey.main(["bench", "--beats", str(folder)]) == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert len(errors.splitlines()) == 1
