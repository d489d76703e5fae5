"""Bundles taken apart, and messages put into bundles, for receivers that want it the other way.

Enters: packets as they were encoded here. Leaves: packets with the same messages in the same order.
Pure functions.
"""

from collections.abc import Iterable, Iterator

from live.osc.schema import MAX_BUNDLE_BYTES

_HEAD = b"#bundle\0" + (1).to_bytes(8)  # stamped "immediately"


def split(packets: Iterable[bytes]) -> list[bytes]:
    """Every message a packet of its own."""
    return [message for packet in packets for message in _messages(packet)]


def join(packets: Iterable[bytes]) -> list[bytes]:
    """As few bundles as their size allows; a message that fills more than one goes as it is."""
    joined: list[bytes] = []
    size = MAX_BUNDLE_BYTES  # of the last one: as good as full
    for message in split(packets):
        element = len(message).to_bytes(4) + message
        if len(_HEAD) + len(element) > MAX_BUNDLE_BYTES:
            joined.append(message)
            size = MAX_BUNDLE_BYTES
        elif size + len(element) > MAX_BUNDLE_BYTES:
            joined.append(_HEAD + element)
            size = len(joined[-1])
        else:
            joined[-1] += element
            size = len(joined[-1])
    return joined


def _messages(packet: bytes) -> Iterator[bytes]:
    if not packet.startswith(b"#bundle\0"):
        yield packet
        return
    at = 16  # after the time tag
    while at < len(packet):
        end = at + 4 + int.from_bytes(packet[at : at + 4])
        yield packet[at + 4 : end]
        at = end
