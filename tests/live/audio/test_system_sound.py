"""What the computer plays: each system's way, with the system played here; and a real server."""

import os
import queue
import sys
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from live.audio import system_sound
from live.audio.sources import open_source
from live.audio.system_sound import Pumped, Reader, find_system_sound
from live.errors import DeviceError
from tests.helpers.card import block
from tests.helpers.sound_files import noise, write
from tests.helpers.sound_server import sound_server, wait_until  # noqa: F401, a fixture

RATE = 48_000


def on(monkeypatch, platform):
    monkeypatch.setattr(system_sound.sys, "platform", platform)


# A source that is read by a thread ------------------------------------------------------------


class Feed:
    """What each reader reads in turn: the blocks that the test hands over; None ends it."""

    def __init__(self):
        self.opened, self.closed = 0, 0
        self._queues = [queue.SimpleQueue()]  # of the reader that comes next, and those before

    def give(self, *blocks):
        """To the newest reader, or the first one before it is there."""
        for one in blocks:
            self._queues[max(self.opened - 1, 0)].put(one)

    @contextmanager
    def open(self):
        mine = self._queues[-1]
        self._queues.append(queue.SimpleQueue())
        self.opened += 1

        def read():
            found = mine.get()
            return np.zeros((0, 2), np.float32) if found is None else found

        try:
            yield Reader(read, lambda: mine.put(None))
        finally:
            self.closed += 1


def pair(left, right, samples=256):
    return np.tile(np.float32([[left, right]]), (samples, 1))


def test_what_a_thread_reads_is_mixed_and_ends_when_it_is_stopped():
    feed = Feed()
    feed.give(pair(0.2, 0.4))
    source = Pumped("system sound", RATE, 2, feed.open)
    with source:
        wait_until(lambda: source.ring.written == 256, "a block")
        assert source.active
        np.testing.assert_allclose(source.ring.read(256), 0.3, atol=1e-6)
    wait_until(lambda: feed.closed == 1, "the end of the reader")
    assert not source.active


def test_a_reader_that_ends_is_lost_and_its_return_is_counted():
    feed = Feed()
    feed.give(pair(0.1, 0.1))
    with Pumped("system sound", RATE, 2, feed.open) as source:
        feed.give(None)
        wait_until(lambda: not source.active, "the loss")
        source.reopen()
        feed.give(pair(0.1, 0.1))
        wait_until(lambda: source.reopens == 1, "its return")
        assert source.ring.written == 512


def test_looking_for_the_sound_elsewhere_is_no_loss():
    feed = Feed()
    feed.give(pair(0.0, 0.0))
    with Pumped("system sound", RATE, 2, feed.open) as source:
        wait_until(lambda: source.active, "the source")
        source.reopen()
        wait_until(lambda: feed.opened == 2, "the second reader")
        wait_until(lambda: feed.closed == 1, "the end of the first")
        feed.give(pair(0.3, 0.3))
        wait_until(lambda: source.ring.written == 512, "its sound")
        assert source.reopens == 0


@pytest.mark.parametrize(
    ("failure", "said"), [(OSError("Connection refused"), "Connection refused"), (None, "at once")]
)
def test_a_reader_that_never_begins_is_a_device_error(failure, said):
    @contextmanager
    def refuse():
        if failure:
            raise failure
        yield Reader(lambda: np.zeros((0, 2), np.float32))

    with pytest.raises(DeviceError, match=said) as error:
        Pumped("system sound", RATE, 2, refuse).start()
    assert system_sound.GUIDE in str(error.value)


# Linux ----------------------------------------------------------------------------------------


@pytest.fixture
def pulse(card, monkeypatch):
    """PortAudio that reaches a sound server."""
    on(monkeypatch, "linux")
    monkeypatch.delenv("PULSE_SOURCE", raising=False)
    card.name = card._seen_name = "pulse"
    return card


def test_linux_takes_the_monitor_of_the_default_output(pulse, monkeypatch):
    within = []
    make, check = pulse.InputStream, pulse.check_input_settings

    def note(then):
        return lambda **options: (within.append(os.environ.get("PULSE_SOURCE")), then(**options))[1]

    monkeypatch.setattr(pulse, "InputStream", note(make), raising=False)
    monkeypatch.setattr(pulse, "check_input_settings", note(check), raising=False)
    with open_source("system", block=128) as source:
        assert (source.name, source.rate, source.active) == ("system sound", RATE, True)
        assert (source.listens, source.seeks) == (False, True)
        pulse.streams[0].capture(block(0.5))
        assert source.ring.written == 256
    assert within == ["@DEFAULT_MONITOR@"] * 3  # found, checked, opened
    assert "PULSE_SOURCE" not in os.environ


def test_a_monitor_that_is_opened_anew_in_silence_was_not_lost(pulse):
    with open_source("system") as source:
        source.reopen()
        wait_until(lambda: len(pulse.streams) == 2 and source.active, "the second stream")
        assert source.reopens == 0
        pulse.streams[1].vanish()
        source.reopen()
        wait_until(lambda: source.reopens == 1, "the return of a lost one")


def test_what_was_set_for_pulseaudio_stays(pulse, monkeypatch):
    monkeypatch.setenv("PULSE_SOURCE", "mine")
    with open_source("system"):
        assert os.environ["PULSE_SOURCE"] == "mine"


