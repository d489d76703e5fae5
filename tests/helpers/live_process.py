"""`posejockey live` as a process, and the packets that a test receives of it."""

import os
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
from tests.helpers.sound_server import ROOT, wait_until

RATE = 48_000
STEP = SAMPLE_RATE // 60
WAIT_S = 60.0  # for anything that a process should do at once; long, for a busy machine


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
        wait_until(lambda: len(self.packets) >= count, what, WAIT_S)

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
        out, errors = self.process.communicate(timeout=WAIT_S)
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


def children(pid):
    """Pids of the processes that a process has started and that still run."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return []
    return [int(child) for child in listed.split() if runs(int(child))]


def runs(pid):
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
