"""Who may ask, and from where: asked of every request before anything else is looked at.

Enters: requests from anybody. Leaves: 403 with a sentence, or the request goes on; and the headers
that keep a page to itself. Event loop's thread.

Threats: another page in the same browser that sends requests here (its Origin is another), or
makes its name mean this address (its Host is a name); strangers on the same network (the allow
list, and the cookie of a paired browser); what somebody uploads and the browser would run (types
are ours, and no script but our own files).
"""

import ipaddress
import logging
import socket
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from visuals.page.pairing import COOKIE, Pairing
from visuals.page.settings import StudioSettings

PAIRING = web.AppKey("pairing", Pairing)
SETTINGS = web.AppKey("settings", StudioSettings)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# blob: three.js makes addresses of an avatar's pictures. No inline script anywhere.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self' blob:; "
    "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SAFE = ("GET", "HEAD")
_MOST_HEADER = 300
PAIR_PATH = "/pair/"


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse who may not ask. A refusal says why, to who can mend it."""
    _check_peer(request)
    _check_host(request)
    _check_origin(request)
    _check_paired(request)
    return await handler(request)


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """For every answer, errors and streams too (`on_response_prepare`)."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")


def is_worth_a_log(record: logging.LogRecord) -> bool:
    """Not what is no request at all: whoever sends that may fill the terminal with it."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


def is_local(request: web.Request) -> bool:
    """Whether a process of this machine asks."""
    try:
        peer = ipaddress.ip_address((request.remote or "").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(peer, "ipv4_mapped", None)
    return (mapped or peer).is_loopback


def _check_peer(request: web.Request) -> None:
    if (request.remote or "") not in request.app[SETTINGS].allowed:
        raise _refused(f"{request.remote} is not on the list: start the studio with --allow")


def _check_host(request: web.Request) -> None:
    """A page that makes its own name mean this address comes with that name."""
    host = request.headers.get("Host", "")
    if len(host) > _MOST_HEADER or not _is_ours(_name_of(host)):
        raise _refused("open the studio by its address, as the terminal shows it")


def _check_origin(request: web.Request) -> None:
    """Browsers say which page asks: only ours may. What is no browser says nothing."""
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.headers.get('Host', '')}":
        raise _refused("another page may not use the studio")
    site = request.headers.get("Sec-Fetch-Site", "none")
    is_visit = request.method in _SAFE and request.headers.get("Sec-Fetch-Mode") == "navigate"
    if site not in ("none", "same-origin") and not is_visit:
        raise _refused("another page may not use the studio")


def _check_paired(request: web.Request) -> None:
    if is_local(request) or request.path.startswith(PAIR_PATH):
        return
    if not request.app[PAIRING].knows(request.cookies.get(COOKIE, "")):
        raise _refused("pair this device first: scan the code that the studio's terminal shows")


def _name_of(host: str) -> str:
    """A Host header without its port."""
    if host.startswith("["):
        name, bracket, _ = host[1:].partition("]")
        return name if bracket else ""
    return host.rpartition(":")[0] or host


def _is_ours(name: str) -> bool:
    """An address is nobody's to redirect; of names, only this machine's own."""
    try:
        ipaddress.ip_address(name.partition("%")[0])
        return True
    except ValueError:
        own = socket.gethostname().lower().removesuffix(".local")
        return name.lower() in ("localhost", own, f"{own}.local")


def _refused(why: str) -> web.HTTPForbidden:
    return web.HTTPForbidden(text=why + "\n")
