"""`posejockey doctor`: what it says of a machine, and of what is wrong with it."""

import os
import socket
import subprocess
import sys

import numpy as np
import pytest
import soundfile

import posejockey
from live.audio import devices
from live.show import doctor
from live.show.config import ShowConfig
from live.show.doctor import FAIL, NOTE, OK, WARN
from tests.helpers.card import FakeCard
from tests.helpers.sound_server import ROOT, sound_server  # noqa: F401, a fixture

RATE = 48_000


@pytest.fixture
def song(tmp_path, click_track):
    soundfile.write(tmp_path / "song.wav", click_track(120.0, 1.0, RATE), RATE)
    return tmp_path / "song.wav"


@pytest.fixture
def ask(tiny_model, capsys):
    """The exit code, and what is said: (level, topic, text) of every finding."""

    def make(*options):
        options = ["--model", tiny_model, "--control-port", 0, *options]
        code = posejockey.main(["doctor", *map(str, options)])
        lines = capsys.readouterr().out.splitlines()
        findings = [
            line.split(None, 2) for line in lines if line[:4].strip() in (OK, NOTE, WARN, FAIL)
        ]
        return code, findings, lines

    return make


def of(findings, topic):
    return [(level, text) for level, name, text in findings if name == topic]


def test_a_show_that_will_run(ask, song):
    code, findings, lines = ask("--input", song, "--no-visuals")
    assert code == 0, lines
    assert lines[-1].startswith("ready")  # a busy machine is warned of
    assert not [f for f in findings if f[0] == FAIL]
    assert of(findings, "network")[0][0] == OK
    assert "street, salsa" in of(findings, "network")[0][1]
    tested = [text for _, text in of(findings, "self-test")]
    assert any("bundles came back" in text for text in tested)
    assert any("song.wav hears -" in text for text in tested)


def test_silence_is_told_with_what_to_do(ask, tmp_path):
    soundfile.write(tmp_path / "quiet.wav", np.zeros(RATE), RATE)
    code, findings, lines = ask("--input", tmp_path / "quiet.wav")
    assert code == 0
    assert (NOTE, "quiet.wav hears -80 dB at most (0 is full scale)") in of(findings, "self-test")
    assert any("turn up the input" in line for line in lines)


def test_one_failure_hides_no_other(ask, song, tmp_path):
    (tmp_path / "taken.mcap").touch()
    code, findings, lines = ask(
        "--input", song, "--osc", "nobody.invalid:7000", "--osc", "127.0.0.1:7000",
        "--record", tmp_path / "taken.mcap",
    )  # fmt: skip
    assert code == 1
    assert lines[-1] == "2 to mend before the show"
    assert [level for level, _ in of(findings, "targets")][:2] == [FAIL, OK]
    ((level, text),) = of(findings, "files")
    assert level == FAIL
    assert f"{tmp_path / 'taken.mcap'} exists" in text
    assert of(findings, "self-test")


def test_ports_in_use_are_named(ask, song):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        code, findings, _ = ask("--input", song, "--control-port", port)
    assert code == 1
    level, text = of(findings, "ports")[0]
    assert level == FAIL
    assert str(port) in text
    assert "choose another" in text


def test_a_visualizer_that_runs_already_is_only_a_note(ask, song, monkeypatch):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        monkeypatch.setattr(doctor, "DEFAULT_PORT", holder.getsockname()[1])
        code, findings, _ = ask("--input", song)
    assert code == 0
    assert NOTE in [level for level, _ in of(findings, "ports")]


def test_a_network_that_does_not_fit_is_told(ask, song, tmp_path):
    (tmp_path / "other.onnx").write_bytes(b"no network")
    code, findings, _ = ask("--input", song, "--model", tmp_path / "other.onnx")
    assert code == 1
    assert of(findings, "network")[0][0] == FAIL
    assert of(findings, "ports")  # the checks after it were made all the same


def test_a_device_that_is_not_there_is_told(ask):
    code, findings, _ = ask("--input", "no such microphone")
    assert code == 1
    assert of(findings, "input")[0][0] == FAIL


def loud(lines):
    return lines[-1].startswith("ready, but mend what is marked warn")


def test_packets_that_are_held_back_are_told_loudly_and_the_show_starts(ask, song, monkeypatch):
    monkeypatch.setattr(doctor, "_drain", lambda sink: 0)
    code, findings, lines = ask("--input", song, "--no-visuals")
    assert (code, loud(lines)) == (0, True)
    assert WARN in [level for level, _ in of(findings, "self-test")]
    assert any("a firewall may hold UDP back" in line for line in lines)


def test_a_device_without_sound_is_told_loudly_and_the_show_starts(ask, monkeypatch):
    card = FakeCard()  # which the test would have to play
    monkeypatch.setattr(devices, "portaudio", lambda: card)
    code, findings, lines = ask("--input", card.name, "--no-visuals")
    assert (code, loud(lines)) == (0, True), lines
    (text,) = [text for level, _, text in findings if level == WARN]
    assert "delivered no sound at all" in text
    assert any("on macOS allow the microphone" in line for line in lines)


@pytest.fixture
def no_portaudio(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)


def test_without_portaudio_a_file_is_danced_to_and_a_microphone_is_not(ask, song, no_portaudio):
    code, findings, lines = ask("--input", song, "--no-visuals")
    assert code == 0
    assert lines[-1].startswith("ready")
    ((level, text),) = of(findings, "sound")
    assert level == NOTE
    assert "PortAudio" in text
    code, findings, _ = ask("--input", "Scarlett", "--no-visuals")
    assert code == 1
    assert "PortAudio" in of(findings, "input")[0][1]


def test_looking_leaves_no_recording(ask, song, tmp_path):
    code, findings, lines = ask("--input", song, "--no-visuals", "--record", tmp_path / "a.mcap")
    assert code == 0, lines
    assert not (tmp_path / "a.mcap").exists()
    ((_, text),) = of(findings, "recording")
    assert "has room for" in text


def test_settings_that_make_no_sense_are_no_finding(capsys):
    assert posejockey.main(["doctor", "--dancers", "99"]) == 2
    assert "dancers is 99" in capsys.readouterr().err


def test_a_real_sound_server_is_listed_and_heard(sound_server, tiny_model):  # noqa: F811
    done = subprocess.run(
        [sys.executable, "-W", "error", ROOT / "posejockey.py", "doctor", "--model", tiny_model,
         "--input", "pulse", "--control-port", "0", "--no-visuals"],
        env=sound_server.env | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "pulse, ALSA" in done.stdout
    assert "48000" in done.stdout
    assert "on pulse" in done.stdout


def test_a_sound_server_that_is_away_is_told(tiny_model, tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "posejockey.py", "doctor", "--model", tiny_model, "--input",
         "pulse", "--control-port", "0", "--no-visuals"],
        env=os.environ | {"PULSE_SERVER": f"unix:{tmp_path}/none", "PYTHONPATH": str(ROOT)},
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "fail  input" in done.stdout
    assert "Traceback" not in done.stderr


def test_what_can_hand_the_picture_on_is_named():
    findings = list(doctor._picture_outs(ShowConfig()))
    assert [f.topic for f in findings[:1]] == ["picture"]
    found = findings[0]
    if found.level == OK:
        assert "--out ndi:NAME" in found.text
    else:  # without the extra
        assert (found.level, 'install -c constraints.txt -e ".[ndi]"' in found.text) == (NOTE, True)
    assert list(doctor._picture_outs(ShowConfig(visuals=False))) == []
