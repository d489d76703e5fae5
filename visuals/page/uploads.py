"""What comes from a page: JSON of bounded size, and files, streamed to disk with a limit.

Enters: requests. Leaves: values and files; or an HTTP error that says what is wrong. Nothing that a
request claims of itself is believed, and no name in it is a path. Event loop's thread.
"""

import asyncio
import json
import secrets
import shutil
from pathlib import Path
from typing import Any

from aiohttp import web

MOST_JSON = 1 << 20  # bytes
MOST_SONG = 512 << 20
MOST_FOOTAGE = 4 << 30
_SPARE = 256 << 20  # of the disk, for everybody else
_STALLED_S = 60.0


async def read_json(request: web.Request) -> dict[str, Any]:
    """The object of a request's body, at most 1 MB. A page of another site cannot send this kind
    without being asked for its origin first."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send application/json")
    if (request.content_length or 0) > MOST_JSON:
        raise web.HTTPRequestEntityTooLarge(MOST_JSON, request.content_length or 0)
    try:
        value = json.loads(await asyncio.wait_for(request.read(), _STALLED_S))
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (ValueError, RecursionError):
        raise web.HTTPBadRequest(text="that is no JSON") from None
    if not isinstance(value, dict):
        raise web.HTTPBadRequest(text="send an object")
    return value


async def receive(request: web.Request, folder: Path, most_bytes: int) -> Path:
    """The body of a request as a new file in the folder, under a name of ours."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise web.HTTPUnsupportedMediaType(text="send the file as it is, not compressed")
    claimed = request.content_length or 0
    if claimed > most_bytes:
        raise web.HTTPRequestEntityTooLarge(most_bytes, claimed)
    if shutil.disk_usage(folder).free < claimed + _SPARE:
        raise web.HTTPInsufficientStorage(text="the disk is full")
    path = folder / f"{secrets.token_hex(8)}.part"
    try:
        await _write(request, path, most_bytes)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


async def _write(request: web.Request, path: Path, most_bytes: int) -> None:
    count = 0
    with path.open("xb") as file:
        while True:
            try:
                piece = await asyncio.wait_for(request.content.read(1 << 20), _STALLED_S)
            except TimeoutError:
                raise web.HTTPRequestTimeout from None
            if not piece:
                break
            count += len(piece)
            if count > most_bytes:
                raise web.HTTPRequestEntityTooLarge(most_bytes, count)
            await asyncio.to_thread(file.write, piece)
    if count == 0:
        raise web.HTTPBadRequest(text="the file is empty")
