"""The doctor says "ready" where the show starts, and nowhere else.

Each case is a command line: the doctor is asked, then the show is started with the same.
"""

import socket
import sys

import pytest
import soundfile

import posejockey
from live.show import doctor
from tests.helpers.sound_server import ROOT

SCENE = '[[cue]]\nname = "drop"\nstyle = "salsa"\n'
GOOD = {
    "a file": [],
    "dancers": ["--dancers", "16", "--emission-rate", "120", "--loop", "--no-loop"],
    "scenes": ["--cues", "scenes.toml"],
    "fixtures": ["--dmx", "patch.toml"],
    "a recording": ["--record", "new.mcap", "--summary", "counts.json"],
    "profiles": ["--osc", "127.0.0.1:9/lights/qlcplus", "--osc", "localhost:9/vmc/rate=30"],
    "no route": ["--osc", "240.0.0.1:9", "--osc", "240.0.0.1:9/vmc"],
    "a demo": ["--input", "demo"],
    "every input": ["--input", "auto"],
    "settings": ["--config", "show.toml"],
    "a DJ program": ["--clock", "os2l", "--os2l-port", "0"],
}
BAD = {
    "no scenes": ["--cues", "none.toml"],
    "scenes of another model": ["--cues", "polka.toml"],
    "no MIDI map": ["--midi-map", "none.toml"],
    "a MIDI map that is none": ["--midi-map", "scenes.toml"],
    "no patch": ["--dmx", "none.toml"],
    "a patch that is none": ["--dmx", "scenes.toml"],
    "a node nobody knows": ["--dmx", "far.toml"],
    "a target nobody knows": ["--osc", "nobody.invalid:7000"],
    "lights nobody knows": ["--osc", "nobody.invalid:7000/lights/qlcplus"],
    "a visualizer nobody knows": ["--osc", "nobody.invalid:7000/visuals"],
    "a profile that is none": ["--osc", "127.0.0.1:9/disco"],
    "a port in use": ["--control-port", "IN USE"],
    "an address of another": ["--control-bind", "192.0.2.1", "--control-allow", "192.0.2.0/24"],
    "a style that is none": ["--style", "polka"],
    "no model": ["--model", "none.onnx"],
    "a model that is none": ["--model", "song.wav"],
    "no file": ["--input", "none.wav"],
    "a file that is no sound": ["--input", "scenes.toml"],
    "a folder": ["--input", "."],
    "a recording that is there": ["--record", "old.mcap"],
    "a recording of another kind": ["--record", "new.wav"],
    "a recording in no folder": ["--record", "none/new.mcap"],
    "a recording in a folder's place": ["--record", "folder.mcap"],
    "a summary in no folder": ["--summary", "none/counts.json"],
    "a summary over the song": ["--summary", "song.wav"],
    "a summary over the settings": ["--config", "show.toml", "--summary", "link.json"],
    "options for no visualizer": ["--", "--look", "chalk"],
    "no settings": ["--config", "none.toml"],
    "timecode in a file": ["--input", "song.wav", "--ltc", "2"],
    "timecode of no device": ["--ltc", "no such device:1"],
    "timecode without its port": ["--mtc", "--midi-port", "no such port"],
    "a clock without its port": ["--clock", "midi", "--midi-port", "no such port"],
}
VISUALS = {
    "a look": (["--", "--look", "chalk"], True),
    "a look of the file": (["--config", "chalk.toml"], True),
    "a look that is none": (["--", "--look", "oil"], False),
    "a look of the file that is none": (["--config", "oil.toml"], False),
    "its port": (["--", "--port", "9000"], False),
    "its port, cut short": (["--", "--por=17000"], False),
    "its control port": (["--", "--control", "127.0.0.1:9"], False),
    "its state": (["--", "--state", "kept.json"], False),
    "its port in the file": (["--config", "port.toml"], False),
    "a check": (["--", "--check"], False),
    "help": (["--", "--help"], False),
    "an option that is none": (["--", "--volume", "3"], False),
}


@pytest.fixture
def both(tiny_model, tmp_path, click_track, monkeypatch, capsys):
    """(whether the doctor says ready, whether the show starts) for a command line."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setattr(doctor, "_SELF_TEST_S", 0.1)
    soundfile.write("song.wav", click_track(120.0, 1.0, 48_000), 48_000)
    files = {
        "scenes.toml": SCENE, "polka.toml": SCENE.replace("salsa", "polka"), "show.toml": "",
        "patch.toml": '[[universe]]\nhost = "127.0.0.1"',
        "far.toml": '[[universe]]\nprotocol = "artnet"\nhost = "nobody.invalid"',
        "chalk.toml": '[visuals]\nlook = "chalk"', "oil.toml": '[visuals]\nlook = "oil"',
        "port.toml": "[visuals]\nport = 9000", "old.mcap": "a show that was good",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "folder.mcap").mkdir()
    (tmp_path / "link.json").hardlink_to(tmp_path / "show.toml")
    before = sorted(tmp_path.iterdir())

    def ask(options, *more):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            port = str(other.getsockname()[1])
            given = [port if word == "IN USE" else word for word in options]
            own = ["--model", str(tiny_model), "--input", "song.wav", "--control-port", "0"]
            own += ["--no-play", "--seconds", "0.1", *more, *given]
            says = run("doctor", own)
            assert sorted(tmp_path.iterdir()) == before, "the doctor left something behind"
            said = capsys.readouterr().out
            starts = run("live", own)
        # On a busy machine it warns that packets were held back, and is ready all the same.
        assert (says == 0) == (said.splitlines() or [""])[-1].startswith("ready")
        return says == 0, starts == 0

    return ask


def run(command, options):
    try:
        return posejockey.main([command, *options])
    except SystemExit as leave:  # argparse
        return leave.code


@pytest.mark.parametrize("options", GOOD.values(), ids=GOOD)
def test_a_show_that_starts_is_called_ready(both, options):
    assert both(options, "--no-visuals") == (True, True)


@pytest.mark.parametrize("options", BAD.values(), ids=BAD)
def test_a_show_that_does_not_start_is_not(both, options, tmp_path):
    assert both(options, "--no-visuals") == (False, False)
    assert (tmp_path / "old.mcap").read_text() == "a show that was good"
    assert (tmp_path / "show.toml").read_text() == ""


@pytest.mark.parametrize("options", GOOD.values(), ids=GOOD)
def test_nor_does_it_need_a_sound_card(both, options, monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert both(options, "--no-visuals") == (True, True)


@pytest.mark.parametrize(("options", "starts"), VISUALS.values(), ids=VISUALS)
def test_the_visualizers_options_are_part_of_the_show(both, options, starts):
    assert both(options) == (starts, starts)


def test_a_show_that_cannot_start_leaves_no_recording(tiny_model, tmp_path, monkeypatch):
    """Nor does the next one find a file in its way."""
    monkeypatch.chdir(tmp_path)
    options = ["--model", str(tiny_model), "--input", "demo", "--no-visuals", "--no-play"]
    options += ["--record", "show.mcap", "--clock", "midi", "--midi-port", "no such port"]
    assert run("live", options) == 2
    assert not (tmp_path / "show.mcap").exists()
