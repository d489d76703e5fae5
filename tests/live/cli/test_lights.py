"""`posejockey lights`: a patch looked at, tried without music, watched, aimed, made from a plan."""

import socket
import uuid
from pathlib import Path

import pytest

import posejockey
from live.outputs import dmx_packets, source_id
from live.outputs.dmx_watch import DmxWatch
from live.outputs.lamp_test import STEP_S, LampTest, Pointing
from live.outputs.levels import BEFORE_THE_FIRST
from live.outputs.patch import load_patch
from tests.helpers.fixture_files import PAR, gdtf, mvr

PATCH = """
[[universe]]
host = "127.0.0.1"
[[universe.fixture]]
name = "par"
channels = ["intensity", "red", "green", { level = "beat", from = 255, to = 0 }, 77]
[[universe.fixture]]
name = "head"
address = 11
channels = [{ level = "pan", fine = true }, { level = "tilt", fine = true }, "cyan", "intensity"]
[universe.fixture.head]
position = [0, 5, 5]
"""


@pytest.fixture
def path(tmp_path) -> Path:
    path = tmp_path / "patch.toml"
    path.write_text(PATCH)
    return path


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(source_id, "user_folder", lambda: tmp_path / "user")


def received(sock):
    sock.setblocking(False)
    packets = []
    while True:
        try:
            packets.append(sock.recv(1024))
        except BlockingIOError:
            return packets


@pytest.fixture
def lamp(monkeypatch):
    """A receiver in place of sACN's port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        monkeypatch.setattr(dmx_packets, "SACN_PORT", sock.getsockname()[1])
        yield sock


def test_one_channel_after_the_other_is_lit(path):
    (universe,) = load_patch(path).universes
    test = LampTest(universe, 3)
    seen = []
    for n in range(8):
        slots = test.step(BEFORE_THE_FIRST, 100 + STEP_S * (n + 0.5) if n else 100.0)
        seen.append((test.doing, list(slots[:5]), list(slots[14:16])))
    assert [doing for doing, _, _ in seen] == [
        "par: intensity", "par: red", "par: green", "par: beat", "par: all", "head: cyan",
        "head: intensity", "head: all",
    ]  # fmt: skip
    assert seen[0][1] == [255, 0, 0, 0, 77]
    assert seen[1][1] == [255, 255, 0, 0, 77]  # a colour needs its dimmer
    assert seen[4][1] == [255, 255, 255, 0, 77]
    assert seen[7][1] == [0, 0, 0, 0, 0]  # the one that is not tried is dark
    assert seen[7][2] == [0, 255]  # no filter in the light
    assert test.length_s == 8 * STEP_S


def test_a_head_under_test_goes_from_corner_to_corner(path):
    (universe,) = load_patch(path).universes
    test = LampTest(universe, 3, only="head")
    aims = {
        test.step(BEFORE_THE_FIRST, 10 + STEP_S * (n + 0.01 * (n > 0)))[10:14] for n in range(4)
    }
    assert len(aims) == 4


def test_a_head_is_held_where_the_operator_says(path):
    (universe,) = load_patch(path).universes
    board = Pointing(universe, 3, name="head")
    board.pan, board.tilt = 255.0, 0.0
    slots = board.step(BEFORE_THE_FIRST, 0.0)
    assert list(slots[10:16]) == [255, 255, 0, 0, 0, 255]
    assert not any(slots[:5])


def test_the_test_lights_the_lamps_and_leaves_them_dark(path, lamp, capsys):
    assert posejockey.main(["lights", str(path), "--test", "--seconds", "0.3"]) == 0
    packets = received(lamp)
    assert any(p[126] == 255 for p in packets)
    assert not any(packets[-1][126:131])
    assert packets[-1][112] & 0x40  # the stream has ended
    assert "par: intensity" in capsys.readouterr().out


def test_what_arrives_is_shown_with_who_sends_it(path, monkeypatch):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        monkeypatch.setattr(dmx_packets, "SACN_PORT", probe.getsockname()[1])
    patch = load_patch(path)
    with DmxWatch(patch.universes) as watch, socket.socket(type=socket.SOCK_DGRAM) as desk:
        slots = bytes(range(256)) * 2
        packet = dmx_packets.sacn_packet(uuid.uuid4(), "another desk", 1, 150, 1, slots)
        for data in (packet, packet, b"nonsense", packet[:50]):
            desk.sendto(data, ("127.0.0.1", dmx_packets.SACN_PORT))
        watch.poll()
        (heard,) = watch.heard.values()
    assert (heard.name, heard.priority) == ("another desk", 150)
    assert (heard.universe, heard.packets) == (1, 2)
    assert heard.slots == slots


def test_two_corners_are_noted_and_printed(path, lamp, monkeypatch, capsys):
    said = iter(["100 90.5", "oops", "at -2 2", "150 90", "at 2 2"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(said))
    assert posejockey.main(["lights", str(path), "--aim", "head"]) == 0
    out = capsys.readouterr().out
    assert "{ x = -2, z = 2, pan = 100, tilt = 90.5 }" in out
    assert "{ x = 2, z = 2, pan = 150, tilt = 90 }" in out


def test_a_plan_becomes_a_patch_that_can_be_tried(tmp_path, capsys):
    pytest.importorskip("pymvr")
    plan = tmp_path / "show.mvr"
    plan.write_bytes(mvr([[("par", "Par", "", 7, (0, 0, 0))]], Par=gdtf("Par", Only=PAR)))
    made = tmp_path / "made.toml"
    assert posejockey.main(["lights", str(plan), "-o", str(made)]) == 0
    assert posejockey.main(["lights", str(made)]) == 0
    assert "7-8" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--aim", "nobody"], "no fixture 'nobody'; there are par, head"),
        (["--test", "--fixture", "x"], "no fixture 'x'"),
    ],
)
def test_mistakes_are_named(path, capsys, options, said):
    assert posejockey.main(["lights", str(path), *options]) == 2
    assert said in capsys.readouterr().err
