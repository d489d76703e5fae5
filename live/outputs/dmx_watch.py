"""What arrives over sACN and Art-Net on this machine: to see what the lamps see.

Enters: packets of anybody on the lighting network. Leaves: the newest slots of each universe and
source. Reads, sends nothing. In the thread of who asks.
"""

import contextlib
import socket
import struct
from dataclasses import dataclass
from typing import Self

from live.errors import DeviceError
from live.outputs import dmx_packets as packets
from live.outputs.patch import Universe

_MOST_SOURCES = 64
_ARTNET_HEAD = b"Art-Net\0\x00\x50"


@dataclass
class Heard:
    """One source of one universe. name: the source's own, or its address. packets: how many."""

    protocol: str
    universe: int
    name: str
    priority: int
    slots: bytes
    packets: int = 1


class DmxWatch:
    """Listens for these universes; DeviceError where another program keeps the port to itself."""

    def __init__(self, universes: tuple[Universe, ...]):
        self.heard: dict[tuple[str, int, str], Heard] = {}
        self._sockets: list[socket.socket] = []
        for protocol, port in (("sacn", packets.SACN_PORT), ("artnet", packets.ARTNET_PORT)):
            mine = [u for u in universes if u.protocol == protocol]
            try:
                self._sockets += [_listening(port, mine)] if mine else []
            except OSError as error:
                self.close()
                raise DeviceError(f"cannot listen for {protocol}: {error}") from error

    def poll(self) -> None:
        """Take what has arrived; never waits."""
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                while True:
                    packet, (address, *_) = sock.recvfrom(2048)
                    self._take(packet, str(address))

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _take(self, packet: bytes, address: str) -> None:
        heard = _sacn(packet) or _artnet(packet, address)
        if heard is None:
            return
        key = (heard.protocol, heard.universe, heard.name)
        known = self.heard.get(key)
        if known:
            heard.packets = known.packets + 1
        if known or len(self.heard) < _MOST_SOURCES:
            self.heard[key] = heard


def _listening(port: int, universes: list[Universe]) -> socket.socket:
    """Beside other programs that listen, where the system lets it; in the universes' groups."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        sock.bind(("", port))
        sock.setblocking(False)
        for universe in universes:
            if universe.protocol == "sacn":
                group = socket.inet_aton(packets.multicast_group(universe.number))
                card = socket.inet_aton(universe.bind or "0.0.0.0")
                with contextlib.suppress(OSError):  # no network that carries it: unicast may come
                    membership = group + card
                    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    except OSError:
        sock.close()
        raise
    return sock


def _sacn(packet: bytes) -> Heard | None:
    if len(packet) < 127 or packet[4:16] != b"ASC-E1.17\0\0\0" or packet[125] != 0:
        return None
    name = packet[44:108].partition(b"\0")[0].decode("utf-8", "replace")
    (universe,) = struct.unpack_from(">H", packet, 113)
    return Heard("sacn", universe, name or "?", packet[108], packet[126:638])


def _artnet(packet: bytes, address: str) -> Heard | None:
    if len(packet) < 20 or not packet.startswith(_ARTNET_HEAD):
        return None
    (universe,) = struct.unpack_from("<H", packet, 14)
    return Heard("artnet", universe, address, 0, packet[18:530])
