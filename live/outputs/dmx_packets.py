"""The packets that carry DMX over a network: E1.31 (sACN) data and discovery, Art-Net's ArtDmx.

Enters: a universe's 512 slots. Leaves: bytes. Pure functions. After ANSI E1.31-2018, tables 4-1,
5-1, 6-1 and 7-1, and the Art-Net 4 specification, ArtDmx.
"""

import struct
import uuid
from collections.abc import Sequence

SLOTS = 512
SACN_PORT, ARTNET_PORT = 5568, 6454
_ROOT_VECTOR, _FRAMING_VECTOR, _DMP_VECTOR = 0x00000004, 0x00000002, 0x02
_TERMINATED = 0x40  # option: the stream ends
_EXTENDED_VECTOR, _DISCOVERY_FRAMING_VECTOR, _DISCOVERY_VECTOR = 8, 2, 1
DISCOVERY_GROUP = "239.255.250.214"
DISCOVERY_EVERY_S = 10.0  # E131_UNIVERSE_DISCOVERY_INTERVAL
_NAME_BYTES = 64

# Sizes, then E1.17's identifier; root layer: length, vector, CID; framing layer: length, vector,
# name, priority, synchronisation address, sequence, options, universe; DMP layer: length, vector,
# address and data type, first address, increment, count of values, start code.
_SACN = struct.Struct(f">HH12s HI16s HI{_NAME_BYTES}sBHBBH HBBHHHB")
# The same root layer; framing: length, vector, name, reserved; list: length, vector, page, last.
_DISCOVERY = struct.Struct(f">HH12s HI16s HI{_NAME_BYTES}sI HIBB")
_ARTNET = struct.Struct("<8sH2sBBH2s")


def sacn_packet(
    cid: uuid.UUID, name: str, universe: int, priority: int, sequence: int, slots: bytes,
    *, ends: bool = False,
) -> bytes:  # fmt: skip
    """An E1.31 data packet, 638 bytes. sequence: 0 to 255. ends: the stream is over."""
    size = _SACN.size + SLOTS
    header = _SACN.pack(
        0x0010, 0x0000, b"ASC-E1.17",
        _length(size - 16), _ROOT_VECTOR, cid.bytes,
        _length(size - 38), _FRAMING_VECTOR, name.encode()[: _NAME_BYTES - 1],
        priority, 0, sequence, _TERMINATED if ends else 0, universe,
        _length(size - 115), _DMP_VECTOR, 0xA1, 0x0000, 0x0001, 1 + SLOTS, 0x00,
    )  # fmt: skip
    return header + slots


def discovery_packets(cid: uuid.UUID, name: str, universes: Sequence[int]) -> list[bytes]:
    """E1.31's universe discovery, tables 4-3, 6-3 and 8-1: which universes this source sends."""
    numbers = sorted(set(universes))
    pages = [numbers[at : at + SLOTS] for at in range(0, len(numbers), SLOTS)] or [[]]
    packets = []
    for page, listed in enumerate(pages):
        size = _DISCOVERY.size + 2 * len(listed)
        header = _DISCOVERY.pack(
            0x0010, 0x0000, b"ASC-E1.17",
            _length(size - 16), _EXTENDED_VECTOR, cid.bytes,
            _length(size - 38), _DISCOVERY_FRAMING_VECTOR, name.encode()[: _NAME_BYTES - 1], 0,
            _length(size - 112), _DISCOVERY_VECTOR, page, len(pages) - 1,
        )  # fmt: skip
        packets.append(header + struct.pack(f">{len(listed)}H", *listed))
    return packets


def artnet_packet(universe: int, sequence: int, slots: bytes) -> bytes:
    """An ArtDmx packet, 530 bytes. universe: net, subnet and universe as one number of 15 bits.
    sequence: 1 to 255; 0 would mean that packets are not counted."""
    return (
        _ARTNET.pack(b"Art-Net", 0x5000, b"\0\x0e", sequence, 0, universe, SLOTS.to_bytes(2))
        + slots
    )


def multicast_group(universe: int) -> str:
    """Where E1.31 has a universe go when it is addressed to nobody."""
    return f"239.255.{universe >> 8}.{universe & 255}"


def _length(size: int) -> int:
    """Flags of 0x7 and a length of 12 bits: from here to the packet's end."""
    return 0x7000 | size
