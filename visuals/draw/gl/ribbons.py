"""Ribbons on the card: the silk that `looks.ribbons` keeps, with light that runs along it."""

import numpy as np

from visuals.draw import body
from visuals.draw.gl import body_rows
from visuals.draw.gl.card import Card, CardTarget, Light
from visuals.draw.gl.neon import two_triangles
from visuals.draw.looks import ribbons
from visuals.scene.scene import RenderScene

_OUTER, _INNER = 0.55, 0.22  # of the silk's light, at its two hems
_HEM_PX = 1.1  # half the width of the bright hem, at 720p
_RIM_PX = 1.5  # at 720p
_RIM_ALPHA = 160 / 255
_SIGMA = 1.4  # texels


class CardRibbons:
    floor = True

    def __init__(self):
        self.figures = True
        self._size = (0, 0)
        self.silk = ribbons.Silk()

    def paint(self, card: Card, layer: CardTarget, scene: RenderScene) -> None:
        self._fit(card)
        self.silk.keep(scene)
        self._cloth.frame.clear()
        for strips in self.silk.strips(scene):
            self._weave(card, scene, strips)
        card.run("copy", self._soft, Light.PLACED, self._cloth.texture, gain=1.0)
        card.blur(self._soft, self._spare, _SIGMA)
        card.run("copy", layer, Light.ADDED, self._soft.texture, gain=scene.glow)
        card.run("copy", layer, Light.ADDED, self._cloth.texture, gain=1.0)
        if scene.figures and self.figures:
            card.shapes(layer, figures(scene), Light.OVER)

    def _fit(self, card: Card) -> None:
        if self._size == card.size:
            return
        self._size = card.size
        self._cloth = card.target(card.size)
        self._soft, self._spare = card.soft_target(180), card.soft_target(180)

    def _weave(self, card: Card, scene: RenderScene, strips: ribbons.Strips) -> None:
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
        hem = body_rows.lines(
            edges[1, :-1][moved], edges[1, 1:][moved], width, color[moved],
            shine=shine[:, [0, 1, 1, 1]],
        )  # fmt: skip
        card.shapes(self._cloth, hem, Light.BRIGHTER)


def figures(scene: RenderScene) -> np.ndarray:
    """Rows [M, 22]: slim plain bodies, each part set apart from what lies behind it."""
    own = body_rows.colors(scene)
    color = (own + (1 - own) * 0.35) * ribbons.shine(scene)  # [N, 6, 3]
    color[:, body.TORSO] *= 0.7
    rim = _RIM_PX * scene.size[1] / 720
    scale = scene.scale * ribbons.BONE_SHARE * body.swell(scene)
    return body_rows.far_to_near(scene, body_rows.plain(scene.xy, scale, color, rim, _RIM_ALPHA))
