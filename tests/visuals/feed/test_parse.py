"""Packets from anybody: what is damaged or absurd is left out, and nothing raises."""

import math
import socket
import struct

import numpy as np
import pytest

from live.body.skeleton import JOINT
from live.osc import encoding
from tests.visuals.stage import FPS, SIZE, packets, pixels, stage_frame, timeline_after, wait_until
from visuals.draw.remote import PlayedPicture
from visuals.draw.settings import PictureSettings
from visuals.draw.surfaces import black
from visuals.feed.feed import Feed
from visuals.feed.parse import parse
from visuals.feed.timeline import Timeline


def test_garbage_is_counted_and_ignored():
    timeline = timeline_after(range(30))
    before = timeline.view(0.5).joints
    rng = np.random.default_rng(5)
    good = packets(31)[0]
    nan_joint = encoding.encode_message("/pj/1/head", "fff", (math.nan, 0.0, 0.0))
    garbage = [
        b"",
        b"#bundle\0",
        b"\xff" * 900,
        good[:-7],
        nan_joint,
        encoding.encode_message("/pj/1/head", "sss", ("a", "b", "c")),
        encoding.encode_message("/pj/99/head", "fff", (0.0, 0.0, 0.0)),
        encoding.encode_message("/pj/health", "fffiifi", (60.0, 1.0, 2.0, 0, 0, 60.0, 77)),
        encoding.encode_message("/somebody/else", "f", (1.0,)),
        *(rng.bytes(size) for size in rng.integers(1, 1500, 200)),
    ]
    for datagram in garbage:
        timeline.receive(datagram, 0.5)
    assert timeline.malformed == len(garbage)
    np.testing.assert_array_equal(timeline.view(0.5).joints, before)


def test_damaged_bundles_never_raise():
    rng = np.random.default_rng(6)
    good = np.frombuffer(packets(0)[0], np.uint8)
    timeline = Timeline()
    for _ in range(300):
        damaged = good.copy()
        places = rng.integers(0, len(good), 8)
        damaged[places] = rng.integers(0, 256, 8)
        timeline.receive(damaged.tobytes(), 0.0)
        assert np.isfinite(timeline.view(0.01).joints).all()


@pytest.mark.parametrize("x_m", [1e9, math.nan, 150.0, 7.0])
def test_a_dancer_with_a_missing_or_absurd_joint_holds_the_last_pose(x_m):
    far = stage_frame(1)
    far.joints[0, JOINT["l_wrist"], 0] = 123.25  # our encoder would refuse NaN
    (sent, *_) = encoding.FrameEncoder(1, 2).encode(far)
    packet = parse(sent.replace(struct.pack(">f", 123.25), struct.pack(">f", x_m)))
    assert packet is not None
    assert packet.joints == {}
    assert packet.music is not None


def nested(depth: int) -> bytes:
    packet = encoding.encode_message("/pj/level", "f", (1.0,))
    for _ in range(depth):
        packet = b"#bundle\0" + bytes(7) + b"\1" + struct.pack(">i", len(packet)) + packet
    return packet


HUGE, FAR = 2**63 - 1, 3e38


@pytest.mark.parametrize(
    "packet",
    [
        nested(60), nested(900), nested(3000),
        encoding.encode_message("/pj/styles", "sss", ("auto", "a\nb\tc", "x")),
        encoding.encode_message("/pj/styles", "sss", ("auto", "\u202ea", "x" * 60_000)),
        encoding.encode_message("/pj/styles", "s" * 3000, [f"n{k}" for k in range(3000)]),
        encoding.encode_message("/pj/style", "f" * 9000, [1.0] * 9000),
        encoding.encode_message("/pj/frame", "hh", (HUGE, HUGE)),
        encoding.encode_message("/pj/frame", "ii", (-1, -(2**31))),
        encoding.encode_message("/pj/beat", "dddd", (1e308, -1e308, 5e-324, 1e308)),
        encoding.encode_message("/pj/health", "fffhhfh", (FAR, FAR, FAR, HUGE, -HUGE, FAR, HUGE)),
        encoding.encode_message("/pj/1/head", "hhh", (HUGE, HUGE, HUGE)),
        encoding.encode_message("/pj/1000000000/head", "fff", (0.0, 0.0, 0.0)),
        encoding.encode_message("/pj/visuals/cast", "f", (math.inf,)),
        encoding.encode_message("/pj/visuals/canon", "f", (math.nan,)),
    ],
)  # fmt: skip
def test_absurd_packets_leave_a_picture_that_can_be_drawn(packet):
    timeline, picture = Timeline(), PlayedPicture(PictureSettings(lineup="wedge", canon=0.5))
    for k in range(12):
        for good in packets(k):
            timeline.receive(good, k / FPS)
        timeline.receive(packet, k / FPS)
    for control in timeline.take_controls():
        picture.play(*control)
    view = timeline.view(12 / FPS)
    assert np.isfinite(view.joints).all()
    assert all(len(name) <= 64 for name in view.styles)
    canvas = black(SIZE)
    picture.renderer.draw(canvas, picture.ensemble.arrange(view, 1 / FPS), 1 / FPS)
    assert pixels(canvas).max() > 100


def test_a_parser_that_fails_does_not_end_the_feed(monkeypatch):
    with Feed(port=0) as feed, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        receive = feed._timeline.receive

        def fails_once(*arguments):
            monkeypatch.setattr(feed._timeline, "receive", receive)
            raise ZeroDivisionError

        monkeypatch.setattr(feed._timeline, "receive", fails_once)
        for datagram in (b"anything", *packets(0)):
            sender.sendto(datagram, ("127.0.0.1", feed.port))
        wait_until(lambda: feed.received == 1)
        assert feed.malformed == 1
