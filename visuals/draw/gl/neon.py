"""Neon on the card: the same light as visuals.draw.looks.neon, with smooth edges and a smooth glow.

Every tube is a distance on the screen, drawn from far to near; the bloom is blurred in pictures of
90 and 45 rows, and what hands and feet paint fades from one frame into another.
"""

import numpy as np

from visuals.draw import body
from visuals.draw.gl import body_rows
from visuals.draw.gl.card import Card, CardTarget, Light
from visuals.draw.looks import neon
from visuals.scene.scene import RenderScene

_WIRE_SHARE = 0.62  # of the body's radii
_WIRE_SOFT = 0.85  # of the wire's: white-hot in the middle, the dancer's colour at its edge
_SHEET = 0.22  # of a painter's colour, at its outer end; nothing at its inner one
_SHEET_STILL = 0.5  # pixels at 720p; a painter that moved less paints no sheet
_BRUSH_M = 0.028
_NEAR_SIGMA, _FAR_SIGMA = 1.5, 2.2  # texels
_REFLECTED = 0.45

# The white-hot wire: visuals.draw.looks.neon's, tube after tube.
_WIRE = body_rows.Chains(
    [
        ("torso", ("pelvis", "spine", "chest", "neck"), (0.052, 0.052, 0.052, 0.040)),
        ("torso", ("l_shoulder", "chest", "r_shoulder"), (0.046, 0.046, 0.046)),
        ("torso", ("l_hip", "pelvis", "r_hip"), (0.060, 0.052, 0.060)),
        *body_rows.LIMBS,
    ]
)


class CardNeon:
    floor = True

    def __init__(self):
        self.figures = True
        self._size = (0, 0)
        self._painters = neon.Painters()

    def paint(self, card: Card, layer: CardTarget, scene: RenderScene) -> None:
        self._fit(card)
        if self._painters.has_cut(scene):
            self._trails.frame.clear()
        self._paint_trails(card, scene)
        if scene.figures:
            self._reflect(card, layer, scene)
            self._bloom(card, layer, scene)
        card.run("copy", layer, Light.ADDED, self._trails.texture, gain=1.0)
        if scene.figures and self.figures:
            card.shapes(layer, figures(scene), Light.OVER)

    def _fit(self, card: Card) -> None:
        if self._size == card.size:
            return
        self._size = width, height = card.size
        half = (width // 2, height // 2)
        self._trails, self._faded = card.target(half), card.target(half)
        self._strokes = card.soft_target(180)
        self._near, self._near_spare = card.soft_target(90), card.soft_target(90)
        self._far, self._far_spare = card.soft_target(45), card.soft_target(45)

    def _paint_trails(self, card: Card, scene: RenderScene) -> None:
        keep = 0.5 ** (scene.dt_s / neon.half_life_s(scene))
        card.run(
            "fade", self._faded, Light.PLACED, self._trails.texture,
            keep=tuple(keep * t ** (60 * scene.dt_s) for t in neon.TRAIL_TINT),
            less=60 * scene.dt_s / 255,
        )  # fmt: skip
        self._trails, self._faded = self._faded, self._trails
        before, now = self._painters.step(scene)
        if not scene.figures:
            return
        old, _ = scene.camera.project(before, scene.size)
        new, scale = scene.camera.project(now, scene.size)
        color = np.array(scene.colors, np.float64)[:, np.array(neon.PAINTER_LEFT, int)]
        color = color * (scene.presence / 255)  # [N, 5, 3]
        step = np.linalg.norm(new[:, 1] - old[:, 1], axis=-1)
        moved = step > _SHEET_STILL * scene.size[1] / 720
        corners = np.zeros((*color.shape[:2], 4, 5), np.float32)  # inner, outer, before and now
        corners[..., :2] = np.stack([old[:, 0], old[:, 1], new[:, 0], new[:, 1]], axis=2)
        corners[..., 1::2, 2:] = _SHEET * color[:, :, None]
        card.sheets(self._trails, two_triangles(corners[moved]), Light.BRIGHTER)
        radius = np.maximum(_BRUSH_M * neon.brush_swell(scene) * scale[:, 1], 1.0)
        brush = body_rows.lines(old[:, 1], new[:, 1], radius, color, soft=0.6)
        card.shapes(self._trails, brush.reshape(-1, body_rows.ROW), Light.BRIGHTER)

    def _reflect(self, card: Card, layer: CardTarget, scene: RenderScene) -> None:
        """The bodies upside down in the floor, fainter the higher they are above it."""
        xy, scale = scene.camera.project(scene.points * [1, -1, 1], scene.size)
        height = np.clip(1 - scene.points[..., 1] / neon.REFLECTED_M, 0, 1)
        self._stroke(card, scene, xy, scale, _REFLECTED * scene.presence * height**2)
        card.run("copy", layer, Light.ADDED, self._strokes.texture, gain=1.0)

    def _bloom(self, card: Card, layer: CardTarget, scene: RenderScene) -> None:
        """A tight halo and a wide one; both swell on the beat."""
        light = np.full(scene.scale.shape, neon.bloom(scene))
        self._stroke(card, scene, scene.xy, scene.scale * body.swell(scene), light)
        card.run("copy", self._near, Light.PLACED, self._strokes.texture, gain=1.0)
        card.run("copy", self._far, Light.PLACED, self._near.texture, gain=1.0)
        card.blur(self._near, self._near_spare, _NEAR_SIGMA)
        card.blur(self._far, self._far_spare, _FAR_SIGMA)
        card.run("copy", layer, Light.ADDED, self._near.texture, gain=1.0)
        card.run("copy", layer, Light.ADDED, self._far.texture, gain=1.0)

    def _stroke(self, card: Card, scene: RenderScene, xy, scale, shine: np.ndarray) -> None:
        """Plain bodies on black; xy [N, 20, 2], scale and shine (0..1) [N, 20]."""
        self._strokes.frame.clear()
        chains = body_rows.BODY
        color = body_rows.colors(scene)[:, chains.part]
        drawn = body_rows.chains(chains, xy, scale, color, shine=shine[:, chains.points])
        card.shapes(self._strokes, drawn.reshape(-1, body_rows.ROW), Light.BRIGHTER)


def figures(scene: RenderScene) -> np.ndarray:
    """Rows [M, 22]: part by part the rim cut out, the body, the wire that burns whiter inwards."""
    xy, scale = scene.xy, scene.scale * body.swell(scene)
    near = np.stack([body.nearness_of(s) for s in scale]) / scale[:, :1]
    shade = np.clip(1 + 6 * (near - 1), 0.72, 1.12)  # nearer is brighter
    gain = shade * neon.shine(scene)  # [N, 6]
    gain[:, body.TORSO] *= neon.TORSO_LIGHT
    color = np.clip(body_rows.colors(scene) * gain[..., None], 0, 1)
    hot = color + (1 - color) * neon.heat(scene)
    rim = np.maximum(neon.RIM_M * scale[:, :1], scene.size[1] / 720)
    wire = body_rows.chains(
        _WIRE, xy, scale, hot[:, _WIRE.part], share=_WIRE_SHARE, soft=_WIRE_SOFT
    )
    layers = [*body_rows.plain(xy, scale, color, rim, neon.RIM_ALPHA / 255), (wire, _WIRE.part)]
    return body_rows.far_to_near(scene, layers)


def two_triangles(corners: np.ndarray) -> np.ndarray:
    """Corners [N, 4, 5] (inner, outer, next inner, next outer) to those of triangles [6 N, 5]."""
    return corners[:, [0, 1, 3, 0, 3, 2]].reshape(-1, corners.shape[-1])
