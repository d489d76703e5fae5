"""E1.31 and ArtDmx, byte by byte after their descriptions, and beside the library `sacn`."""

import uuid

import pytest

from live.outputs.dmx_packets import artnet_packet, multicast_group, sacn_packet

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
