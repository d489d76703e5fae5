"""Who may control the show: this machine, and the addresses the operator names.

Enters: texts from the settings, senders' addresses. Leaves: yes or no. UDP addresses can be forged
by whoever is on the same network: this keeps out strangers and mistakes, not a determined attacker.
"""

import ipaddress

from live.errors import ConfigError

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_MAX_REMEMBERED = 256


class AllowList:
    """Addresses and networks, '192.168.1.20' or '192.168.1.0/24'; loopback always belongs.

    ConfigError names an entry that is neither.
    """

    def __init__(self, entries: tuple[str, ...] = ()):
        self._networks = [_parse(entry) for entry in entries]
        self._known: dict[str, bool] = {}

    def __contains__(self, host: str) -> bool:
        """host: as a socket says it. Answers from memory, so that a flood costs little."""
        if host not in self._known:
            if len(self._known) >= _MAX_REMEMBERED:
                self._known.clear()
            self._known[host] = self._look_up(host)
        return self._known[host]

    def _look_up(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return address.is_loopback or any(address in network for network in self._networks)


def check_bind(host: str, entries: tuple[str, ...]) -> None:
    """ConfigError if an address that others can reach would listen to everybody unasked."""
    AllowList(entries)
    if entries or host == "localhost":
        return
    try:
        is_loopback = ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        is_loopback = False  # a name: who knows what it stands for
    if not is_loopback:
        raise ConfigError(
            f"control_bind is {host}, which other machines can reach; say who may control the "
            "show: --control-allow 192.168.1.20, or a network, 192.168.1.0/24"
        )


def _parse(entry: str) -> _Network:
    try:
        return ipaddress.ip_network(entry.strip(), strict=False)
    except ValueError:
        raise ConfigError(
            f"control_allow {entry!r} is not an address or network, such as 192.168.1.20 or "
            "192.168.1.0/24"
        ) from None
