"""Bundles read by the places of their numbers say what python-osc finds in them."""

import math
import struct

import numpy as np
import pytest

from live.body.skeleton import REST_POSE
from live.osc import encoding
from live.osc.encoding import FrameEncoder, HealthReport, StageFrame
from visuals.feed import layout
from visuals.feed.layout import BundleReader
from visuals.feed.parse import parse

HEALTH = HealthReport(60.0, 1.0, 2.0, 0, 0, 60.0, "dancing")


def bundles(number, dancers=3, health=None):
    rng = np.random.default_rng(number)
    joints = np.stack([REST_POSE + rng.normal(0, 0.1, 3) for _ in range(dancers)])
    style = np.full(4, 0.25, np.float32)
    frame = StageFrame(
        number, number * 400, joints.astype(np.float32), np.zeros(dancers, np.float32),
        (0.1, 0.2, 120.0, 0.9), rng.random(3).astype(np.float32), 0.5, style,
        (2, -1, 4, 8.0, 0.1), (0.5, 16),
    )  # fmt: skip
    return FrameEncoder(dancers, 4).encode(frame, health)


def assert_same(found, wanted):
    assert (found is None) == (wanted is None)
    if wanted is None:
        return
    assert (found.sample, found.health) == (wanted.sample, wanted.health)
    assert found.joints.keys() == wanted.joints.keys()
    for dancer, joints in wanted.joints.items():
        np.testing.assert_array_equal(found.joints[dancer], joints)
    assert repr(found.music) == repr(wanted.music)


@pytest.fixture
def reader(monkeypatch):
    """One that knows the bundles of three dancers, and counts what it has to parse."""
    made = BundleReader()
    for bundle in bundles(0) + bundles(0, health=HEALTH):
        made.read(bundle)
    parsed = []
    monkeypatch.setattr(layout, "parse", lambda packet: parsed.append(packet) or parse(packet))
    return made, parsed


def test_known_bundles_are_read_as_they_would_be_parsed(reader):
    read, parsed = reader
    for number in range(1, 20):
        for bundle in bundles(number, health=HEALTH if number % 3 == 0 else None):
            assert_same(read.read(bundle), parse(bundle))
    assert not parsed


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e30, 77.0])
def test_absurd_numbers_are_left_out_as_by_the_parser(reader, value):
    read, _ = reader
    bundle = bundles(5)[0]
    for at in range(16, len(bundle) - 4, 20):
        damaged = bundle[:at] + struct.pack(">f", value) + bundle[at + 4 :]
        assert_same(read.read(damaged), parse(damaged))


def test_what_looks_different_is_parsed(reader):
    read, parsed = reader
    others = [
        *bundles(1, dancers=5)[3:],
        encoding.encode_message("/pj/styles", "ss", ("auto", "salsa")),
        bundles(1)[0][:-4],
        b"",
        b"\xff" * len(bundles(1)[0]),
    ]
    for other in others:
        assert_same(read.read(other), parse(other))
    assert len(parsed) == len(others)


def test_many_shapes_cost_bounded_memory(reader, monkeypatch):
    monkeypatch.setattr(layout, "_MOST_LAYOUTS", 6)  # four are known
    read, parsed = reader
    more = [encoding.encode_message("/other", "f" * k, [0.0] * k) for k in range(1, 5)]
    shapes = [bundles(1)[0] + struct.pack(">i", len(m)) + m for m in more]
    for shape in 2 * shapes:
        read.read(shape)
    assert len(parsed) == 2 + 2 * 2
