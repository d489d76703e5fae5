"""Pictures of every look for docs/looks.md: 1, 3 and 8 dancers, on a beat and half a beat later.

posejockey perform SONG -o take.npz --dancers 8
python tools/make_looks.py take.npz docs/images/looks --start 20

One sheet a look, LOOK.jpg: a column a number of dancers, the upper row on the beat.
"""

import argparse
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from visuals import looks, palettes
from visuals.dances import Take, read_take
from visuals.draw import Renderer
from visuals.surfaces import black, pygame

_RATE = 30
_SETTLE_S = 1.5  # trails, particles and the camera have to get where they are in a show
_AFTER_S = 0.02
_DANCERS = (1, 3, 8)


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
    args = parser.parse_args()
    take = read_take(args.take)
    args.out.mkdir(parents=True, exist_ok=True)
    for look in args.looks:
        sheet = _sheet(take, look, args)
        pygame.image.save(sheet, str(args.out / f"{look}.jpg"))
        print(args.out / f"{look}.jpg", flush=True)


def _sheet(take: Take, look: str, args: argparse.Namespace) -> pygame.Surface:
    width, height = args.shown
    sheet = black((len(_DANCERS) * width, 2 * height))
    beat_s, half_s = _next_beat(take, args.start)
    for column, dancers in enumerate(_DANCERS):
        renderer = Renderer(look, args.palette)
        canvas = black(tuple(args.size))
        pictures = (-round(_SETTLE_S * _RATE), 0, round(half_s * _RATE))
        for row, (first, last) in enumerate(pairwise(pictures)):
            for k in range(first, last):
                view = take.view(beat_s + (k + 1) / _RATE)
                few = replace(view, dancers=view.dancers[:dancers], joints=view.joints[:dancers])
                renderer.draw(canvas, few, 1 / _RATE, hud=False)
            picture = pygame.transform.smoothscale(canvas, (width, height))
            sheet.blit(picture, (column * width, row * height))
    return sheet


def _next_beat(take: Take, start_s: float) -> tuple[float, float]:
    """(a moment after the first beat that follows start_s, half the time to the next beat), s.

    A moment after: at the beat itself, half of the pictures would show the end of the one before.
    """
    view = take.view(start_s)
    beats_s = 60 / view.bpm if view.bpm > 0 else 1.0
    return start_s + (1 - view.beat_phase) * beats_s + _AFTER_S, beats_s / 2


if __name__ == "__main__":
    main()
