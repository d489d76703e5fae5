"""`python -m visuals`: the window, or the terminal where there is no display."""

import argparse
import logging
import sys
from pathlib import Path

from live import console
from live.errors import ConfigError, PerformanceError
from live.osc.schema import DEFAULT_CONTROL_PORT, DEFAULT_PORT, LOOKS, PALETTES
from visuals.draw.options import add_picture_options, picture_options


def main(argv: list[str] | None = None) -> int:
    """Run the visualizer. Returns the exit code: 0, or 2 after an error the user can mend."""
    console.allow_all_letters()
    args = _parser().parse_args(argv)
    # python-osc reports damaged packets to the root logger, which without a handler prints them
    # over the picture in the terminal; the feed counts them instead.
    if not logging.root.handlers:
        logging.root.addHandler(logging.NullHandler())
    try:
        if args.check:
            _check_free(argv)
        return _run(args)
    except PerformanceError as error:
        console.say(f"posejockey visuals: {error}", sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="posejockey visuals", description="Draw the figures that arrive over OSC."
    )
    add = parser.add_argument
    add("--port", type=int, default=DEFAULT_PORT, help="UDP port to listen on (%(default)s)")
    add("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0: from other machines")
    switch = argparse.BooleanOptionalAction
    add("--terminal", action=switch, default=False, help="draw in the terminal, without a window")
    add("--display", type=int, default=0, metavar="N", help="which display, from 0 (%(default)s)")
    add(
        "--renderer",
        default="auto",
        metavar="NAME",
        help="auto (OpenGL where a graphics card computes it), gl (any OpenGL 3.3) or software "
        "(%(default)s)",
    )
    add("--fullscreen", action=switch, default=False, help="start on the full screen")
    add_picture_options(
        parser,
        look=LOOKS[0],
        palette=PALETTES[0],
        camera="orbit",
        lineup="stage",
        mirror=False,
        canon=0.0,
    )
    add(
        "--cast",
        type=int,
        default=0,
        metavar="N",
        help="show this many dancers, 1 to 16, repeating those that arrive",
    )
    add(
        "--out",
        action="append",
        default=[],
        metavar="KIND:NAME",
        help="hand the picture on as well: ndi:NAME, spout:NAME (Windows), syphon:NAME (macOS); "
        "repeat it for several",
    )
    add(
        "--transparent",
        action=switch,
        default=False,
        help="no stage, only figures, with alpha for --out (drawn in software)",
    )
    add("--preview", action=switch, default=False, help="a small second window, lit in blackout")
    add(
        "--corners",
        default="",
        metavar="X,Y,...",
        help="where the picture's four corners are, for a projector (the key W sets them)",
    )
    add("--styles", metavar="A,B", help="what the key S goes through (what the engine says)")
    add(
        "--state",
        type=Path,
        metavar="FILE",
        help="keep what is played in this file, and go on with what it holds (live names its own)",
    )
    add(
        "--check", action="count", default=0,
        help="say whether a show may start it with these options, and leave",
    )  # fmt: skip
    add("--seconds", type=float, help="leave after this many seconds")
    add("--screenshot", metavar="FILE", help="on leaving, write the last picture (PNG)")
    add(
        "--control",
        metavar="HOST:PORT",
        default=f"127.0.0.1:{DEFAULT_CONTROL_PORT}",
        help="the engine's control port, which the keys are sent to (%(default)s)",
    )
    return parser


def _check_free(argv: list[str] | None) -> None:
    """ConfigError for an option that the show settles itself: it would count for nothing."""
    parser = _parser()
    parser.set_defaults(**dict.fromkeys(_OF_THE_SHOW))
    args = parser.parse_args(argv)
    given = [name for name in _OF_THE_SHOW if getattr(args, name) is not None]
    if args.check > 1:
        given.append("check")
    if given:
        raise ConfigError(f"--{given[0]} is settled by the show itself; leave it out")


_OF_THE_SHOW = ("port", "control", "state")


def _run(args: argparse.Namespace) -> int:
    control = _address(args.control)
    if args.check and args.terminal:
        return 0
    if not args.terminal:
        # Imported here: the terminal needs no pygame, the window no rich.
        from visuals.draw.settings import PictureSettings
        from visuals.out.senders import parse_outs, require
        from visuals.window import app, window

        settings = app.WindowSettings(
            picture=PictureSettings(
                look=args.look,
                palette=args.palette,
                camera=args.camera,
                lineup=args.lineup,
                mirror=args.mirror,
                canon=args.canon,
                cast=args.cast,
                body=args.body,
                **picture_options(args),
                flashes_per_s=args.flashes,
                brightness=args.brightness,
            ),
            fullscreen=args.fullscreen,
            styles=tuple(args.styles.split(",")) if args.styles else (),
            display=args.display,
            renderer=args.renderer,
            control=control,
            outs=parse_outs(args.out),
            transparent=args.transparent,
            corners=args.corners,
            preview=args.preview,
        )
        for out in settings.outs:
            require(out.kind)
        if args.check:
            return 0
        try:
            return app.run(
                args.port, args.host, settings, args.seconds, args.screenshot, args.state
            )
        except window.NoDisplayError as error:
            print(f"posejockey visuals: {error}; drawing in the terminal", file=sys.stderr)
    from visuals import terminal

    return terminal.run(args.port, args.host, args.seconds)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port[:6]) < 65_536:
        raise ConfigError(f"--control {text!r} is not HOST:PORT with a port from 1 to 65535")
    return host, int(port)


if __name__ == "__main__":
    sys.exit(main())
