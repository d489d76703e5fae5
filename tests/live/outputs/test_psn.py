"""PosiStageNet: the bytes of its specification, and as a receiver nobody here wrote reads them."""

import struct

import numpy as np
import pytest

from live.body.skeleton import JOINT, REST_POSE
from live.outputs.feeds import Feeds, parse_feed
from tests.live.outputs.test_feeds import received, sent, standing, target

CHEST = REST_POSE[JOINT["chest"]]


def at(number, *places, **changes):
    """A frame with a dancer at each place (x, z)."""
    joints = np.stack([REST_POSE + np.float32([x, 0, z]) for x, z in places])
    return standing(number, len(places), joints=joints, **changes)


def moved(x, z):
    """Where a dancer's chest is who stands there."""
    return CHEST + np.float64([x, 0, z])


def chunks(data):
    """[(identifier, has chunks inside, bytes)] of a packet's inside."""
    found = []
    while data:
        identifier, field = struct.unpack_from("<HH", data)
        size = field & 0x7FFF
        found.append((identifier, bool(field >> 15), data[4 : 4 + size]))
        data = data[4 + size :]
    return found


def test_the_bytes_are_those_of_the_specification(receiver):
    frame = at(90, (1.0, 2.0), (-1.5, 0.5))  # 1.5 s
    data, info = sent(receiver, [frame], "/psn")[0]
    ((packet, nested, inside),) = chunks(data)
    assert (packet, nested, len(data)) == (0x6755, True, len(inside) + 4)
    (head, trackers) = chunks(inside)
    assert head == (0, False, struct.pack("<QBBBB", 1_500_000, 2, 3, 1, 1))
    assert trackers[:2] == (1, True)
    first, second = chunks(trackers[2])
    assert (first[:2], second[:2]) == ((1, True), (2, True))
    said = {identifier: value for identifier, nested, value in chunks(first[2]) if not nested}
    assert list(said) == [0, 1, 2, 3, 6]
    place = struct.unpack("<fff", said[0])
    np.testing.assert_allclose(place, moved(1, 2), atol=1e-6)  # metres, y up, z to the front
    assert struct.unpack("<f", said[3]) == (1.0,)
    assert struct.unpack("<Q", said[6]) == (1_500_000,)
    ((packet, _, inside),) = chunks(info)
    assert packet == 0x6756
    head, system, names = chunks(inside)
    assert system == (1, False, b"PoseJockey")
    assert [chunks(t)[0] for _, _, t in chunks(names[2])] == [
        (0, False, b"Dancer 1"), (0, False, b"Dancer 2"),
    ]  # fmt: skip


def test_pypsn_reads_where_the_dancers_are_and_how_fast(receiver):
    pypsn = pytest.importorskip("pypsn")
    frames = [at(n, (n / 60, 0.0), (0.0, -n / 30)) for n in range(120)]
    packets = [pypsn.parse_psn_packet(p) for each in sent(receiver, frames, "/psn") for p in each]
    data = [p for p in packets if isinstance(p, pypsn.psn_data_packet)]
    info = [p for p in packets if isinstance(p, pypsn.psn_info_packet)]
    assert (len(data), len(info)) == (120, 2)  # names once a second
    assert [t.tracker_name for t in info[0].trackers] == [b"Dancer 1", b"Dancer 2"]
    for n, packet in enumerate(data):
        one, two = packet.trackers
        np.testing.assert_allclose(tuple(one.pos), moved(n / 60, 0), atol=1e-5)
        np.testing.assert_allclose(tuple(two.pos), moved(0, -n / 30), atol=1e-5)
        if n:
            np.testing.assert_allclose(tuple(one.speed), [1, 0, 0], atol=1e-3)
            np.testing.assert_allclose(tuple(two.speed), [0, 0, -2], atol=1e-3)
        assert one.status == two.status == 1.0
    assert [p.info.frame_id for p in data[:3]] == [1, 2, 3]


def test_sixteen_dancers_fit_a_packet_and_one_who_leaves_is_no_longer_valid(receiver):
    pypsn = pytest.importorskip("pypsn")
    many = [(d / 4, 0.0) for d in range(16)]
    with Feeds([parse_feed(target(receiver, "/psn"))]) as feeds:
        feeds.send(at(0, *many), None)
        feeds.send(at(1, *many[:2]), None)
        feeds.send(at(2, *many[:2]), None)
        packets = received(receiver)
    assert max(map(len, packets)) <= 1500
    last = received(receiver)
    data = [pypsn.parse_psn_packet(p) for p in packets if p[:2] == b"\x55\x67"]
    assert [len(p.trackers) for p in data] == [16, 16, 2]
    assert [t.status for t in data[1].trackers] == [1.0] * 2 + [0.0] * 14
    goodbye = pypsn.parse_psn_packet(last[-1])
    assert [(t.id, t.status) for t in goodbye.trackers] == [(1, 0.0), (2, 0.0)]


def test_some_dancers_alone(receiver):
    pypsn = pytest.importorskip("pypsn")
    (packets,) = sent(receiver, [at(0, (0, 0), (1, 0), (2, 0))], "/psn/dancers=2-3/rate=30")
    assert [t.id for t in pypsn.parse_psn_packet(packets[0]).trackers] == [2, 3]
