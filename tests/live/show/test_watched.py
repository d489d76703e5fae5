"""A show that is watched: the stream, what is in force, and what may be called by name."""

import contextlib
import socket

from live.control.scenes import Scene
from live.control.watchers import Watchers
from live.osc import encoding
from live.osc.schema import CONTROLS, MAX_BUNDLE_BYTES
from live.show.watched import Watched


def told(packets):
    return [message for packet in packets for message in encoding.decode(packet)]


def in_force(packets):
    acks = [arguments for address, arguments in told(packets) if address == "/pj/ack"]
    return {name: text or number for name, _, number, text in acks}


def received(sock):
    """All that has arrived; on loopback it is there when it was sent."""
    sock.setblocking(False)
    packets = []
    with contextlib.suppress(BlockingIOError):
        while True:
            packets.append(sock.recv(2048))
    return packets


class Desk:
    """Watched controls whose values a test sets."""

    def __init__(self, values=None, names=None):
        self.values, self.packets = values or {}, []
        watchers = Watchers(lambda _, packet: self.packets.append(packet), lambda: 0.0)
        watchers.ask(("here", 1), True)
        self.watched = Watched(watchers, self.values.get, lambda name: (names or {}).get(name, ()))

    def hear(self, now):
        self.packets.clear()
        self.watched.tell(now)
        return in_force(self.packets)


def test_a_newcomer_hears_where_everything_stands_and_then_once_a_second():
    desk = Desk({"energy": 0.5, "style": "salsa", "tap": None})
    assert desk.hear(0.0) == {"energy": 0.5, "style": "salsa"}
    desk.values["energy"] = -1.0
    assert desk.hear(0.5) == {}
    assert desk.hear(1.0) == {"energy": -1.0, "style": "salsa"}


def test_names_that_may_be_called():
    desk = Desk(names={"cue": ("intro", "drop")})
    desk.hear(0.0)
    names = [arguments for address, arguments in told(desk.packets) if address == "/pj/names"]
    assert names == [["cue", "intro", "drop"], ["phrase"]]


def test_no_packet_is_too_long_whatever_is_asked_for():
    desk = Desk({name: "street=2," * 28 for name in CONTROLS}, {"cue": ["a long name" * 5] * 99})
    assert desk.hear(0.0).keys() == set(CONTROLS)
    assert max(map(len, desk.packets)) <= MAX_BUNDLE_BYTES


def test_the_picture_is_known_as_soon_as_somebody_has_named_it():
    desk = Desk()
    assert desk.watched.note_picture("look", "next") is None  # from what, only the window knows
    assert desk.watched.note_picture("look", "chalk") == "chalk"
    assert desk.watched.note_picture("look", "next") == "ribbons"
    assert desk.watched.note_picture("palette", 2.0) == "safe"
    assert desk.watched.note_picture("dark", None) == 1.0
    assert desk.watched.note_picture("dark", None) == 0.0
    assert desk.hear(0.0) == {"look": "ribbons", "palette": "safe", "dark": 0.0}
    desk.watched.reset_picture()
    assert desk.hear(1.0) == {}


def test_a_show_that_is_watched_sends_poses_answers_and_values(stage, music):
    s = stage(music(2.0))
    s.show.engine.steering.scenes.scenes = (Scene("drop", {}),)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as page:
        page.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)

        def say(name, types, value):
            packet = encoding.encode_message(f"/pj/control/{name}", types, (value,))
            page.sendto(packet, ("127.0.0.1", s.control.port))
            s.heed()

        s.at(0.2, lambda: say("watch", "i", 1))
        s.at(0.4, lambda: say("energy", "f", 1.5))
        s.at(1.7, lambda: say("watch", "i", 0))
        s.run(2.0)
        packets = received(page)
    assert len(packets) > 60
    assert in_force(packets)["energy"] == 1.5
    addresses = {address for address, _ in told(packets)}
    assert {"/pj/1/head", "/pj/beat", "/pj/styles", "/pj/names"} <= addresses
    assert ["cue", "drop"] in [a for address, a in told(packets) if address == "/pj/names"]
