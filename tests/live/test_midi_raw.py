"""MIDI devices of Linux read without a library: pipes stand in for them."""

import os
import sys
from queue import Empty, Queue
from types import SimpleNamespace

import pytest

from live import midi_ports
from live.errors import ConfigError, DeviceError
from live.midi_raw import MessageCutter, RawMidi

mido = pytest.importorskip("mido")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the devices are Linux's")


@pytest.fixture
def raw(tmp_path):
    """Two devices, one of them without a name."""
    (tmp_path / "card2").mkdir()
    (tmp_path / "card2" / "midi0").write_text("nanoKONTROL2\n\nOutput 0\n")
    for device in ("midiC2D0", "midiC3D1"):
        os.mkfifo(tmp_path / device)
    (tmp_path / "pcmC2D0p").touch()
    return RawMidi(mido.Parser, devices=tmp_path, cards=tmp_path)


def test_devices_are_named_as_others_name_them(raw):
    assert raw.get_input_names() == ["nanoKONTROL2 2:0", "MIDI 3:1"]
    assert midi_ports.stem("nanoKONTROL2 2:0") == "nanoKONTROL2"
    assert midi_ports.find_input("nano", raw) == "nanoKONTROL2 2:0"
    with pytest.raises(DeviceError, match="only hardware is seen here"):
        midi_ports.find_input("loopMIDI", raw)


def test_messages_arrive_until_the_port_is_closed(raw, tmp_path):
    port, heard = raw.open_input("nanoKONTROL2 2:0"), Queue()
    port.callback = heard.put
    with open(tmp_path / "midiC2D0", "wb", buffering=0) as cable:
        cable.write(bytes([0xF8, 0xB0, 7]))
        assert heard.get(timeout=10).type == "clock"
        cable.write(bytes([127]))
        message = heard.get(timeout=10)
        assert (message.type, message.control, message.value) == ("control_change", 7, 127)
        port.close()
        port.close()
    with pytest.raises(Empty):
        heard.get_nowait()


def test_a_device_that_goes_ends_its_thread_quietly(raw, tmp_path):
    port = raw.open_input("MIDI 3:1")
    with open(tmp_path / "midiC3D1", "wb", buffering=0):
        pass
    port._thread.join(10)
    assert not port._thread.is_alive
    port.close()
    (tmp_path / "midiC3D1").unlink()
    with pytest.raises(OSError, match="gone"):
        raw.open_input("MIDI 3:1")


@pytest.mark.parametrize("chop", [1, 2, 3, 99])
@pytest.mark.parametrize(
    ("sent", "heard"),
    [
        ("90 3C 64 3E 64 3E 00", ["903c64", "903e64", "903e00"]),  # the status is left out
        ("B0 07 F8 7F", ["f8", "b0077f"]),  # the clock comes between
        ("C5 01 02 D1 7F", ["c501", "c502", "d17f"]),
        ("F0 7E 01 F8 02 F7 03 90 3C 64", ["f8", "903c64"]),  # system exclusive and its remains
        ("F0 01 02 B0 07 7F", ["b0077f"]),  # its end is missing
        ("B0 07 90 3C 64", ["903c64"]),  # a message cut off
        ("40 41 42 F2 10 20 30 F6 F4 01 FA", ["f21020", "f6", "fa"]),
    ],
)
def test_whole_messages_come_of_what_a_cable_carries(sent, heard, chop):
    data, cutter = bytes.fromhex(sent), MessageCutter()
    pieces = [data[at : at + chop] for at in range(0, len(data), chop)]
    assert [m.hex() for piece in pieces for m in cutter.cut(piece)] == heard


def test_system_exclusive_without_an_end_is_not_kept(raw, tmp_path):
    port, heard = raw.open_input("nanoKONTROL2 2:0"), Queue()
    port.callback = heard.put
    with open(tmp_path / "midiC2D0", "wb", buffering=0) as cable:
        for _ in range(20):
            cable.write(bytes([0xF0]) + bytes(4000))
        cable.write(bytes([0x90, 60, 100, 62, 0xF8, 100]))
        kinds = [heard.get(timeout=10).type for _ in range(3)]
    port.close()
    assert kinds == ["note_on", "clock", "note_on"]
    assert len(port._cutter._data) == 0


def library(monkeypatch, platform):
    def load():
        raise ImportError("No module named 'rtmidi'")

    fake = SimpleNamespace(backend=SimpleNamespace(load=load), Parser=mido.Parser)
    monkeypatch.setitem(sys.modules, "mido", fake)
    monkeypatch.setattr(midi_ports.sys, "platform", platform)
    return midi_ports.midi_library()


def test_linux_without_rtmidi_reads_the_devices(monkeypatch):
    assert isinstance(library(monkeypatch, "linux"), RawMidi)


def test_elsewhere_it_has_to_be_installed(monkeypatch):
    with pytest.raises(ConfigError, match=r"-e \.\[control\]"):
        library(monkeypatch, "win32")
