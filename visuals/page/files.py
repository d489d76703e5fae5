"""The files of the pages, under types of ours.

Enters: a name of ours. Leaves: answers. Event loop's thread.
"""

from pathlib import Path

from aiohttp import web

from visuals.page.security import Handler

STATIC = Path(__file__).parent / "static"
_TYPES = {
    ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json",
    ".svg": "image/svg+xml", ".png": "image/png", ".woff2": "font/woff2", ".txt": "text/plain",
    ".md": "text/plain", ".webmanifest": "application/manifest+json",
}  # fmt: skip
_TEXT = ("text/html", "text/css", "text/javascript", "text/plain")


def page(name: str) -> Handler:
    """A handler for one of the files in `static/`, for `add_get`."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return file_answer(STATIC / name)

    return answer


def file_answer(path: Path) -> web.FileResponse:
    """A file of ours, under a type of ours. Browsers ask each time whether it is still the same."""
    kind = _TYPES.get(path.suffix, "application/octet-stream")
    if kind in _TEXT:
        kind += "; charset=utf-8"
    return web.FileResponse(path, headers={"Content-Type": kind, "Cache-Control": "no-cache"})
