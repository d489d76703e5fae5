"""Pictures of every look for docs/looks.md: 1, 3 and 8 dancers, on a beat and half a beat later.

posejockey perform SONG -o take.npz --dancers 8
python tools/make_looks.py take.npz docs/images/looks --start 20
python tools/make_looks.py take.npz docs/images/looks --start 20 --strip --shown 200 112

One sheet a look, LOOK.jpg: a column a number of dancers, the upper row on the beat. With --strip
one sheet for all, beat.jpg: a row a look, eight moments evenly over one beat, from the beat on.
"""

import argparse
import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from live import palettes
from visuals.draw import looks
from visuals.draw.renderer import Renderer
from visuals.draw.surfaces import black, pygame
from visuals.feed.recorded import RecordedTake

_RATE = 30
_SETTLE_S = 1.5  # trails, particles and the camera have to get where they are in a show
_AFTER_S = 0.02
_DANCERS = (1, 3, 8)
_MOMENTS = 8


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("take", type=Path)
    add("out", type=Path, help="folder for the sheets")
    add("--start", type=float, default=10.0, help="seconds into the take, from there the next beat")
    add("--looks", nargs="*", default=list(looks.LOOKS), help="only these")
    add("--palette", default=palettes.DEFAULT)
    add("--size", type=int, nargs=2, default=(960, 540), help="pixels drawn")
    add("--shown", type=int, nargs=2, default=(480, 270), help="pixels of a picture on the sheet")
    add("--strip", action="store_true", help="eight moments over a beat instead, as one sheet")
    add("--beats", type=float, default=1.0, help="over so many beats (%(default)g)")
    add("--dancers", type=int, default=3, help="on the strip (%(default)s)")
    args = parser.parse_args()
    take = RecordedTake.read(args.take)
    args.out.mkdir(parents=True, exist_ok=True)
    if args.strip:
        pygame.image.save(_strips(take, args), str(args.out / "beat.jpg"))
        print(args.out / "beat.jpg", flush=True)
        return
    for look in args.looks:
        sheet = _sheet(take, look, args)
        pygame.image.save(sheet, str(args.out / f"{look}.jpg"))
        print(args.out / f"{look}.jpg", flush=True)


def _sheet(take: RecordedTake, look: str, args: argparse.Namespace) -> pygame.Surface:
    width, height = args.shown
    sheet = black((len(_DANCERS) * width, 2 * height))
    beat_s, half_s = _next_beat(take, args.start)
    for column, dancers in enumerate(_DANCERS):
        moments_s = [beat_s, beat_s + half_s]
        for row, picture in enumerate(_pictures(take, look, dancers, moments_s, args)):
            sheet.blit(picture, (column * width, row * height))
    return sheet


def _strips(take: RecordedTake, args: argparse.Namespace) -> pygame.Surface:
    width, height = args.shown
    sheet = black((_MOMENTS * width, len(args.looks) * height))
    beat_s, half_s = _next_beat(take, args.start)
    moments_s = [beat_s + 2 * half_s * args.beats * k / _MOMENTS for k in range(_MOMENTS)]
    for row, look in enumerate(args.looks):
        for column, picture in enumerate(_pictures(take, look, args.dancers, moments_s, args)):
            sheet.blit(picture, (column * width, row * height))
    return sheet


def _pictures(
    take: RecordedTake, look: str, dancers: int, moments_s: list[float], args: argparse.Namespace
) -> Iterator[pygame.Surface]:
    """The look at these moments, as in a film: trails and the guard know what came before."""
    renderer = Renderer(look, args.palette)
    canvas = black(tuple(args.size))
    for before_s, moment_s in pairwise([moments_s[0] - _SETTLE_S, *moments_s]):
        count = math.ceil((moment_s - before_s) * _RATE)
        dt_s = (moment_s - before_s) / count
        for k in range(count):
            view = take.view(before_s + (k + 1) * dt_s)
            few = replace(view, dancers=view.dancers[:dancers], joints=view.joints[:dancers])
            renderer.draw(canvas, few, dt_s, hud=False)
        yield pygame.transform.smoothscale(canvas, tuple(args.shown))


def _next_beat(take: RecordedTake, start_s: float) -> tuple[float, float]:
    """(a moment after the first beat that follows start_s, half the time to the next beat), s.

    A moment after: at the beat itself, half of the pictures would show the end of the one before.
    """
    view = take.view(start_s)
    beats_s = 60 / view.bpm if view.bpm > 0 else 1.0
    return start_s + (1 - view.beat_phase) * beats_s + _AFTER_S, beats_s / 2


if __name__ == "__main__":
    main()
