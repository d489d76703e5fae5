"""A private PulseAudio server for tests: a microphone without a sound card.

`SoundServer` runs in a directory of its own and touches nobody else's sound. What is played into
its sink "vspk" is what PortAudio captures from the devices "pulse" and "default"; a second sink,
"vout", swallows sound. PortAudio decides when it starts which server it talks to, so everything
that opens a device runs in a Python process of its own: `start_python`.

    from tests.helpers.sound_server import sound_server  # noqa: F401, the fixture

    def test_something(sound_server):
        child = sound_server.start_python("...", "argument")
        with sound_server.play(path): ...
"""

import ctypes.util
import glob
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest

ROOT = Path(__file__).resolve().parents[2]
SINK_RATE = 48_000
_ERROR_TAIL = 2_000  # bytes
_ALSA_PLUGIN = "libasound_module_pcm_pulse.so"
_LIBRARY_FOLDERS = ("/usr/lib/*-linux-gnu*", "/usr/lib64", "/usr/lib")


def missing() -> str:
    """Why there can be no sound server here; "" if there can."""
    if not sys.platform.startswith("linux"):
        return "the private sound server needs Linux"
    absent = [tool for tool in ("pulseaudio", "pactl", "paplay") if shutil.which(tool) is None]
    if ctypes.util.find_library("portaudio") is None:
        absent.append("libportaudio2")
    if not any(glob.glob(f"{folder}/alsa-lib/{_ALSA_PLUGIN}") for folder in _LIBRARY_FOLDERS):
        absent.append("libasound2-plugins")
    if not absent:
        return ""
    return (
        f"{', '.join(absent)} missing: apt-get install "
        "libportaudio2 pulseaudio pulseaudio-utils libasound2-plugins"
    )


def wait_until(condition: Callable[[], object], what: str, seconds: float = 10.0):
    """The condition's first true value; AssertionError with `what` after `seconds`."""
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        if value := condition():
            return value
        time.sleep(0.01)
    raise AssertionError(f"{what}: not within {seconds} s")


class SoundServer:
    """Start, stop, kill, freeze and restart a server with two null sinks."""

    def __init__(self) -> None:
        # Under /tmp, because the path of a Unix socket is limited to 107 bytes.
        self.directory = Path(tempfile.mkdtemp(prefix="pj-sound-", dir="/tmp"))
        self.env = os.environ | {
            "PULSE_SERVER": f"unix:{self.directory / 'native'}",
            "PULSE_RUNTIME_PATH": str(self.directory),
            "PULSE_STATE_PATH": str(self.directory),
            "PULSE_COOKIE": str(self.directory / "cookie"),
        }
        self._server: subprocess.Popen | None = None
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        for child in self._children:
            child.stop()
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self) -> None:
        """Returns when the server answers and its sinks are there."""
        self._server = subprocess.Popen(self._command(), env=self.env, **_QUIET)
        try:
            wait_until(self._answers, "pulseaudio answers")
        except AssertionError:
            self.kill()
            raise
        self._prefer_vspk()

    def kill(self) -> None:
        """As a crash would."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None
        (self.directory / "native").unlink(missing_ok=True)

    def freeze(self) -> None:
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._server is not None
        self._server.send_signal(signal.SIGCONT)

    def pactl(self, *arguments: str) -> str:
        command = ["pactl", *arguments]
        return subprocess.run(
            command, env=self.env, check=True, capture_output=True, text=True, timeout=10
        ).stdout

    def unload(self, sink: str) -> None:
        """Take a sink, and the microphone that hears it, away."""
        modules = self.pactl("list", "short", "modules").splitlines()
        (module,) = [line.split()[0] for line in modules if f"sink_name={sink} " in line]
        self.pactl("unload-module", module)

    def load(self, sink: str, rate: int = SINK_RATE) -> None:
        """Bring a sink back; "vspk" is the default again."""
        self.pactl("load-module", "module-null-sink", *_null_sink(sink, rate).split())
        self._prefer_vspk()

    def play(self, path: Path, sink: str = "vspk") -> subprocess.Popen:
        """Plays a file into the sink the microphone hears; a context manager that waits."""
        command = ["paplay", f"--device={sink}", "--latency-msec=20", str(path)]
        return subprocess.Popen(command, env=self.env, **_QUIET)

    def start_python(self, code: str, *arguments: object) -> "Child":
        """A Python process that hears this server: see `Child`."""
        child = Child(code, arguments, self.env)
        self._children.append(child)
        return child

    def _prefer_vspk(self) -> None:
        self.pactl("set-default-sink", "vspk")
        self.pactl("set-default-source", "vspk.monitor")

    def _answers(self) -> bool:
        assert self._server is not None
        if self._server.poll() is not None:
            log = (self.directory / "log").read_text()
            raise AssertionError(f"pulseaudio ended: {log[-2000:]}")
        sinks = subprocess.run(
            ["pactl", "list", "short", "sinks"], env=self.env, capture_output=True, text=True
        )
        return "vspk" in sinks.stdout and "vout" in sinks.stdout

    def _command(self) -> list[str]:
        command = ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no"]
        command += ["--exit-idle-time=-1", "--disable-shm=true", "--realtime=no"]
        command += ["--high-priority=no", f"--log-target=file:{self.directory / 'log'}"]
        socket = self.directory / "native"
        command += ["-L", f"module-native-protocol-unix socket={socket} auth-anonymous=1"]
        for name in ("vspk", "vout"):
            command += ["-L", f"module-null-sink {_null_sink(name, SINK_RATE)}"]
        return command


def _null_sink(name: str, rate: int) -> str:
    # With rewinds a null sink hands its monitor the same sound twice.
    return f"sink_name={name} norewinds=1 rate={rate} channels=2"


_QUIET = {
    "stdin": subprocess.DEVNULL,
    "stdout": subprocess.DEVNULL,
    "stderr": subprocess.DEVNULL,
}


class Child:
    """A Python process that reports by printing one JSON object a line.

    It runs with warnings as errors and should end when its standard input is closed.
    """

    def __init__(self, code: str, arguments: tuple, env: dict[str, str]):
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115, closed in stop()
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
            env=env | {"PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._reports: queue.SimpleQueue = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, condition: Callable[[dict], object], what: str, seconds: float = 10.0):
        """The first report from now on for which the condition holds."""
        deadline = time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0:
            try:
                report = self._reports.get(timeout=left)
            except queue.Empty:
                break
            if report is None:
                raise AssertionError(f"{what}: the process ended; {self.errors()}")
            if condition(report):
                return report
        raise AssertionError(f"{what}: not within {seconds} s; {self.errors()}")

    def write(self, line: str) -> None:
        """A line to its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def finish(self, seconds: float = 10.0) -> None:
        """Ask it to end; it must do so without an error."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        code = self._process.wait(seconds)
        assert code == 0, self.errors()

    def errors(self) -> str:
        """The end of what it wrote to standard error."""
        size = os.fstat(self._errors.fileno()).st_size
        return os.pread(self._errors.fileno(), _ERROR_TAIL, max(0, size - _ERROR_TAIL)).decode(
            errors="replace"
        )

    def stop(self) -> None:
        """End it whatever it does."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            assert stream is not None
            stream.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._reports.put(json.loads(line))
        self._reports.put(None)


@pytest.fixture
def sound_server() -> Iterator[SoundServer]:
    """A running `SoundServer`; skips, and says what to install, where there cannot be one."""
    if reason := missing():
        pytest.skip(reason)
    with SoundServer() as server:
        yield server
