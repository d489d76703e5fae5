"""Lets programs find the show by themselves: Zeroconf announces the controls and their OSCQuery.

Enters: where the controls listen. Leaves: two services, `_osc._udp` and `_oscjson._tcp`, and
`_os2l._tcp` where DJ programs may connect. The library answers in a thread of its own; it is
optional (`pip install -e .[control]`).
"""

import importlib
import ipaddress
import sys
from contextlib import ExitStack
from typing import Any, Self

from live.control.oscquery import NAME, NamesOf, OscQueryServer, ValueOf, announced_host, no_names
from live.errors import ConfigError
from live.supervised_thread import note_failure

OSC_TYPE = "_osc._udp.local."
QUERY_TYPE = "_oscjson._tcp.local."
OS2L_TYPE = "_os2l._tcp.local."


class Discovery:
    """Announced from when it is built, which takes some two seconds, until it is closed.

    host, port: where controls are listened to, over UDP. allow: who besides this machine is
    answered. value_of: the value a control has now, None for none; called from another thread.
    os2l_port: where DJ programs may connect, over TCP; None where they may not. If
    host is a loopback address the services are announced on that alone.

    ConfigError where the library is missing. What else fails is said in one line, `error`, and
    printed: the show goes on unannounced. server: None where that failed.
    """

    def __init__(
        self,
        host: str,
        port: int,
        allow: tuple[str, ...],
        value_of: ValueOf,
        os2l_port: int | None = None,
        names_of: NamesOf = no_names,
    ):
        library = _library()
        self.error = ""
        self.server: OscQueryServer | None = None
        with ExitStack() as stack:
            try:
                self.server = stack.enter_context(
                    OscQueryServer(host, port, allow, value_of, names_of)
                )
                ports = {OSC_TYPE: port, QUERY_TYPE: self.server.port}
                ports |= {} if os2l_port is None else {OS2L_TYPE: os2l_port}
                _register(library, self.server, ports, stack)
            except Exception as error:  # whatever the network or the library does
                self.error = f"not announced on the network: {error or type(error).__name__}"
                print(self.error, file=sys.stderr)
            self._stack = stack.pop_all()

    def close(self) -> None:
        """Say goodbye and end both threads."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _register(
    library: Any, server: OscQueryServer, ports: dict[str, int], stack: ExitStack
) -> None:
    everywhere = ipaddress.ip_address(server.host.partition("%")[0]).is_unspecified
    interfaces = library.InterfaceChoice.All if everywhere else [server.host]
    zeroconf = library.Zeroconf(interfaces=interfaces)
    stack.callback(zeroconf.close)  # which says goodbye for all that is registered
    zeroconf.loop.call_soon_threadsafe(zeroconf.loop.set_exception_handler, _note)
    addresses = _addresses(library) if everywhere else [server.host]
    for kind, number in ports.items():
        info = library.ServiceInfo(
            kind, f"{NAME}.{kind}", number, parsed_addresses=addresses,
            server=f"{announced_host(ports[OSC_TYPE])}.",
        )  # fmt: skip
        # A second show on the same network becomes "PoseJockey-2".
        zeroconf.register_service(info, allow_name_change=True)


def _note(loop: object, context: dict[str, Any]) -> None:
    """What raises in the library's thread, which goes on."""
    note_failure("zeroconf", context.get("exception"))


def _addresses(library: Any) -> list[str]:
    """Where others reach this machine; the loopback only if there is nothing else."""
    addresses = sorted(library.get_all_addresses())
    reachable = [a for a in addresses if not ipaddress.ip_address(a).is_loopback]
    return reachable or addresses


def _library() -> Any:
    try:
        return importlib.import_module("zeroconf")
    except ImportError as error:
        raise ConfigError(
            "--announce needs the package zeroconf: pip install -c constraints.txt -e .[control]"
        ) from error
