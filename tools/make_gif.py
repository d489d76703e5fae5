"""The README's moving picture: a take of `posejockey perform`, drawn by the visualizer.

posejockey perform SONG -o take.npz --dancers 3
python tools/make_gif.py take.npz docs/images/dance.gif --start 12 --looks neon ribbons kaleidoscope
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from live import palettes
from visuals.draw import looks
from visuals.draw.renderer import Renderer
from visuals.draw.surfaces import black, pygame
from visuals.feed.recorded import RecordedTake

_SETTLE_S = 1.0  # trails need it to be what they are in the middle of a show


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("take", type=Path)
    add("out", type=Path)
    add("--start", type=float, default=10.0, help="seconds into the take")
    add("--seconds", type=float, default=2.0, help="for each look; the next comes on a bar")
    add("--looks", nargs="+", default=[looks.DEFAULT])
    add("--palette", default=palettes.DEFAULT)
    add("--fps", type=int, default=12)
    add("--colors", type=int, default=192)
    add("--size", type=int, nargs=2, default=(800, 450))
    add("--shown", type=int, nargs=2, default=(480, 270))
    args = parser.parse_args()
    pictures = list(_pictures(RecordedTake.read(args.take), args))
    palette = _palette(pictures, args.colors)
    # Not dithered: the noise would be different in every picture, and double the file.
    pictures = [p.quantize(palette=palette, dither=Image.Dither.NONE) for p in pictures]
    pictures[0].save(
        args.out,
        save_all=True,
        append_images=pictures[1:],
        duration=1000 // args.fps,
        loop=0,
        optimize=True,
    )


def _palette(pictures: list[Image.Image], colors: int) -> Image.Image:
    """The colours of all pictures together: half for the few bright, half for the many dark."""
    width, height = pictures[0].width // 4, pictures[0].height // 4
    together = Image.new("RGB", (width, height * len(pictures)))
    for k, picture in enumerate(pictures):
        together.paste(picture.resize((width, height)), (0, k * height))
    chosen: list[int] = []
    for method in (Image.Quantize.MAXCOVERAGE, Image.Quantize.MEDIANCUT):
        half = together.quantize(colors // 2, method=method).getpalette() or []
        chosen += half[: 3 * (colors // 2)]
    palette = Image.new("P", (1, 1))
    palette.putpalette(chosen)
    return palette


def _pictures(take: RecordedTake, args: argparse.Namespace) -> Iterator[Image.Image]:
    canvas = black(tuple(args.size))
    renderer = Renderer(args.looks[0], args.palette)
    each = round(args.seconds * args.fps)
    for k in range(-round(_SETTLE_S * args.fps), each * len(args.looks)):
        if k > 0 and k % each == 0:
            renderer.show(args.looks[k // each])
        renderer.draw(canvas, take.view(args.start + k / args.fps), 1 / args.fps, hud=False)
        if k >= 0:
            data = pygame.image.tobytes(canvas, "RGB")
            picture = Image.frombytes("RGB", canvas.get_size(), data)
            yield picture.resize(tuple(args.shown), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
