"""MIDI controllers: bytes as they come over the wire, the mapping, learning, coming back."""

import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

import posejockey
from live import midi_ports
from live.control.midi_controller import MidiController
from live.control.midi_events import Binding, Event, event_of
from live.control.midi_learn import learn
from live.control.midi_map import MidiMap, load, write
from live.control.scenes import Scene
from live.errors import ConfigError, DeviceError
from live.midi_ports import MidiPorts, stem
from live.osc.schema import PLAYED

mido = pytest.importorskip("mido")

ROOT = Path(__file__).resolve().parents[3]
STYLES = ("street", "salsa")
SCENES = (Scene("drop", (("energy", 1.0),)),)


class Input:
    """An input as mido's, fed with the bytes that a cable carries."""

    callback = None

    def __init__(self):
        self.closed = False
        self._parser = mido.Parser()

    def receive(self, *data):
        self._parser.feed(bytes(data))
        for message in self._parser:
            self.callback(message)

    def close(self):
        self.closed = True


class Machine:
    """mido's functions, over inputs that are plugged in and out."""

    def __init__(self, *names):
        self.inputs = {name: Input() for name in names}
        self.refuses = False

    def get_input_names(self):
        return list(self.inputs)

    def open_input(self, name):
        if self.refuses:
            raise OSError("busy")
        return self.inputs[name]


@pytest.fixture
def machine(monkeypatch):
    machine = Machine("Midi Through 14:0", "nanoKONTROL2 SLIDER 20:0", "Launchpad 24:0")
    library = SimpleNamespace(
        get_input_names=machine.get_input_names,
        open_input=machine.open_input,
        backend=SimpleNamespace(load=lambda: None),
    )
    monkeypatch.setitem(sys.modules, "mido", library)
    return machine


@pytest.fixture
def mapped(tmp_path):
    def read(text, **known):
        path = tmp_path / "midi.toml"
        path.write_text(text)
        return load(path, **known)

    return read


def played(text, mapped, *data):
    """What bytes do, by a mapping."""
    port = Input()
    controller = MidiController(port, mapped(text).bindings)
    port.receive(*data)
    return controller.poll()


