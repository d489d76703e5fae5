"""Packets to the receivers: UDP that never waits and never raises.

Enters: encoded packets, in the engine's thread. Leaves: one datagram a packet and target. What
cannot be sent is counted and forgotten: the next frame is due in 16 ms.
"""

import contextlib
import socket
from dataclasses import dataclass
from typing import Self

from live.errors import ConfigError

# 16 dancers to 20 targets are 0.4 MB at once, twice what Linux buffers by default.
_SEND_BUFFER_BYTES = 1 << 20


@dataclass
class UdpTarget:
    """One receiver. sent, errors: packets handed to the network, and those that were not."""

    name: str
    address: tuple  # what the socket takes
    socket: socket.socket
    sent: int = 0
    errors: int = 0


class OscOut:
    """Sends every packet to every target.

    targets: (host, port), resolved once, here; IPv4 wins where a name has both, for that is where
    receivers listen. A broadcast address works. ConfigError for a name that does not resolve.
    """

    def __init__(self, targets: list[tuple[str, int]]):
        self._sockets: dict[int, socket.socket] = {}
        self.targets: list[UdpTarget] = []
        try:
            for host, port in targets:
                self.targets.append(self._target(host, port))
        except ConfigError:
            self.close()
            raise

    @property
    def sent(self) -> int:
        return sum(target.sent for target in self.targets)

    @property
    def errors(self) -> int:
        """Packets that could not be sent since the start, over all targets."""
        return sum(target.errors for target in self.targets)

    def send(self, packets: list[bytes]) -> None:
        """Every packet to every target, in order. Never waits, never raises."""
        for target in self.targets:
            for packet in packets:
                try:
                    target.socket.sendto(packet, target.address)
                except OSError:  # unreachable, refused, buffer full, too long, closed
                    target.errors += 1
                else:
                    target.sent += 1

    def close(self) -> None:
        for sock in self._sockets.values():
            sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _target(self, host: str, port: int) -> UdpTarget:
        family, address = _resolve(host, port)
        return UdpTarget(format_target(host, port), address, self._socket(family))

    def _socket(self, family: int) -> socket.socket:
        if family not in self._sockets:
            sock = socket.socket(family, socket.SOCK_DGRAM)
            self._sockets[family] = sock
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            with contextlib.suppress(OSError):  # some systems cap it; the default will do then
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        return self._sockets[family]


def parse_target(text: str) -> tuple[str, int]:
    """'host:port' or '[IPv6]:port' to (host, port). ConfigError that names the mistake."""
    host, colon, port = text.strip().rpartition(":")
    if not colon or "]" in port:
        raise ConfigError(f"OSC target {text!r} has no port; write it as host:port")
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65_535):
        raise ConfigError(f"OSC target {text!r}: port {port!r} is not a number from 1 to 65535")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ConfigError(f"OSC target {text!r}: put an IPv6 address in brackets, [::1]:7401")
    if not host or any(c.isspace() or c in "[]/" for c in host):
        raise ConfigError(f"OSC target {text!r}: {host!r} is not a host name or address")
    return host, int(port)


def format_target(host: str, port: int) -> str:
    """The inverse of `parse_target`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _resolve(host: str, port: int) -> tuple[int, tuple]:
    name = format_target(host, port)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError, OverflowError) as error:
        raise ConfigError(
            f"OSC target {name}: the host cannot be found ({error}); give its IP address"
        ) from error
    family, *_, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    return family, address
