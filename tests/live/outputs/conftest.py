"""A receiver for whatever is sent, patches of DMX fixtures, no traces in the user's folder."""

import socket

import pytest

from live.outputs import source_id


@pytest.fixture
def receiver():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        yield sock


@pytest.fixture
def patch_file(tmp_path):
    def write(text):
        path = tmp_path / "patch.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(source_id, "user_folder", lambda: tmp_path / "user")
