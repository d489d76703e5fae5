"""sACN and Art-Net: the patch, the packets on the wire, the thread that sends them."""

import socket
import sys
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sacn", reason="DMX needs the library")
pytest.importorskip("stupidArtnet", reason="DMX needs the library")

from live.errors import ConfigError, DeviceError
from live.outputs import dmx
from live.outputs.dmx import DmxOut
from live.outputs.feeds import Feeds
from live.outputs.levels import LEVELS, Levels
from live.outputs.patch import Channel, Patch, Universe, load_patch
from tests.live.outputs.test_feeds import standing

BOTH = """
rate = 44
blackout_on_exit = {blackout}
[[universe]]
protocol = "sacn"
universe = 7
host = "127.0.0.1"
priority = 120
[[universe.fixture]]
address = 1
channels = ["level", "beat", 200]
[[universe]]
protocol = "artnet"
universe = 258
host = "127.0.0.1"
[[universe.fixture]]
address = 510
channels = [{{ level = "lean", from = 64, to = 192, fine = true }}, "height"]
dancers = [2]
"""


@pytest.fixture
def patch_file(tmp_path):
    def write(text):
        path = tmp_path / "patch.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def levels(**values):
    """Levels with one dancer's body all at 0 and a second one's as given."""
    names = list(LEVELS)
    music = np.array([values.get(n, 0.0) for n in names[:6]])
    body = np.array([[0.0] * 6, [values.get(n, 0.0) for n in names[6:12]]])
    return Levels(music, body)


def universe_of(*channels, protocol="sacn", host="127.0.0.1"):
    return Universe(protocol, 1, host, "", 100, channels)


# The patch ------------------------------------------------------------------------------------


def test_the_example_is_a_patch():
    patch = load_patch(dmx_example())
    assert [u.protocol for u in patch.universes] == ["sacn", "artnet"]
    assert (patch.rate, patch.blackout_on_exit) == (40, True)


def dmx_example():
    return Path(__file__).resolve().parents[3] / "docs" / "lights.toml"


def test_cues_reach_their_channels(patch_file):
    sacn, artnet = load_patch(patch_file(BOTH.format(blackout="true"))).universes
    now = levels(level=1.0, beat=0.5, lean=0.5, height=0.25)
    assert list(sacn.slots(now)[:4]) == [255, 128, 200, 0]
    assert int.from_bytes(artnet.slots(now)[509:511], "big") == 257 * 128
    assert artnet.slots(now)[511] == 64
    assert sum(artnet.slots(now)[:509]) == 0


def test_levels_reach_both_ends():
    whole, turned, fine = (
        Channel(0, 0, 0, 255, False, ()),
        Channel(1, 0, 255, 0, False, ()),
        Channel(2, 0, 0, 255, True, ()),
    )
    universe = universe_of(whole, turned, fine)
    assert list(universe.slots(levels(beat=0.0))[:4]) == [0, 255, 0, 0]
    assert list(universe.slots(levels(beat=1.0))[:4]) == [255, 0, 255, 255]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "no [[universe]]"),
        ("universe = 1", "written as [[universe]]"),
        ("fps = 40\n[[universe]]", "unknown setting 'fps'"),
        ("rate = 45\n[[universe]]", "rate is 45; it must be a whole number from 1 to 44"),
        ("blackout_on_exit = 1\n[[universe]]", "true or false"),
        ('[[universe]]\nprotocol = "dmx"', "one of sacn, artnet"),
        ('[[universe]]\nprotocol = "artnet"', "needs a host"),
        ("[[universe]]\nuniverse = 0", "from 1 to 63999"),
        ("[[universe]]\nuniverse = true", "from 1 to 63999"),
        ("[[universe]]\n[[universe]]", "sacn universe 1 is there twice"),
        ("[[universe]]\nhost = 3", "host is 3; it must be a text"),
        ("[[universe]]\n[[universe.fixture]]", "channels must be a list"),
        ("[[universe]]\n[[universe.fixture]]\nchannels = ['blink']", "no level 'blink'"),
        ("[[universe]]\n[[universe.fixture]]\nchannels = [256]", "256 is no level"),
        (
            "[[universe]]\n[[universe.fixture]]\nchannels = [{level = 'beat', to = 300}]",
            "to is 300",
        ),
        ("[[universe]]\n[[universe.fixture]]\nchannels = [{level = ['x']}]", "no level ['x']"),
        (
            "[[universe]]\n[[universe.fixture]]\naddress = 512\nchannels = ['low', 'mid']",
            "reaches channel 513",
        ),
        (
            "[[universe]]\n[[universe.fixture]]\nname = 'a'\nchannels = ['low', 'mid']\n"
            "[[universe.fixture]]\nname = 'b'\naddress = 2\nchannels = ['low']",
            "universe 1, b: channel 2 belongs to 'a' already",
        ),
        ("[[universe]]\n[[universe.fixture]]\nchannels = ['low']\ndancers = [0]", "dancers is [0]"),
        ("[[universe", "not valid TOML"),
    ],
)
def test_mistakes_in_the_patch_are_named(patch_file, text, mistake):
    path = patch_file(text)
    with pytest.raises(ConfigError) as caught:
        load_patch(path)
    assert mistake in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_patch_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="cannot read the DMX patch"):
        load_patch(tmp_path / "none.toml")


# On the wire ----------------------------------------------------------------------------------


