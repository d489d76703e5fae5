"""Every thread of the program: what raises in it is counted, and it goes on, or that is said."""

import http.client
import io
import os
import queue
import re
import socket
import sys
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from live import midi_ports, supervised_thread
from live.audio.playback import Player
from live.audio.sources import Microphone
from live.audio.system_sound import Pumped, Reader
from live.beat.os2l import Os2lSource
from live.cli import calibrate, status
from live.control.discovery import Discovery
from live.control.oscquery import OscQueryServer
from live.dance.material.bank import PhraseBank
from live.dance.material.phrase import StoredPhrase, write_phrase
from live.errors import DeviceError
from live.midi_raw import RawMidi
from live.outputs import dmx
from live.outputs.patch import load_patch
from live.session.reader import SessionReader
from live.session.writer import SessionWriter
from live.supervised_thread import SupervisedThread, failures, note_deaths
from tests.helpers.card import FakeCard
from tests.helpers.sessions import PACKET, SETTINGS
from tests.helpers.sound_server import ROOT, wait_until
from visuals.feed.feed import Feed

TIMES = 3  # that each raises


def raising(do, error=SystemExit):
    """`do`, once it has raised often enough."""
    left = iter(range(TIMES))

    def either(*args, **more):
        if next(left, None) is not None:
            raise error("whatever")
        return do(*args, **more)

    return either


@pytest.fixture
def room(monkeypatch, tmp_path):
    """Where a thread is started, and how its end is asked for."""
    monkeypatch.setattr(supervised_thread, "_FIRST_PAUSE_S", 0.01)
    with ExitStack() as stack:
        yield SimpleNamespace(patch=monkeypatch.setattr, path=tmp_path, stack=stack)


def recording(room):
    writer = SessionWriter(room.path / "show.mcap", SETTINGS)
    room.patch(writer, "_write_queued", raising(writer._write_queued))
    for sample in range(5):
        writer.osc(sample, PACKET)

    def is_kept():
        return writer.written == 5

    def close():
        writer.close()
        assert len(list(SessionReader(writer.path))) == 5

    room.stack.callback(close)
    return "recording", is_kept


def light(room):
    receiver = room.stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    receiver.bind(("127.0.0.1", 0))
    room.patch("live.outputs.dmx_packets.SACN_PORT", receiver.getsockname()[1])
    room.patch("live.outputs.source_id.user_folder", lambda: room.path)
    room.patch(dmx, "wait_until", raising(dmx.wait_until))
    (room.path / "patch.toml").write_text('[[universe]]\nhost = "127.0.0.1"')
    room.stack.enter_context(dmx.DmxOut(load_patch(room.path / "patch.toml")))
    receiver.settimeout(10)
    return "dmx", lambda: receiver.recv(1024)


