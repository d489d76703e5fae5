"""What the show obeys, for programs that ask: an OSCQuery server, read-only.

Enters: HTTP requests, from whoever the allow-list names. Leaves: the controls of `live.osc.schema`
as JSON, after the OSCQuery proposal (github.com/Vidvox/OSCQueryProposal): their types, ranges and,
where they stand at one, their values. A thread of its own takes the connections and gives each a
thread, so that a slow client holds nobody up, nor the end of the show; the engine's thread never
waits for any.

A browser may be led here by any page it shows (DNS rebinding: the page's own name becomes our
address). Its requests still say that name, so only our own names are answered.
"""

import contextlib
import http.server
import ipaddress
import json
import os
import socket
import socketserver
import sys
import threading
import urllib.parse
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Self

from live.control.allow_list import AllowList
from live.monotonic import monotonic_s
from live.osc.schema import CONTROLS, PICTURE, REQUESTS, Control
from live.supervised_thread import SupervisedThread, note_failure

NAME = "PoseJockey"
ATTRIBUTES = ("FULL_PATH", "DESCRIPTION", "ACCESS", "CONTENTS", "TYPE", "RANGE", "VALUE")
_NO_ACCESS, _WRITE, _READ_WRITE = 0, 2, 3
_MAX_TARGET = 256  # characters of path and query; the longest address has 62
_PATIENCE_S = 1.0  # for a client that says nothing
_LONGEST_S = 5.0  # for one that says it slowly
_MOST_CLIENTS = 32  # at the same time; one more, and the oldest has to go
_LOOK_EVERY_S = 0.1  # whether the server is to end

ValueOf = Callable[[str], float | str | None]
NamesOf = Callable[[str], Sequence[str]]


def no_names(name: str) -> Sequence[str]:
    """Of a control whose address takes no names."""
    return ()


def host_info(port: int) -> dict[str, Any]:
    """What the proposal calls HOST_INFO. port: UDP, of the controls."""
    return {
        "NAME": NAME,
        "OSC_PORT": port,
        "OSC_TRANSPORT": "UDP",
        "EXTENSIONS": {
            name: name not in ("FULL_PATH", "CONTENTS") for name in ATTRIBUTES
        } | {"LISTEN": False},
    }  # fmt: skip


def namespace(value_of: ValueOf, names_of: NamesOf = no_names) -> dict[str, Any]:
    """The tree of containers and controls. value_of: the value a control has now, None for none;
    names_of: what may stand after its address, where that takes names."""
    controls = (*CONTROLS.values(), *REQUESTS.values())
    leaves = {control.name: _leaf(control, value_of(control.name)) for control in controls}
    for control in controls:
        if control.has_names and (names := names_of(control.name)):
            leaves[control.name]["CONTENTS"] = {name: _button(control, name) for name in names}
    picture = {control.last: _leaf(control, None) for control in PICTURE.values()}
    inner = {
        "control": _container("/pj/control", "What the show obeys", leaves),
        "visuals": _container("/pj/visuals", "What the picture obeys", picture),
    }
    return _container("/", NAME, {"pj": _container("/pj", NAME, inner)})


def answer(
    target: str, port: int, value_of: ValueOf, names_of: NamesOf = no_names
) -> tuple[HTTPStatus, Any]:
    """Status and content (None for none) for the path and query of a request.

    400 for an attribute that the proposal does not know, 404 for an address that is none, 204 for
    an attribute that this address does not have.
    """
    path, _, query = target.partition("?")
    if len(target) > _MAX_TARGET:
        return HTTPStatus.REQUEST_URI_TOO_LONG, None
    if query == "HOST_INFO":
        return HTTPStatus.OK, host_info(port)
    node = namespace(value_of, names_of)
    for name in filter(None, urllib.parse.unquote(path).split("/")):
        node = node.get("CONTENTS", {}).get(name)
        if node is None:
            return HTTPStatus.NOT_FOUND, None
    if not query:
        return HTTPStatus.OK, node
    if query not in ATTRIBUTES:
        return HTTPStatus.BAD_REQUEST, None
    if query not in node:
        return HTTPStatus.NO_CONTENT, None
    return HTTPStatus.OK, {query: node[query]}


