"""Particles: bodies of dust that lags behind fast limbs and bursts outwards on the beat.

Each grain has its place in the body and its own slowness, so that a swung arm smears into a comet
and comes together again when it rests.
"""

import numpy as np

from visuals.draw import body
from visuals.draw.surfaces import pygame
from visuals.scene.scene import RenderScene

_GRAINS = 1_300  # a dancer; fewer for many
_MOST_GRAINS = 9_600
_SLOW_S = (0.012, 0.16)  # time constants of the quickest and the slowest grain
_BURST = 1.1  # of the body's radius on the beat
_SPARKS = 0.14  # share of the grains that the beat throws far
_SPARK_M = 0.22
_FAST_M_S = 2.2  # a grain this fast is white
_GRAIN_M = 0.0075
_HALO_M = 0.035


class Particles:
    floor = True

    def __init__(self):
        rng = np.random.default_rng(31)
        tubes = body.BODY
        length = np.array(
            [0.38, 0.5, 0.5, 0.2, 0.2, 0.25, *[0.28, 0.25] * 2, *[0.42, 0.42, 0.2] * 2]
        )
        share = length * (tubes.radius_a_m + tubes.radius_b_m)
        self._tube = rng.choice(len(tubes.a), _GRAINS, p=share / share.sum())
        self._along = rng.random((_GRAINS, 1))
        direction = rng.normal(size=(_GRAINS, 3))
        self._out = direction / np.linalg.norm(direction, axis=1, keepdims=True)
        self._depth = rng.random((_GRAINS, 1)) ** 0.4
        low, high = _SLOW_S
        self._slow_s = (low + (high - low) * rng.random((_GRAINS, 1)) ** 3)[None]
        self._spark = (rng.random((_GRAINS, 1)) < _SPARKS) * rng.random((_GRAINS, 1))
        self._left = np.array(body.OWN_LEFT)[tubes.part[self._tube]]
        self._at: dict[int, np.ndarray] = {}  # by dancer: [P, 3], metres
        self._colors = np.zeros((0, 3), np.uint8)
        self._points = np.zeros((0, 3))
        self._dots = body.Scratch()

    def glow(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        self._move(scene)
        dots = self._dots.cleared(canvas)
        xy, _ = scene.camera.project(self._points, scene.size)
        _scatter(dots, xy, self._colors, 2)
        # No wider than a forearm: small figures would melt into a cloud.
        reach = round(_HALO_M * float(scene.scale.mean()) / 2) if scene.figures else 0
        near = pygame.transform.box_blur(body.smaller(dots, 2), max(reach, 1))
        body.add_light(canvas, near, scene.glow)

    def ink(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        if len(self._points) == 0:
            return
        xy, scale = scene.camera.project(self._points, scene.size)
        size = round(2 * _GRAIN_M * float(scale.max()))
        _scatter(canvas, xy, self._colors, min(max(size, 2), 5))

    def _move(self, scene: RenderScene) -> None:
        """Every grain towards its place; then all of them, from far to near, with their colours."""
        count = min(_GRAINS, _MOST_GRAINS // max(scene.figures, 1))
        if scene.figures == 0:
            self._at, self._points = {}, np.zeros((0, 3))
            self._colors = np.zeros((0, 3), np.uint8)
            return
        aims = self._aims(scene, count)
        gain = 1 - np.exp(
            -max(scene.dt_s, 1e-4) / (max(scene.trail, 0.02) * self._slow_s[:, :count])
        )
        before = np.stack(
            [
                at if (at := self._at.get(d)) is not None and len(at) == count else aims[i]
                for i, d in enumerate(scene.view.dancers)
            ]
        )
        moved = (aims - before) * gain
        now = before + moved
        self._at = dict(zip(scene.view.dancers, now, strict=True))
        speed = np.linalg.norm(moved, axis=2) / max(scene.dt_s, 1e-4)
        pairs = np.array(scene.colors, np.float32)  # [N, 2, 3]
        color = pairs[:, self._left[:count].astype(int)]
        white = np.clip(speed / _FAST_M_S, 0, 0.8)[..., None]
        shine = (0.5 + 0.5 * self._depth[:count]) * (0.8 + 0.2 * scene.pulse) * scene.presence
        color = (color + (255 - color) * white) * shine
        points = now.reshape(-1, 3)
        order = np.argsort(points[:, 2])
        self._points = points[order]
        self._colors = color.reshape(-1, 3)[order].astype(np.uint8)

    def _aims(self, scene: RenderScene, count: int) -> np.ndarray:
        """Where the grains belong, [N, count, 3] metres."""
        tubes, tube = body.BODY, self._tube[:count]
        along, out = self._along[:count], self._out[:count]
        a, b = scene.points[:, tubes.a[tube]], scene.points[:, tubes.b[tube]]
        radius = tubes.radius_a_m[tube] + (tubes.radius_b_m - tubes.radius_a_m)[tube] * along[:, 0]
        swell = 0.75 * radius[:, None] * self._depth[:count] * (1 + _BURST * scene.pulse * along)
        spark = _SPARK_M * self._spark[:count] * (scene.pulse + 0.6 * scene.accent)
        return a + (b - a) * along + out * (swell + spark)


def _scatter(surface: pygame.Surface, xy: np.ndarray, colors: np.ndarray, size: int) -> None:
    """Squares of size pixels at xy [K, 2], later ones over earlier ones."""
    width, height = surface.get_size()
    packed = colors.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    pixels = pygame.surfarray.pixels2d(surface)  # 0xRRGGBB: how `black` and the window are laid out
    at = np.floor(xy - size / 2 + 0.5).astype(int)
    inside = ((at >= 0) & (at < [width - size + 1, height - size + 1])).all(axis=1)
    x, y, packed = at[inside, 0], at[inside, 1], packed[inside]
    for dx in range(size):
        for dy in range(size):
            pixels[x + dx, y + dy] = packed