def asked(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("GET", "/pj/control/energy?VALUE")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def answers(room):
    server = OscQueryServer("127.0.0.1", 0, (), lambda name: 0.5)
    room.patch(server._server, "service_actions", raising(server._server.service_actions))
    room.stack.callback(server.close)
    return "oscquery", lambda: asked(server)


def values(room):
    server = OscQueryServer("127.0.0.1", 0, (), raising(lambda name: 0.5, RuntimeError))
    room.stack.callback(server.close)
    return "oscquery", lambda: asked(server)


def beats_of_a_dj(room):
    source = Os2lSource("127.0.0.1", 0, {"127.0.0.1"})
    room.patch(source, "_accept", raising(source._accept))
    room.stack.callback(source.close)
    room.stack.enter_context(socket.create_connection(("127.0.0.1", source.port), timeout=10))
    return "OS2L", lambda: source.clients == 1


def phrases_kept(room):
    bank = PhraseBank(folder=room.path)
    room.patch("live.dance.material.bank.write_phrase", raising(write_phrase))
    room.stack.callback(bank.close)
    for _ in range(2):
        bank.keep(StoredPhrase("", np.zeros((4, 1, 4), np.float32)))
    return "phrase bank", lambda: len(list(room.path.glob("*.npz"))) == 2


def announcement(room):
    zeroconf, made = pytest.importorskip("zeroconf"), []

    def make(*args, **more):
        made.append(real(*args, **more))
        return made[0]

    real = zeroconf.Zeroconf
    room.patch(zeroconf, "Zeroconf", make)
    discovery = room.stack.enter_context(Discovery("127.0.0.1", 9, (), lambda name: None))
    if discovery.error:
        pytest.skip(discovery.error)
    alive, fails = threading.Event(), raising(lambda: None, RuntimeError)
    for _ in range(TIMES):
        made[0].loop.call_soon_threadsafe(fails)
    made[0].loop.call_soon_threadsafe(alive.set)
    return "zeroconf", alive.is_set


class Keyboard:
    """A MIDI library with one input."""

    callback = None

    def get_input_names(self):
        return ["keys"]

    def open_input(self, name):
        return self

    def close(self):
        pass


def inputs(room, raises):
    library = Keyboard()
    room.patch(midi_ports, "midi_library", lambda: library)
    room.patch(midi_ports, "_LOOK_EVERY_S", 0.01)
    ports, looks = room.stack.enter_context(midi_ports.MidiPorts()), []
    ports.open("keys").callback = raising(looks.append, RuntimeError)
    raises(ports, library)
    real = ports.inputs["keys"].look
    room.patch(ports.inputs["keys"], "look", lambda names: (real(names), looks.append(names)))
    return library, looks


def midi_system(room):
    def break_it(ports, library):
        room.patch(midi_ports, "midi_library", raising(lambda: library))

    _, looks = inputs(room, break_it)
    return "midi", lambda: looks


def midi_device(room):
    def break_it(ports, library):
        keys = ports.inputs["keys"]
        room.patch(keys, "look", raising(keys.look, RuntimeError))

    _, looks = inputs(room, break_it)
    return "MIDI input keys", lambda: looks


def midi_messages(room):
    library, looks = inputs(room, lambda *_: None)
    for _ in range(TIMES):
        library.callback("a note")
    looks.clear()
    library.callback("the next")
    return "MIDI input keys", lambda: "the next" in looks


def midi_bytes(room):
    if sys.platform != "linux":
        pytest.skip("the devices are Linux's")
    mido, heard = pytest.importorskip("mido"), []
    os.mkfifo(room.path / "midiC2D0")
    port = RawMidi(mido.Parser, room.path, room.path).open_input("MIDI 2:0")
    room.stack.callback(port.close)
    port.callback = heard.append
    room.patch(port, "_hand_on", raising(port._hand_on))
    cable = os.open(room.path / "midiC2D0", os.O_WRONLY)
    room.stack.callback(os.close, cable)

    def is_heard():
        os.write(cable, bytes([0xF8]))
        return heard

    return "midiC2D0", is_heard


def played(room):
    blocks = (np.zeros((480, 1), np.float32) for _ in range(50))
    player = Player("song", 48_000, 1, blocks, play=False)
    room.patch(player, "take", raising(player.take))
    room.stack.enter_context(player)
    return "pace audio", lambda: player.finished and player.ring.written == 50 * 480


def decoded(room):
    def blocks():
        yield np.zeros((480, 1), np.float32)
        raise RuntimeError("no such codec")

    player = Player("song", 48_000, 1, blocks(), play=False)
    room.stack.enter_context(player)
    return "decode audio", lambda: player.finished  # the show ends, and its log says why


def card(room):
    sound_card = FakeCard()
    room.patch("live.audio.devices.portaudio", lambda: sound_card)
    return sound_card


def reopened(room):
    sound_card = card(room)
    room.patch("live.audio.stream._RETRY_S", 0.01)
    microphone = room.stack.enter_context(Microphone())
    room.patch(sound_card, "InputStream", raising(sound_card.InputStream, TypeError))
    sound_card.streams[0].vanish()
    microphone.reopen()
    return "reopen audio", lambda: microphone.active and microphone.reopens == 1


def opened(room):
    sound_card = card(room)
    room.patch(sound_card, "InputStream", raising(sound_card.InputStream, TypeError))
    for _ in range(TIMES):
        with pytest.raises(DeviceError, match=r"does not open: TypeError"):
            Microphone().start()
    return (
        None,
        lambda: room.stack.enter_context(Microphone()).active,
    )  # not a failure of the show: it has not begun


def closed(room):
    sound_card = card(room)
    microphone = Microphone()
    microphone.start()

    def raises():
        raise RuntimeError("no")

    room.patch(sound_card.streams[0], "close", raises)
    for _ in range(TIMES):
        microphone.stop()
    return "close audio", lambda: not microphone.active


def computers_sound(room):
    @contextmanager
    def open_reader():
        yield Reader(raising_read)

    blocks = queue.SimpleQueue()
    raising_read = raising(blocks.get)
    source = Pumped("system sound", 48_000, 2, open_reader)
    source.start()

    def is_heard():
        """As the show watches it."""
        if not source.active:
            source.reopen()
        blocks.put(np.zeros((480, 2), np.float32))
        return source.ring.written > 0

    room.stack.callback(lambda: (source.stop(), blocks.put(np.zeros((0, 2), np.float32))))
    return "system sound", is_heard


class Terminal(io.StringIO):
    encoding = "ascii"

    def isatty(self):
        return True


def line_of_status(room):
    from tests.live.show.test_status import CALM

    terminal = Terminal()
    room.patch(sys, "stdout", terminal)
    room.patch(status, "_EVERY_S", 0.01)
    room.stack.enter_context(status.StatusLine(raising(lambda: CALM, RuntimeError)))
    return "status line", lambda: "124.0 BPM" in terminal.getvalue()


def picture(room):
    feed = room.stack.enter_context(Feed(0))
    room.patch(feed, "_receive", raising(feed._receive))
    sender = room.stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))

    def is_received():
        sender.sendto(b"no packet", ("127.0.0.1", feed.port))
        return feed.malformed

    return "osc-in", is_received


