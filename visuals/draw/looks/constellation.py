"""Constellation: joints as stars, thin lines along the bones, faint ones where bodies come near.

The stars behind the stage stand still; the joints' stars flare on the beat and twinkle with the
high frequencies.
"""

import numpy as np

from live.body.skeleton import JOINT
from visuals.draw import body
from visuals.draw.surfaces import ADD, mix, pygame, scaled, soft_disc
from visuals.scene.scene import SKULL, RenderScene

_NEAR_M = 0.75  # points nearer to each other than this are joined by a faint line
_MOST_LINKS = 160
_SKY_STARS = 170
_WHITE = (255, 255, 255)
_HALO_M = 0.16
_STAR_M = 0.030
_RAY_M = 0.26  # of the large stars, on the beat
# The points that reach for others: extremities, not the trunk, which is always near itself.
_REACH = [JOINT[n] for n in ("l_wrist", "r_wrist", "l_elbow", "r_elbow", "l_knee", "r_knee")]
_REACH += [JOINT["l_ankle"], JOINT["r_ankle"], SKULL]
_BIG = {JOINT["l_wrist"], JOINT["r_wrist"], JOINT["l_ankle"], JOINT["r_ankle"], JOINT["pelvis"]}
_STARS = [k for k in range(20) if k not in (JOINT["head"], JOINT["spine"])]


class Constellation:
    floor = False

    def __init__(self):
        rng = np.random.default_rng(23)
        self._sky = rng.random((_SKY_STARS, 2)) * [1.0, 0.86]
        self._magnitude = rng.random(_SKY_STARS) ** 3
        self._halos: dict[tuple, pygame.Surface] = {}
        self._age_s = 0.0

    def glow(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        self._age_s += scene.dt_s
        for figure in range(scene.figures):
            step = round(scene.pulse * 8) / 8
            radius = max(int(_HALO_M * (1 + 0.7 * step) * float(scene.scale[figure, 0])), 2)
            swell = (0.3 + 0.7 * step) * scene.presence * min(scene.glow, 2.0)
            halo = self._halo(radius, scene.colors[figure][0], round(swell * 8) / 8)
            for x, y in scene.xy[figure, _STARS].tolist():
                canvas.blit(halo, (x - radius, y - radius), special_flags=ADD)

    def ink(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        self._draw_sky(canvas, scene)
        self._draw_links(canvas, scene)
        for figure in body.far_to_near(scene):
            self._draw_figure(canvas, scene, figure)

    def _draw_sky(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        twinkle = 1 + 0.5 * np.sin(self._age_s * 2 + np.arange(_SKY_STARS) * 2.4)
        light = (0.10 + 0.34 * self._magnitude) * twinkle * (1 + scene.pulse) * scene.presence
        places = (self._sky * scene.size).tolist()
        size = max(canvas.get_height() // 540, 1)
        for (x, y), gain in zip(places, light.tolist(), strict=True):
            canvas.fill(scaled(_WHITE, gain), (x, y, size, size))

    def _draw_links(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        """Between the hands, knees, feet and heads that are near each other on the stage."""
        if scene.figures == 0:
            return
        points = scene.points[:, _REACH].reshape(-1, 3)
        owner = np.repeat(np.arange(scene.figures), len(_REACH))
        apart = np.linalg.norm(points[:, None] - points[None], axis=2)
        first, second = np.nonzero(np.triu(apart < _NEAR_M, 1))
        order = np.argsort(apart[first, second])[:_MOST_LINKS]
        xy = scene.xy[:, _REACH].reshape(-1, 2).tolist()
        for i, j in zip(first[order].tolist(), second[order].tolist(), strict=True):
            near = 1 - apart[i, j] / _NEAR_M
            pair = mix(scene.colors[owner[i]][0], scene.colors[owner[j]][0], 0.5)
            color = scaled(pair, (0.1 + 0.5 * near) * scene.presence)
            pygame.draw.aaline(canvas, color, xy[i], xy[j])

    def _draw_figure(self, canvas: pygame.Surface, scene: RenderScene, figure: int) -> None:
        scale = float(scene.scale[figure, 0])
        xy = scene.xy[figure].tolist()
        light = (0.6 + 0.35 * scene.pulse) * scene.presence
        bright = [scaled(mix(c, _WHITE, 0.15), light) for c in scene.colors[figure]]
        width = max(round(0.012 * scale), 1)
        for a, b, left in zip(
            body.STICK_A.tolist(), body.STICK_B.tolist(), body.STICK_LEFT, strict=True
        ):
            pygame.draw.aaline(canvas, bright[left], xy[a], xy[b], width)
        flare = 0.85 + 0.8 * scene.pulse + 0.25 * scene.view.onset[2] * scene.presence
        star = scaled(mix(scene.colors[figure][1], _WHITE, 0.6), scene.presence)
        reach = _RAY_M * scale * scene.pulse
        if reach >= 2:
            ray = scaled(star, 0.3 + 0.6 * scene.pulse)
            for x, y in (xy[k] for k in (*_BIG, SKULL)):
                pygame.draw.aaline(canvas, ray, (x - reach, y), (x + reach, y), width)
                pygame.draw.aaline(canvas, ray, (x, y - reach), (x, y + reach), width)
        for k in _STARS:
            size = 2.2 if k == SKULL else 1.35 if k in _BIG else 0.85
            pygame.draw.aacircle(canvas, star, xy[k], max(_STAR_M * size * flare * scale, 1.0))

    def _halo(self, radius: int, color, gain: float) -> pygame.Surface:
        """Kept by size, colour and brightness, which move in steps."""
        radius = max(radius // 2 * 2, 2)
        key = (radius, color, gain)
        if key not in self._halos:
            if len(self._halos) > 400:
                self._halos.clear()
            small = soft_disc(24, scaled(color, 0.45 * gain), power=2.5)
            self._halos[key] = pygame.transform.smoothscale(small, (2 * radius, 2 * radius))
        return self._halos[key]
