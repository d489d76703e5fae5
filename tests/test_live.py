"""The whole show as its users start it: a process, a sound server, and receivers on the wire.

What is said about rates and tempi is counted by the time stamps inside the packets, so that a busy
machine cannot change it.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile

from live.audio.features import SAMPLE_RATE
from live.body.skeleton import BONE_LENGTHS, JOINT_NAMES, PARENTS
from live.osc import encoding
from live.osc import schema as osc
from live.session.reader import SessionReader
from tests.helpers.oscdump import oscdump
from tests.helpers.sound_server import ROOT, sound_server, wait_until  # noqa: F401, a fixture

RATE = 48_000
STEP = SAMPLE_RATE // 60
_WAIT_S = 60.0  # for anything that a process should do at once; long, for a machine that is busy


class Receiver:
    """A UDP port whose packets are kept, in the order of their arrival."""

    def __init__(self, stack):
        self._socket = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self.port = self._socket.getsockname()[1]
        self.packets = []
        self._stopping = False
        thread = threading.Thread(target=self._receive)
        thread.start()
        stack.callback(thread.join)
        stack.callback(setattr, self, "_stopping", True)

    def _receive(self):
        while not self._stopping:
            with suppress(TimeoutError):
                self.packets.append(self._socket.recv(65_536))

    def wait_for(self, count, what="packets"):
        wait_until(lambda: len(self.packets) >= count, what, _WAIT_S)

    def told(self, since=0):
        """The messages of every packet, by address."""
        return [dict(encoding.decode(packet)) for packet in self.packets[since:]]


class Live:
    """`posejockey live` as a process, told to listen to a receiver that is made with it."""

    def __init__(self, stack, model, *options, visuals=False, cwd=ROOT, env=os.environ):
        self.receiver = Receiver(stack)
        argv = [sys.executable, "-W", "error", str(ROOT / "posejockey.py"), "live"]
        argv += ["--model", str(model), "--osc", f"127.0.0.1:{self.receiver.port}"]
        argv += ["--control-port", "0", *map(str, options)]
        self.process = subprocess.Popen(
            argv if visuals else [*argv, "--no-visuals"],
            cwd=cwd,
            env=env | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        stack.callback(self._end)

    def stop(self, number=signal.SIGTERM):
        """End it politely: (exit code, standard output, standard error)."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        """As `stop`, of a show that ends by itself; every packet it has sent has arrived."""
        out, errors = self.process.communicate(timeout=_WAIT_S)
        self.receiver.wait_for(frames_of(out), "every packet that was sent")
        return self.process.returncode, out, errors

    def _end(self):
        """Whatever it does, and its visualizer too."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def live(tiny_model):
    """A function that starts a show; whatever is left of it is ended after the test."""
    with ExitStack() as stack:
        yield lambda *options, **more: Live(stack, tiny_model, *options, **more)


@pytest.fixture
def song(tmp_path, click_track):
    """Path of a click track of so many seconds, a hiss underneath."""

    def make(seconds, bpm=120.0):
        audio = click_track(bpm, seconds, RATE)
        audio += np.random.default_rng(0).normal(scale=0.01, size=len(audio)).astype(np.float32)
        soundfile.write(tmp_path / "song.wav", audio, RATE)
        return tmp_path / "song.wav"

    return make


def assert_whole(packets):
    """What must be true of every bundle, and of the order they come in."""
    assert max(map(len, packets)) <= osc.MAX_BUNDLE_BYTES
    told = [dict(encoding.decode(packet)) for packet in packets]
    joints = np.array([[t[f"/pj/1/{name}"] for name in JOINT_NAMES] for t in told])
    assert np.isfinite(joints).all()
    bones = np.linalg.norm(joints[:, 1:] - joints[:, PARENTS[1:]], axis=-1)
    np.testing.assert_allclose(bones, np.broadcast_to(BONE_LENGTHS[1:], bones.shape), rtol=0.01)
    samples = np.array([t["/pj/frame"][1] for t in told])
    assert (np.diff(samples) > 0).all()
    assert (np.diff(samples) % STEP == 0).all()
    return told


def bundles_a_second(told):
    """By the median distance of their time stamps: a busy machine leaves single ones out."""
    return SAMPLE_RATE / np.median(np.diff([t["/pj/frame"][1] for t in told]))


