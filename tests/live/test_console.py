"""Terminals of few letters, readers that leave, polite kills, and files in the way of our own."""

import os
import signal
import subprocess
import sys

import pytest
import soundfile

from posejockey import COMMANDS
from tests.helpers.sound_server import ROOT, wait_until

_WAIT_S = 60.0
NARROW = ("ascii", "cp1252", "cp437")


def command(*argv):
    return [sys.executable, "-W", "error", str(ROOT / "posejockey.py"), *map(str, argv)]


def process(*argv, cwd=ROOT, **env):
    env = os.environ | {"PYTHONPATH": str(ROOT), "SDL_VIDEODRIVER": "dummy"} | env
    return subprocess.run(command(*argv), cwd=cwd, env=env, capture_output=True, timeout=_WAIT_S)


@pytest.fixture
def song(tmp_path, click_track):
    """A file whose name no old code page has, and which is no text at all where that may be."""
    path = tmp_path / "\u0416\u0443\u043a \U0001f3b5.wav"
    soundfile.write(path, click_track(120.0, 1.0, 24_000), 24_000)
    return path


@pytest.mark.parametrize("encoding", NARROW)
@pytest.mark.parametrize("name", ["live", "perform", "doctor", "devices"])
def test_names_that_the_terminal_cannot_say_stop_nothing(
    tiny_model, tmp_path, song, encoding, name
):
    show = ["--model", tiny_model, "--input", song, "--no-play", "--no-visuals"]
    argv = {
        "live": [*show, "--control-port", "0", "--osc", "127.0.0.1:9", "--seconds", "0.2"],
        "perform": [song, "-o", song.with_suffix(".npz"), "--model", tiny_model],
        "doctor": [*show, "--control-port", "0"],
        "devices": [],
    }[name]
    done = process(name, *argv, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    if name != "devices":
        assert b"\\u0416" in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="only POSIX starts programs with numbers closed")
def test_without_standard_streams_nothing_stops_and_files_stay_clean(tiny_model, tmp_path, song):
    pytest.importorskip("av", reason="PyAV is missing: pip install -e .[video]")
    film = tmp_path / "film.mp4"
    argv = command("render", song, "-o", film, "--size", "64x64", "--model", tiny_model)
    start = "import os, sys; os.closerange(0, 3); os.execv(sys.argv[1], sys.argv[1:])"
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", start, *argv], env=env, timeout=_WAIT_S)
    assert done.returncode == 0
    assert film.exists()


@pytest.mark.skipif(os.name != "posix", reason="only POSIX starts programs with numbers closed")
def test_no_file_takes_the_number_of_a_stream_that_is_missing():
    script = (
        "import os, sys; os.closerange(0, 3); from live import console;"
        "sys.stdout = sys.stderr = None; console.open_missing_streams();"
        "print('nobody reads this'); os.write(2, b'nor this');"
        "sys.exit(open(os.devnull).fileno() <= 2)"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", script], env=env, timeout=_WAIT_S).returncode == 0


@pytest.mark.parametrize("name", [*COMMANDS, ""])
def test_every_help_fits_a_terminal_of_ascii(name):
    argv = [name, "--help"] if name else ["--help"]
    done = process(*argv, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(os.name == "nt", reason="hands on a pipe by its number")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "argv", [["--help"], ["--version"], ["perform", "--help"], ["devices"], ["dance"]], ids=" ".join
)
def test_a_reader_that_has_gone_is_no_error(argv, unbuffered):
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            command(*argv), stdout=write, stderr=subprocess.PIPE, timeout=_WAIT_S,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    finally:
        os.close(write)
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr
    assert done.returncode == (2 if argv == ["dance"] else 0)


@pytest.mark.skipif(os.name == "nt", reason="kills by signals")
@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_polite_kill_leaves_no_half_of_a_take(tiny_model, tmp_path, click_track, number):
    soundfile.write(tmp_path / "song.wav", click_track(120.0, 1.0, 8_000), 8_000)
    # As if the disk was slow: the half take lies there until it is killed.
    code = (
        "import sys, time, numpy; from pathlib import Path; import posejockey\n"
        "def slow(file, **_):\n"
        "    file.write(b'half'); file.flush(); Path('begun').touch(); time.sleep(60)\n"
        "numpy.savez_compressed = slow\n"
        "sys.exit(posejockey.main(sys.argv[1:]))\n"
    )
    argv = ["perform", "song.wav", "-o", "take.npz", "--model", str(tiny_model)]
    with subprocess.Popen(
        [sys.executable, "-c", code, *argv], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as running:  # fmt: skip
        wait_until((tmp_path / "begun").exists, "a take that is being written", _WAIT_S)
        running.send_signal(getattr(signal, number))
        _, told = running.communicate(timeout=_WAIT_S)
    assert (running.returncode, told) == (130, "posejockey perform: stopped\n")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["begun", "song.wav"]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP here")
@pytest.mark.parametrize(("number", "seconds"), [("SIGHUP", 2), ("SIGINT", 600)])
def test_nohup_outlives_the_terminal_and_a_job_in_the_background_can_be_ended(
    tiny_model, tmp_path, number, seconds
):
    argv = command(
        "live", "--model", tiny_model, "--input", "demo", "--no-play", "--no-visuals",
        "--control-port", "0", "--osc", "127.0.0.1:9", "--seconds", str(seconds),
    )  # fmt: skip
    code = (
        f"import os, signal, sys; signal.signal(signal.{number}, signal.SIG_IGN); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, *argv], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as show:  # fmt: skip
        assert show.stdout
        while "obeys" not in (line := show.stdout.readline()):
            assert line, "the show did not start"
        show.send_signal(getattr(signal, number))
        rest, _ = show.communicate(timeout=_WAIT_S)
    assert show.returncode == 0
    frames = int(rest.partition("frames ")[2].partition(",")[0])
    assert frames > 60 or seconds > 2  # it has danced its two seconds


SHADOWS = ("visuals", "live", "model", "pygame", "numpy", "runpy", "argparse")


@pytest.mark.parametrize(
    "argv",
    [
        ["devices"],
        ["live", "--input", "demo", "--no-play", "--control-port", "0", "--seconds", "1", "--",
         "--look", "chalk"],
        ["doctor", "--input", "demo", "--control-port", "0", "--", "--look", "chalk"],
    ],
    ids=lambda argv: argv[0],
)  # fmt: skip
def test_no_file_of_the_current_folder_is_run(tmp_path, tiny_model, argv):
    for name in SHADOWS:
        (tmp_path / f"{name}.py").write_text(
            f"open({str(tmp_path / 'stranger')!r}, 'a').write({name!r})\n"
            "raise SystemExit('a stranger was run')\n"
        )
    if argv[0] != "devices":
        argv = [argv[0], "--model", str(tiny_model), *argv[1:]]
    done = process(*argv, cwd=tmp_path)
    assert not (tmp_path / "stranger").exists()
    assert done.returncode == 0, done.stderr


def test_what_pythonpath_names_is_found_all_the_same(tmp_path):
    code = "from live.child_process import child_command; print(*child_command('mine'), sep='\\n')"
    (tmp_path / "mine.py").write_text("import sys; print(sys.argv[1:], __name__)")
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    told = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    argv = [*told.stdout.splitlines(), "--port", "1"]
    done = subprocess.run(argv, env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "['--port', '1'] __main__\n"