# Bytes to controls ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "data", "controls"),
    [
        ('cc = 7\ncontrol = "energy"', (0xB0, 7, 0), [("energy", -2.0)]),
        ('cc = 7\ncontrol = "energy"', (0xB0, 7, 64), [("energy", 0.0)]),
        ('cc = 7\ncontrol = "energy"', (0xB0, 7, 127), [("energy", 2.0)]),
        ('cc = 7\ncontrol = "energy"', (0xB0, 8, 127), []),
        ('note = 7\ncontrol = "keep"', (0x90, 7, 9, 0x80, 7, 0), [("keep", None)]),
        ('note = 7\ncontrol = "phrase"\nvalue = "last"', (0x90, 7, 9), [("phrase", "last")]),
        ('note = 7\ncontrol = "phrase"\nvalue = 16', (0x90, 7, 9), [("phrase", 16.0)]),
        ('note = 7\ncontrol = "form"\nvalue = "AA~B"', (0x90, 7, 9), [("form", "AA~B")]),
        ('cc = 7\ncontrol = "latency"\nlow = 20\nhigh = 60', (0xB0, 7, 64), [("latency", 40.0)]),
        ('cc = 7\ncontrol = "energy"\nlow = 1\nhigh = -1', (0xB0, 7, 127), [("energy", -1.0)]),
        ('cc = 7\nchannel = 3\ncontrol = "energy"', (0xB0, 7, 127), []),
        ('cc = 7\nchannel = 3\ncontrol = "energy"', (0xB2, 7, 127), [("energy", 2.0)]),
        ('bend = 0\ncontrol = "travel"', (0xE0, 0, 64), [("travel", 0.0)]),
        ('bend = true\ncontrol = "travel"', (0xE0, 127, 127), [("travel", 2.0)]),
        ('note = 36\ncontrol = "freeze"', (0x99, 36, 90, 0x89, 36, 0), [("freeze", None)]),
        (
            'note = 36\ncontrol = "freeze"\nmode = "hold"',
            (0x99, 36, 90, 0x99, 36, 0),  # velocity 0 for letting go
            [("freeze", 1.0), ("freeze", 0.0)],
        ),
        ('note = 9\ncontrol = "tap"', (0x90, 9, 1, 0x80, 9, 0, 0x90, 9, 1), 2 * [("tap", None)]),
        ('note = 36\ncontrol = "cue"\nvalue = "drop"', (0x90, 36, 1), [("cue", "drop")]),
        ('note = 36\ncontrol = "cue"\nvalue = 2', (0x90, 36, 1), [("cue", 2.0)]),
        ('note = 36\ncontrol = "style"\nvalue = "salsa"', (0x90, 36, 1), [("style", "salsa")]),
        ('note = 36\ncontrol = "energy"\nvalue = 1', (0x90, 36, 1, 0x90, 36, 0), [("energy", 1.0)]),
        ('program = 4\ncontrol = "cue"\nvalue = 5', (0xC0, 4, 0xC0, 4), 2 * [("cue", 5.0)]),
        (
            'cc = 7\ncontrol = "mirror"',
            (0xB0, 7, 127, 0xB0, 7, 126, 0xB0, 7, 0),
            [("mirror", 1.0), ("mirror", 0.0)],
        ),
        (
            'cc = 7\ncontrol = "mirror"\nmode = "toggle"',
            (0xB0, 7, 127, 0xB0, 7, 0),
            [("mirror", None)],
        ),
        ('cc = 7\ncontrol = "tap"', (0xB0, 7, 127, 0xB0, 7, 99, 0xB0, 7, 0), [("tap", None)]),
        ('cc = 7\ncontrol = "energy"', (0xF8, 0xB0, 7, 64, 0xF8, 0xFE), [("energy", 0.0)]),
        ('note = 36\ncontrol = "look"\nvalue = "next"', (0x90, 36, 1), [("look", "next")]),
        ('note = 36\ncontrol = "look"\nvalue = "ribbons"', (0x90, 36, 1), [("look", "ribbons")]),
        ('note = 36\ncontrol = "dark"', (0x90, 36, 1, 0x80, 36, 0), [("dark", None)]),
        ('cc = 7\ncontrol = "picture_canon"', (0xB0, 7, 127), [("picture_canon", 2.0)]),
        ('cc = 7\ncontrol = "energy"', (1, 2, 3, 0xF0, 9, 9, 0xF7, 0xFF), []),
    ],
)  # fmt: skip
def test_what_bytes_do(mapped, entry, data, controls):
    assert played("[[map]]\n" + entry, mapped, *data) == controls


def test_of_a_moving_fader_only_the_last_place_counts(mapped):
    text = '[[map]]\ncc = 7\ncontrol = "energy"\n[[map]]\nnote = 1\ncontrol = "tap"'
    sweep = [byte for value in range(0, 128) for byte in (0xB0, 7, value)]
    assert played(text, mapped, *sweep, 0x90, 1, 9, *sweep[:-3], 0xB0, 7, 64) == [
        ("tap", None), ("energy", 0.0),
    ]  # fmt: skip


def test_every_position_stays_in_the_range(mapped):
    for name, control in PLAYED.items():
        if control.types == "f" and not control.is_switch:
            for value in range(128):
                text = f'[[map]]\ncc = 7\ncontrol = "{name}"'
                ((_, number),) = played(text, mapped, 0xB0, 7, value)
                assert control.low <= number <= control.high


# The file -------------------------------------------------------------------------------------


