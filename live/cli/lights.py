"""`posejockey lights FILE`: look at a patch, try its lamps without music, point its heads.

FILE is a patch (TOML), or a plan or profile of lamps (.mvr, .gdtf) to make one from with -o.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from live.console import say
from live.errors import ConfigError
from live.monotonic import monotonic_s
from live.outputs.dmx import DmxOut
from live.outputs.dmx_watch import DmxWatch
from live.outputs.fixture import Fixture
from live.outputs.fixture_files import SUFFIXES, Placed, patch_text, read_gdtf, read_mvr
from live.outputs.lamp_test import LampTest, Pointing
from live.outputs.patch import PROTOCOLS, Patch, Universe, load_patch
from live.safe_write import check_output, write_text

if TYPE_CHECKING:  # loaded where something is shown
    from rich.table import Table

_SHOWN_EVERY_S = 0.1
_BAR = " ▁▂▃▄▅▆▇█"
_MOST_ROWS = 40


def main(argv: list[str]) -> int:
    args = _parser().parse_args(argv)
    if args.file.suffix.lower() in SUFFIXES:
        return _import(args)
    patch = load_patch(args.file)
    _check_name(patch, args.fixture or args.aim)
    if args.test:
        _try(patch, args)
    elif args.watch:
        _watch(patch, args.seconds)
    elif args.aim:
        _aim(patch, args.aim)
    else:
        from rich.console import Console

        Console().print(_table(patch, lambda universe: universe.home, "at rest"))
        say("--test tries the lamps, --watch shows what arrives, --aim NAME calibrates a head")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="posejockey lights", description=__doc__)
    parser.add_argument("file", type=Path, help="patch (TOML), plan (.mvr) or profile (.gdtf)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--test", action="store_true", help="light one fixture after the other, without music"
    )
    what.add_argument(
        "--watch", action="store_true", help="show what arrives for these universes, of anybody"
    )
    what.add_argument("--aim", default="", metavar="NAME", help="point a head at two corners")
    parser.add_argument("--fixture", default="", metavar="NAME", help="try this one alone")
    parser.add_argument(
        "--seconds", type=float, default=0.0, metavar="X", help="stop after this long; 0 never"
    )
    made = parser.add_argument_group("a patch from a plan or a profile")
    made.add_argument("-o", "--out", type=Path, metavar="FILE.toml", help="the patch to write")
    made.add_argument("--mode", default="", help="of a profile; the first unless named")
    made.add_argument("--protocol", default="sacn", choices=PROTOCOLS)
    made.add_argument("--host", default="", help="where to; of sACN: none is multicast")
    return parser


# Plans and profiles ---------------------------------------------------------------------------


def _import(args: argparse.Namespace) -> int:
    if args.protocol == "artnet" and not args.host:
        raise ConfigError("Art-Net needs a host: the node's address, or a broadcast one")
    if args.out:
        check_output(args.out, (".toml",), [args.file])
    if args.file.suffix.lower() == ".mvr":
        fixtures = read_mvr(args.file)
    else:
        profile = read_gdtf(args.file, args.mode)
        fixtures = [Placed(profile.name, 1, 1, 1, profile)]
    text = patch_text(fixtures, args.file.name, args.protocol, args.host)
    if not args.out:
        print(text, end="")
        return 0
    write_text(args.out, text)
    load_patch(args.out)  # what it refuses is known now
    universes = len({one.universe for one in fixtures})
    say(f"{args.out}: {len(fixtures)} fixtures in {universes} universes")
    return 0


# Trying ---------------------------------------------------------------------------------------


def _check_name(patch: Patch, name: str) -> None:
    names = [fixture.name for universe in patch.universes for fixture in universe.fixtures]
    if name and name not in names:
        raise ConfigError(f"no fixture {name!r}; there are {', '.join(names) or 'none'}")


def _try(patch: Patch, args: argparse.Namespace) -> None:
    """Send the test, and show it, until the time is over or Ctrl-C."""
    out = DmxOut(patch, partial(LampTest, only=args.fixture))
    tests = [board for board in out.boards if isinstance(board, LampTest)]
    longest_s = max((test.length_s for test in tests), default=0.0)
    say(f"one round takes {longest_s:.0f} s; Ctrl-C ends it, and the lamps go dark")
    by_universe = {id(board.universe): board for board in tests}

    def slots(universe: Universe) -> bytes:
        return by_universe[id(universe)].slots

    def doing() -> str:
        return ", ".join(test.doing for test in tests if test.doing)

    with out, _shown(patch, slots, doing) as show:
        _until(args.seconds, show)
    if out.errors:
        missing = ", ".join(target.name for target in out.targets if target.errors)
        say(f"{out.errors} packets did not leave: {missing}", sys.stderr)


def _watch(patch: Patch, seconds: float) -> None:
    with DmxWatch(patch.universes) as watch:

        def slots(universe: Universe) -> bytes:
            found = [
                one
                for one in watch.heard.values()
                if (one.protocol, one.universe) == (universe.protocol, universe.number)
            ]
            best = max(found, key=lambda one: one.priority, default=None)
            return best.slots.ljust(512, b"\0") if best else bytes(512)

        def sources() -> str:
            watch.poll()
            return "; ".join(
                f"{one.protocol} {one.universe} from {one.name}, priority {one.priority}, "
                f"{one.packets} packets"
                for one in watch.heard.values()
            ) or "nothing arrives"  # fmt: skip

        with _shown(patch, slots, sources) as show:
            _until(seconds, show)


def _aim(patch: Patch, name: str) -> None:
    """Hold a head where the operator says, and print what the two corners make of it."""
    out = DmxOut(patch, partial(Pointing, name=name))
    boards = [board for board in out.boards if isinstance(board, Pointing)]
    corners: list[str] = []
    say("PAN TILT (0 to 255, such as 127.5 90) moves it; at X Z notes the corner; empty ends")
    with out:
        while len(corners) < 2:
            words = input(f"{name} {boards[0].pan:g} {boards[0].tilt:g}> ").split()
            if not words:
                return
            try:
                is_corner = words[0] == "at"
                first, second = map(float, words[1:3] if is_corner else words[:2])
            except ValueError:
                say("two numbers, such as 127.5 90, or at and two numbers, such as at -2 1.5")
                continue
            if is_corner:
                pan, tilt = boards[0].pan, boards[0].tilt
                place = f"x = {first:g}, z = {second:g}, pan = {pan:g}, tilt = {tilt:g}"
                corners.append(f"  {{ {place} }},")
                continue
            for board in boards:
                board.pan, board.tilt = (min(max(v, 0.0), 255.0) for v in (first, second))
    print("\n".join(["[universe.fixture.head]", "corners = [", *corners, "]"]))


def _until(seconds: float, show: Callable[[], None]) -> None:
    end = monotonic_s() + seconds if seconds else float("inf")
    while monotonic_s() < end:
        show()
        time.sleep(_SHOWN_EVERY_S)


# Showing --------------------------------------------------------------------------------------


@contextmanager
def _shown(
    patch: Patch, slots: Callable[[Universe], bytes], title: Callable[[], str]
) -> Iterator[Callable[[], None]]:
    """A table that is kept up to date; where there is no terminal, the title when it changes."""
    from rich.console import Console
    from rich.live import Live

    console = Console()
    if not console.is_terminal:
        said = [""]

        def tell() -> None:
            now = title()
            if now != said[0]:
                said[0] = now
                say(now)

        yield tell
        return
    with Live(console=console, auto_refresh=False) as live:
        yield lambda: live.update(_table(patch, slots, title()), refresh=True)


def _table(patch: Patch, slots: Callable[[Universe], bytes], title: str) -> "Table":
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for column in ("universe", "fixture", "channels", "values"):
        table.add_column(column)
    rows = 0
    for universe in patch.universes:
        now = slots(universe)
        place = f"{universe.protocol} {universe.number}"
        for fixture in universe.fixtures[: _MOST_ROWS - rows]:
            table.add_row(place, fixture.name, _channels(fixture), _values(fixture, now))
            rows, place = rows + 1, ""
    return table


def _channels(fixture: Fixture) -> str:
    first = min(at for channel in fixture.channels for at in channel.at) + 1
    last = max(at for channel in fixture.channels for at in channel.at) + 1
    return f"{first}-{last}"


def _values(fixture: Fixture, slots: bytes) -> str:
    said = []
    for channel in fixture.channels:
        value = channel.get(slots)
        name = channel.signal.name if channel.signal else "stays"
        said.append(f"{name} {_BAR[round(value / 255 * 8)]}{round(value):>3}")
    return "  ".join(said)
