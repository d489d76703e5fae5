"""Songs, takes and what is made of them, for the pages.

Enters: requests. Leaves: uploads in the library; sound, poses and words of what is there. Event
loop's thread; what takes long is done in others.
"""

import asyncio
from typing import Any
from urllib.parse import quote

import numpy as np
from aiohttp import web

from live.session.rows import rows_of_take
from live.session.take import read_take
from visuals.page.commands import as_name
from visuals.page.library import KINDS, Item
from visuals.page.names import suffix_of
from visuals.page.summary import summary_of
from visuals.page.uploads import MOST_FOOTAGE, MOST_SONG, read_json, receive
from visuals.page.workshop import WORKSHOP, Workshop, styles_of

SOUNDS = frozenset((
    ".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".aif", ".aiff", ".wma",
    ".mp2", ".au", ".caf", ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".wmv", ".mpg", ".mpeg",
    ".ts", ".3gp",
))  # fmt: skip
FOOTAGE = SOUNDS | frozenset((
    ".bvh", ".trc", ".c3d", ".csv", ".json", ".npz", ".fbx", ".glb", ".gltf", ".vrma", ".pkl",
))  # fmt: skip
_DISCARDED = ("take", "phrase", "film", "export", "song", "footage")


def add_routes(app: web.Application) -> None:
    router = app.router
    router.add_post("/api/songs", _add_song)
    router.add_get("/api/songs/{id}/sound", _sound)
    router.add_get("/api/songs/{id}/outline", _outline)
    router.add_get("/api/takes/{id}/rows", _rows)
    router.add_get("/api/takes/{id}/summary", _summary)
    router.add_post("/api/footage", _add_footage)
    router.add_get("/api/models/{id}/styles", _styles)
    router.add_get("/api/files/{id}", _file)
    router.add_patch("/api/items/{id}", _change)
    router.add_delete("/api/items/{id}", _discard)


def item_of(request: web.Request, *kinds: str) -> Item:
    """The item that the address names. KeyError for none of these kinds."""
    return request.app[WORKSHOP].library.find(request.match_info["id"], *kinds)


async def load_take(workshop: Workshop, item: Item) -> dict[str, np.ndarray]:
    """The arrays of a take of the library, read in another thread."""
    return await asyncio.to_thread(read_take, workshop.library.path(item))


async def _add_song(request: web.Request) -> web.StreamResponse:
    """Whatever can be heard: only decoding tells."""
    workshop = request.app[WORKSHOP]
    name = request.query.get("name", "")
    part = await receive(request, workshop.incoming, MOST_SONG)
    try:
        made = await workshop.listen(part)
        path = workshop.library.free("song", name or "song", suffix_of(name, SOUNDS, ".sound"))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    workshop.refresh()
    item = workshop.library.named("song", path.name)
    assert item is not None
    workshop.keep_heard(item, made)
    return web.json_response({"id": item.id, "name": item.name}, status=201)


async def _add_footage(request: web.Request) -> web.StreamResponse:
    """Films and motion to learn from; `posejockey capture` decides what they are."""
    workshop = request.app[WORKSHOP]
    name = request.query.get("name", "")
    suffix = suffix_of(name, FOOTAGE, "")
    if not suffix:
        raise web.HTTPUnsupportedMediaType(text="give films, BVH or what else capture reads")
    part = await receive(request, workshop.incoming, MOST_FOOTAGE)
    path = workshop.library.free("footage", name, suffix)
    part.replace(path)
    workshop.refresh()
    item = workshop.library.named("footage", path.name)
    return web.json_response({"id": item.id if item else "", "name": path.name}, status=201)


async def _sound(request: web.Request) -> web.StreamResponse:
    flac, _ = await request.app[WORKSHOP].hear(item_of(request, "song"))
    return web.FileResponse(flac, headers={"Content-Type": "audio/flac"})


async def _outline(request: web.Request) -> web.StreamResponse:
    _, outline = await request.app[WORKSHOP].hear(item_of(request, "song"))
    return web.FileResponse(outline, headers={"Content-Type": "application/json"})


async def _rows(request: web.Request) -> web.StreamResponse:
    """int16, see `live.session.rows`; how many dancers there are is in the summary."""
    take = await load_take(request.app[WORKSHOP], item_of(request, "take"))
    rows = await asyncio.to_thread(rows_of_take, take)
    answer = web.Response(body=rows.tobytes(), content_type="application/octet-stream")
    answer.enable_compression()
    return answer


async def _summary(request: web.Request) -> web.StreamResponse:
    take = await load_take(request.app[WORKSHOP], item_of(request, "take"))
    return web.json_response(await asyncio.to_thread(summary_of, take))


async def _styles(request: web.Request) -> web.StreamResponse:
    """The styles of weights that were learned here."""
    path = request.app[WORKSHOP].library.path(item_of(request, "model"))
    return web.json_response(await styles_of(str(path)))


async def _file(request: web.Request) -> web.StreamResponse:
    """To be saved, under its own name: no browser shows what others have made."""
    item = item_of(request, *(kind for kind in KINDS if kind != "footage"))
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(item.name)}",
    }
    return web.FileResponse(request.app[WORKSHOP].library.path(item), headers=headers)


async def _change(request: web.Request) -> web.StreamResponse:
    """The title and the star of a take."""
    workshop, item = request.app[WORKSHOP], item_of(request, "take")
    wishes = await read_json(request)
    about: dict[str, Any] = {}
    if "title" in wishes:
        about["title"] = as_name(wishes["title"], item.name)
    if "star" in wishes:
        about["star"] = wishes["star"] is True
    workshop.library.change(item, **about)
    workshop.version += 1
    return web.json_response({})


async def _discard(request: web.Request) -> web.StreamResponse:
    workshop = request.app[WORKSHOP]
    workshop.library.discard(item_of(request, *_DISCARDED))
    workshop.version += 1
    return web.json_response({})