def test_the_example_is_whole():
    mapping = load(ROOT / "docs" / "midi.toml", ("indian", "jpop", "salsa", "street"), SCENES)
    assert mapping.port == "nanoKONTROL"
    assert {b.control for b in mapping.bindings} >= {"energy", "freeze", "cue", "style", "latency"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "entries, each under"),
        ('[[map]]\nnote = 1\ncontrol = "phrase"\nvalue = "a/b"', "cannot be a phrase's name"),
        ('[[map]]\nnote = 1\ncontrol = "form"\nvalue = "A?"', "form 'A\\?'"),
        ("map = [1]", "map 1: write it as a table"),
        ('port = 1\n[[map]]\ncc = 1\ncontrol = "energy"', "port is 1"),
        ("[[maps]]", "unknown 'maps'"),
        ('[[map]]\ncontrol = "energy"', "one of note, cc, program, bend"),
        ('[[map]]\ncc = 1\nnote = 2\ncontrol = "energy"', "one of note, cc"),
        ('[[map]]\ncc = 128\ncontrol = "energy"', "cc is 128; .* 0 to 127"),
        ('[[map]]\ncc = 1\nchannel = 17\ncontrol = "energy"', "channel is 17"),
        ('[[map]]\ncc = 1\ncontrol = "volume"', "'volume'; .* energy"),
        ("[[map]]\ncc = 1\ncontrol = [1]", "control is"),
        ('[[map]]\ncc = 1\ncontrol = "energy"\nhigh = 3', "high is 3; .*-2 to 2"),
        ('[[map]]\ncc = 1\ncontrol = "energy"\nfoo = 3', "unknown setting 'foo'"),
        ('[[map]]\nnote = 1\ncontrol = "energy"', "energy needs the value"),
        ('[[map]]\nnote = 1\ncontrol = "cue"', "cue needs the value"),
        ('[[map]]\nnote = 1\ncontrol = "cue"\nvalue = "flop"', "there are drop"),
        ('[[map]]\nnote = 1\ncontrol = "style"\nvalue = "polka"', "'polka' is unknown"),
        ('[[map]]\nnote = 1\ncontrol = "look"', "look needs the value"),
        ('[[map]]\nnote = 1\ncontrol = "look"\nvalue = "oil"', "'oil'; .* neon, .*next, previous"),
        ('[[map]]\nnote = 1\ncontrol = "look"\nvalue = 10', "0 to 9"),
        ('[[map]]\nnote = 1\ncontrol = "tap"\nvalue = 1', "tap takes no value"),
        ('[[map]]\nnote = 1\ncontrol = "freeze"\nmode = "x"', "toggle, hold"),
        ("[[map", "not valid TOML"),
    ],
)
def test_mistakes_are_named(mapped, text, said):
    with pytest.raises(ConfigError, match=said) as caught:
        mapped(text, styles=STYLES, scenes=SCENES)
    assert "midi.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


# Learning -------------------------------------------------------------------------------------


def events(*data):
    parser = mido.Parser()
    parser.feed(bytes(data))
    return [event_of(message) for message in parser]


def test_what_is_learned_can_be_played(tmp_path, mapped):
    knob, moving = events(0xB0, 7, 100), events(0xB0, 7, 90, 0xB0, 7, 127)
    pad, release = events(0x99, 36, 90), events(0x99, 36, 0)
    other = events(0xB1, 9, 127)
    coming = [*knob, *moving, None, *moving, *pad, *release, *pad, *other]
    asked = []
    requests = ["energy", "temperature", "freeze", "cue=drop", "tap"]
    bindings = learn(requests, coming, asked.append)
    assert [(b.kind, b.number, b.channel, b.control, b.value) for b in bindings] == [
        ("cc", 7, 1, "energy", None),
        ("note", 36, 10, "freeze", None),
        ("cc", 9, 2, "cue", "drop"),
    ]
    assert sum("move what" in line for line in asked) == 5
    path = tmp_path / "midi.toml"
    write(path, MidiMap('a "pad" \\ ü', tuple(bindings)))
    read = load(path, STYLES, SCENES)
    assert read.port == 'a "pad" \\ ü'
    assert [(b.kind, b.number, b.channel, b.control, b.value, b.mode) for b in read.bindings] == [
        (b.kind, b.number, b.channel, b.control, b.value, b.mode) for b in bindings
    ]
    port = Input()
    controller = MidiController(port, read.bindings)
    port.receive(0xB0, 7, 127, 0x99, 36, 1, 0xB1, 9, 127)
    assert controller.poll() == [("energy", 2.0), ("freeze", None), ("cue", "drop")]


@pytest.mark.parametrize(
    ("asked", "said"), [("volume", "no control"), ("energy=x", "not a number"), ("cue", "value")]
)
def test_what_cannot_be_learned_is_said_before(machine, tmp_path, capsys, asked, said):
    options = ["devices", "--learn", str(tmp_path / "m.toml"), asked]
    if asked == "cue":  # a knob cannot say which
        assert Binding("cc", 1, "cue").value is None
    assert posejockey.main(options) == 2
    assert said in capsys.readouterr().err


