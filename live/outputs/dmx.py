"""DMX over the network: sACN (E1.31) and Art-Net, straight to the fixtures, without a desk.

Enters: the newest levels, left by the engine's thread, which never waits for this one. Leaves: the
patch's universes at its rate, from a thread of its own. The packets are built by the libraries
`sacn` and `stupidArtnet`; what cannot be sent is counted.
"""

import importlib
import logging
import socket
import threading
from typing import Any, Protocol, Self

from live.errors import ConfigError, DeviceError
from live.monotonic import monotonic_s, wait_until
from live.outputs.levels import Levels
from live.outputs.patch import CHANNELS, Patch, Universe

log = logging.getLogger(__name__)

SACN_PORT, ARTNET_PORT = 5568, 6454
_SOURCE = "PoseJockey"
_LAST_WORDS = 3  # E1.31 wants the end of a stream said three times; a blackout as well
_TTL = 8


class _Sender(Protocol):
    def send(self, slots: bytes) -> None: ...

    def say_goodbye(self) -> None: ...

    def close(self) -> None: ...


class DmxOut:
    """Owns the thread and the sockets. Enter it to start, leave it to stop.

    ConfigError where a library is missing or a host cannot be found, DeviceError where `bind` is
    no address of this machine.
    """

    def __init__(self, patch: Patch):
        self._patch = patch
        self._levels = Levels()
        self._senders: list[tuple[Universe, _Sender]] = []
        try:
            for universe in patch.universes:
                self._senders.append((universe, _MAKERS[universe.protocol](universe)))
        except BaseException:
            self._close()
            raise
        self.sent = 0
        self.errors = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dmx", daemon=True)

    def update(self, levels: Levels) -> None:
        """From the next packet on these count. Never waits."""
        self._levels = levels

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self._thread.join()
        if self._patch.blackout_on_exit:
            for _ in range(_LAST_WORDS):
                for _, sender in self._senders:
                    self._try(sender.send, bytes(CHANNELS))
            for _, sender in self._senders:
                self._try(sender.say_goodbye)
        self._close()

    def _run(self) -> None:
        period_s = 1.0 / self._patch.rate
        due = monotonic_s()
        while not wait_until(due, self._over):
            levels = self._levels
            for universe, sender in self._senders:
                self._try(sender.send, bytes(universe.slots(levels)))
            due = max(due + period_s, monotonic_s() - period_s)  # late: no burst to catch up

    def _try(self, send, *args: bytes) -> None:
        try:
            send(*args)
        except OSError as error:
            if not self.errors:
                log.warning("DMX cannot be sent: %s", error)
            self.errors += 1
        else:
            self.sent += 1

    def _close(self) -> None:
        for _, sender in self._senders:
            sender.close()


class _Sacn:
    """One E1.31 universe, to one host or to the universe's multicast group."""

    def __init__(self, universe: Universe):
        packets = _library("sacn.messages.data_packet")
        cid = tuple(_SOURCE.encode().ljust(16, b"\0"))
        self._packet = packets.DataPacket(
            cid, _SOURCE, universe.number, (0,) * CHANNELS, universe.priority
        )
        host = universe.host or self._packet.calculate_multicast_addr()
        self._socket = _socket(universe.bind)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _TTL)
        self._address = _address(host, SACN_PORT, self._socket)

    def send(self, slots: bytes) -> None:
        self._packet.dmxData = tuple(slots)
        self._send()

    def say_goodbye(self) -> None:
        """Receivers need not wait for a time-out."""
        self._packet.option_StreamTerminated = True
        for _ in range(_LAST_WORDS):
            self._send()

    def _send(self) -> None:
        self._socket.sendto(bytes(self._packet.getBytes()), self._address)
        self._packet.sequence_increase()

    def close(self) -> None:
        self._socket.close()


class _ArtNet:
    """One Art-Net universe (net, subnet and universe as one number), to a node or a broadcast."""

    def __init__(self, universe: Universe):
        library = _library("stupidArtnet")
        self._socket = _socket(universe.bind)
        self._address = _address(universe.host, ARTNET_PORT, self._socket)
        self._builder = library.StupidArtnet(self._address[0], universe.number, CHANNELS)
        self._builder.close()  # its socket would wait, and print what goes wrong

    def send(self, slots: bytes) -> None:
        self._builder.sequence = self._builder.sequence % 255 + 1  # 0 would mean: not counted
        self._builder.make_artdmx_header()
        self._socket.sendto(bytes(self._builder.packet_header) + slots, self._address)

    def say_goodbye(self) -> None:
        """Art-Net has no word for it."""

    def close(self) -> None:
        self._socket.close()


_MAKERS = {"sacn": _Sacn, "artnet": _ArtNet}


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ConfigError(
            f"DMX needs the package {name.partition('.')[0]}: "
            "pip install -c constraints.txt -e .[dmx]"
        ) from error


def _socket(bind: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    try:
        if bind:
            sock.bind((bind, 0))
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(bind))
    except (OSError, UnicodeError) as error:
        sock.close()
        raise DeviceError(f"DMX: {bind} is no address of this machine ({error})") from error
    return sock


def _address(host: str, port: int, sock: socket.socket) -> tuple[str, int]:
    try:
        return socket.gethostbyname(host), port
    except (OSError, UnicodeError) as error:
        sock.close()
        raise ConfigError(
            f"DMX host {host!r} cannot be found ({error}); give its IP address"
        ) from error
