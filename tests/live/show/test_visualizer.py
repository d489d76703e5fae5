"""The visualizer as a child of the show: it may die, be closed, or find its port taken."""

# ruff: noqa: F401, F811 (fixtures, which look unused and redefined)

import json
import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from live.osc import encoding
from live.osc import schema as osc
from tests.helpers.live_process import (
    WAIT_S,
    assert_summary,
    assert_whole,
    children,
    live,
    needs_proc,
    runs,
    visualizer_port_is_free,
)
from tests.helpers.sound_server import ROOT, wait_until


@needs_proc
def test_the_visualizer_may_die_and_the_show_goes_on(live):
    if not visualizer_port_is_free():
        pytest.skip(f"port {osc.DEFAULT_PORT} is taken by another visualizer")
    env = os.environ | {"SDL_VIDEODRIVER": "dummy"}
    show = live("--input", "demo", "--no-play", visuals=True, env=env)
    pid = show.process.pid
    show.receiver.wait_for(30)
    (first,) = wait_until(lambda: children(pid), "a visualizer", WAIT_S)
    os.kill(first, signal.SIGKILL)
    died_at = len(show.receiver.packets)
    (second,) = wait_until(
        lambda: set(children(pid)) - {first}, "a visualizer in its place", WAIT_S
    )
    show.receiver.wait_for(died_at + 60, "a show that goes on")
    assert runs(second)
    code, out, _ = show.stop()
    assert code == 0
    assert not runs(second)
    told = assert_whole(show.receiver.packets)
    assert_summary(out, len(told))


@needs_proc
def test_a_visualizer_in_place_of_one_that_died_goes_on_with_what_was_played(live):
    """Played past the show: on the visualizer's own port."""
    if not visualizer_port_is_free():
        pytest.skip(f"port {osc.DEFAULT_PORT} is taken by another visualizer")
    env = os.environ | {"SDL_VIDEODRIVER": "dummy"}
    show = live("--input", "demo", "--no-play", visuals=True, env=env)
    (first,) = wait_until(lambda: children(show.process.pid), "a visualizer", WAIT_S)
    state = Path(_option(first, "--state"))

    def plays(name, value, sender):
        """Until it has been heard, as of a desk: the port is open a moment after the start."""
        sender.sendto(encoding.encode_picture(name, value), ("127.0.0.1", osc.DEFAULT_PORT))
        with suppress(FileNotFoundError):
            said = json.loads(state.read_text())
            return said if said[name] == value else None

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as desk:
        wait_until(lambda: plays("look", "chalk", desk), "another look", WAIT_S)
        wait_until(lambda: plays("cast", 4, desk), "a larger cast", WAIT_S)
        os.kill(first, signal.SIGKILL)
        (second,) = wait_until(
            lambda: set(children(show.process.pid)) - {first}, "another one", WAIT_S
        )
        said = wait_until(lambda: plays("palette", "ice", desk), "other colours", WAIT_S)
    assert (said["look"], said["cast"]) == ("chalk", 4)
    assert Path(_option(second, "--state")) == state
    assert show.stop()[0] == 0
    assert not state.parent.exists()


def _option(pid, name):
    def words():
        """Until it has become the visualizer: at first it is a copy of the show."""
        said = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        return said if name in said else None

    said = wait_until(words, f"a visualizer with {name}", WAIT_S)
    return said[said.index(name) + 1]


def another_visualizer(folder, code):
    """The environment in which this code is what a show starts as its visualizer."""
    (folder / "visuals").mkdir()
    (folder / "visuals" / "__init__.py").touch()
    (folder / "visuals" / "__main__.py").write_text(code)
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


@needs_proc
def test_a_visualizer_that_dies_of_what_was_played_is_started_without_it(live, tmp_path):
    env = another_visualizer(
        tmp_path,
        "import pathlib, sys, time\n"
        "state = pathlib.Path(sys.argv[sys.argv.index('--state') + 1])\n"
        "with open('started', 'a') as log: log.write(f'{state.exists():d}')\n"
        "state.touch()\n"
        "time.sleep(2.2)\n"
        "sys.exit(3)\n",
    )
    live("--input", "demo", "--no-play", visuals=True, cwd=tmp_path, env=env)
    started = tmp_path / "started"
    wait_until(lambda: started.exists() and len(started.read_text()) >= 3, "three", WAIT_S)
    assert started.read_text()[:3] == "010"


@needs_proc
@pytest.mark.parametrize("code", [0, 3])
def test_a_window_that_is_closed_ends_the_show(live, tmp_path, code):
    """A visualizer that leaves with 0 was closed by its user; with anything else it has failed.

    Both times it is started with the options of the show's file, then those after the dashes.
    """
    env = another_visualizer(
        tmp_path,
        "import pathlib, sys, time\n"
        "if '--check' in sys.argv: sys.exit(0)\n"
        "pathlib.Path('started').write_text(' '.join(sys.argv[1:]))\n"
        "while not pathlib.Path('leave').exists(): time.sleep(0.01)\n"
        f"sys.exit({code})\n",
    )
    (tmp_path / "show.toml").write_text("[visuals]\ncast = 2\nfullscreen = true\n")
    options = ["--cast=2", "--fullscreen", "--look", "chalk"]
    argv = ["--input", "demo", "--no-play", "--config", "show.toml", "--", *options[2:]]
    show = live(*argv, visuals=True, cwd=tmp_path, env=env)
    started = tmp_path / "started"
    show.receiver.wait_for(30)
    wait_until(lambda: started.exists() and started.read_text(), "a visualizer", WAIT_S)
    words = started.read_text().split()
    assert words[:6] == [*options, "--port", str(osc.DEFAULT_PORT)]
    assert int(words[7].rpartition(":")[2]) > 0  # the control port that is really open
    started.unlink()
    (tmp_path / "leave").touch()
    if code == 0:
        assert show.wait()[0] == 0
        return
    wait_until(lambda: started.exists() and started.read_text(), "another in its place", WAIT_S)
    assert started.read_text().split() == words
    assert show.process.poll() is None
    assert show.stop()[0] == 0


@needs_proc
def test_a_visualizer_whose_port_is_taken_is_started_when_it_is_free(live, tmp_path):
    if not visualizer_port_is_free():
        pytest.skip(f"port {osc.DEFAULT_PORT} is taken by another visualizer")
    env = os.environ | {"SDL_VIDEODRIVER": "dummy"}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", osc.DEFAULT_PORT))
        show = live("--input", "demo", "--no-play", visuals=True, env=env)
        (first,) = wait_until(lambda: children(show.process.pid), "a visualizer", WAIT_S)
        wait_until(lambda: not children(show.process.pid), "one that gives up", WAIT_S)
        show.receiver.wait_for(len(show.receiver.packets) + 300, "a show that goes on")
        assert not children(show.process.pid)  # nor is it tried in vain
    (second,) = wait_until(lambda: children(show.process.pid), "a visualizer again", WAIT_S)
    wait_until(lambda: not visualizer_port_is_free(), "a visualizer that listens", WAIT_S)
    assert second != first
    code, _, errors = show.stop()
    assert code == 0
    assert errors.count("cannot listen") == 1