@pytest.fixture
def wire(monkeypatch):
    """Receivers in place of the two protocols' ports: {protocol: socket}."""
    socks = {}
    for protocol, port in (("sacn", "SACN_PORT"), ("artnet", "ARTNET_PORT")):
        sock = socks[protocol] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(10)
        monkeypatch.setattr(dmx, port, sock.getsockname()[1])
    yield socks
    for sock in socks.values():
        sock.close()


def next_with(sock, wanted):
    """The next packet that `wanted` accepts; later ones stay in the socket."""
    while True:
        packet = sock.recv(1024)
        if wanted(packet):
            return packet


def rest_of(sock):
    sock.setblocking(False)
    packets = []
    while True:
        try:
            packets.append(sock.recv(1024))
        except BlockingIOError:
            return packets


def test_both_protocols_say_what_the_cues_say(wire, patch_file):
    now = levels(level=1.0, beat=0.5, lean=0.5, height=0.25)
    patch = load_patch(patch_file(BOTH.format(blackout="true")))
    with DmxOut(patch) as out:
        out.update(now)
        sacn = next_with(wire["sacn"], lambda p: p[126] == 255)
        artnet = next_with(wire["artnet"], lambda p: p[18 + 511] == 64)
        following = [wire["sacn"].recv(1024) for _ in range(3)]
    # E1.31: the layers' signatures, priority, universe, start code, then 512 slots.
    assert len(sacn) == 638
    assert sacn[4:16] == b"ASC-E1.17\0\0\0"
    assert sacn[44:108].rstrip(b"\0") == b"PoseJockey"
    assert (sacn[108], int.from_bytes(sacn[113:115], "big"), sacn[125]) == (120, 7, 0)
    assert sacn[126:] == bytes(patch.universes[0].slots(now))
    numbers = [p[111] for p in [sacn, *following]]
    assert [(b - a) % 256 for a, b in pairwise(numbers)] == [1, 1, 1]
    # Art-Net: ArtDmx, version 14, the universe low byte first, length high byte first.
    assert artnet[:12] == b"Art-Net\0\x00\x50\x00\x0e"
    assert artnet[12] > 0
    assert artnet[14:18] == bytes([258 & 255, 258 >> 8, 2, 0])
    assert artnet[18:] == bytes(patch.universes[1].slots(now))


@pytest.mark.parametrize("blackout", [True, False])
def test_the_end_is_dark_only_if_asked_for(wire, patch_file, blackout):
    with DmxOut(load_patch(patch_file(BOTH.format(blackout=str(blackout).lower())))) as out:
        out.update(levels(level=1.0, height=1.0))
        next_with(wire["sacn"], lambda p: p[126] == 255)
        next_with(wire["artnet"], lambda p: p[18 + 511] == 255)
    sacn, artnet = rest_of(wire["sacn"]), rest_of(wire["artnet"])
    ended = [bool(p[112] & 0x40) for p in sacn]
    if blackout:
        assert ended[-3:] == [True, True, True]
        assert not any(sacn[-1][126:])
        assert len(artnet) >= 3
        assert not any(artnet[-1][18:])
    else:
        assert not any(ended)
        assert all(p[126] == 255 for p in sacn)
        assert all(p[18 + 511] == 255 for p in artnet)


def test_the_show_leaves_cues_and_goes_on(wire, patch_file):
    """What a frame says is on the wire, and the engine's side of it does no sending."""
    with DmxOut(load_patch(patch_file(BOTH.format(blackout="true")))) as out:
        feeds = Feeds([], out)
        frame = standing(level=0.5)
        feeds.send(frame, None)
        next_with(wire["sacn"], lambda p: p[126] == 128)
        assert feeds.sent == out.sent > 0
        assert feeds.errors == 0


def test_a_network_that_refuses_is_counted_and_the_thread_lives(monkeypatch, patch_file):
    failing = threading.Event()

    def refuse(self, slots):
        if self.levels_seen > 2:
            failing.set()
        self.levels_seen += 1
        raise OSError("Network is unreachable")

    monkeypatch.setattr(dmx._Sacn, "send", refuse)
    monkeypatch.setattr(dmx._Sacn, "levels_seen", 0, raising=False)
    universe = universe_of(Channel(0, 0, 0, 255, False, ()))
    with DmxOut(Patch((universe,), rate=44, blackout_on_exit=False)) as out:
        assert failing.wait(10)
    assert out.errors >= 3


def test_what_is_wrong_is_said_before_the_show(monkeypatch):
    channel = Channel(0, 0, 0, 255, False, ())
    nowhere = Universe("sacn", 1, "no host", "", 100, (channel,))
    with pytest.raises(ConfigError, match="DMX host"):
        DmxOut(Patch((nowhere,)))
    elsewhere = Universe("artnet", 1, "127.0.0.1", "192.0.2.9", 100, (channel,))
    with pytest.raises(DeviceError, match="no address of this machine"):
        DmxOut(Patch((elsewhere,)))
    monkeypatch.setitem(sys.modules, "stupidArtnet", None)
    with pytest.raises(ConfigError, match=r"e \.\[dmx\]"):
        DmxOut(Patch((universe_of(channel, protocol="artnet"),)))


def test_without_a_host_sacn_goes_to_the_universe_s_group():
    out = DmxOut(Patch((Universe("sacn", 258, "", "", 100, ()),)))
    assert out._senders[0][1]._address == ("239.255.1.2", dmx.SACN_PORT)
    out._close()