def summary_of(out):
    """The words of the line at the end."""
    return next(
        (line.replace(",", "").split() for line in out.splitlines() if line.startswith("frames ")),
        [],
    )


def frames_of(out):
    words = summary_of(out)
    return int(words[1]) if words else 0


def assert_summary(out, frames):
    """The line at the end; as many frames as were received, for nothing is lost on the way."""
    words = summary_of(out)
    assert frames_of(out) == frames
    for word in ("late", "dropped", "xruns", "p50", "p99", "latency"):
        assert word in words


# A microphone ---------------------------------------------------------------------------------


def test_dances_to_what_the_microphone_hears(live, song, sound_server):  # noqa: F811
    show = live(env=sound_server.env)
    show.receiver.wait_for(60, "a show before the music")
    before = len(show.receiver.packets)
    with sound_server.play(song(9.0)):
        pass  # until it has been played
    after = len(show.receiver.packets)
    code, out, errors = show.stop()
    assert code == 0, errors  # ALSA may have had something to say, too
    told = assert_whole(show.receiver.packets)
    assert_summary(out, len(told))
    assert bundles_a_second(told) == pytest.approx(60, abs=2)
    level = np.array([t["/pj/level"][0] for t in told])
    assert level[:before].max() < 0.1
    assert np.median(level[after - 240 : after - 60]) > 0.3
    onset = np.array([max(t["/pj/onset"]) for t in told])
    assert onset[:before].max() < 0.1
    assert onset[after - 240 : after - 60].max() > 0.3
    bpm = told[after - 60]["/pj/beat"][2]
    assert min(abs(bpm / (120 * octave) - 1) for octave in (0.5, 1, 2)) < 0.02
    states = [osc.STATES[t["/pj/health"][-1]] for t in told if "/pj/health" in t]
    assert "idle" in states
    assert "dancing" in states


@pytest.mark.skipif(shutil.which("oscdump") is None, reason="oscdump is missing (liblo-tools)")
def test_a_foreign_receiver_prints_the_same(live, song, tmp_path):
    with oscdump(tmp_path) as (port, lines):
        show = live("--input", song(20.0), "--no-play", "--osc", f"127.0.0.1:{port}")
        wait_until(lambda: len(lines()) > 1500, "printed messages", _WAIT_S)
        code, out, _ = show.stop()
        assert code == 0
        printed = [line.split() for line in lines()]
    sent = {a: len(v) for t in show.receiver.told() for a, v in t.items()}
    frames = [line[1:] for line in printed if line[1] == "/pj/frame"]
    printed_sizes = {line[1]: len(line) - 3 for line in printed[:-30]}
    assert printed_sizes == sent
    numbers = [int(f[2]) for f in frames]
    assert numbers == sorted(set(numbers))
    late = int(summary_of(out)[3])
    assert numbers[-1] - numbers[0] + 1 - len(numbers) <= late  # only what was late is left out
    assert {f[1] for f in frames} == {"ii"}


def test_every_profile_leaves_the_show(live, song, tmp_path):
    """One target each, and a DMX patch; the whole stream goes on beside them."""
    patch = tmp_path / "patch.toml"
    patch.write_text("[[universe]]\nhost = '127.0.0.1'\n")
    kinds = ["native/rate=30", "flat", "lights/grandma3", "vmc", "vrchat/height=1.8"]
    with ExitStack() as stack:
        receivers = [Receiver(stack) for _ in kinds]
        targets = [f"127.0.0.1:{r.port}/{k}" for r, k in zip(receivers, kinds, strict=True)]
        options = [o for target in targets for o in ("--osc", target)]
        options += ["--dmx", patch]
        env = os.environ | {"XDG_CONFIG_HOME": str(tmp_path), "APPDATA": str(tmp_path)}
        show = live("--input", song(20.0), "--no-play", *options, env=env)
        for receiver in (show.receiver, *receivers):
            receiver.wait_for(20)
        code, out, errors = show.stop()
        assert code == 0
        # Nobody listens for the lights here: that is told once, and nothing else.
        assert all("sACN 1 to 127.0.0.1 cannot be reached" in e for e in errors.splitlines())
        assert errors.count("\n") <= 1
        heard = [{a for p in r.packets for a, _ in encoding.decode(p)} for r in receivers]
    signs = ["/pj/1/head", "/pj/1/pose", "/Page1/Fader201", "/VMC/Ext/T"]
    signs.append("/tracking/trackers/head/position")
    for sign, addresses in zip(signs, heard, strict=True):
        assert sign in addresses
        assert sum(other in addresses for other in signs) == 1
    assert all(target.partition("/")[0] in out for target in targets)
    assert str(patch) in out


