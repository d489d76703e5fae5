"""How long a picture takes, by look: draw time without the window's flip.

    python -m benchmarks.looks [--looks neon,chalk] [--dancers 1,8] [--sizes 1280x720,1920x1080]
                               [--renderer gl] [--body dancer]

Enters: nothing; dancers are made here. Leaves: a table, milliseconds per picture, 50th and 99th
percentile of the wall clock, and the same of the processor's time, which other programs on the
machine disturb less. SDL's dummy driver, so nothing is shown; the flip is the display's own time.
With OpenGL the wall clock waits for the card, and the processor's time is that of the thread which
feeds it: looks without a twin on the card are drawn and uploaded there.
"""

import argparse
import os
import sys
import time
from typing import Any

import numpy as np

os.environ["SDL_VIDEODRIVER"] = "dummy"

from live.body.skeleton import JOINT, REST_POSE, with_bone_lengths
from live.monotonic import monotonic_s
from visuals.draw.avatar.stand_in import StandIn
from visuals.draw.looks import LOOKS
from visuals.draw.renderer import Renderer
from visuals.draw.surfaces import black, pygame
from visuals.feed.view import View

FPS = 60
BPM = 128.0
WARM_UP = 40  # pictures, until trails are as long as they get


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw time of every look.")
    parser.add_argument("--looks", default=",".join(LOOKS))
    parser.add_argument("--dancers", default="1,8")
    parser.add_argument("--sizes", default="1280x720,1920x1080")
    parser.add_argument("--pictures", type=int, default=180)
    parser.add_argument("--renderer", choices=("software", "gl"), default="software")
    parser.add_argument("--body", default="", help="dancer, or a .glb or .vrm file")
    args = parser.parse_args()
    pygame.display.init()
    context = open_context() if args.renderer == "gl" else None
    print("| look | dancers | size | wall p50 | p99 | processor p50 | p99 |")
    print("|---|---|---|---|---|---|---|")
    for name in args.looks.split(","):
        for count in map(int, args.dancers.split(",")):
            for size in args.sizes.split(","):
                wall, processor = measure(name, count, size, args.pictures, context, args.body)
                times = [*np.percentile(wall, [50, 99]), *np.percentile(processor, [50, 99])]
                row = " | ".join(f"{ms:.1f} ms" for ms in times)
                print(f"| {name} | {count} | {size} | {row} |", flush=True)


def open_context() -> Any:
    """OpenGL without a window."""
    import moderngl

    backend: dict[str, Any] = {"backend": "egl"} if sys.platform.startswith("linux") else {}
    context = moderngl.create_context(standalone=True, require=330, **backend)
    print(context.info["GL_RENDERER"], file=sys.stderr)
    return context


def measure(
    look: str, count: int, size: str, pictures: int, context: Any = None, body: str = ""
) -> tuple[np.ndarray, np.ndarray]:
    """Milliseconds [pictures] of the wall clock and of the processor. context: of OpenGL."""
    width, height = map(int, size.split("x"))
    stand_in = StandIn(body, beside=False) if body else None
    canvas, renderer = black((width, height)), Renderer(look, stand_in=stand_in)
    if context:
        from visuals.draw.gl.card import Card

        card = Card(context, context.simple_framebuffer((width, height)))
        card.resize((width, height))
        renderer.use(card)
        rows = min(height, 720)
        canvas = black((round(rows * width / height), rows))
    taken = []
    for k in range(WARM_UP + pictures):
        view = stage(k / FPS, count)
        start = monotonic_s(), time.thread_time()
        renderer.draw(canvas, view, 1 / FPS)
        if context:
            context.finish()
        taken.append((monotonic_s() - start[0], time.thread_time() - start[1]))
    wall, processor = 1e3 * np.array(taken[WARM_UP:]).T
    return wall, processor


def stage(time_s: float, count: int) -> View:
    """count dancers in rows of four, who swing arms and legs on every beat."""
    bodies = []
    for d in range(count):
        pose = REST_POSE.copy()
        swing = np.sin(np.pi * time_s * BPM / 60 + d)
        for side, sign in (("l", 1), ("r", -1)):
            for joint, reach in (("elbow", 0.3), ("wrist", 0.6)):
                pose[JOINT[f"{side}_{joint}"]] += [0.2 * sign, reach * (0.7 + swing), 0.3 * swing]
            pose[JOINT[f"{side}_ankle"], 2] += 0.3 * sign * swing
        place = [1.2 * (d % 4) - 0.6 * (min(count, 4) - 1), 0, -1.4 * (d // 4)]
        bodies.append(with_bone_lengths(pose) + np.array(place, np.float32))
    beats = time_s * BPM / 60
    return View(
        dancers=tuple(range(1, count + 1)),
        joints=np.stack(bodies),
        beat_phase=beats % 1,
        bar_phase=(beats / 4) % 1,
        bpm=BPM,
        confidence=1.0,
        onset=(0.6, 0.4, 0.3),
        level=0.6,
        age_s=0.0,
    )


if __name__ == "__main__":
    main()
