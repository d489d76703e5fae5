"""Who may control the show."""

import socket

import pytest

from live.control.allow_list import AllowList
from live.control.osc_in import ControlIn
from live.errors import ConfigError
from live.osc import encoding
from live.show.config import ShowConfig


@pytest.mark.parametrize(
    ("entries", "host", "allowed"),
    [
        ((), "127.0.0.1", True),
        ((), "::1", True),
        ((), "::ffff:127.0.0.1", True),
        ((), "192.168.1.20", False),
        (("192.168.1.20",), "192.168.1.20", True),
        (("192.168.1.20",), "192.168.1.21", False),
        (("192.168.1.7/24",), "192.168.1.200", True),
        (("192.168.1.0/24",), "::ffff:192.168.1.9", True),
        (("192.168.1.0/24",), "192.168.2.9", False),
        (("fe80::/10",), "fe80::1%eth0", True),
        (("10.0.0.0/8",), "fe80::1", False),
        (("10.0.0.0/8",), "nonsense", False),
    ],
)
def test_who_belongs(entries, host, allowed):
    assert (host in AllowList(entries)) is allowed


def test_a_flood_of_senders_is_not_remembered_for_ever():
    allow = AllowList(("10.0.0.0/24",))
    for n in range(5000):
        assert f"10.1.{n % 250}.{n // 250}" not in allow
    assert len(allow._known) <= 256


def test_what_others_can_reach_needs_a_list():
    with pytest.raises(ConfigError, match=r"control_bind is 0\.0\.0\.0.*--control-allow"):
        ShowConfig(control_bind="0.0.0.0")
    assert ShowConfig(control_bind="0.0.0.0", control_allow=("192.168.1.0/24",))
    assert ShowConfig(control_bind="::1")
    assert ShowConfig(control_bind="localhost")


@pytest.mark.parametrize("entry", ["desk", "192.168.1", "192.168.1.0/33", "", "1.2.3.4:80"])
def test_an_entry_that_is_no_address_is_named(entry):
    with pytest.raises(ConfigError, match="not an address or network"):
        ShowConfig(control_allow=(entry,))


class Strangers(AllowList):
    """Nobody belongs, not even this machine: a stranger without a second machine."""

    def __contains__(self, host):
        return False


@pytest.mark.parametrize("allow", [AllowList(), Strangers()], ids=["friend", "stranger"])
def test_packets_of_strangers_are_counted_and_not_looked_at(allow):
    packet = encoding.encode_message("/pj/control/energy", "f", (1.0,))
    with (
        ControlIn("127.0.0.1", 0, allow) as control,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as desk,
    ):
        desk.sendto(packet, ("127.0.0.1", control.port))
        heard = []
        while not heard and not control.rejected:
            heard = control.poll()
        stranger = isinstance(allow, Strangers)
        assert heard == ([] if stranger else [("energy", 1.0)])
        assert control.rejected == stranger
