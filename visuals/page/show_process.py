"""A show that is started from a page: `posejockey live`, as long as the studio runs.

Enters: the wish to start it, with another network and style if there is one, or to end it. Leaves:
a process of its own, which the pages then find as they find any show. Not one of the jobs: it does
not wait for them, and is not begun again after a kill. Event loop's thread.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from live.display import has_display
from live.errors import ConfigError
from live.settings_file import as_text
from visuals.page.child import Child
from visuals.page.job_process import URGENT
from visuals.page.names import stem_of
from visuals.page.security import SETTINGS
from visuals.page.stage import LINK
from visuals.page.uploads import read_json
from visuals.page.workshop import WORKSHOP

_PROCESS = "visuals.page.job_process"
_FAILED = "it ended with the code {}"


class ShowProcess:
    """At most one at a time. error: what the last one said when it failed."""

    def __init__(self):
        self.error = ""
        self._child: Child | None = None
        self._task: asyncio.Task | None = None

    @property
    def runs(self) -> bool:
        return self._child is not None

    def start(self, options: list[str]) -> None:
        """ConfigError if there is one already."""
        if self.runs:
            raise ConfigError("the show has been started already")
        self.error = ""
        self._child = Child(_PROCESS, [URGENT, "live", *options], listens=True, is_urgent=True)
        self._task = asyncio.create_task(self._run(self._child))

    async def end(self) -> None:
        """As by Ctrl-C: it says goodbye to lights and receivers."""
        if self._child and self._task:
            self._child.stop()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, child: Child) -> None:
        try:
            code = await child.run()
            if code and not child.is_stopped:
                lines = child.error.splitlines() or [_FAILED.format(code)]
                self.error = lines[-1]
        except OSError as error:
            self.error = str(error)
        finally:
            self._child = None


SHOW = web.AppKey("show process", ShowProcess)


def add_routes(app: web.Application) -> None:
    app.router.add_get("/api/show", _tell)
    app.router.add_post("/api/show", _start)
    app.router.add_delete("/api/show", _end)
    app.cleanup_ctx.append(_owned)


async def _owned(app: web.Application) -> AsyncIterator[None]:
    app[SHOW] = ShowProcess()
    yield
    with contextlib.suppress(asyncio.CancelledError):
        await app[SHOW].end()


async def _tell(request: web.Request) -> web.Response:
    """Whether a show runs, whether it is ours, and what was wrong with the last of ours."""
    show = request.app[SHOW]
    told = {"is_alive": request.app[LINK].relay.is_alive, "ours": show.runs, "error": show.error}
    return web.json_response(told)


async def _start(request: web.Request) -> web.Response:
    """{}, or {"model": ID of the library, "style": NAME}."""
    wishes = await read_json(request)
    if request.app[LINK].relay.is_alive:
        raise ConfigError("a show is running already; end it first")
    request.app[SHOW].start(_options(request.app, wishes))
    return await _tell(request)


async def _end(request: web.Request) -> web.Response:
    if not request.app[SHOW].runs:
        raise ConfigError("this show was not started here; end it where it was started")
    await request.app[SHOW].end()
    return await _tell(request)


def _options(app: web.Application, wishes: dict) -> list[str]:
    workshop = app[WORKSHOP]
    options = [f"--control-port={app[SETTINGS].control_port}", "--quiet"]
    options.append(f"--phrases={workshop.library.folder('phrase')}")
    model = workshop.model
    if wishes.get("model"):
        item = workshop.library.find(as_text("model", wishes["model"]), "model")
        model = str(Path(workshop.library.path(item)))
    options.append(f"--model={model}")
    if wishes.get("style"):
        options.append(f"--style={stem_of(as_text('style', wishes['style']), 'style')}")
    if not has_display():
        options.append("--no-visuals")
    return options
