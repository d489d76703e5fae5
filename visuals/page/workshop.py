"""What the pages work with: the library, the jobs, and who is to be told of changes.

Enters: an application. Leaves: a `Workshop` under WORKSHOP; answers to errors that a user can mend;
/api/state and /api/events. Event loop's thread.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web

from live.errors import PerformanceError, as_sentence
from visuals.page.child import Child
from visuals.page.jobs import DONE, Job, Jobs
from visuals.page.library import Item, Library
from visuals.page.security import SETTINGS, Handler
from visuals.page.settings import StudioSettings

_LISTEN = "visuals.page.listen"
_LISTEN_S = 300.0
_MOST_DECODERS = 2  # at the same time
_TELL_S = 0.12  # between two messages to a page
_LOOK_S = 2.0  # between two looks at the folder, while a page is open
_SHOWN = ("title", "song", "star", "options", "from", "model")


class Workshop:
    """Owns the library and the jobs. model: as for `perform`."""

    def __init__(self, settings: StudioSettings):
        self.library = Library(settings.library)
        self.model = settings.model
        self.incoming = self.library.own / "incoming"
        self.heard = self.library.own / "heard"
        shutil.rmtree(self.incoming, ignore_errors=True)  # what the last time came half
        for folder in (self.incoming, self.heard):
            folder.mkdir(exist_ok=True)
        self._forget_old_songs()
        self.styles: list[str] = []
        self.version = 0
        self._listeners: set[asyncio.Event] = set()
        self._decoders = asyncio.Semaphore(_MOST_DECODERS)
        self._locks: dict[str, asyncio.Lock] = {}
        self.jobs = Jobs(
            self.library.own / "jobs", settings.jobs, lambda _: self.tell(), self._ended
        )

    # Changes ----------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Look at the folder; whoever watches is told if something changed."""
        if self.library.refresh():
            self.version += 1
            self.tell()

    def watch(self) -> asyncio.Event:
        """An event that is set whenever something changed; give it back to `unwatch`."""
        event = asyncio.Event()
        event.set()
        self._listeners.add(event)
        return event

    def unwatch(self, event: asyncio.Event) -> None:
        self._listeners.discard(event)

    def tell(self) -> None:
        for event in self._listeners:
            event.set()

    def _ended(self, job: Job) -> None:
        if job.out and job.state != DONE:
            self.library.forget(Path(job.out))
        self.refresh()

    # Songs ------------------------------------------------------------------------------------

    async def listen(self, song: Path) -> tuple[Path, Path]:
        """The FLAC and the outline of a file that may be music, in `incoming`. ArtifactError with
        the reason if it is none."""
        flac, outline = song.with_suffix(".flac"), song.with_suffix(".json")
        child = Child(_LISTEN, [str(song), str(flac), str(outline)])
        try:
            async with self._decoders:
                code = await asyncio.wait_for(child.run(), _LISTEN_S)
        except TimeoutError:
            code, child.error = 2, f"reading it took longer than {_LISTEN_S:.0f} s"
        if code:
            reason = child.error.splitlines()[-1] if child.error else "the decoder gave up"
            raise web.HTTPUnsupportedMediaType(text=reason.replace(repr(str(song)), "this file"))
        return flac, outline

    async def hear(self, item: Item) -> tuple[Path, Path]:
        """The FLAC and the outline of a song of the library, made now if there are none."""
        flac, outline = (self.heard / f"{item.version}{s}" for s in (".flac", ".json"))
        async with self._locks.setdefault(item.id, asyncio.Lock()):
            if not outline.exists():
                copy = self.incoming / f"{item.version}.part"
                shutil.copyfile(self.library.path(item), copy)
                try:
                    made = await self.listen(copy)
                finally:
                    copy.unlink(missing_ok=True)
                self.keep_heard(item, made)
        return flac, outline

    def keep_heard(self, item: Item, made: tuple[Path, Path]) -> None:
        """The outline comes last: who sees it finds both."""
        for path in made:
            path.replace(self.heard / f"{item.version}{path.suffix}")

    def _forget_old_songs(self) -> None:
        known = {item.version for item in self.library.items("song")}
        for path in self.heard.iterdir():
            if path.stem not in known:
                path.unlink(missing_ok=True)

    # What the page is told --------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"styles": self.styles, "version": self.version}
        for item in self.library.items():
            shown.setdefault(f"{item.kind}s", []).append(_shown(item))
        return shown | {"jobs": [job.shown() for job in self.jobs.all()]}


def _shown(item: Item) -> dict[str, Any]:
    about = {name: item.about[name] for name in _SHOWN if name in item.about}
    return {
        "id": item.id,
        "name": item.name,
        "size": item.size,
        "mtime": item.mtime // 10**6,
    } | about


WORKSHOP = web.AppKey("workshop", Workshop)


def add_routes(app: web.Application) -> None:
    app.middlewares.append(_answer_errors)
    app.cleanup_ctx.append(_work)
    app.router.add_get("/api/state", _state)
    app.router.add_get("/api/events", _events)


async def _work(app: web.Application) -> AsyncIterator[None]:
    """The workshop is open as long as the application runs."""
    workshop = app[WORKSHOP] = Workshop(app[SETTINGS])
    tasks = [asyncio.create_task(workshop.jobs.run()), asyncio.create_task(_find_styles(workshop))]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    workshop.library.close()


async def _find_styles(workshop: Workshop) -> None:
    workshop.styles = await styles_of(workshop.model)
    workshop.tell()


async def styles_of(model: str) -> list[str]:
    """The styles of weights, asked of a process of its own: loading them takes a second."""
    found: list[str] = []

    def hear(line: str) -> None:
        with suppress(ValueError):
            found[:] = [str(name) for name in json.loads(line)]

    await Child("visuals.page.about_model", [model]).run(hear)
    return found


@web.middleware
async def _answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What the user can mend is said in a sentence; what is not there is not found."""
    try:
        return await handler(request)
    except (PerformanceError, OSError) as error:
        if isinstance(error, ConnectionError):
            raise
        raise web.HTTPBadRequest(text=as_sentence(error)) from None
    except KeyError:
        raise web.HTTPNotFound(text="there is no such thing") from None


async def _state(request: web.Request) -> web.StreamResponse:
    workshop = request.app[WORKSHOP]
    workshop.refresh()
    return web.json_response(workshop.state())


async def _events(request: web.Request) -> web.StreamResponse:
    """Server-sent events: the jobs, and the library's version, whenever one of them changed."""
    workshop = request.app[WORKSHOP]
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await answer.prepare(request)
    changed = workshop.watch()
    try:
        while True:
            if changed.is_set():
                changed.clear()
                jobs = [job.shown() for job in workshop.jobs.all()]
                told = {"version": workshop.version, "styles": workshop.styles, "jobs": jobs}
                await answer.write(f"data: {json.dumps(told)}\n\n".encode())
                await asyncio.sleep(_TELL_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), _LOOK_S)
            workshop.refresh()
    except ConnectionError:
        return answer
    finally:
        workshop.unwatch(changed)
