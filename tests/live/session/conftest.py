"""Fixtures for session files."""

import pytest

from live.session import mcap_writer


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(mcap_writer, "_CHUNK_BYTES", 4_000)
