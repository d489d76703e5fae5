"""sACN and Art-Net: the packets on the wire, the thread that sends them, the end."""

import socket
from dataclasses import replace
from itertools import pairwise
from time import sleep

import pytest

from live.errors import ConfigError, DeviceError
from live.monotonic import monotonic_s, wait_until
from live.outputs import dmx, dmx_packets
from live.outputs.board import Board
from live.outputs.dmx import DmxOut
from live.outputs.feeds import Feeds
from live.outputs.fixture import Channel, Fixture
from live.outputs.patch import Patch, Universe, load_patch
from live.outputs.signals import Signal
from tests.helpers.patches import BOTH, levels
from tests.live.outputs.test_feeds import standing


@pytest.fixture
def wire(monkeypatch):
    """Receivers in place of the two protocols' ports: {protocol: socket}."""
    socks = {}
    for protocol, port in (("sacn", "SACN_PORT"), ("artnet", "ARTNET_PORT")):
        sock = socks[protocol] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(10)
        monkeypatch.setattr(dmx_packets, port, sock.getsockname()[1])
    yield socks
    for sock in socks.values():
        sock.close()


def slots_of(universe, now):
    return Board(universe, 30).step(now, 0.0)


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


def test_both_protocols_say_what_the_levels_say(wire, patch_file):
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
    assert sacn[126:] == slots_of(patch.universes[0], now)
    numbers = [p[111] for p in [sacn, *following]]
    assert [(b - a) % 256 for a, b in pairwise(numbers)] == [1, 1, 1]
    # Art-Net: ArtDmx, version 14, the universe low byte first, length high byte first.
    assert artnet[:12] == b"Art-Net\0\x00\x50\x00\x0e"
    assert artnet[12] > 0
    assert artnet[14:18] == bytes([258 & 255, 258 >> 8, 2, 0])
    assert artnet[18:] == slots_of(patch.universes[1], now)


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
        assert artnet[-1][18 + 511] == 255  # the height, a place, stays
        assert not any(artnet[-1][18 : 18 + 509])
    else:
        assert not any(ended)
        assert all(p[126] == 255 for p in sacn)
        assert all(p[18 + 511] == 255 for p in artnet)


LAMP = """
{flashes}
[[universe]]
host = "127.0.0.1"
[[universe.fixture]]
channels = ["level", {{ level = "level", from = 255, to = 0 }}, {{ level = "lean", fine = true }},
            {{ level = "arms", rest = 40 }}, 200, {{ value = 30, rest = "hold" }}, "state"]
dancers = [2]
"""


def test_dark_is_dark_for_every_channel_and_nothing_swings_about(wire, patch_file):
    """Before the first frame, in a blackout, without its dancer and at the end."""
    sock, dancing = wire["sacn"], levels(level=1.0, lean=0.75, arms=1.0)
    pan = round(257 * 255 * 0.75)
    with DmxOut(load_patch(patch_file(LAMP.format(flashes="")))) as out:
        first = sock.recv(1024)[126:]
        assert list(first[:2]) == [0, 0]
        assert int.from_bytes(first[2:4], "big") == round(257 * 127.5)
        assert list(first[4:7]) == [40, 200, 30]
        out.update(dancing)
        seen = next_with(sock, lambda p: p[126] == 255)[126:]
        assert list(seen[:7]) == [255, 0, *pan.to_bytes(2, "big"), 255, 200, 30]
        out.update(replace(dancing, body=dancing.body[:1]))  # the second one has left
        alone = next_with(sock, lambda p: p[130] == 40)[126:]
        assert list(alone[:5]) == [255, 0, *pan.to_bytes(2, "big"), 40]
        out.update(dancing)
        next_with(sock, lambda p: p[130] == 255)
        out.update(replace(dancing, dark=True, state=1.0))
        dark = next_with(sock, lambda p: p[126] == 0)[126:]
        assert list(dark[:8]) == [0, 0, *pan.to_bytes(2, "big"), 40, 200, 30, 0]
    last = rest_of(sock)[-1][126:]
    assert list(last[:7]) == [0, 0, *pan.to_bytes(2, "big"), 40, 0, 30]
    assert not any(last[7:])


def test_the_show_leaves_levels_and_goes_on(wire, patch_file):
    """What a frame says is on the wire, and the engine's side of it does no sending."""
    with DmxOut(load_patch(patch_file(BOTH.format(blackout="true")))) as out:
        feeds = Feeds([], out)
        frame = standing(level=0.5)
        feeds.send(frame, None)
        next_with(wire["sacn"], lambda p: p[126] == 128)
        assert feeds.sent == out.sent > 0
        assert feeds.errors == 0


