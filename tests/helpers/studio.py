"""The studio's application, asked as a browser would, over a real socket."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp.test_utils import TestClient, TestServer

from visuals.page.app import make_app
from visuals.page.settings import StudioSettings


def with_studio(settings: StudioSettings, visit: Callable[[TestClient], Awaitable[None]]) -> None:
    """Run a visit to a studio that listens at a free port of this machine."""

    async def run() -> None:
        async with TestClient(TestServer(make_app(settings))) as client:
            await visit(client)

    asyncio.run(run())
