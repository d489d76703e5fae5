"""DMX over the network: sACN (E1.31) and Art-Net, straight to the fixtures, no lighting desk.

Enters: the newest levels, left by the engine's thread, which never waits for this one. Leaves: the
patch's universes at its rate, from a thread of its own. What cannot be sent is counted; whatever
else goes wrong is counted too, and the thread goes on.
"""

import logging
import math
import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import Self

from live.errors import ConfigError, DeviceError
from live.monotonic import monotonic_s, wait_until
from live.outputs import dmx_packets as packets
from live.outputs.board import Board
from live.outputs.levels import BEFORE_THE_FIRST, Levels
from live.outputs.patch import Patch, Universe
from live.outputs.source_id import SourceId
from live.outputs.udp import UdpTarget, resolve
from live.supervised_thread import SupervisedThread

log = logging.getLogger(__name__)

BoardOf = Callable[[Universe, int], Board]

_SOURCE = "PoseJockey"
_LAST_WORDS = 3  # E1.31 wants the end of a stream said three times; a blackout as well
_TTL = 8


class DmxOut:
    """Owns the thread and the sockets. Enter it to start, leave it to stop.

    board_of: what makes a universe's bytes. failures: universes that could not be made, and times
    the thread began again. ConfigError where a host cannot be found, DeviceError where `bind` is no
    address of this machine.
    """

    def __init__(self, patch: Patch, board_of: BoardOf = Board):
        self._patch = patch
        self._newest = Newest(max((u.delay_ms for u in patch.universes), default=0.0) / 1000)
        self._source = SourceId() if any(u.protocol == "sacn" for u in patch.universes) else None
        self._senders: list[_Sender] = []
        self._discoveries: list[_Discovery] = []
        self._over = threading.Event()
        self._thread = SupervisedThread("dmx", self._stream, self._over)
        self._unmade = 0
        try:
            for universe in patch.universes:
                self._senders.append(
                    _KINDS[universe.protocol](universe, patch, board_of, self._source)
                )
            if self._source is not None:
                self._discoveries = _discoveries(patch, self._source)
        except BaseException:
            self.close()
            raise

    @property
    def boards(self) -> list[Board]:
        """Of the universes, in the patch's order; only to be looked at."""
        return [sender.board for sender in self._senders]

    @property
    def targets(self) -> list[UdpTarget]:
        return [sender.target for sender in self._senders]

    @property
    def sent(self) -> int:
        return sum(target.sent for target in self.targets)

    @property
    def failures(self) -> int:
        return self._unmade + self._thread.failures

    @property
    def errors(self) -> int:
        """Packets that could not be sent, and `failures`."""
        return self.failures + sum(target.errors for target in self.targets)

    def update(self, levels: Levels) -> None:
        """From the next packet on these count. Never waits."""
        self._newest.add(monotonic_s(), levels)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self._thread.join()
        if self._patch.blackout_on_exit:
            for ends in (*_LAST_WORDS * (False,), *_LAST_WORDS * (True,)):
                self._each(partial(_Sender.say_goodbye, ends=ends))
        self.close()

    def _stream(self) -> None:
        period_s = 1.0 / self._patch.rate
        due = told = monotonic_s()
        while not wait_until(due, self._over):
            now_s = monotonic_s()
            self._each(partial(_Sender.send, newest=self._newest, now_s=now_s))
            if self._discoveries and now_s >= told:
                told = now_s + packets.DISCOVERY_EVERY_S
                for discovery in self._discoveries:
                    discovery.send()
            due = max(due + period_s, monotonic_s() - period_s)  # late: no burst to catch up

    def _each(self, do: Callable[["_Sender"], None]) -> None:
        for sender in self._senders:
            try:
                do(sender)
            except Exception as error:  # the other universes go on
                self._note(error)

    def _note(self, error: BaseException) -> None:
        if not self._unmade:
            log.warning("DMX: a universe cannot be made: %r", error)
        self._unmade += 1

    def close(self) -> None:
        """Free the sockets; leaving it does, and one that was never entered needs it, too."""
        for sender in (*self._senders, *self._discoveries):
            sender.target.socket.close()
        if self._source is not None:
            self._source.close()


