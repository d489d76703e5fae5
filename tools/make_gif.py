"""The README's moving picture: a take of `posejockey perform`, drawn by the visualizer.

posejockey perform SONG -o take.npz --dancers 3
python tools/make_gif.py take.npz docs/images/dance.gif --start 20
"""

import argparse
import os
from pathlib import Path

import numpy as np
from PIL import Image

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
import pygame

from visuals.draw import Renderer
from visuals.osc_in import View

_TAKE_RATE = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("take", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--start", type=float, default=10.0, help="seconds into the take")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--fps", type=int, default=20)
    parser.add_argument("--size", type=int, nargs=2, default=(800, 450))
    parser.add_argument("--shown", type=int, nargs=2, default=(560, 315))
    args = parser.parse_args()
    take = dict(np.load(args.take))
    pictures = list(_pictures(take, args))
    palette = [p.convert("P", palette=Image.Palette.ADAPTIVE, colors=96) for p in pictures]
    palette[0].save(
        args.out,
        save_all=True,
        append_images=palette[1:],
        duration=1000 // args.fps,
        loop=0,
        optimize=True,
    )


def _pictures(take: dict[str, np.ndarray], args: argparse.Namespace):
    pygame.display.init()
    pygame.font.init()
    surface = pygame.display.set_mode(tuple(args.size))
    renderer = Renderer()
    step = _TAKE_RATE // args.fps
    first = int(args.start * _TAKE_RATE)
    settle = _TAKE_RATE  # trails need a second to be what they are in the middle of a show
    for i in range(first - settle, first + int(args.seconds * _TAKE_RATE)):
        renderer.draw(surface, _view(take, i), 1 / _TAKE_RATE, hud=False)
        if i >= first and (i - first) % step == 0:
            picture = Image.frombytes(
                "RGB", surface.get_size(), pygame.image.tobytes(surface, "RGB")
            )
            yield picture.resize(tuple(args.shown), Image.Resampling.LANCZOS)


def _view(take: dict[str, np.ndarray], i: int) -> View:
    joints = take["joints"][i]
    phase = float(take["beat_phase"][i])
    return View(
        dancers=tuple(range(1, len(joints) + 1)),
        joints=joints,
        beat_phase=phase,
        bar_phase=phase / 4,
        bpm=float(take["tempo_bpm"][i]),
        confidence=float(take["beat_confidence"][i]),
        onset=tuple(take["onset"][i].tolist()),
        level=float(take["level"][i]),
        style=take["style"][i],
        age_s=0.0,
    )


if __name__ == "__main__":
    main()
