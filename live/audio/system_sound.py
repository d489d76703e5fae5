"""What the computer itself plays, as a source of sound: `--input system`.

Enters: the system's own mix, asked of whoever has it: the monitor of the default output on Linux
(PulseAudio or PipeWire), WASAPI's loopback on Windows, a virtual device such as BlackHole on macOS.
Leaves: mono float32 in a `SampleRing`, as of any source. What is read by a blocking call is read in
a thread of its own, which is left behind where it hangs.

Silence here is no fault: nothing is being played. It is time that passes, and after some seconds of
it the source is opened anew, for the sound may have moved to another output.
"""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from live.audio.devices import check_input, list_devices, match_device
from live.audio.losses import LossEstimator
from live.audio.microphone import Microphone
from live.audio.mixer import Mixer
from live.audio.source import DEFAULT_BLOCK, Source, log
from live.audio.stream import Lease
from live.errors import DeviceError
from live.monotonic import monotonic_s
from live.supervised_thread import SupervisedThread

SYSTEM = "system"  # the word for --input
GUIDE = "docs/system-sound.md"

_RATE = 48_000  # of nearly every output
_PULSE = "pulse"  # PortAudio's device that reaches PulseAudio, and PipeWire in its place
_MONITOR = "@DEFAULT_MONITOR@"  # the server's own name for it
_VIRTUAL = ("blackhole", "loopback audio", "vb-cable", "cable output", "soundflower")
_FIRST_BLOCK_S = 3.0
_PAREC_LATENCY_MS = 10


@dataclass(frozen=True)
class Reader:
    """read: waits; float32 [n, channels], n = 0 at the end. cancel: make it end, any thread."""

    read: Callable[[], np.ndarray]
    cancel: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class SystemSound:
    """How this machine's own sound can be had. name: to be shown. open: (block, rate) to a source;
    DeviceError where it refuses."""

    name: str
    open: Callable[[int, int | None], "MonitorDevice | Pumped"]


def find_system_sound() -> SystemSound:
    """The best way there is here. DeviceError, with the way out, where there is none."""
    if sys.platform == "win32":
        return _windows()
    return _linux() if sys.platform.startswith("linux") else _virtual_device()


class MonitorDevice(Microphone):
    """An input device whose sound is the system's own, opened within `around`.

    name: what it is called. Its silence is nobody's fault.
    """

    listens = False
    seeks = True

    def __init__(
        self,
        name: str,
        device: str,
        block: int = DEFAULT_BLOCK,
        rate: int | None = None,
        around: Callable[[], AbstractContextManager[None]] | None = None,
    ):
        self._around = around or _as_it_is
        self._looks = 0
        with self._around():
            super().__init__(device, block, rate)
        self.name = name

    @property
    def reopens(self) -> int:
        """How often it came back after it was lost: looking where the sound is now is no loss."""
        return max(super().reopens - self._looks, 0)

    def reopen(self) -> None:
        self._looks += self.active
        super().reopen()

    def _make(self, lease: Lease):
        with self._around():
            return super()._make(lease)


class Pumped(Source):
    """A source that a thread reads by a blocking call.

    open_reader: a context that opens what is read, and closes it. channels: of what it reads.
    """

    seeks = True

    def __init__(
        self,
        name: str,
        rate: int,
        channels: int,
        open_reader: Callable[[], AbstractContextManager[Reader]],
    ):
        super().__init__(name, rate)
        self._channels, self._open_reader = channels, open_reader
        self._lease = Lease()
        self._stopped = threading.Event()
        self._cancel: Callable[[], None] = lambda: None
        self._reopens = 0

    @property
    def active(self) -> bool:
        return self._lease.active

    @property
    def reopens(self) -> int:
        """How often it came back after it was lost: looking where the sound is now is no loss."""
        return self._reopens

    def start(self) -> None:
        """Once only. DeviceError if it ends before its first block."""
        answered = threading.Event()
        errors: list[str] = []
        self._begin(self._lease, answered, errors)
        answered.wait(_FIRST_BLOCK_S)
        if errors:
            raise DeviceError(f"{self.name} does not open: {errors[0]}; see {GUIDE}")

    def stop(self) -> None:
        self._stopped.set()
        self._give_up()

    def reopen(self) -> None:
        """Give it up and open it again. Returns at once."""
        if self._stopped.is_set():
            return
        was_lost = not self._lease.active
        self._give_up()
        self._lease = Lease()
        self._begin(self._lease, threading.Event(), [], was_lost)

    def _give_up(self) -> None:
        self._lease.revoke()
        self._cancel()

    def _begin(
        self, lease: Lease, answered: threading.Event, errors: list[str], was_lost: bool = False
    ) -> None:
        over = threading.Event()
        over.set()  # whoever watches opens it again, not the thread
        body = partial(self._run, lease, answered, errors, was_lost)
        SupervisedThread("system sound", body, over).start()

    def _run(
        self, lease: Lease, answered: threading.Event, errors: list[str], was_lost: bool
    ) -> None:
        try:
            with self._open_reader() as reader:
                with lease.turn:
                    if not lease.valid:  # given up while it was opened
                        return
                    self._cancel, lease.active = reader.cancel, True
                    self._mark_opened()
                self._pump(lease, reader, answered, was_lost)
            if not answered.is_set():
                errors.append("it ended at once")
        except Exception as error:  # a library's, or the system's
            log.debug("%s: %s", self.name, error)
            if not answered.is_set():
                errors.append(str(error) or type(error).__name__)
        finally:
            lease.ended()
            answered.set()

    def _pump(
        self, lease: Lease, reader: Reader, answered: threading.Event, was_lost: bool
    ) -> None:
        mixer, losses = Mixer(self._channels, self.rate), LossEstimator(self.rate)
        while lease.valid and len(block := reader.read()):
            now_s = monotonic_s()
            with lease.turn:
                if not lease.valid:
                    return
                self._reopens += was_lost
                was_lost = False
                self.make_up(losses, len(block), now_s, 0.0, False)
                with np.errstate(all="ignore"):
                    self.push(mixer.step(block), now_s)
            answered.set()


