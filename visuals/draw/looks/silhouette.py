"""Silhouette: dark bodies before a wall of light, each with a rim of light in its own colour."""

import numpy as np

from visuals.draw import body
from visuals.draw.surfaces import ADD, black, mix, pygame, scaled, soft_disc
from visuals.scene.scene import RenderScene

_RIM_M = 0.032
_LIGHT_FROM = np.array([-0.35, -0.8])  # on the screen; the rim is thickest on that side
_WHITE = (255, 255, 255)
_BODY_SHARE = 0.06  # of the colour that is left in the dark


class Silhouette(body.BodyLook):
    def __init__(self):
        super().__init__()
        self._walls: dict[tuple, pygame.Surface] = {}
        self._wall = black((1, 1))

    def glow(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        """The wall: a broad glow behind everybody, that breathes with the beat."""
        width, height = canvas.get_size()
        disc = self._disc(scene.palette.backdrop, width, height)
        gain = min((0.55 + 0.45 * scene.pulse) * scene.presence * scene.glow, 1.0)
        if self._wall.get_size() != disc.get_size():
            self._wall = black(disc.get_size())
        self._wall.blit(disc, (0, 0))
        self._wall.fill(scaled(_WHITE, gain), special_flags=pygame.BLEND_RGB_MULT)
        center = (width / 2, 0.46 * height)
        canvas.blit(self._wall, self._wall.get_rect(center=center), special_flags=ADD)

    def draw_figure(self, surface: pygame.Surface, figure: body.Figure) -> None:
        """The rim of light behind each part, then the part, nearly black."""
        scene, tubes = figure.scene, body.BODY
        rim = max(_RIM_M * (0.8 + scene.pulse) * float(figure.scale[0]), 2.0)
        a, b, radius_a, radius_b = figure.ends(tubes, figure.scale)
        dark = body.capsules(a, b, radius_a, radius_b)
        lit_xy = figure.xy + _LIGHT_FROM * rim * 0.7
        lit = body.capsules(lit_xy[tubes.a], lit_xy[tubes.b], radius_a, radius_b, rim * 0.45)
        hot = (0.7 + 0.3 * scene.pulse) * scene.presence
        for part in figure.far_to_near:
            edge = scaled(mix(figure.colors[part], _WHITE, 0.45), hot)
            inside = scaled(figure.colors[part], _BODY_SHARE)
            for k in tubes.members[part]:
                body.fill(surface, edge, *lit[k])
            if part == body.TORSO:
                pygame.draw.polygon(surface, inside, figure.xy[body.TORSO_CORNERS].tolist())
            for k in tubes.members[part]:
                body.fill(surface, inside, *dark[k])

    def _disc(self, color, width: int, height: int) -> pygame.Surface:
        """The light on the wall, as large as fits with nothing cut off."""
        key = (color, width, height)
        if key not in self._walls:
            self._walls.clear()
            size = (max(round(0.98 * width), 2), max(round(0.92 * height), 2))
            self._walls[key] = pygame.transform.smoothscale(soft_disc(160, color, 1.9), size)
        return self._walls[key]
