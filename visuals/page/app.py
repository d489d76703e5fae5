"""The web application: what guards it, the files of its pages, and who answers what.

Enters: settings. Leaves: an `aiohttp` application. A page is a module with `add_routes(app)`,
listed in `PAGES`; what it keeps, it keeps under an `AppKey` of its own and starts and ends in
`app.cleanup_ctx`. Event loop's thread; nothing here may block it.
"""

import logging
from collections.abc import Callable

from aiohttp import web

from visuals.page import job_routes, learn, library_routes, show_process, stage, workshop
from visuals.page.files import STATIC, file_answer, page
from visuals.page.library import OWN_FOLDER
from visuals.page.pairing import COOKIE, COOKIE_S, Pairing
from visuals.page.security import (
    PAIR_PATH,
    PAIRING,
    SETTINGS,
    add_headers,
    guard,
    is_worth_a_log,
)
from visuals.page.settings import StudioSettings
from visuals.page.uploads import MOST_JSON

AddRoutes = Callable[[web.Application], None]
PAGES: tuple[AddRoutes, ...] = (
    workshop.add_routes,
    library_routes.add_routes,
    job_routes.add_routes,
    stage.add_routes,
    show_process.add_routes,
    learn.add_routes,
)


def make_app(
    settings: StudioSettings, on_new_link: Callable[[str], object] = lambda _: None
) -> web.Application:
    """The studio, not yet listening. on_new_link: told each new token that pairs a device."""
    app = web.Application(middlewares=[guard], client_max_size=MOST_JSON)
    app[SETTINGS] = settings
    app[PAIRING] = Pairing(settings.library / OWN_FOLDER / "paired.json", on_new_link)
    app.on_response_prepare.append(add_headers)
    logging.getLogger("aiohttp.server").addFilter(is_worth_a_log)
    app.router.add_get(PAIR_PATH + "{token}", _pair)
    app.router.add_get("/static/{path:.+}", _static)
    app.router.add_get("/", page("rehearse.html"))
    for add_routes in PAGES:
        add_routes(app)
    return app


async def _static(request: web.Request) -> web.StreamResponse:
    """Only files that are in the folder: compared after links and ".." are gone."""
    try:
        path = (STATIC / request.match_info["path"]).resolve()
        if not path.is_relative_to(STATIC.resolve()) or not path.is_file():
            raise web.HTTPNotFound
    except (OSError, ValueError):
        raise web.HTTPNotFound from None
    return file_answer(path)


async def _pair(request: web.Request) -> web.StreamResponse:
    cookie = request.app[PAIRING].pair(request.match_info["token"])
    if cookie is None:
        raise web.HTTPForbidden(text="this link was used; take the newest of the terminal\n")
    answer = web.HTTPSeeOther("/play")
    answer.set_cookie(COOKIE, cookie, max_age=COOKIE_S, httponly=True, samesite="Lax")
    raise answer
