"""What the studio's relay costs: dancers at 60 frames a second to pages over real WebSockets.

python -m benchmarks.relay --pages 10 --dancers 1 --seconds 10

The relay runs in a process of its own, as in the studio; its processor time is what is measured,
per frame. The pages read in this process.
"""

import argparse
import asyncio
import multiprocessing
import socket
import tempfile
import time
from pathlib import Path

import numpy as np
from aiohttp import ClientSession, WSMsgType, web

from live.body.skeleton import REST_POSE
from live.osc.encoding import FrameEncoder, StageFrame
from visuals.page.app import make_app
from visuals.page.settings import StudioSettings

_RATE = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--dancers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10.0)
    args = parser.parse_args()
    osc_port = _free_port()
    here, there = multiprocessing.get_context("spawn").Pipe()
    context = multiprocessing.get_context("spawn")
    server = context.Process(target=_serve, args=(there, osc_port), daemon=True)
    server.start()
    port = here.recv()
    got = asyncio.run(_visit(port, osc_port, here, args))
    frames = round(args.seconds * _RATE)
    busy_s = here.recv()
    here.send("end")
    server.join()
    print(
        f"{args.dancers} dancers, {args.pages} pages, {frames} frames: "
        f"{1000 * busy_s / frames:.2f} ms of processor a frame; "
        f"{min(got) / frames:.1%} to {max(got) / frames:.1%} arrived"
    )


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _serve(pipe, osc_port: int) -> None:
    asyncio.run(_serve_async(pipe, osc_port))


async def _serve_async(pipe, osc_port: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = StudioSettings(
            library=Path(folder), port=0, osc_port=osc_port, control_port=_free_port()
        )
        runner = web.AppRunner(make_app(settings), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        pipe.send(runner.addresses[0][1])
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, pipe.recv)
        before_s = time.process_time()
        await loop.run_in_executor(None, pipe.recv)
        pipe.send(time.process_time() - before_s)
        await loop.run_in_executor(None, pipe.recv)
        await runner.cleanup()


async def _visit(port: int, osc_port: int, pipe, args: argparse.Namespace) -> list[int]:
    got = [0] * args.pages
    async with ClientSession() as session:
        tasks = [asyncio.create_task(_read(session, port, got, k)) for k in range(args.pages)]
        await asyncio.sleep(1.0)
        pipe.send("begin")
        await _dance(osc_port, args)
        await asyncio.sleep(0.3)
        pipe.send("stop")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return got


async def _read(session: ClientSession, port: int, got: list[int], page: int) -> None:
    async with session.ws_connect(f"http://127.0.0.1:{port}/show") as pages:
        async for message in pages:
            got[page] += message.type == WSMsgType.BINARY


async def _dance(osc_port: int, args: argparse.Namespace) -> None:
    encoder = FrameEncoder(args.dancers, 4)
    joints = np.stack([REST_POSE] * args.dancers)
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(round(args.seconds * _RATE)):
            frame = StageFrame(
                number, number * 400, joints + np.float32(0.001 * (number % 100)),
                np.zeros(args.dancers, np.float32), (0.1, 0.2, 120.0, 0.9),
                np.zeros(3, np.float32), 0.5, np.full(4, 0.25, np.float32),
            )  # fmt: skip
            for bundle in encoder.encode(frame):
                sender.sendto(bundle, ("127.0.0.1", osc_port))
            await asyncio.sleep(max(0.0, start_s + (number + 1) / _RATE - loop.time()))


if __name__ == "__main__":
    main()