# Linux ------------------------------------------------------------------------------------------


def _linux() -> SystemSound:
    if _opens_pulse():
        return SystemSound("system sound", _open_monitor)
    if shutil.which("parec") and _server_answers():
        return SystemSound("system sound", _open_parec)
    raise DeviceError(
        "system sound needs PulseAudio or PipeWire to run, and libasound2-plugins or "
        f"pulseaudio-utils: sudo apt-get install pulseaudio-utils ({GUIDE})"
    )


def _opens_pulse() -> bool:
    try:
        with _monitored():
            pulse = [d for d in list_devices() if d.name == _PULSE]
            check_input(match_device(pulse, _PULSE, "input"), _RATE)
    except DeviceError:
        return False
    return True


def _server_answers() -> bool:
    """Asked with parec's companion."""
    try:
        asked = subprocess.run(["pactl", "info"], capture_output=True, timeout=2.0, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def _open_monitor(block: int, rate: int | None) -> "MonitorDevice | Pumped":
    return MonitorDevice("system sound", _PULSE, block, rate or _RATE, _monitored)


@contextmanager
def _monitored() -> Iterator[None]:
    """PulseAudio's library takes what records within from the default output's monitor."""
    before = os.environ.get("PULSE_SOURCE")
    os.environ["PULSE_SOURCE"] = _MONITOR
    try:
        yield
    finally:
        if before is None:
            del os.environ["PULSE_SOURCE"]
        else:
            os.environ["PULSE_SOURCE"] = before


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield


def _open_parec(block: int, rate: int | None) -> Pumped:
    rate = rate or _RATE
    return Pumped("system sound", rate, 2, partial(_parec, block, rate))


@contextmanager
def _parec(block: int, rate: int) -> Iterator[Reader]:
    """PulseAudio's own recorder, which writes to a pipe."""
    command = ["parec", f"--device={_MONITOR}", "--format=float32le", "--channels=2"]
    command += [f"--rate={rate}", f"--latency-msec={_PAREC_LATENCY_MS}", "--raw"]
    command += ["--client-name=PoseJockey"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    pipe = process.stdout

    def read() -> np.ndarray:
        data = pipe.read(8 * block)
        return np.frombuffer(data[: len(data) // 8 * 8], "<f4").reshape(-1, 2)

    try:
        yield Reader(read, process.kill)
    finally:
        process.kill()
        pipe.close()
        process.wait()


# Windows ----------------------------------------------------------------------------------------


def _windows() -> SystemSound:
    """PortAudio as sounddevice brings it has no loopback; SoundCard asks WASAPI for it."""
    library = _soundcard()
    try:
        speaker = library.default_speaker()
    except Exception as error:  # COM's, with no class of its own
        raise DeviceError(f"there is no output whose sound could be heard: {error}") from error
    return SystemSound(f"system sound ({speaker.name})", partial(_open_loopback, library))


def _open_loopback(library: Any, block: int, rate: int | None) -> Pumped:
    speaker = library.default_speaker()
    rate = rate or _RATE
    # WASAPI refuses one channel; a pair is what every output can be mixed to.
    reader = partial(_loopback, library, block, rate)
    return Pumped(f"system sound ({speaker.name})", rate, 2, reader)


@contextmanager
def _loopback(library: Any, block: int, rate: int) -> Iterator[Reader]:
    """The present default output's loopback. While nothing plays it says nothing, for which the
    library puts as much silence."""
    speaker = library.default_speaker()
    microphone = library.get_microphone(speaker.id, include_loopback=True)
    with microphone.recorder(samplerate=rate, channels=2, blocksize=2 * block) as recorder:

        def read() -> np.ndarray:
            while not len(heard := recorder.record(None)):
                pass
            return np.asarray(heard, np.float32)

        yield Reader(read)


def _soundcard() -> Any:
    try:
        import soundcard  # pyright: ignore[reportMissingImports]  # Windows only
    except ImportError as error:
        raise DeviceError(
            "system sound needs the package SoundCard on Windows: "
            f"pip install -c constraints.txt soundcard ({GUIDE})"
        ) from error
    except Exception as error:  # it talks to the system while it is imported
        raise DeviceError(f"SoundCard does not start: {error}") from error
    return soundcard


# macOS and others -------------------------------------------------------------------------------


def _virtual_device() -> SystemSound:
    """A virtual device that hands what is played on to an input, by the names of the usual ones."""
    for device in list_devices():
        if device.inputs and any(name in device.name.casefold() for name in _VIRTUAL):
            name = f"system sound ({device.name})"
            return SystemSound(name, partial(_open_virtual, name, device.label))
    raise DeviceError(
        "this system hands on what it plays only through a virtual device such as BlackHole, and "
        f"there is none; {GUIDE} says how"
    )


def _open_virtual(name: str, label: str, block: int, rate: int | None) -> MonitorDevice:
    return MonitorDevice(name, label, block, rate)
