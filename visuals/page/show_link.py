"""The studio's end of a running show: found by asking for it, again and again.

Enters: datagrams of the show's control port, and of `--osc-port` where one is given. Leaves: the
request to watch, every second; controls. So show and studio may start in any order, and either may
be started anew. Event loop's thread.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

from live.errors import DeviceError
from live.monotonic import monotonic_s
from live.osc.encoding import encode_message, encode_picture
from live.osc.schema import CONTROLS, PICTURE, PLAYED, WATCH_REQUEST
from live.osc.values import RELEASE, Value, parse_arguments
from visuals.page.relay import Relay

_HOST = "127.0.0.1"
_ASK_EVERY_S = 1.0
_LOOK_EVERY_S = 0.25
_REOPEN_S = 4.0  # without a show
_BUFFER_BYTES = 1 << 20  # a quarter of a second of sixteen dancers
_WATCH = encode_message(WATCH_REQUEST.address, "i", (1,))
_LEAVE = encode_message(WATCH_REQUEST.address, "i", (0,))


class ShowLink:
    """control_port: where the show listens, on this machine. Owns its sockets; see `open_link`."""

    def __init__(self, relay: Relay, control_port: int):
        self.relay = relay
        self._target = (_HOST, control_port)
        self._transport: asyncio.DatagramTransport | None = None

    def play(self, name: str, value: Value) -> bool:
        """Send a control. False if it cannot be: no such control, or no value of it."""
        control = PLAYED.get(name)
        played = control and parse_arguments(control, [] if value is None else [value])
        if not played:
            return False
        if played != RELEASE:
            self._send(_encoded(*played))
        return True

    async def open(self) -> None:
        """Raises DeviceError where this machine lets nobody listen."""
        self._transport = await _listen(0, self._receive)

    async def ask(self) -> None:
        """Until it is cancelled."""
        asked_s, opened_s = -_ASK_EVERY_S, monotonic_s()
        while True:
            now_s = monotonic_s()
            if self.relay.is_alive:
                opened_s = now_s
            elif now_s - opened_s > _REOPEN_S:
                opened_s = now_s
                await self._reopen()
            if now_s - asked_s >= _ASK_EVERY_S:
                asked_s = now_s
                self._send(_WATCH)
            self.relay.look(now_s)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _reopen(self) -> None:
        """On Windows a port where nobody was leaves some Pythons' sockets deaf for ever."""
        before = self._transport
        with contextlib.suppress(DeviceError):
            await self.open()
            if before:
                before.close()

    def close(self) -> None:
        self._send(_LEAVE)
        if self._transport:
            self._transport.close()

    def _receive(self, datagram: bytes, sender: tuple) -> None:
        if sender[:2] == self._target:
            self.relay.receive(datagram, monotonic_s())

    def _send(self, packet: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.sendto(packet, self._target)


@contextlib.asynccontextmanager
async def open_link(relay: Relay, control_port: int, osc_port: int) -> AsyncIterator[ShowLink]:
    """A link that asks until it is left. osc_port: where else a stream may arrive; 0: nowhere."""
    link = ShowLink(relay, control_port)
    await link.open()
    extra = None
    if osc_port:
        extra = await _listen(osc_port, lambda packet, _: relay.receive(packet, monotonic_s()))
    asking = asyncio.create_task(link.ask())
    try:
        yield link
    finally:
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
        link.close()
        if extra:
            extra.close()


def _encoded(name: str, value: Value) -> bytes:
    if name in PICTURE:
        return encode_picture(name, value)
    types = "" if value is None else "s" if isinstance(value, str) else "f"
    return encode_message(CONTROLS[name].address, types, () if value is None else (value,))


async def _listen(port: int, receive) -> asyncio.DatagramTransport:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        with contextlib.suppress(OSError):  # some systems cap it
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        sock.setblocking(False)
        sock.bind((_HOST, port))
    except OSError as error:
        sock.close()
        raise DeviceError(
            f"the studio cannot listen for the show on port {port} ({error.strerror or error}); "
            "choose another one with --osc-port"
        ) from None
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Protocol(receive), sock=sock)
    return transport


class _Protocol(asyncio.DatagramProtocol):
    def __init__(self, receive):
        self._receive = receive

    def datagram_received(self, data: bytes, addr: tuple) -> None:
        self._receive(data, addr)

    def error_received(self, exc: Exception) -> None:
        """Nobody is there yet, say."""