def test_a_fader_is_learned_by_the_command(machine, tmp_path, monkeypatch, capsys):
    path = tmp_path / "m.toml"
    launchpad = machine.inputs["Launchpad 24:0"]

    class Keyboard:
        """The user at the keyboard: moves something, then is silent."""

        def __iter__(self):
            launchpad.receive(0xB0, 21, 80)
            return iter(())

    monkeypatch.setattr(sys, "stdin", Keyboard())
    options = ["devices", "--learn", path, "--port", "launch", "--seconds", "20", "energy"]
    assert posejockey.main(list(map(str, options))) == 0
    assert load(path) == MidiMap(
        "Launchpad", (Binding("cc", 21, "energy", 1, None, -2.0, 2.0, "hold"),)
    )
    assert "1 entries" in capsys.readouterr().out
    assert launchpad.closed


# Going and coming back ------------------------------------------------------------------------


def test_a_controller_that_returns_is_played_on(machine):
    with MidiPorts(watch=False) as ports:
        controller = MidiController(
            ports.open("nano"), [Binding("cc", 7, "energy", 0, None, -2.0, 2.0)]
        )
        first = machine.inputs.pop("nanoKONTROL2 SLIDER 20:0")
        (one,) = ports.inputs.values()
        for _ in range(2):
            ports.look()
            assert (one.losses, first.closed) == (1, True)
        assert controller.poll() == []
        again = machine.inputs["nanoKONTROL2 SLIDER 28:0"] = Input()
        machine.refuses = True  # it is still starting up
        ports.look()
        assert again.callback is None
        machine.refuses = False
        ports.look()
        again.receive(0xB0, 7, 127)
        assert controller.poll() == [("energy", 2.0)]
    assert again.closed


def test_without_a_name_the_same_controller_is_waited_for(machine):
    with MidiPorts(watch=False) as ports:
        ports.open("")
        (one,) = ports.inputs.values()
        assert one.opened.startswith("nano")  # and not the loopback
        del machine.inputs["nanoKONTROL2 SLIDER 20:0"]
        ports.look()
        assert machine.inputs["Launchpad 24:0"].callback is None  # another one is no substitute
        assert stem("nanoKONTROL2 SLIDER 20:0") == stem("nanoKONTROL2 SLIDER 1")


def test_clock_and_controller_share_a_port(machine):
    with MidiPorts(watch=False) as ports:
        heard = []
        clock = ports.open("nano")
        clock.callback = heard.append
        controller = MidiController(ports.open("KONTROL2"), [Binding("cc", 7, "energy")])
        assert len(ports.inputs) == 1
        machine.inputs["nanoKONTROL2 SLIDER 20:0"].receive(0xF8, 0xB0, 7, 127)
        assert [m.type for m in heard] == ["clock", "control_change"]
        assert controller.poll() == [("energy", 1.0)]
        controller.close()
        machine.inputs["nanoKONTROL2 SLIDER 20:0"].receive(0xF8)
        assert len(heard) == 3


def test_a_driver_that_hangs_does_not_hold_up_the_end(machine, monkeypatch):
    monkeypatch.setattr(midi_ports, "_PATIENCE_S", 0.05)
    monkeypatch.setattr(midi_ports, "_LOOK_EVERY_S", 0.01)
    asked, answers = threading.Event(), threading.Event()

    def hangs():
        asked.set()
        assert answers.wait(20.0)
        return []

    ports = MidiPorts()
    ports.open("nano")
    sys.modules["mido"].get_input_names = hangs
    assert asked.wait(10.0)
    ending = threading.Thread(target=ports.close)
    ending.start()
    ending.join(10.0)
    hung = ending.is_alive()
    answers.set()
    ending.join(10.0)
    assert not hung
    assert machine.inputs["nanoKONTROL2 SLIDER 20:0"].closed


def test_a_controller_that_is_not_there_is_named(machine):
    with MidiPorts() as ports, pytest.raises(DeviceError, match=r"'organ'; .*Launchpad"):
        ports.open("organ")


def test_an_event_that_moves_nothing_is_none():
    assert events(0xF8, 0xFA, 0xFC, 0xA0, 1, 2, 0xD0, 3) == [None] * 5
    assert events(0x90, 60, 1) == [Event("note", 60, 1, 1.0)]
