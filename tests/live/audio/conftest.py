"""The sound card that the tests of this folder play."""

import pytest

from live.audio import devices, stream
from tests.helpers.card import FakeCard
from tests.helpers.sound_server import wait_until


@pytest.fixture
def card(monkeypatch):
    card = FakeCard()
    monkeypatch.setattr(devices, "portaudio", lambda: card)
    monkeypatch.setattr(stream, "_RETRY_S", 0.01)
    monkeypatch.setattr(stream, "_may_scan", True)
    monkeypatch.setattr(stream, "CLOSE_S", 0.2)
    yield card
    card.may_close.set()
    card.may_end.set()
    wait_until(lambda: not stream._leases, "every stream closed")