def test_without_an_input_the_demo_plays(live, tmp_path):
    show = live(env=os.environ | {"PULSE_SERVER": f"unix:{tmp_path}/none"})
    show.receiver.wait_for(60)
    code, out, errors = show.stop()
    assert code == 0
    assert "Traceback" not in errors
    assert "the built-in demo plays instead" in out.splitlines()[0]
    assert "hears   demo" in out.splitlines()[1]
    told = assert_whole(show.receiver.packets)
    assert told[-1]["/pj/level"][0] > 0.3


# Ends -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_a_polite_kill_ends_the_show_with_its_summary(live, number):
    show = live("--input", "demo", "--no-play")
    show.receiver.wait_for(30)
    code, out, errors = show.stop(number)
    assert (code, errors) == (0, "")
    assert_summary(out, len(show.receiver.packets))


def test_a_file_ends_by_itself(live, song, tmp_path):
    options = ("--record", tmp_path / "show.mcap", "--summary", tmp_path / "summary.json")
    path = song(3.0)
    show = live("--input", path, "--no-play", *options)
    code, out, errors = show.wait()
    assert (code, errors) == (0, "")
    told = assert_whole(show.receiver.packets)
    assert_summary(out, len(told))
    assert bundles_a_second(told) == pytest.approx(60, abs=2)
    assert told[-1]["/pj/frame"][1] / SAMPLE_RATE == pytest.approx(3.0, abs=0.5)
    assert '"frames"' in (tmp_path / "summary.json").read_text()
    session = SessionReader(tmp_path / "show.mcap")
    recorded, rate = session.audio()
    played = soundfile.read(path, dtype="float32")[0]
    assert (rate, len(recorded)) == (RATE, pytest.approx(len(played), rel=0.2))
    both = min(len(played), len(recorded))
    # All of it, unless the machine was too busy to decode in time.
    assert np.mean(recorded[:both] == played[:both]) > 0.5
    assert [packet for _, packet in session.packets()] == show.receiver.packets
    assert session.complete


def test_a_show_of_so_many_seconds(live):
    show = live("--input", "demo", "--no-play", "--seconds", "1.5")
    code, out, _ = show.wait()
    assert code == 0
    last = show.receiver.told()[-1]["/pj/frame"][1]
    assert last / SAMPLE_RATE == pytest.approx(1.5, abs=0.5)
    assert_summary(out, len(show.receiver.packets))


# The visualizer -------------------------------------------------------------------------------


