"""Packets to real, missing and foreign receivers, and how targets are written."""

import shutil
import socket

import numpy as np
import pytest

from live.errors import ConfigError
from live.osc import encoding
from live.outputs.udp import OscOut, format_target, parse_target
from tests.helpers.frames import HEALTH, messages_of, stage_frame, wait_for
from tests.helpers.oscdump import oscdump


@pytest.fixture
def receiver():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        yield sock


def port_of(sock):
    return sock.getsockname()[1]


def test_every_target_gets_every_packet(receiver):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second:
        second.bind(("127.0.0.1", 0))
        second.settimeout(5)
        targets = [("localhost", port_of(receiver)), ("127.0.0.1", port_of(second))]
        with OscOut(targets) as out:
            out.send([b"one", b"two"])
            for sock in (receiver, second):
                assert [sock.recv(100), sock.recv(100)] == [b"one", b"two"]
            assert (out.sent, out.errors) == (4, 0)


def test_ipv6_targets():
    try:
        receiver = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        receiver.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 loopback here")
    with receiver, OscOut([parse_target(f"[::1]:{port_of(receiver)}")]) as out:
        receiver.settimeout(5)
        out.send([b"six"])
        assert receiver.recv(100) == b"six"


def test_a_receiver_that_is_gone_stops_nobody(receiver):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        gone = port_of(closed)
    with OscOut([("127.0.0.1", gone), ("127.0.0.1", port_of(receiver))]) as out:
        for _ in range(50):
            out.send([b"x"])
        for _ in range(50):
            assert receiver.recv(10) == b"x"


def test_errors_are_counted_by_target(receiver):
    with OscOut([("127.0.0.1", port_of(receiver)), ("127.0.0.1", port_of(receiver))]) as out:
        out.send([b"x" * 70_000])  # longer than UDP carries
        assert [t.errors for t in out.targets] == [1, 1]
        out.send([b"y"])
        assert (out.errors, out.sent) == (2, 2)
        out.close()
        out.send([b"z"])
        assert out.errors == 4


def test_no_targets_is_fine():
    with OscOut([]) as out:
        out.send([b"x"])
    assert (out.sent, out.errors) == (0, 0)


def test_a_name_that_does_not_resolve_is_a_config_error(monkeypatch):
    def fail(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(ConfigError, match=r"stage\.local:7401.*IP address"):
        OscOut([("stage.local", 7401)])


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("127.0.0.1:7401", ("127.0.0.1", 7401)),
        (" laptop.local:1 ", ("laptop.local", 1)),
        ("[::1]:65535", ("::1", 65535)),
        ("[fe80::1%eth0]:7401", ("fe80::1%eth0", 7401)),
    ],
)
def test_targets_are_parsed(text, target):
    assert parse_target(text) == target
    assert parse_target(format_target(*target)) == target


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "no port"),
        ("localhost", "no port"),
        ("[::1]", "no port"),
        ("localhost:", "port ''"),
        ("localhost:osc", "port 'osc'"),
        ("localhost:0", "port '0'"),
        ("localhost:65536", "port '65536'"),
        ("localhost:-1", "port '-1'"),
        ("localhost:٣", "port"),
        (":7401", "'' is not a host"),
        ("::1:7401", "brackets"),
        ("http://host:80", "brackets"),
        ("a b:80", "'a b' is not a host"),
    ],
)
def test_a_mistaken_target_is_named(text, mistake):
    with pytest.raises(ConfigError, match="OSC target") as error:
        parse_target(text)
    assert mistake in str(error.value)


@pytest.mark.skipif(shutil.which("oscdump") is None, reason="oscdump is missing (liblo-tools)")
def test_a_foreign_receiver_prints_what_was_sent(tmp_path):
    frame = stage_frame(2)
    encoder = encoding.FrameEncoder(2, 8)
    with oscdump(tmp_path) as (port, lines), OscOut([("127.0.0.1", port)]) as out:

        def first_lines():
            out.send([encoding.encode_message("/ready", "", ())])
            return lines() or None

        wait_for(first_lines, "oscdump")
        out.send(encoder.encode(frame, HEALTH))
        expected = [m for d in (0, 1) for m in messages_of(frame, d)]
        printed = wait_for(lambda: _printed(lines(), len(expected) + 1), "printed bundles")
    health = printed.pop(len(list(messages_of(frame, 0))))
    assert health[:2] == ("/pj/health", "fffiifi")
    for (address, types, values), (sent_address, sent_types, sent) in zip(
        printed, expected, strict=True
    ):
        assert (address, types) == (sent_address, sent_types)
        np.testing.assert_allclose(values, np.float32(sent), atol=2e-6)  # six decimals


def _printed(lines, count):
    """(address, types, values) of the bundles' lines once all are there."""
    found = []
    for line in lines:
        fields = line.split()
        at = next((k for k, field in enumerate(fields) if field.startswith("/pj/")), None)
        if at is not None:
            found.append((fields[at], fields[at + 1], [float(v) for v in fields[at + 2 :]]))
    return found if len(found) >= count else None