def test_linux_without_a_sound_server_says_what_to_install(card, monkeypatch):
    on(monkeypatch, "linux")
    monkeypatch.setattr(system_sound.shutil, "which", lambda name: None)
    with pytest.raises(DeviceError, match=r"pulseaudio-utils.*docs/system-sound\.md"):
        open_source("system")
    monkeypatch.setattr(system_sound.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(system_sound, "_server_answers", lambda: False)
    with pytest.raises(DeviceError, match="to run"):
        open_source("system")
    monkeypatch.setattr(system_sound, "_server_answers", lambda: True)
    assert isinstance(open_source("system"), Pumped)  # by parec


# Windows --------------------------------------------------------------------------------------


class Wasapi:
    """The SoundCard library on Windows: idle at first, which is an empty array or zeros."""

    def __init__(self):
        self.asked = []

    def default_speaker(self):
        return SimpleNamespace(name="Lautsprecher", id="{0.0.0}.{5}")

    def get_microphone(self, id, include_loopback):
        self.asked.append((id, include_loopback))
        return self

    @contextmanager
    def recorder(self, samplerate, channels, blocksize):
        self.asked.append((samplerate, channels, blocksize))
        coming = [np.zeros((0, 2)), np.zeros((480, 2)), np.full((480, 2), 0.25)]

        def record(frames):
            assert frames is None
            if coming:
                return coming.pop(0)
            raise RuntimeError("unplugged")

        yield SimpleNamespace(record=record)


def test_windows_takes_wasapis_loopback_of_the_default_output(monkeypatch):
    on(monkeypatch, "win32")
    library = Wasapi()
    monkeypatch.setitem(sys.modules, "soundcard", library)
    assert find_system_sound().name == "system sound (Lautsprecher)"
    source = open_source("system", block=256)
    assert (source.listens, source.seeks, source.rate) == (False, True, RATE)
    with source:
        wait_until(lambda: source.ring.written == 960, "silence, then sound")
        heard = source.ring.read(960)
        wait_until(lambda: not source.active, "the loss")
    np.testing.assert_array_equal(heard, np.repeat(np.float32([0.0, 0.25]), 480))
    assert library.asked == [("{0.0.0}.{5}", True), (RATE, 2, 512)]


def test_windows_without_the_library_says_what_to_install(monkeypatch):
    on(monkeypatch, "win32")
    monkeypatch.setitem(sys.modules, "soundcard", None)
    with pytest.raises(DeviceError, match=r"pip install -c constraints\.txt soundcard"):
        open_source("system")


def test_windows_without_an_output_is_a_device_error(monkeypatch):
    on(monkeypatch, "win32")

    def nothing():
        raise RuntimeError("0x88890004")

    monkeypatch.setitem(sys.modules, "soundcard", SimpleNamespace(default_speaker=nothing))
    with pytest.raises(DeviceError, match="no output"):
        open_source("system")


# macOS ----------------------------------------------------------------------------------------


def test_macos_takes_a_virtual_device_by_its_name(card, monkeypatch):
    on(monkeypatch, "darwin")
    with pytest.raises(DeviceError, match=r"BlackHole.*docs/system-sound\.md"):
        open_source("system")
    card.name = card._seen_name = "BlackHole 2ch"
    with open_source("system") as source:
        assert source.name == "system sound (BlackHole 2ch)"
        assert not source.listens


# A real sound server --------------------------------------------------------------------------

HEAR = """
import json, sys, threading, time
import numpy as np
from live.audio import system_sound
from live.audio.sources import open_source

if sys.argv[1] == "parec":
    system_sound._opens_pulse = lambda: False
end = threading.Event()
look = threading.Event()

def read():
    for line in sys.stdin:
        look.set()
    end.set()

threading.Thread(target=read, daemon=True).start()
with open_source("system") as source:
    while not end.wait(0.05):
        if look.is_set():
            look.clear()
            source.reopen()
        heard = source.ring.read(1 << 20)
        level = float(np.abs(heard).max()) if len(heard) else 0.0
        print(json.dumps({"level": level, "written": source.ring.written,
                          "reopens": source.reopens}), flush=True)
"""


@pytest.mark.parametrize("way", ["pulse", "parec"])
def test_what_is_played_is_heard_and_found_again_at_another_output(
    sound_server,  # noqa: F811
    tmp_path,
    way,
):
    sound_server.pactl("set-default-source", "vout.monitor")  # the microphone is elsewhere
    path = write(tmp_path / "played.wav", noise(20.0, seed=3)[:, 0])
    child = sound_server.start_python(HEAR, way)
    silent = child.wait_for(lambda report: report["written"] > 9600, "silence, as sound")
    assert silent["level"] == 0.0
    with sound_server.play(path) as player:
        child.wait_for(lambda report: report["level"] > 0.1, "what is played")
        player.kill()
    sound_server.pactl("set-default-sink", "vout")
    child.write("look")
    with sound_server.play(path, "vout") as player:
        found = child.wait_for(lambda report: report["level"] > 0.1, "the other output", 30)
        player.kill()
    assert found["reopens"] == 0
    child.finish()
