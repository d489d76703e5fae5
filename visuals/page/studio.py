"""`posejockey studio`: the rehearsal room, the stage for OBS and the surface for a phone, as pages.

Opens http://127.0.0.1:7410 on this machine. Other devices: --bind 0.0.0.0 --allow 192.168.1.0/24,
then scan the code in the terminal.
"""

import argparse
import asyncio
import socket
import sys
import webbrowser
from pathlib import Path

import segno
from aiohttp import web

from live.console import say
from live.errors import DeviceError
from live.osc.schema import DEFAULT_CONTROL_PORT
from live.safe_write import check_output_folder
from visuals.page.app import make_app
from visuals.page.security import PAIR_PATH, PAIRING
from visuals.page.settings import LOOPBACK, STUDIO_PORT, StudioSettings, usual_library

_EVERYWHERE = ("0.0.0.0", "::", "")


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    settings = StudioSettings(
        library=args.library or usual_library(), host=args.bind, port=args.port,
        allow=tuple(args.allow), jobs=args.jobs, model=args.model, osc_port=args.osc_port,
        control_port=args.control_port,
    )  # fmt: skip
    check_output_folder(settings.library)
    settings.library.mkdir(parents=True, exist_ok=True)
    asyncio.run(_serve(settings, args.open))
    return 0


async def _serve(settings: StudioSettings, is_opened: bool) -> None:
    """Until Ctrl-C or a polite kill."""
    port = 0  # known once it listens

    def show(token: str) -> None:
        say(_link_text(f"http://{_own_address(settings.host)}:{port}{PAIR_PATH}{token}"))

    app = make_app(settings, on_new_link=show)
    # Streams to pages never end by themselves, so nobody waits for them.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        port = await _listen(runner, settings)
        host = settings.host if settings.is_local else LOOPBACK
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        say(f"studio: {address}   (library: {settings.library}; Ctrl-C ends it)")
        if not settings.is_local:
            show(app[PAIRING].token)
        if is_opened:
            webbrowser.open(address)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, settings: StudioSettings) -> int:
    await _listen_at(runner, settings.host, settings.port)
    port = runner.addresses[0][1]
    if not settings.is_local and settings.host not in _EVERYWHERE:
        await _listen_at(runner, LOOPBACK, port)  # this machine needs no pairing there
    return port


async def _listen_at(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        reason = error.strerror or error
        raise DeviceError(
            f"the studio cannot listen at {host}:{port} ({reason}); is another one running? "
            "--port takes another port"
        ) from None


def _link_text(link: str) -> str:
    """The code for a camera, and the link for who types."""
    code = segno.make(link, error="l", micro=False)
    drawing = sys.stdout.encoding and sys.stdout.encoding.lower().startswith("utf")
    lines = [] if not drawing else [_blocks(code)]
    return "\n".join([*lines, f"pair a phone or tablet, once: {link}"])


def _blocks(code: segno.QRCode) -> str:
    """Two rows of the code a line, as half blocks."""
    rows = [list(row) for row in code.matrix_iter(border=2)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    glyphs = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join(
        "".join(glyphs[bool(a), bool(b)] for a, b in zip(*pair, strict=True)) for pair in pairs
    )


def _own_address(host: str) -> str:
    """The address by which others reach us, where we listen at all of them."""
    if host not in _EVERYWHERE:
        return f"[{host}]" if ":" in host else host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: asks which way it would go
            return probe.getsockname()[0]
        except OSError:
            return socket.gethostname()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="posejockey studio", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=STUDIO_PORT, metavar="N", help="of the pages (%(default)s)")
    add("--bind", default=LOOPBACK, metavar="ADDRESS", help="where it listens (%(default)s)")
    add("--allow", action="append", default=[], metavar="ADDRESS",
        help="address or network that may use it besides this machine")  # fmt: skip
    add("--library", type=Path, metavar="DIR", help=f"songs and takes ({usual_library()})")
    add("--jobs", type=int, default=1, metavar="N", help="jobs at the same time (%(default)s)")
    add("--model", default="open", metavar="TEXT", help="weights that ship (open), or an ONNX file")
    add("--osc-port", type=int, default=0, metavar="N",
        help="where poses arrive besides those of the show on this machine")  # fmt: skip
    add("--control-port", type=int, default=DEFAULT_CONTROL_PORT, metavar="N",
        help="where the show listens (%(default)s)")  # fmt: skip
    add("--open", action=argparse.BooleanOptionalAction, default=True, help="open the browser")
    return parser
