"""`/stage` and `/play`: the running show in a browser, and a surface to play it from.

Enters: WebSockets of pages, `/show`; avatars in the library's folder `avatars`. Leaves: the stream,
answers, the pages. Event loop's thread.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import WSMsgType, web

from visuals.draw.avatar.shipped import SHIPPED
from visuals.page.files import page
from visuals.page.relay import Client, Relay, refusal
from visuals.page.security import SETTINGS
from visuals.page.show_link import ShowLink, open_link
from visuals.page.words import module_text

LINK = web.AppKey("show link", ShowLink)
AVATARS = "avatars"  # folder of the library
_SUFFIXES = (".vrm", ".glb")
_MOST_AVATAR_BYTES = 256 << 20
_MOST_TEXT_BYTES = 2_048
_BUFFER_BYTES = 16_384  # that wait in this process for a slow page
_HEARTBEAT_S = 10.0  # a phone that fell asleep is let go


def add_routes(app: web.Application) -> None:
    app.router.add_get("/stage", page("stage.html"))
    app.router.add_get("/play", page("play.html"))
    app.router.add_get("/show", _connect)
    app.router.add_get("/words.js", _words)
    app.router.add_get("/avatars", _list_avatars)
    app.router.add_get("/avatars/{name}", _avatar)
    app.cleanup_ctx.append(_linked)


async def _linked(app: web.Application) -> AsyncIterator[None]:
    settings = app[SETTINGS]
    async with open_link(Relay(), settings.control_port, settings.osc_port) as link:
        app[LINK] = link
        yield


async def _words(_: web.Request) -> web.Response:
    headers = {"Cache-Control": "no-cache"}
    return web.Response(text=module_text(), content_type="text/javascript", headers=headers)


async def _connect(request: web.Request) -> web.StreamResponse:
    """A page, until it goes: two tasks, so that what it sends never waits for what it receives."""
    link = request.app[LINK]
    # Numbers hardly compress, and doing it for each page would cost more than all else.
    socket = web.WebSocketResponse(
        compress=False, heartbeat=_HEARTBEAT_S, max_msg_size=_MOST_TEXT_BYTES
    )
    await socket.prepare(request)
    if request.transport:
        request.transport.set_write_buffer_limits(_BUFFER_BYTES)
    client = Client()
    link.relay.add(client)
    sending = asyncio.create_task(_send(socket, client))
    try:
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                _obey(link, client, message.data)
    finally:
        link.relay.clients.discard(client)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    return socket


async def _send(socket: web.WebSocketResponse, client: Client) -> None:
    try:
        while not client.is_lost:
            thing = await client.next()
            if isinstance(thing, str):
                await socket.send_str(thing)
            else:
                await socket.send_bytes(thing)
    except (ConnectionError, RuntimeError):
        return  # it has gone; RuntimeError: it was closed while we wrote
    await socket.close()


def _obey(link: ShowLink, client: Client, text: str) -> None:
    """A control, `{"name": "energy", "value": 0.5}`; or `{"ping": 1}`: are we there?"""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return
    if not isinstance(said, dict):
        return
    if "ping" in said:
        client.offer_text('{"type": "pong"}')
        return
    name, value = said.get("name"), said.get("value")
    if not isinstance(name, str) or not isinstance(value, str | int | float | None):
        return
    if not link.play(name, value):
        client.offer_text(refusal(name[:40], None))


async def _list_avatars(request: web.Request) -> web.Response:
    return web.json_response(sorted(_avatars(request.app[SETTINGS].library)))


async def _avatar(request: web.Request) -> web.StreamResponse:
    """By its name in the folder: a name is looked up, never made a path of."""
    path = _avatars(request.app[SETTINGS].library).get(request.match_info["name"])
    if path is None:
        raise web.HTTPNotFound
    headers = {"Content-Type": "model/gltf-binary", "Cache-Control": "no-cache"}
    return web.FileResponse(path, headers=headers)


def _avatars(library: Path) -> dict[str, Path]:
    """The figure that ships, and those that begin as glTF does and are not too large, by name."""
    found = {SHIPPED.name: SHIPPED}
    folder = library / AVATARS
    if folder.is_dir():
        found |= {path.name: path for path in folder.iterdir() if _is_avatar(path)}
    return found


def _is_avatar(path: Path) -> bool:
    if path.suffix.lower() not in _SUFFIXES or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(4) == b"glTF" and path.stat().st_size <= _MOST_AVATAR_BYTES
    except OSError:
        return False