@pytest.mark.parametrize("error", [OSError("Network is unreachable"), ValueError("odd")])
def test_a_universe_that_fails_is_counted_and_the_others_live(
    monkeypatch, wire, patch_file, caplog, error
):
    def fail(self, ends):
        raise error

    monkeypatch.setattr(dmx._Sacn, "_packet", fail)  # the first of the two
    with DmxOut(load_patch(patch_file(BOTH.format(blackout="true")))) as out:
        out.update(levels(height=1.0))
        next_with(wire["artnet"], lambda p: p[18 + 511] == 255)
        wait_until_true(lambda: out.failures >= 3)
        feeds = Feeds([], out)
        assert feeds.errors == out.errors >= 3
    assert len([r for r in caplog.records if "cannot be made" in r.message]) == 1


@pytest.mark.parametrize("error", [MemoryError, SystemExit, RuntimeError])
def test_a_thread_that_dies_is_counted_and_begins_again(monkeypatch, wire, patch_file, error):
    died = iter([True])

    def die(*args):
        if next(died, False):
            raise error("whatever")
        return wait_until(*args)

    monkeypatch.setattr(dmx, "wait_until", die)
    with DmxOut(load_patch(patch_file(BOTH.format(blackout="false")))) as out:
        out.update(levels(level=1.0))
        next_with(wire["sacn"], lambda p: p[126] == 255)
        assert out.failures == 1


def test_a_node_that_cannot_be_reached_is_named(monkeypatch, patch_file, caplog):
    """A closed port of this machine stands for a node that is off: both are told by ICMP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        monkeypatch.setattr(dmx_packets, "ARTNET_PORT", sock.getsockname()[1])
    with DmxOut(load_patch(patch_file(BOTH.format(blackout="false")))) as out:
        feeds = Feeds([], out)
        wait_until_true(lambda: feeds.targets[1].errors >= 2)
        assert feeds.targets[1].name == "Art-Net 258 to 127.0.0.1"
    told = [r.getMessage() for r in caplog.records if "Art-Net 258" in r.getMessage()]
    assert len(told) == 1
    assert "cannot be reached" in told[0]


def test_what_is_wrong_is_said_before_the_show():
    lamp = Fixture("lamp", (Channel((0,), Signal("beat"), 0, 255),))
    nowhere = Universe("sacn", 1, "no host", "", 100, (lamp,))
    with pytest.raises(ConfigError, match="DMX host"):
        DmxOut(Patch((nowhere,)))
    elsewhere = Universe("artnet", 1, "127.0.0.1", "192.0.2.9", 100, (lamp,))
    with pytest.raises(DeviceError, match="no address of this machine"):
        DmxOut(Patch((elsewhere,)))
    new = Universe("artnet", 1, "::1", "", 100, (lamp,))
    with pytest.raises(ConfigError, match="IPv4 address, or use sacn"):
        DmxOut(Patch((new,)))


def test_without_a_host_sacn_goes_to_the_universe_s_group():
    out = DmxOut(Patch((Universe("sacn", 258, "", "", 100, ()),)))
    assert out.targets[0].address == ("239.255.1.2", dmx_packets.SACN_PORT)
    out.close()


def test_two_shows_at_once_are_two_sources_and_each_lasts(wire, patch_file):
    """E1.31: a CID is one source's, the same at every start."""

    def cid():
        return next_with(wire["sacn"], lambda p: p[126] == 255)[22:38]

    patch = load_patch(patch_file(BOTH.format(blackout="false")))
    cids = []
    for _ in range(2):
        with DmxOut(patch) as first:
            first.update(levels(level=1.0))
            cids.append(cid())
            with DmxOut(patch) as second:
                rest_of(wire["sacn"])
                wire["sacn"].settimeout(10)
                second.update(levels(level=1.0, beat=0.0))
                seen = {cid() for _ in range(12)}
        rest_of(wire["sacn"])
        wire["sacn"].settimeout(10)
        assert len(seen) == 2
        assert cids[0] in seen
    assert cids[0] == cids[1]


def wait_until_true(condition):
    deadline = monotonic_s() + 10
    while not condition():
        assert monotonic_s() < deadline
        sleep(0.01)
