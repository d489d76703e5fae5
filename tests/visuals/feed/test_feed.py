"""The socket: real packets on a real port."""

import socket
import time

import pytest

from live.errors import DeviceError
from tests.visuals.stage import packets, wait_until
from visuals.feed.feed import Feed


def test_feed_receives_real_packets_on_a_free_port():
    with Feed(port=0) as feed, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in [*packets(0, n_dancers=2), b"nonsense"]:
            sender.sendto(datagram, ("127.0.0.1", feed.port))
        wait_until(lambda: feed.received == 2 and feed.malformed == 1)
        view = feed.view(time.perf_counter())
        assert view.dancers == (1, 2)
        assert view.age_s < 1
        with pytest.raises(DeviceError, match=r"another visualizer.*--port"):
            Feed(port=feed.port)