def enter_key(room):
    class Lines:
        __iter__ = staticmethod(raising(lambda: iter(["\n"]), ValueError))

    room.patch(sys, "stdin", Lines())
    return "enter key", calibrate.EnterKey().poll


def learning(room):
    from live.cli import midi

    class Lines:
        __iter__ = staticmethod(raising(lambda: iter(["\n"]), ValueError))

    room.patch(sys, "stdin", Lines())
    arriving = midi._arriving(SimpleNamespace(), 30.0, stdin=True)
    return "stdin", lambda: next(arriving, "nothing") is None


def a_librarys(room):
    note_deaths(room.stack)
    for _ in range(TIMES):
        thread = threading.Thread(target=raising(None, RuntimeError), name="of a library")
        thread.start()
        thread.join()
    return "of a library", lambda: True  # counted; what it was for, nobody here knows


THREADS = {
    "recording": recording,
    "dmx": light,
    "oscquery": answers,
    "oscquery, one request": values,
    "OS2L": beats_of_a_dj,
    "phrase bank": phrases_kept,
    "zeroconf": announcement,
    "midi": midi_system,
    "midi, one device": midi_device,
    "midi, one message": midi_messages,
    "midi without a library": midi_bytes,
    "pace audio": played,
    "decode audio": decoded,
    "open audio": opened,
    "reopen audio": reopened,
    "close audio": closed,
    "system sound": computers_sound,
    "status line": line_of_status,
    "osc-in": picture,
    "enter key": enter_key,
    "stdin": learning,
    "a library's own": a_librarys,
}


@pytest.mark.parametrize("make", THREADS.values(), ids=THREADS)
def test_a_thread_that_raises_is_counted_and_goes_on(room, make):
    before = failures()
    name, is_at_work = make(room)
    wait_until(is_at_work, "its work")
    if name:
        times = 1 if make is decoded else TIMES
        wait_until(lambda: failures().get(name, 0) - before.get(name, 0) == times, "the count")


def test_no_thread_is_left_out():
    """Whoever starts a new one: supervised, please, and with a row in the table above."""
    started, bare = {"midi without a library"}, set()
    for path in [*Path(ROOT, "live").rglob("*.py"), *Path(ROOT, "visuals").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        started |= set(re.findall(r'(?:SupervisedThread|_start_thread)\(\s*"([^"]+)"', text))
        bare |= {path.name} if re.search(r"\b(Thread|Timer)\(", text) else set()
    # The thread of a job ends the process, whatever befalls it.
    assert bare == {"supervised_thread.py", "job_process.py"}
    assert started <= set(THREADS)
    assert {"recording", "reopen audio"} <= started


def test_the_pause_grows_and_ends_at_once(monkeypatch):
    monkeypatch.setattr(supervised_thread, "_FIRST_PAUSE_S", 0.01)
    pauses, over = [], threading.Event()

    def wait(due_s, event):
        pauses.append(round(due_s - supervised_thread.monotonic_s(), 3))
        return len(pauses) == 5

    monkeypatch.setattr(supervised_thread, "wait_until", wait)
    thread = SupervisedThread("test", lambda: 1 / 0, over)
    thread.start()
    thread.join(10)
    assert not thread.is_alive
    assert thread.failures == 5
    assert pauses == pytest.approx([0.01, 0.02, 0.04, 0.08, 0.16], abs=0.005)
