"""Sources: the microphone, what a user means by a word, and a real sound server that is killed."""

import subprocess
import sys

import numpy as np
import pytest

from live.audio.playback import DemoSource, FileSource
from live.audio.sources import Microphone, open_source
from live.errors import DeviceError
from live.monotonic import monotonic_s
from tests.helpers.card import block
from tests.helpers.sound_files import RATE, noise, write
from tests.helpers.sound_server import ROOT, sound_server  # noqa: F401, a fixture


def test_the_microphone_mixes_its_channels_and_counts_overflows(card):
    with Microphone() as microphone:
        assert (microphone.name, microphone.rate, microphone.active) == ("Card", 44_100, True)
        before = monotonic_s()
        card.streams[0].capture(block(0.5))
        card.streams[0].capture(block(0.25), status="input overflow")
        assert microphone.xruns == 1
        assert microphone.last_block_s.samples == 512
        assert before <= microphone.last_block_s.time_s <= monotonic_s()
        heard = microphone.ring.read(1000)
    np.testing.assert_allclose(heard[[0, 511]], [0.75, 0.375])  # half the sum of three
    assert not microphone.active
    assert card.streams[0].state == "closed"


def test_the_microphone_passes_on_what_is_asked_for(card):
    with Microphone("card", block=128, rate=96_000) as microphone:
        options = card.streams[0].options
        assert (options["blocksize"], options["samplerate"]) == (128, 96_000)
        assert microphone.rate == 96_000


def test_infinite_samples_do_not_stop_the_callback(card):
    bad = block(np.inf)
    bad[:, 1] = -np.inf
    with Microphone() as microphone:
        card.streams[0].capture(bad)
        assert microphone.ring.written == 256


def test_a_format_the_device_refuses_is_a_device_error(card):
    card.accepts = False
    with pytest.raises(DeviceError, match=r"'Card' does not open at 44100 Hz .*posejockey devices"):
        Microphone()
    with pytest.raises(DeviceError, match="4000 Hz; 8000 to 192000"):
        Microphone(rate=4_000)


def test_a_device_that_is_taken_is_a_device_error(card):
    microphone = Microphone()
    card.present = False
    with pytest.raises(DeviceError, match="does not open: Device unavailable"):
        microphone.start()
    assert not microphone.active


# What the user means --------------------------------------------------------------------------


def test_auto_takes_the_default_input(card):
    source = open_source("auto")
    assert isinstance(source, Microphone)
    assert source.note == ""


@pytest.mark.parametrize("problem", ["absent", "refused"])
def test_auto_without_an_input_plays_the_demo_and_says_why(card, problem):
    card._seen = problem != "absent"
    card.accepts = problem != "refused"
    source = open_source("auto", play=False)
    assert isinstance(source, DemoSource)
    assert "demo" in source.note
    assert "\n" not in source.note


def test_a_path_a_name_or_the_demo(card, tmp_path):
    path = write(tmp_path / "a.wav", noise(0.1))
    assert isinstance(open_source(str(path), play=False), FileSource)
    assert isinstance(open_source("demo", play=False), DemoSource)
    assert isinstance(open_source("CARD"), Microphone)
    with pytest.raises(DeviceError, match=r"no file 'song\.mp3', and as a device: no input named"):
        open_source("song.mp3")
    with pytest.raises(DeviceError, match=r"^no input named 'mixer'; inputs: 'Card'"):
        open_source("mixer")


def test_without_portaudio_files_play_and_devices_say_what_to_install(tmp_path):
    path = write(tmp_path / "a.wav", noise(0.1))
    code = f"""
import sys

class NoPortAudio:
    def find_spec(self, name, path=None, target=None):
        if name == "sounddevice":
            raise OSError("PortAudio library not found")

sys.meta_path.insert(0, NoPortAudio())
from live.audio.playback import FileSource
from live.audio.sources import open_source
from live.errors import DeviceError
try:
    open_source("Microphone")
    sys.exit("no error")
except DeviceError as error:
    assert "apt-get install libportaudio2" in str(error), error
source = FileSource({str(path)!r})
with source:
    assert "libportaudio2" in source.note
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, cwd=ROOT, timeout=30)


# A real sound server --------------------------------------------------------------------------

LISTEN = """
import json, sys, threading, time
import numpy as np
from live.audio.sources import Microphone

end = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), end.set()), daemon=True).start()
heard = []
with Microphone("pulse", rate=48_000) as source:
    while not end.wait(0.02):
        heard.append(source.ring.read(1 << 20))
        newest = source.last_block_s
        age_s = time.perf_counter() - newest.time_s
        if not source.active or age_s > 1.0:
            source.reopen()
        report = {"active": source.active, "samples": newest.samples, "age_s": age_s}
        print(json.dumps(report | {"now_s": time.perf_counter()}), flush=True)
    heard.append(source.ring.read(1 << 20))
heard = np.concatenate(heard)
np.save(sys.argv[1], heard)
last = {"heard": len(heard), "written": source.ring.written, "dropped": source.ring.dropped}
print(json.dumps(last | {"xruns": source.xruns}), flush=True)
"""


def is_hearing(report):
    return report["active"] and report["samples"] > 0 and report["age_s"] < 0.5


def test_the_microphone_hears_what_is_played(sound_server, tmp_path):  # noqa: F811
    played = noise(2.0, seed=3)[:, 0] * np.hanning(2 * RATE).astype(np.float32)
    path = write(tmp_path / "played.wav", played)
    child = sound_server.start_python(LISTEN, tmp_path / "heard.npy")
    child.wait_for(is_hearing, "sound")
    with sound_server.play(path) as player:
        assert player.wait(20) == 0
    child.finish()
    end = child.wait_for(lambda report: "heard" in report, "the counts")
    assert end["heard"] == end["written"]
    assert end["dropped"] == 0
    heard = np.load(tmp_path / "heard.npy")
    size = 1 << int(np.ceil(np.log2(len(heard) + len(played))))
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(played, size))
    at = int(np.argmax(np.fft.irfft(spectrum, size)))
    part = heard[at : at + len(played)]
    correlation = np.corrcoef(part, played[: len(part)])[0, 1]
    # A machine under load may lose a block; without one it is 1.0000.
    assert correlation > (0.999 if end["xruns"] == 0 else 0.5)


def test_a_killed_server_is_noticed_and_found_again(sound_server, tmp_path):  # noqa: F811
    child = sound_server.start_python(LISTEN, tmp_path / "heard.npy")
    before = child.wait_for(lambda report: is_hearing(report) and report["samples"] > 9600, "sound")
    sound_server.kill()
    child.wait_for(lambda report: not report["active"], "the loss")
    sound_server.start()
    back_s = monotonic_s()
    samples = before["samples"] + 9600
    report = child.wait_for(
        lambda report: is_hearing(report) and report["samples"] > samples, "sound again", 30
    )
    # Measured: 0.3 to 1.4 s; where PortAudio hangs, 12 s.
    assert report["now_s"] - back_s < 15
    child.finish()


def test_a_frozen_server_shows_in_the_age_of_the_last_block(sound_server, tmp_path):  # noqa: F811
    child = sound_server.start_python(LISTEN, tmp_path / "heard.npy")
    child.wait_for(is_hearing, "sound")
    sound_server.freeze()
    child.wait_for(lambda report: report["age_s"] > 0.5, "no more blocks")
    sound_server.thaw()
    child.wait_for(is_hearing, "sound again", 30)
    child.finish()
