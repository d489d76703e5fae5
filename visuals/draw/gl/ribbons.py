"""Ribbons on the card: the silk that `looks.ribbons` keeps, with light that runs along it."""

import numpy as np

from visuals.draw.gl import bodies
from visuals.draw.gl.card import Card, Light, Target
from visuals.draw.gl.neon import two_triangles
from visuals.draw.looks import body, ribbons
from visuals.scene.scene import Scene

_OUTER, _INNER = 0.55, 0.22  # of the silk's light, at its two hems
_HEM_PX = 1.1  # half the width of the bright hem, at 720p
_RIM_PX = 1.5  # at 720p
_RIM_ALPHA = 160 / 255
_SIGMA = 1.4  # texels


class Ribbons:
    floor = True

    def __init__(self):
        self._size = (0, 0)
        self.silk = ribbons.Silk()

    def paint(self, card: Card, layer: Target, scene: Scene) -> None:
        self._fit(card)
        self.silk.keep(scene)
        self._cloth.frame.clear()
        for strips in self.silk.strips(scene):
            self._weave(card, scene, strips)
        card.run("copy", self._soft, Light.PLACED, self._cloth.texture, gain=1.0)
        card.blur(self._soft, self._spare, _SIGMA)
        card.run("copy", layer, Light.ADDED, self._soft.texture, gain=1.0)
        card.run("copy", layer, Light.ADDED, self._cloth.texture, gain=1.0)
        if scene.figures:
            card.shapes(layer, figures(scene), Light.OVER)

    def _fit(self, card: Card) -> None:
        if self._size == card.size:
            return
        self._size = card.size
        self._cloth = card.target(card.size)
        self._soft, self._spare = card.soft_target(180), card.soft_target(180)

    def _weave(self, card: Card, scene: Scene, strips: ribbons.Strips) -> None:
        """One dancer's ribbons, brighter at the outer hem, with a fine bright edge there."""
        moved = strips.moved
        left = np.array(ribbons.HEM_LEFT, int)
        color = np.array(strips.colors, np.float64)[1:, left] / 255  # [T - 1, 5, 3]
        light = np.stack([strips.light[:-1], strips.light[1:]], axis=1)  # [T - 1, 2]
        corners = np.zeros((*moved.shape, 4, 5), np.float32)  # inner, outer, before and after
        edges = strips.edges
        corners[..., :2] = np.stack(
            [edges[0, :-1], edges[1, :-1], edges[0, 1:], edges[1, 1:]], axis=2
        )
        shade = np.array([_INNER, _OUTER, _INNER, _OUTER]) * light[:, [0, 0, 1, 1]]
        corners[..., 2:] = shade[:, None, :, None] * color[:, :, None]
        card.sheets(self._cloth, two_triangles(corners[moved]), Light.BRIGHTER)
        width = _HEM_PX * scene.size[1] / 720
        # Squared: the silk laid on later does not cover an old hem here, so it has to pale before.
        shine = np.broadcast_to(light[:, None] ** 2, (*moved.shape, 2))[moved]
        hem = bodies.lines(
            edges[1, :-1][moved], edges[1, 1:][moved], width, color[moved],
            shine=shine[:, [0, 1, 1, 1]],
        )  # fmt: skip
        card.shapes(self._cloth, hem, Light.BRIGHTER)


def figures(scene: Scene) -> np.ndarray:
    """Rows [M, 22]: slim plain bodies, each part set apart from what lies behind it."""
    own = bodies.colors(scene)
    color = (own + (1 - own) * 0.35) * ribbons.shine(scene)  # [N, 6, 3]
    color[:, body.TORSO] *= 0.7
    rim = _RIM_PX * scene.size[1] / 720
    scale = scene.scale * ribbons.BONE_SHARE * body.swell(scene)
    return bodies.far_to_near(scene, bodies.plain(scene.xy, scale, color, rim, _RIM_ALPHA))
