"""E1.31 and ArtDmx, byte by byte after their descriptions, and beside the library `sacn`."""

import uuid

import pytest

from live.outputs.dmx_packets import (
    artnet_packet,
    discovery_packets,
    multicast_group,
    sacn_packet,
)

CID = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
SLOTS = bytes(i % 251 for i in range(512))


def test_an_e131_packet_is_as_the_standard_lays_it_out():
    packet = sacn_packet(CID, "PoseJockey", 0x1234, 120, 7, SLOTS)
    assert len(packet) == 638
    fields = {  # ANSI E1.31-2018, table 4-1: first octet, octets
        "preamble": (0, "0010"), "postamble": (2, "0000"), "ACN": (4, "4153432d45312e3137000000"),
        "root length": (16, "726e"), "root vector": (18, "00000004"), "CID": (22, CID.hex),
        "framing length": (38, "7258"), "framing vector": (40, "00000002"),
        "name": (44, b"PoseJockey".hex() + 54 * "00"), "priority": (108, "78"),
        "synchronisation": (109, "0000"), "sequence": (111, "07"), "options": (112, "00"),
        "universe": (113, "1234"), "DMP length": (115, "720b"), "DMP vector": (117, "02"),
        "address type": (118, "a1"), "first address": (119, "0000"), "increment": (121, "0001"),
        "count": (123, "0201"), "start code": (125, "00"), "slots": (126, SLOTS.hex()),
    }  # fmt: skip
    for name, (at, expected) in fields.items():
        assert packet[at : at + len(expected) // 2].hex() == expected, name
    assert sacn_packet(CID, "PoseJockey", 0x1234, 120, 7, SLOTS, ends=True)[112] == 0x40


def test_a_name_that_is_too_long_ends_with_a_zero():
    packet = sacn_packet(CID, 40 * "ö", 1, 100, 0, SLOTS)
    assert packet[107] == 0
    assert packet[108] == 100


@pytest.mark.parametrize("ends", [False, True])
@pytest.mark.parametrize(("universe", "priority", "sequence"), [(1, 100, 0), (63_999, 200, 255)])
def test_it_is_what_another_library_writes(universe, priority, sequence, ends):
    data_packet = pytest.importorskip("sacn.messages.data_packet", reason="the oracle is missing")
    theirs = data_packet.DataPacket(
        tuple(CID.bytes), "PoseJockey", universe, tuple(SLOTS), priority, sequence, ends
    )
    ours = sacn_packet(CID, "PoseJockey", universe, priority, sequence, SLOTS, ends=ends)
    assert ours == bytes(theirs.getBytes())
    assert multicast_group(universe) == theirs.calculate_multicast_addr()


def test_an_artdmx_packet_is_as_the_specification_lays_it_out():
    packet = artnet_packet(0x7F12, 9, SLOTS)
    assert len(packet) == 530
    assert packet[:18].hex() == (
        "4172742d4e657400"  # Art-Net, 0
        "0050"  # OpDmx, low byte first
        "000e"  # version 14
        "09"  # sequence
        "00"  # physical
        "12" "7f"  # subnet and universe, net
        "0200"  # length, high byte first
    )  # fmt: skip
    assert packet[18:] == SLOTS


def test_universe_discovery_is_laid_out_as_e131_says():
    """Byte by byte after ANSI E1.31-2018, tables 4-3, 6-3, 8-1; then as another's packet is."""
    cid = uuid.UUID(int=5)
    (packet,) = discovery_packets(cid, "PoseJockey", [300, 7, 7])
    assert len(packet) == 124
    assert packet[:16] == b"\0\x10\0\0ASC-E1.17\0\0\0"
    assert packet[16:22] == bytes([0x70, 124 - 16, 0, 0, 0, 8])
    assert packet[22:38] == cid.bytes
    assert packet[38:44] == bytes([0x70, 124 - 38, 0, 0, 0, 2])
    assert packet[44:112] == b"PoseJockey".ljust(68, b"\0")
    assert packet[112:120] == bytes([0x70, 12, 0, 0, 0, 1, 0, 0])
    assert packet[120:] == bytes([0, 7, 1, 44])
    theirs = pytest.importorskip("sacn.messages.universe_discovery")
    other = theirs.UniverseDiscoveryPacket(tuple(cid.bytes), "PoseJockey", (7, 300))
    assert bytes(other.getBytes()) == packet


def test_many_universes_are_told_on_several_pages():
    first, second = discovery_packets(uuid.UUID(int=5), "x", range(1, 601))
    assert (first[118:120], second[118:120]) == (bytes([0, 1]), bytes([1, 1]))
    assert len(first) == 120 + 1024
    assert int.from_bytes(second[120:122]) == 513