class OscQueryServer:
    """Answers on host and `port`: that of the controls, over TCP, or a free one if it is taken.

    value_of, names_of: called in other threads, must not wait. OSError if nothing can be opened.
    Closing takes a tenth of a second, whatever clients do.
    """

    def __init__(
        self,
        host: str,
        control_port: int,
        allow: tuple[str, ...],
        value_of: ValueOf,
        names_of: NamesOf = no_names,
    ):
        def reply(target: str) -> tuple[HTTPStatus, Any]:
            return answer(target, control_port, value_of, names_of)

        names = {"localhost", announced_host(control_port)}
        try:
            self._server = _Server(host, control_port, AllowList(allow), names, reply)
        except OSError:
            self._server = _Server(host, 0, AllowList(allow), names, reply)
        self.host = str(self._server.server_address[0])
        self.port: int = self._server.server_address[1]
        self._over = threading.Event()
        self._thread = SupervisedThread("oscquery", self._serve, self._over)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _serve(self) -> None:
        self._server.serve_forever(_LOOK_EVERY_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def announced_host(control_port: int) -> str:
    """The name under which Zeroconf makes this machine known, without the last dot."""
    return f"{NAME.lower()}-{control_port}.local"


class _Server(http.server.ThreadingHTTPServer):
    allow_reuse_address = os.name != "nt"  # Windows would give two programs the same port
    request_queue_size = 8
    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str, port: int, allow: AllowList, names: set[str], reply: Callable):
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, *_, address = min(found, key=lambda info: info[0] != socket.AF_INET)
        self.address_family = family
        self.allow, self.names, self.reply = allow, names, reply
        self._clients: dict[socket.socket, float] = {}  # and until when, oldest first
        self._clients_lock = threading.Lock()
        super().__init__(address, _Handler)  # pyright: ignore[reportArgumentType]

    def server_bind(self) -> None:
        """As of TCPServer: HTTPServer's asks the network for this machine's name, and may wait."""
        socketserver.TCPServer.server_bind(self)

    def verify_request(self, request, client_address) -> bool:
        return client_address[0] in self.allow

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._clients_lock:
            self._clients[request] = monotonic_s() + _LONGEST_S
            crowd = list(self._clients)[:-_MOST_CLIENTS]
        self._hang_up(crowd)
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """Ten times a second: the time of who is slow runs out."""
        now_s = monotonic_s()
        with self._clients_lock:
            slow = [client for client, until_s in self._clients.items() if until_s < now_s]
        self._hang_up(slow)

    def shutdown_request(self, request: Any) -> None:
        with self._clients_lock:
            self._clients.pop(request, None)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        with self._clients_lock:
            left = list(self._clients)
        self._hang_up(left)

    def _hang_up(self, clients: list[socket.socket]) -> None:
        """Their threads notice, and close what is theirs."""
        for client in clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address) -> None:
        """A client that went away in the middle is nobody's concern."""
        error = sys.exception()
        if not isinstance(error, OSError):
            note_failure("oscquery", error)


class _Handler(http.server.BaseHTTPRequestHandler):
    timeout = _PATIENCE_S
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        if all(map(self._is_ours, self.headers.get_all("Host") or ())):
            status, content = self.server.reply(self.path)
        else:
            status, content = HTTPStatus.FORBIDDEN, None
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _is_ours(self, host: str) -> bool:
        """Whether a request's Host is a name or an address that this machine has here."""
        if set(host) & set(
            "@/?#"
        ):  # no host has them; a reader of URLs would look only beside them
            return False
        try:
            name = urllib.parse.urlsplit(f"//{host.strip()}").hostname or ""
            if name.rstrip(".") in self.server.names:
                return True
            address = ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            return False
        own = ipaddress.ip_address(self.connection.getsockname()[0].partition("%")[0])
        mapped = own.ipv4_mapped if isinstance(own, ipaddress.IPv6Address) else None
        return address.is_loopback or address in (own, mapped)

    def log_message(self, format: str, *args: object) -> None:
        """The terminal is the show's."""


def _container(path: str, meaning: str, contents: dict[str, Any]) -> dict[str, Any]:
    return {
        "FULL_PATH": path,
        "DESCRIPTION": meaning,
        "ACCESS": _NO_ACCESS,
        "CONTENTS": contents,
    }


def _leaf(control: Control, value: float | str | None) -> dict[str, Any]:
    leaf: dict[str, Any] = {
        "FULL_PATH": control.address,
        "DESCRIPTION": control.meaning,
        "ACCESS": _WRITE if value is None else _READ_WRITE,
        "TYPE": "T" if control.is_switch else "s" if control.types in ("s", "a") else "f",
    }
    if leaf["TYPE"] == "f":  # what has no value is a button, which sends 1
        leaf["RANGE"] = [{"MIN": control.low, "MAX": control.high}]
    elif control.choices:
        leaf["RANGE"] = [{"VALS": list(control.choices)}]
    if value is not None:
        leaf["VALUE"] = [_said(control, value, leaf["TYPE"])]
    return leaf


def _button(control: Control, name: str) -> dict[str, Any]:
    return {
        "FULL_PATH": f"{control.address}/{name}",
        "DESCRIPTION": f"plays {name}",
        "ACCESS": _WRITE,
        "TYPE": "f",
        "RANGE": [{"MIN": 0.0, "MAX": 1.0}],
    }


def _said(control: Control, value: float | str, type_: str) -> bool | float | str:
    if control.is_switch:
        return bool(value)
    return f"{value:g}" if type_ == "s" and not isinstance(value, str) else value
