"""Sound sources: files, devices, a card that fails, and a real sound server that is killed."""

import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from live.audio import devices, stream
from live.audio.devices import DeviceInfo, list_devices, match_device
from live.audio.files import read_audio
from live.audio.playback import DemoSource, FileSource
from live.audio.sources import Microphone, open_source
from live.errors import ArtifactError, DeviceError
from tests.helpers.sound_server import ROOT, sound_server, wait_until  # noqa: F401, a fixture

RATE = 48_000


def noise(seconds, channels=1, rate=RATE, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(-0.5, 0.5, (int(seconds * rate), channels)).astype(np.float32)


def write(path, audio, rate=RATE, **options):
    soundfile.write(path, audio, rate, **options)
    return path


def drain(source, parts):
    parts.append(source.ring.read(1 << 24))
    return source.finished and source.ring.unread == 0


def hear_all(source, seconds=10.0):
    """Everything a source has to say."""
    parts = []
    with source:
        wait_until(lambda: drain(source, parts), "the end of the file", seconds)
    return np.concatenate(parts)


# Reading files --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff", "a.au"])
def test_every_format_is_read(tmp_path, name):
    t = np.arange(RATE) / RATE
    tone = (0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    audio, rate = read_audio(write(tmp_path / name, tone))
    assert rate == RATE
    assert audio.dtype == np.float32
    assert abs(len(audio) - RATE) < 3000  # mp3 pads
    middle = audio[len(audio) // 4 : len(audio) // 2]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 96_000, 192_000])
def test_every_rate_is_kept(tmp_path, rate):
    audio = noise(0.1, rate=rate)
    read, read_rate = read_audio(write(tmp_path / "a.wav", audio, rate, subtype="FLOAT"))
    assert read_rate == rate
    np.testing.assert_array_equal(read, audio[:, 0])


def test_stereo_is_averaged_and_more_channels_are_not_buried(tmp_path):
    stereo = noise(0.1, 2)
    read, _ = read_audio(write(tmp_path / "2.wav", stereo, subtype="FLOAT"))
    np.testing.assert_allclose(read, stereo.mean(axis=1), atol=1e-7)
    surround = np.zeros((RATE // 10, 6), np.float32)
    surround[:, 4] = noise(0.1)[:, 0]
    read, _ = read_audio(write(tmp_path / "6.wav", surround, subtype="FLOAT"))
    np.testing.assert_allclose(read, surround[:, 4] / 2, atol=1e-7)


def test_numbers_that_are_none_count_as_silence(tmp_path):
    audio = noise(0.1, 2)
    audio[100:200] = np.nan
    audio[200:300] = np.inf
    path = write(tmp_path / "a.wav", audio, subtype="FLOAT")
    assert not read_audio(path)[0][100:300].any()
    heard = hear_all(FileSource(path, play=False))
    np.testing.assert_array_equal(heard, read_audio(path)[0])


def test_a_file_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path):
    path = write(tmp_path / "a.wav", noise(1.0), subtype="PCM_16")
    path.write_bytes(path.read_bytes()[: 44 + 2 * 10_000])
    assert len(read_audio(path)[0]) == 10_000
    assert len(hear_all(FileSource(path, play=False))) == 10_000


def not_there(folder):
    return folder / "song.wav"


def a_folder(folder):
    return folder


def empty(folder):
    (folder / "song.wav").touch()
    return folder / "song.wav"


def no_samples(folder):
    return write(folder / "song.wav", np.zeros((0, 1)))


def not_audio(folder):
    (folder / "song.mp3").write_text("This is not music. " * 100)
    return folder / "song.mp3"


def headerless(folder):
    (folder / "song.raw").write_bytes(b"\0" * 1000)
    return folder / "song.raw"


def too_slow(folder):
    return write(folder / "song.wav", noise(1.0), 4_000)


def too_fast(folder):
    return write(folder / "song.wav", noise(0.1), 384_000)


@pytest.mark.parametrize("take", [read_audio, FileSource])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (not_there, "no file"),
        (a_folder, "not a file"),
        (empty, "ffmpeg|holds no sound"),
        (no_samples, "holds no sound"),
        (not_audio, "ffmpeg"),
        (headerless, "ffmpeg"),
        (too_slow, "4000 Hz; convert"),
        (too_fast, "384000 Hz; convert"),
    ],
)
def test_a_bad_file_says_the_way_out(tmp_path, make, message, take):
    with pytest.raises(ArtifactError, match=message):
        take(make(tmp_path))


# Playing files in real time, without a card ---------------------------------------------------


@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
def test_a_file_arrives_whole_and_in_real_time(tmp_path, rate):
    audio = noise(0.6, 2, rate)
    source = FileSource(write(tmp_path / "a.wav", audio, rate, subtype="FLOAT"), play=False)
    assert (source.rate, source.name, source.finished) == (rate, "a.wav", False)
    started = time.perf_counter()
    heard = hear_all(source)
    assert 0.55 < time.perf_counter() - started < 1.5
    np.testing.assert_allclose(heard, audio.mean(axis=1), atol=1e-7)
    assert (source.ring.dropped, source.xruns, source.active) == (0, 0, False)
    assert source.last_block_s.samples == len(audio)


def test_a_loop_has_no_seam(tmp_path):
    audio = noise(0.11)
    source = FileSource(write(tmp_path / "a.wav", audio, subtype="FLOAT"), loop=True, play=False)
    parts = []
    with source:
        wait_until(lambda: drain(source, parts) or source.ring.written > 0.5 * RATE, "four rounds")
        assert source.active
        assert not source.finished
    heard = np.concatenate(parts)
    np.testing.assert_array_equal(heard, np.resize(audio[:, 0], len(heard)))


def test_an_mp3_can_loop(tmp_path):
    source = FileSource(write(tmp_path / "a.mp3", noise(0.2)), loop=True, play=False)
    with source:
        wait_until(lambda: source.ring.written > 0.6 * RATE, "three rounds")
    assert not source.finished


def test_without_a_card_block_times_lie_on_a_line(tmp_path):
    source = FileSource(write(tmp_path / "a.wav", noise(0.5)), play=False)
    seen = set()
    with source:
        wait_until(lambda: seen.add(source.last_block_s) or source.finished, "the end")
    seen = sorted(seen, key=lambda block: block.samples)[1:-1]
    starts = [block.time_s - block.samples / RATE for block in seen]
    assert len(seen) > 10
    assert np.ptp(starts) < 1e-6


def test_no_thread_outlives_its_source(tmp_path):
    before = threading.active_count()
    with FileSource(write(tmp_path / "a.wav", noise(30.0)), play=False) as source:
        wait_until(lambda: source.ring.written, "sound")
    wait_until(lambda: threading.active_count() == before, "the threads' end", 2.0)


def test_the_demo_plays_its_track():
    from live.audio.demo import render

    with DemoSource(play=False) as source:
        wait_until(lambda: source.ring.written > 0.2 * RATE, "sound")
        heard = source.ring.read(RATE)
    np.testing.assert_array_equal(heard, render(source.rate).audio[: len(heard)])


def test_a_source_that_never_started_can_be_stopped(tmp_path):
    FileSource(write(tmp_path / "a.wav", noise(0.1)), play=False).stop()


# Devices by name ------------------------------------------------------------------------------


def device(index, name, api="ALSA", inputs=2, outputs=0, default=False):
    return DeviceInfo(index, name, api, inputs, outputs, RATE, default, False)


STUDIO = [
    device(0, "USB Microphone"),
    device(1, "USB Interface", inputs=8),
    device(2, "Built-in", default=True),
    device(3, "Monitor", inputs=0, outputs=2),
]
WINDOWS = [
    device(0, "Microphone (Realtek High Defini", "MME", default=True),
    device(1, "Microphone (Realtek High Definition Audio)", "Windows DirectSound"),
    device(2, "Microphone (Realtek High Definition Audio)", "Windows WASAPI"),
    device(3, "Line In (USB)", "Windows WASAPI"),
]


@pytest.mark.parametrize(
    ("devices", "name", "index"),
    [
        (STUDIO, None, 2),
        (STUDIO, "USB Microphone", 0),
        (STUDIO, "interface", 1),
        (STUDIO, "BUILT", 2),
        (WINDOWS, "realtek", 2),
        (WINDOWS, "Microphone (Realtek High Definition Audio)", 2),
        (WINDOWS, "Microphone (Realtek High Defini", 0),
        (WINDOWS, "Microphone (Realtek High Definition Audio), Windows DirectSound", 1),
    ],
)
def test_a_name_finds_its_device(devices, name, index):
    assert match_device(devices, name, "input").index == index


@pytest.mark.parametrize(
    ("devices", "name", "message"),
    [
        (STUDIO, "usb", r"fits several inputs; .*'USB Microphone', 'USB Interface'; run `pose"),
        (STUDIO, "Monitor", r"no input named 'Monitor'; inputs: .*posejockey devices"),
        (STUDIO, "Mixer", r"no input named 'Mixer'"),
        (STUDIO[:2], None, r"no default input; inputs: 'USB Microphone'"),
        (STUDIO[3:], None, r"no input device"),
        ([], "x", r"no input device"),
    ],
)
def test_a_name_that_fits_no_device_lists_the_candidates(devices, name, message):
    with pytest.raises(DeviceError, match=message):
        match_device(devices, name, "input")


# A card that fails ----------------------------------------------------------------------------


class FakeCardError(Exception):
    pass


class FakeStream:
    """A PortAudio stream; the test plays the card."""

    latency = 0.025

    def __init__(self, card, options):
        if not card.present:
            raise FakeCardError("Device unavailable")
        self.card, self.options = card, options
        self.state = "open"
        card.streams.append(self)

    def start(self):
        self.state = "running"

    def abort(self):
        self.card.abort_hangs.wait()
        self.state = "aborted"

    def close(self):
        self.state = "closed"

    def capture(self, block, status=None):
        assert self.state == "running"
        self.options["callback"](block, len(block), None, status)

    def play(self, status=None):
        """The block that is heard; None at the end."""
        out = np.full((self.options["blocksize"], self.options["channels"]), 9.0, np.float32)
        status = status or SimpleNamespace(output_underflow=False)
        try:
            self.options["callback"](out, len(out), None, status)
        except FakeCard.CallbackStop:
            self.vanish()
            return None
        return out

    def vanish(self):
        self.options["finished_callback"]()


class FakeCard:
    """Stands in for the sounddevice module. Sees devices come and go only when it starts."""

    PortAudioError = FakeCardError

    class CallbackStop(Exception):  # noqa: N818, sounddevice's name
        pass

    def __init__(self):
        self.present = True
        self.accepts = True
        self.streams = []
        self.scans = 0
        self.abort_hangs = threading.Event()
        self.abort_hangs.set()
        self._initialized = 1
        self._seen = True

    def _initialize(self):
        self._initialized += 1
        self.scans += 1
        self._seen = self.present

    def _terminate(self):
        assert all(stream.state == "closed" for stream in self.streams)
        self._initialized -= 1

    def _exit_handler(self):
        pass

    def query_hostapis(self):
        found = 0 if self._seen else -1
        return [{"name": "Fake", "default_input_device": found, "default_output_device": found}]

    def query_devices(self):
        card = {"name": "Card", "hostapi": 0, "default_samplerate": 44_100.0}
        return [card | {"max_input_channels": 3, "max_output_channels": 2}] * self._seen

    def check_input_settings(self, **options):
        if not self.accepts:
            raise FakeCardError("Invalid sample rate")

    def InputStream(self, **options):  # noqa: N802, sounddevice's name
        return FakeStream(self, options)

    OutputStream = InputStream


@pytest.fixture
def card(monkeypatch):
    card = FakeCard()
    monkeypatch.setattr(devices, "portaudio", lambda: card)
    monkeypatch.setattr(stream, "_RETRY_S", 0.01)
    monkeypatch.setattr(stream, "CLOSE_S", 0.2)
    yield card
    card.abort_hangs.set()
    wait_until(lambda: not stream._leases, "every stream closed")


def block(value=1.0, count=256):
    return np.full((count, 3), value, np.float32)


def test_the_microphone_mixes_its_channels_and_counts_overflows(card):
    with Microphone() as microphone:
        assert (microphone.name, microphone.rate, microphone.active) == ("Card", 44_100, True)
        before = time.perf_counter()
        card.streams[0].capture(block(0.5))
        card.streams[0].capture(block(0.25), status="input overflow")
        assert microphone.xruns == 1
        assert microphone.last_block_s.samples == 512
        assert before <= microphone.last_block_s.time_s <= time.perf_counter()
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


def test_a_lost_device_comes_back_by_its_name(card):
    with Microphone() as microphone:
        card.streams[0].capture(block())
        card.present = False
        card.streams[0].vanish()
        assert not microphone.active
        microphone.reopen()
        wait_until(lambda: card.scans > 2, "a few attempts")
        assert not microphone.active
        card.present = True
        wait_until(lambda: microphone.active, "the device again")
        assert microphone.last_block_s.time_s > time.perf_counter() - 1.0
        card.streams[1].capture(block())
        wait_until(lambda: microphone.reopens == 1, "the count")
        assert microphone.ring.written == 512


def test_reopening_does_not_wait_for_a_stream_that_hangs(card):
    with Microphone() as microphone:
        card.abort_hangs.clear()
        started = time.perf_counter()
        for _ in range(3):
            microphone.reopen()
        assert time.perf_counter() - started < 0.2
        assert not microphone.active
        card.abort_hangs.set()
        wait_until(lambda: microphone.active, "the device again")
        assert len(card.streams) == 2


def test_a_stream_that_hangs_for_good_is_left_behind(card, monkeypatch):
    monkeypatch.setattr(stream, "STUCK_S", 0.05)
    with Microphone() as microphone:
        card.abort_hangs.clear()
        microphone.reopen()

        def back():
            microphone.reopen()
            return microphone.active

        wait_until(back, "a second stream")
        assert card.scans == 0  # it would free the stream that hangs
        card.streams[1].capture(block())
        card.streams[0].capture(block())  # the backlog of a server that thaws
        assert microphone.ring.written == 256
        card.abort_hangs.set()
    assert not microphone.active


def test_stopping_does_not_wait_for_a_stream_that_hangs(card):
    microphone = Microphone()
    microphone.start()
    card.abort_hangs.clear()
    started = time.perf_counter()
    microphone.stop()
    assert time.perf_counter() - started < 1.0
    card.abort_hangs.set()


def test_what_is_played_is_what_is_danced_to(card, tmp_path):
    audio = noise(0.05, 2)
    source = FileSource(write(tmp_path / "a.wav", audio, subtype="FLOAT"))
    with source:
        assert source.active
        played = []
        now = time.perf_counter()
        while (out := card.streams[0].play()) is not None:
            played.append(out)
            # The time when it is heard, not when it was handed over.
            assert source.last_block_s.time_s == pytest.approx(now + 0.025, abs=0.2)
        heard = source.ring.read(RATE)
        assert source.finished
        assert not source.active
    played = np.concatenate(played)
    np.testing.assert_array_equal(played[: len(audio)], audio)
    assert not played[len(audio) :].any()
    np.testing.assert_allclose(heard, audio.mean(axis=1), atol=1e-7)


def test_a_file_goes_on_silently_when_the_output_is_lost(card, tmp_path):
    source = FileSource(write(tmp_path / "a.wav", noise(0.5)), loop=True)
    with source:
        card.streams[0].play()
        card.present = False
        card.streams[0].vanish()
        source.reopen()
        wait_until(lambda: source.ring.written > 3 * 512, "sound without a card")
        assert source.active
        card.present = True
        wait_until(lambda: len(card.streams) > 1 and source.reopens, "the card again")
        written = source.ring.written
        card.streams[1].play()
        assert source.ring.written == written + 512


def test_without_an_output_a_file_plays_silently_and_says_so(card, tmp_path):
    card.present = False
    audio = noise(0.1)
    source = FileSource(write(tmp_path / "a.wav", audio, subtype="FLOAT"))
    np.testing.assert_array_equal(hear_all(source), audio[:, 0])
    assert "plays silently" in source.note


def test_an_output_underflow_is_counted(card, tmp_path):
    with FileSource(write(tmp_path / "a.wav", noise(1.0))) as source:
        card.streams[0].play(SimpleNamespace(output_underflow=True))
        assert source.xruns == 1


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


def test_devices_are_listed(card):
    (info,) = list_devices()
    assert (info.name, info.inputs, info.outputs, info.rate) == ("Card", 3, 2, 44_100)
    assert info.default_input
    assert info.default_output


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
    back_s = time.perf_counter()
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


PLAY = """
import json, sys, threading
from live.audio.playback import FileSource

end = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), end.set()), daemon=True).start()
with FileSource(sys.argv[1], loop=True) as source:
    while not end.wait(0.02):
        if not source.active:
            source.reopen()
        report = {"active": source.active, "written": source.ring.written, "note": source.note}
        print(json.dumps(report | {"reopens": source.reopens}), flush=True)
"""


def test_a_file_is_danced_to_while_the_output_is_away(sound_server, tmp_path):  # noqa: F811
    child = sound_server.start_python(PLAY, write(tmp_path / "a.wav", noise(5.0)))
    report = child.wait_for(lambda report: report["written"] > RATE // 4, "sound")
    assert report["note"] == ""
    sound_server.kill()
    samples = report["written"] + RATE
    child.wait_for(lambda report: report["written"] > samples, "a second of silent music")
    sound_server.start()
    child.wait_for(lambda report: report["reopens"], "the output again", 30)
    child.finish()
