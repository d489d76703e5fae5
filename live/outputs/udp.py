"""Packets to the receivers: UDP that never waits and never raises.

Enters: encoded packets, in the engine's thread. Leaves: one datagram a packet and target. What
cannot be sent is counted and forgotten: the next frame is due in 16 ms.
"""

import contextlib
import ipaddress
import logging
import math
import socket
from typing import Self

from live.errors import ConfigError
from live.monotonic import monotonic_s

log = logging.getLogger(__name__)

# 16 dancers to 20 targets are 0.4 MB at once, twice what Linux buffers by default.
_SEND_BUFFER_BYTES = 1 << 20
_QUIET_S = 10.0  # a failure is told of again only after so long without one
_CONNECT_EVERY_S = 1.0


class UdpTarget:
    """One receiver. sent, errors: packets handed to the network, and those that were not.

    connected: the socket is its own. Only of such a one does a system tell that nobody is there:
    the machine is off, or the port is closed.
    """

    def __init__(self, name: str, address: tuple, sock: socket.socket, connected: bool = False):
        self.name = name
        self.socket = sock
        self.sent = self.errors = 0
        self.address = address
        self._connected = connected
        self._failed_s = self._tried_s = -math.inf
        if connected:
            self._connect()

    def send(self, packet: bytes) -> None:
        """Never waits, never raises."""
        try:
            if self._connected:
                self.socket.send(packet)
            else:
                self.socket.sendto(packet, self.address)
        except OSError as error:  # unreachable, refused, buffer full, too long, closed
            self._note(error)
        else:
            self.sent += 1

    def _note(self, error: OSError) -> None:
        self.errors += 1
        now_s = monotonic_s()
        if now_s - self._failed_s > _QUIET_S:
            log.warning("%s cannot be reached: %s", self.name, error.strerror or error)
        self._failed_s = now_s
        if self._connected and now_s - self._tried_s > _CONNECT_EVERY_S:
            self._connect()

    def _connect(self) -> None:
        """Once more after a failure: the card or its address may be another one by now."""
        self._tried_s = monotonic_s()
        with contextlib.suppress(OSError):  # then every packet says so
            self.socket.connect(self.address)


class OscOut:
    """Sends every packet to every target.

    targets: (host, port), resolved once, here, so that a name that vanishes later does no harm;
    IPv4 wins where a name has both, for that is where receivers listen. A broadcast address works.
    A closed port counts as an error only on other machines, unless `tells_closed`: on this one the
    receiver may not have been started yet. ConfigError for a name that does not resolve.
    """

    def __init__(self, targets: list[tuple[str, int]], *, tells_closed: bool = False):
        self._tells_closed = tells_closed
        self._sockets: list[socket.socket] = []
        self._shared: dict[int, socket.socket] = {}
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
                target.send(packet)

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _target(self, host: str, port: int) -> UdpTarget:
        name = format_target(host, port)
        family, address = resolve(host, port, f"OSC target {name}: the host")
        if self._tells_closed or not _is_loopback(address[0]):
            return UdpTarget(name, address, self._socket(family), connected=True)
        if family not in self._shared:
            self._shared[family] = self._socket(family)
        return UdpTarget(name, address, self._shared[family])

    def _socket(self, family: int) -> socket.socket:
        sock = socket.socket(family, socket.SOCK_DGRAM)
        self._sockets.append(sock)
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        with contextlib.suppress(OSError):  # some systems cap it; the default will do then
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        return sock


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


def resolve(host: str, port: int, what: str) -> tuple[int, tuple]:
    """(family, address) to send to, IPv4 where there is a choice. ConfigError that begins with
    `what`, what the host is to the user, where it cannot be found."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, ValueError, OverflowError) as error:  # ValueError: no name that could be
        raise ConfigError(f"{what} cannot be found ({error}); give its IP address") from error
    family, *_, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    return family, address


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(host.partition("%")[0]).is_loopback