def children(pid):
    """Pids of the processes that a process has started and that still run."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return []
    return [int(child) for child in listed.split() if _runs(int(child))]


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/task").is_dir(), reason="finds processes in /proc"
)


def visualizer_port_is_free():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", osc.DEFAULT_PORT))
        except OSError:
            return False
    return True


@needs_proc
def test_the_visualizer_may_die_and_the_show_goes_on(live):
    if not visualizer_port_is_free():
        pytest.skip(f"port {osc.DEFAULT_PORT} is taken by another visualizer")
    env = os.environ | {"SDL_VIDEODRIVER": "dummy"}
    show = live("--input", "demo", "--no-play", visuals=True, env=env)
    pid = show.process.pid
    show.receiver.wait_for(30)
    (first,) = wait_until(lambda: children(pid), "a visualizer", _WAIT_S)
    os.kill(first, signal.SIGKILL)
    died_at = len(show.receiver.packets)
    (second,) = wait_until(
        lambda: set(children(pid)) - {first}, "a visualizer in its place", _WAIT_S
    )
    show.receiver.wait_for(died_at + 60, "a show that goes on")
    assert _runs(second)
    code, out, _ = show.stop()
    assert code == 0
    assert not _runs(second)
    told = assert_whole(show.receiver.packets)
    assert_summary(out, len(told))


@needs_proc
def test_a_visualizer_in_place_of_one_that_died_goes_on_with_what_was_played(live):
    """Played past the show: on the visualizer's own port."""
    if not visualizer_port_is_free():
        pytest.skip(f"port {osc.DEFAULT_PORT} is taken by another visualizer")
    env = os.environ | {"SDL_VIDEODRIVER": "dummy"}
    show = live("--input", "demo", "--no-play", visuals=True, env=env)
    (first,) = wait_until(lambda: children(show.process.pid), "a visualizer", _WAIT_S)
    state = Path(_option(first, "--state"))

    def plays(name, value, sender):
        """Until it has been heard, as of a desk: the port is open a moment after the start."""
        sender.sendto(encoding.encode_picture(name, value), ("127.0.0.1", osc.DEFAULT_PORT))
        with suppress(FileNotFoundError):
            said = json.loads(state.read_text())
            return said if said[name] == value else None

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as desk:
        wait_until(lambda: plays("look", "chalk", desk), "another look", _WAIT_S)
        wait_until(lambda: plays("cast", 4, desk), "a larger cast", _WAIT_S)
        os.kill(first, signal.SIGKILL)
        (second,) = wait_until(
            lambda: set(children(show.process.pid)) - {first}, "another one", _WAIT_S
        )
        said = wait_until(lambda: plays("palette", "ice", desk), "other colours", _WAIT_S)
    assert (said["look"], said["cast"]) == ("chalk", 4)
    assert Path(_option(second, "--state")) == state
    assert show.stop()[0] == 0
    assert not state.parent.exists()


def _option(pid, name):
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return words[words.index(name) + 1]


@needs_proc
def test_a_visualizer_that_dies_of_what_was_played_is_started_without_it(live, tmp_path):
    (tmp_path / "visuals").mkdir()
    (tmp_path / "visuals" / "__init__.py").touch()
    (tmp_path / "visuals" / "__main__.py").write_text(
        "import pathlib, sys, time\n"
        "state = pathlib.Path(sys.argv[sys.argv.index('--state') + 1])\n"
        "with open('started', 'a') as log: log.write(f'{state.exists():d}')\n"
        "state.touch()\n"
        "time.sleep(2.2)\n"
        "sys.exit(3)\n"
    )
    live("--input", "demo", "--no-play", visuals=True, cwd=tmp_path)
    started = tmp_path / "started"
    wait_until(lambda: started.exists() and len(started.read_text()) >= 3, "three", _WAIT_S)
    assert started.read_text()[:3] == "010"


@needs_proc
@pytest.mark.parametrize("code", [0, 3])
def test_a_window_that_is_closed_ends_the_show(live, tmp_path, code):
    """A visualizer that leaves with 0 was closed by its user; with anything else it has failed.

    Both times it is started with the options of the show's file, then those after the dashes.
    """
    (tmp_path / "visuals").mkdir()
    (tmp_path / "visuals" / "__init__.py").touch()
    (tmp_path / "visuals" / "__main__.py").write_text(
        "import pathlib, sys, time\n"
        "if '--check' in sys.argv: sys.exit(0)\n"
        "pathlib.Path('started').write_text(' '.join(sys.argv[1:]))\n"
        "while not pathlib.Path('leave').exists(): time.sleep(0.01)\n"
        f"sys.exit({code})\n"
    )
    (tmp_path / "show.toml").write_text("[visuals]\ncast = 2\nfullscreen = true\n")
    options = ["--cast=2", "--fullscreen", "--look", "chalk"]
    argv = ["--input", "demo", "--no-play", "--config", "show.toml", "--", *options[2:]]
    show = live(*argv, visuals=True, cwd=tmp_path)
    started = tmp_path / "started"
    show.receiver.wait_for(30)
    wait_until(lambda: started.exists() and started.read_text(), "a visualizer", _WAIT_S)
    words = started.read_text().split()
    assert words[:6] == [*options, "--port", str(osc.DEFAULT_PORT)]
    assert int(words[7].rpartition(":")[2]) > 0  # the control port that is really open
    started.unlink()
    (tmp_path / "leave").touch()
    if code == 0:
        assert show.wait()[0] == 0
        return
    wait_until(lambda: started.exists() and started.read_text(), "another in its place", _WAIT_S)
    assert started.read_text().split() == words
    assert show.process.poll() is None
    assert show.stop()[0] == 0