class Newest:
    """The levels of the last `longest_s` seconds, one thread's to add to and another's to ask."""

    def __init__(self, longest_s: float):
        self._longest_s = longest_s
        self._known: tuple[tuple[float, Levels], ...] = ((-math.inf, BEFORE_THE_FIRST),)

    def add(self, time_s: float, levels: Levels) -> None:
        oldest = time_s - self._longest_s
        first = max(i for i, (t, _) in enumerate(self._known) if t <= oldest or i == 0)
        self._known = (
            (*self._known[first:], (time_s, levels)) if self._longest_s else ((time_s, levels),)
        )

    def at(self, time_s: float) -> Levels:
        """The newest that was known then."""
        known = self._known
        return next((levels for t, levels in reversed(known) if t <= time_s), known[0][1])


class _Sender:
    """One universe on its way to one receiver."""

    def __init__(self, universe: Universe, board: Board, name: str, address: tuple, family: int):
        self._universe = universe
        self.board = board
        self._slots = self.board.slots
        self._sequence = 0
        self.target = UdpTarget(name, address, _socket(universe.bind, family), connected=True)

    def send(self, newest: Newest, now_s: float) -> None:
        levels = newest.at(now_s - self._universe.delay_ms / 1000)
        self._slots = self.board.step(levels, now_s)
        self._send(ends=False)

    def say_goodbye(self, ends: bool) -> None:
        """The universe at rest; then, where the protocol has a word for it, the end."""
        self._slots = self.board.rest()
        self._send(ends)

    def _send(self, ends: bool) -> None:
        packet = self._packet(ends)
        if packet:
            self.target.send(packet)

    def _packet(self, ends: bool) -> bytes:
        raise NotImplementedError


class _Sacn(_Sender):
    """One E1.31 universe, to one host or to the universe's multicast group."""

    def __init__(
        self, universe: Universe, patch: Patch, board_of: BoardOf, source: SourceId | None
    ):
        assert source is not None
        group = packets.multicast_group(universe.number)
        family, address = _address_of(universe.host or group, packets.SACN_PORT)
        name = f"sACN {universe.number} to {universe.host or 'its group'}"
        super().__init__(universe, board_of(universe, patch.flashes), name, address, family)
        self._cid = source.uuid
        if family == socket.AF_INET:
            self.target.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _TTL)

    def _packet(self, ends: bool) -> bytes:
        number, self._sequence = self._sequence, (self._sequence + 1) % 256
        universe = self._universe
        return packets.sacn_packet(
            self._cid, _SOURCE, universe.number, universe.priority, number, self._slots, ends=ends
        )


class _Discovery:
    """What consoles are told every ten seconds: which universes come from here. Not counted."""

    def __init__(self, source: SourceId, bind: str, universes: list[int]):
        self._packets = packets.discovery_packets(source.uuid, _SOURCE, universes)
        address = (packets.DISCOVERY_GROUP, packets.SACN_PORT)
        sock = _socket(bind, socket.AF_INET)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _TTL)
        self.target = UdpTarget("sACN discovery", address, sock)

    def send(self) -> None:
        for packet in self._packets:
            self.target.send(packet)


def _discoveries(patch: Patch, source: SourceId) -> list[_Discovery]:
    """One for each network card that sends sACN to a group; where all of it goes to hosts, none."""
    sacn = [universe for universe in patch.universes if universe.protocol == "sacn"]
    cards = dict.fromkeys(universe.bind for universe in sacn if not universe.host)
    return [_Discovery(source, card, [u.number for u in sacn if u.bind == card]) for card in cards]


class _ArtNet(_Sender):
    """One Art-Net universe, to a node or a broadcast."""

    def __init__(
        self, universe: Universe, patch: Patch, board_of: BoardOf, source: SourceId | None
    ):
        family, address = _address_of(universe.host, packets.ARTNET_PORT)
        if family != socket.AF_INET:
            raise ConfigError(
                f"DMX host {universe.host!r}: Art-Net goes over IPv4 alone; give the node's IPv4 "
                "address, or use sacn"
            )
        name = f"Art-Net {universe.number} to {universe.host}"
        super().__init__(universe, board_of(universe, patch.flashes), name, address, family)

    def _packet(self, ends: bool) -> bytes:
        if ends:
            return b""  # Art-Net has no word for it
        self._sequence = self._sequence % 255 + 1
        return packets.artnet_packet(self._universe.number, self._sequence, self._slots)


_KINDS = {"sacn": _Sacn, "artnet": _ArtNet}


def _address_of(host: str, port: int) -> tuple[int, tuple]:
    return resolve(host, port, f"DMX host {host!r}")


def _socket(bind: str, family: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    try:
        if bind:
            sock.bind((bind, 0))
        if bind and family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(bind))
    except (OSError, UnicodeError) as error:
        sock.close()
        raise DeviceError(f"DMX: {bind} is no address of this machine ({error})") from error
    return sock
