"""Packets from anybody: what is damaged or absurd is left out, and nothing raises."""

import math

import numpy as np

from live.body.skeleton import JOINT
from live.osc import encoding
from tests.visuals.stage import packets, stage_frame, timeline_after
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


def test_a_dancer_with_a_missing_or_absurd_joint_holds_the_last_pose():
    far = stage_frame(1)
    far.joints[0, JOINT["l_wrist"]] = 1e9
    packet = parse(encoding.FrameEncoder(1, 2).encode(far)[0])
    assert packet is not None
    assert packet.joints == {}
    assert packet.music is not None
