"""MIDI devices of Linux read without a library: pipes stand in for them."""

import os
import sys
from queue import Empty, Queue
from types import SimpleNamespace

import pytest

from live import midi_ports
from live.errors import ConfigError, DeviceError
from live.midi_raw import RawMidi

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
    port._thread.join(timeout=10)
    assert not port._thread.is_alive()
    port.close()
    (tmp_path / "midiC3D1").unlink()
    with pytest.raises(OSError, match="gone"):
        raw.open_input("MIDI 3:1")


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
