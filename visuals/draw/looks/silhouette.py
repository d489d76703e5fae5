"""Silhouette: dark bodies before a wall of light, each with a rim of light in its own colour."""

import numpy as np

from visuals.draw.looks import body
from visuals.draw.surfaces import ADD, black, mix, pygame, scaled, soft_disc
from visuals.scene.scene import Scene

_RIM_M = 0.032
_LIGHT_FROM = np.array([-0.35, -0.8])  # on the screen; the rim is thickest on that side
_WHITE = (255, 255, 255)
_BODY_SHARE = 0.06  # of the colour that is left in the dark


class Silhouette:
    floor = True

    def __init__(self):
        self._doubled = body.Doubled()
        self._walls: dict[tuple, pygame.Surface] = {}
        self._wall = black((1, 1))

    def glow(self, canvas: pygame.Surface, scene: Scene) -> None:
        """The wall: a broad glow behind everybody, that breathes with the beat."""
        width, height = canvas.get_size()
        disc = self._disc(scene.palette.backdrop, width, height)
        gain = (0.55 + 0.45 * scene.pulse) * scene.presence
        if self._wall.get_size() != disc.get_size():
            self._wall = black(disc.get_size())
        self._wall.blit(disc, (0, 0))
        self._wall.fill(scaled(_WHITE, gain), special_flags=pygame.BLEND_RGB_MULT)
        center = (width / 2, 0.46 * height)
        canvas.blit(self._wall, self._wall.get_rect(center=center), special_flags=ADD)

    def ink(self, canvas: pygame.Surface, scene: Scene) -> None:
        area = body.bounds(scene, canvas)
        if area.w == 0 or area.h == 0:
            return
        large = self._doubled.cleared(canvas, area)
        for figure in body.far_to_near(scene):
            self._draw_figure(large, scene, figure, area.topleft)
        self._doubled.paste(canvas, area, large)

    def _draw_figure(self, large: pygame.Surface, scene: Scene, figure: int, origin) -> None:
        zoom = self._doubled.ZOOM
        xy = (scene.xy[figure] - np.array(origin)) * zoom
        scale = scene.scale[figure] * zoom
        tubes = body.BODY
        radius_a, radius_b = scale[tubes.a] * tubes.radius_a_m, scale[tubes.b] * tubes.radius_b_m
        rim = max(_RIM_M * (0.8 + scene.pulse) * float(scale[0]), 2.0)
        dark = body.capsules(xy[tubes.a], xy[tubes.b], radius_a, radius_b)
        lit_xy = xy + _LIGHT_FROM * rim * 0.7
        lit = body.capsules(lit_xy[tubes.a], lit_xy[tubes.b], radius_a, radius_b, rim * 0.45)
        hot = (0.7 + 0.3 * scene.pulse) * scene.presence
        corners = xy[body.TORSO_CORNERS]
        for part in body.parts_far_to_near(body.nearness_of(scale)):
            own = scene.colors[figure][body.OWN_LEFT[part]]
            edge = scaled(mix(own, _WHITE, 0.45), hot)
            inside = scaled(own, _BODY_SHARE)
            for k in tubes.members[part]:
                body.fill(large, edge, *lit[k])
            if part == body.TORSO:
                pygame.draw.polygon(large, inside, corners.tolist())
            for k in tubes.members[part]:
                body.fill(large, inside, *dark[k])

    def _disc(self, color, width: int, height: int) -> pygame.Surface:
        """The light on the wall, as large as fits with nothing cut off."""
        key = (color, width, height)
        if key not in self._walls:
            self._walls.clear()
            size = (max(round(0.98 * width), 2), max(round(0.92 * height), 2))
            self._walls[key] = pygame.transform.smoothscale(soft_disc(160, color, 1.9), size)
        return self._walls[key]
