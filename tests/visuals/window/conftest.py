"""A window without a screen, and the engine that it talks to."""

import socket

import pytest

from tests.visuals.window.play import OscSender
from visuals.feed.feed import Feed
from visuals.window.app import App, WindowSettings


@pytest.fixture
def engine():
    """The engine's end of the control port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        yield sock


@pytest.fixture
def app(engine):
    with Feed(port=0) as feed:
        window = App(feed, WindowSettings(control=engine.getsockname()))
        yield window
        window.close()


@pytest.fixture
def sender(app):
    return OscSender(app, app._feed.port)
