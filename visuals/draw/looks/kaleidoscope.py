"""Kaleidoscope: the dancers in a wheel, feet to its hub, every second one mirrored.

One dancer fills six spokes; more dancers take spokes of their own. Hands and feet of neighbours are
joined, so that the whole wheel moves as one rosette. It turns slowly, a step further on each bar.
"""

import math

import numpy as np

from live.body.skeleton import JOINT
from visuals.draw import body
from visuals.draw.surfaces import mix, pygame, scaled
from visuals.scene.scene import SKULL, RenderScene

_SPOKES = 6
_TALL_M = 2.3  # arms up, on tiptoe
_MOST = 0.48  # of the picture's height, from the hub
_BREATH = 0.12  # of its size that the wheel has lost when the next beat throws it open
_TURN_RAD_S = 0.12
_WHITE = (255, 255, 255)
_WIDTH_M = 0.085
# A point and the neighbour's point it is joined to: mirrored neighbours meet left with left.
_JOINED = [JOINT[n] for n in ("l_wrist", "l_knee", "l_toe", "r_wrist", "r_knee", "r_toe")]


class Kaleidoscope:
    floor = False

    def __init__(self):
        self._turned = 0.0
        self._strokes = body.Scratch()
        self._doubled = body.Doubled()

    def glow(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        self._turned = (self._turned + scene.dt_s * _TURN_RAD_S) % (2 * math.pi)
        if scene.figures == 0:
            return
        strokes = self._strokes.cleared(canvas)
        spokes, scale = self.spokes(scene)
        self._draw_rosette(strokes, scene, spokes)
        for k, xy in enumerate(spokes):
            gain = (0.2 + 0.6 * scene.pulse) * scene.presence * scene.glow
            self._draw_body(strokes, scene, k, xy, scale, gain, 1.3)
        near = body.rows(strokes, 180)
        body.add_light(canvas, pygame.transform.box_blur(near, 2))
        body.add_light(canvas, pygame.transform.box_blur(body.smaller(near, 2), 4))

    def ink(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        if scene.figures == 0:
            return
        spokes, scale = self.spokes(scene)
        reach = math.ceil(_MOST * scene.size[1]) + 4
        area = pygame.Rect(0, 0, 2 * reach, 2 * reach)
        area.center = (scene.size[0] // 2, scene.size[1] // 2)
        area = area.clip(canvas.get_rect())
        large = self._doubled.cleared(canvas, area)
        for k, xy in enumerate(spokes):
            near = (xy - np.array(area.topleft)) * 2
            hot = (0.72 + 0.28 * scene.pulse) * scene.presence
            self._draw_body(large, scene, k, near, 2 * scale, hot, body.swell(scene))
        self._doubled.paste(canvas, area, large)

    def spokes(self, scene: RenderScene) -> tuple[np.ndarray, float]:
        """The copies [K, 20, 2] in pixels (k is of figure k modulo N), and pixels per metre."""
        count = scene.figures * max(1, round(_SPOKES / scene.figures))
        count = max(count, 2)
        most = _MOST * min(scene.size)
        hub = most * min(0.07 + 0.028 * max(count - _SPOKES, 0), 0.4)
        local = self._local(scene)
        tall = max(_TALL_M, float(local[..., 1].max()) + 0.13)
        scale = (most - hub) / math.hypot(tall, 0.35) * (1 - _BREATH * (1 - scene.pulse))
        k = np.arange(count)
        flat = local[k % scene.figures] * scale
        side = np.where(k % 2 == 0, 1.0, -1.0)[:, None]
        x, r = side * flat[..., 0], hub + flat[..., 1]
        # A stretched arm beside a tall body must stay in the wheel as well.
        over = np.maximum(np.hypot(x, r) / (most - 0.1 * scale), 1.0)
        angle = (2 * math.pi * k / count + self._turned + 0.15 * scene.accent)[:, None]
        c, s = np.cos(angle), np.sin(angle)
        x, r = x / over, r / over
        place = np.stack([x * c + r * s, x * s - r * c], axis=-1)
        return place + np.array(scene.size) / 2, scale

    def _local(self, scene: RenderScene) -> np.ndarray:
        """Bodies [N, 20, 2] in metres as seen from the front: across, and above the floor."""
        across = scene.points[..., 0] - scene.points[:, :1, 0]
        return np.stack([across, np.maximum(scene.points[..., 1], 0)], axis=-1)

    def _draw_body(self, surface, scene, k, xy, scale, gain, thick) -> None:
        colors = [scaled(mix(c, _WHITE, 0.2), gain) for c in scene.colors[k % scene.figures]]
        width = max(_WIDTH_M * scale * thick, 1.5)
        points = xy.tolist()
        for a, b, left in zip(
            body.STICK_A.tolist(), body.STICK_B.tolist(), body.STICK_LEFT, strict=True
        ):
            body.stroke(surface, colors[left], points[a], points[b], width)
        pygame.draw.circle(surface, colors[0], points[SKULL], 0.112 * scale)

    def _draw_rosette(self, surface, scene: RenderScene, spokes: np.ndarray) -> None:
        for k in range(len(spokes)):
            mine = spokes[k][_JOINED].tolist()
            theirs = spokes[(k + 1) % len(spokes)][_JOINED].tolist()
            colors = scene.colors[k % scene.figures]
            color = scaled(colors[0], (0.3 + 0.7 * scene.pulse) * scene.presence)
            width = 1 + round(surface.get_height() / 180 * scene.pulse)
            for a, b in zip(mine, theirs, strict=True):
                pygame.draw.aaline(surface, color, a, b, width)
