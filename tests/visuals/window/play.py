"""How tests play on a window: keys, and packets from an operator."""

import socket

from live.osc import encoding
from live.osc import schema as osc
from tests.visuals.stage import wait_until
from visuals.draw.surfaces import pygame
from visuals.window.app import App


def press(app: App, key: int, text: str = "") -> None:
    pygame.event.post(pygame.Event(pygame.KEYDOWN, key=key, unicode=text))
    app.step()


class OscSender:
    """Whoever sends real packets to the visualizer's port."""

    def __init__(self, app: App, port: int):
        self._app, self._port = app, port

    def send(self, *datagrams: bytes) -> None:
        """They have arrived, and the next picture is drawn, when this returns."""
        feed = self._app._feed
        expected = feed.received + feed.malformed + len(datagrams)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for datagram in datagrams:
                sender.sendto(datagram, ("127.0.0.1", self._port))
        wait_until(lambda: feed.received + feed.malformed == expected)
        self._app.step()

    def play(self, name: str, value: float | str | None = None) -> None:
        self.send(encoding.encode_picture(name, value))


def heard(engine: socket.socket, count: int) -> list[tuple[str, list]]:
    """The next messages at the engine's control port, but for requests for answers."""
    found: list[tuple[str, list]] = []
    while len(found) < count:
        message = next(encoding.decode(engine.recv(2048)))
        if message[0] != osc.ACK_REQUEST.address:
            found.append(message)
    return found
