"""Wireframe: bones as drawn in a modelling program, their reflection in the floor and their shadow.

A bone is a double pyramid: eight edges and a collar near its root. Near edges are brighter than far
ones, and each bone hides what is behind it.
"""

import numpy as np

from live.body.skeleton import JOINT
from visuals.draw import body
from visuals.draw.surfaces import ADD, mix, pygame, scaled
from visuals.scene.scene import SKULL, RenderScene

_COLLAR = 0.22  # of the bone's length, from its root
_WIDE = 1.35  # collar's radius, of the tube's
_WHITE = (255, 255, 255)
_DARK = (5, 6, 10)
_HEAD_M = 0.115
_HEAD_POINTS = 14
_REFLECTED_M = 1.5
_LIGHT = np.array([0.30, 0.0, -0.34])  # where the shadow of a point a metre up falls

# (root, tip, radius in metres, on the own left)
_BONES = (
    ("pelvis", "spine", 0.085, False), ("spine", "chest", 0.085, False),
    ("chest", "neck", 0.070, False), ("chest", "l_shoulder", 0.045, True),
    ("chest", "r_shoulder", 0.045, False), ("l_shoulder", "l_elbow", 0.050, True),
    ("l_elbow", "l_wrist", 0.042, True), ("r_shoulder", "r_elbow", 0.050, False),
    ("r_elbow", "r_wrist", 0.042, False), ("pelvis", "l_hip", 0.050, True),
    ("pelvis", "r_hip", 0.050, False), ("l_hip", "l_knee", 0.066, True),
    ("l_knee", "l_ankle", 0.052, True), ("l_ankle", "l_toe", 0.036, True),
    ("r_hip", "r_knee", 0.066, False), ("r_knee", "r_ankle", 0.052, False),
    ("r_ankle", "r_toe", 0.036, False),
)  # fmt: skip
_A = np.array([JOINT[a] for a, _, _, _ in _BONES])
_B = np.array([JOINT[b] for _, b, _, _ in _BONES])
_RADIUS_M = np.array([r for _, _, r, _ in _BONES])
_LEFT = [left for _, _, _, left in _BONES]
_TURN = np.linspace(0, 2 * np.pi, _HEAD_POINTS, endpoint=False)
_RING = np.stack([np.cos(_TURN), np.sin(_TURN), 0 * _TURN], axis=1)
_GLOBE = np.stack([_RING, _RING[:, [0, 2, 1]], _RING[:, [2, 0, 1]]])  # three circles


class Wireframe:
    floor = True

    def __init__(self):
        self._lines = body.Scratch()

    def glow(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        """Shadow and reflection on the floor, then a breath of light around the wires."""
        if scene.figures == 0:
            return
        self._cast_shadows(canvas, scene)
        lines = self._lines.cleared(canvas)
        _reflect(lines, scene)
        canvas.blit(lines, (0, 0), special_flags=ADD)
        lines = self._lines.cleared(canvas)
        width = max(round((0.03 + 0.06 * scene.pulse) * float(scene.scale.mean())), 1)
        for figure in range(scene.figures):
            xy = scene.xy[figure].tolist()
            gain = (0.2 + 0.8 * scene.pulse) * scene.presence * scene.glow
            colors = [scaled(c, gain) for c in scene.colors[figure]]
            for a, b, left in zip(_A.tolist(), _B.tolist(), _LEFT, strict=True):
                pygame.draw.line(lines, colors[left], xy[a], xy[b], width)
        body.add_light(canvas, pygame.transform.box_blur(body.rows(lines, 90), 2))

    def ink(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        if scene.figures == 0:
            return
        width = max(round(canvas.get_height() / 400 * (1 + 1.2 * scene.pulse)), 1)
        collars, _ = scene.camera.project(_collars(scene.points), scene.size)
        heads = scene.points[:, SKULL, None, None] + _HEAD_M * _GLOBE
        globes, _ = scene.camera.project(heads, scene.size)
        for figure in body.far_to_near(scene):
            self._draw_bones(canvas, scene, figure, collars[figure], width)
            shine = (0.7 + 0.3 * scene.pulse) * scene.presence
            color = scaled(mix(scene.colors[figure][0], _WHITE, 0.25), shine)
            radius = _HEAD_M * float(scene.scale[figure, SKULL])
            pygame.draw.circle(canvas, _DARK, scene.xy[figure, SKULL].tolist(), radius)
            for ring in globes[figure].tolist():
                _closed(canvas, color, ring, width)

    def _draw_bones(self, canvas, scene: RenderScene, figure: int, collars, width: int) -> None:
        xy, scale = scene.xy[figure], scene.scale[figure]
        nearness = (scale[_A] + scale[_B]) / (2 * scale[0])
        shine = np.clip(1 + 5 * (nearness - 1), 0.5, 1.1) * (0.7 + 0.3 * scene.pulse)
        shine = (shine * scene.presence).tolist()
        roots, tips, rings = xy[_A].tolist(), xy[_B].tolist(), collars.tolist()
        bright = [mix(c, _WHITE, 0.35) for c in scene.colors[figure]]
        for k in np.argsort(nearness).tolist():
            ring, root, tip = rings[k], roots[k], tips[k]
            color = scaled(bright[_LEFT[k]], shine[k])
            for corner, after in zip(ring, [*ring[1:], ring[0]], strict=True):
                pygame.draw.polygon(canvas, _DARK, (root, corner, after))
                pygame.draw.polygon(canvas, _DARK, (tip, corner, after))
            for corner in ring:
                pygame.draw.aaline(canvas, color, root, corner, width)
                pygame.draw.aaline(canvas, color, corner, tip, width)
            _closed(canvas, color, ring, width)

    def _cast_shadows(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        """Bodies laid on the floor by a lamp in front of them: darker than the light around."""
        fallen = scene.points * [1, 0, 1] + scene.points[..., 1:2] * _LIGHT
        xy, scale = scene.camera.project(fallen, scene.size)
        shadows = self._lines.cleared(canvas, _WHITE)
        shade = round(255 - 150 * scene.presence)
        tubes = body.BODY
        for figure in range(scene.figures):
            points = xy[figure].tolist()
            widths = (1.4 * scale[figure][tubes.a] * tubes.radius_a_m).tolist()
            for a, b, width in zip(tubes.a.tolist(), tubes.b.tolist(), widths, strict=True):
                body.stroke(shadows, (shade, shade, shade), points[a], points[b], width)
        canvas.blit(shadows, (0, 0), special_flags=pygame.BLEND_RGB_MULT)


def _reflect(surface: pygame.Surface, scene: RenderScene) -> None:
    """The bones upside down in the floor, fainter the higher they are above it."""
    down = np.array([1, -1, 1])
    xy, _ = scene.camera.project(scene.points * down, scene.size)
    rings, _ = scene.camera.project(_collars(scene.points) * down, scene.size)
    height = (scene.points[:, _A, 1] + scene.points[:, _B, 1]) / 2
    light = (0.5 * np.clip(1 - height / _REFLECTED_M, 0, 1) ** 1.5 * scene.presence).tolist()
    for figure in range(scene.figures):
        roots, tips = xy[figure][_A].tolist(), xy[figure][_B].tolist()
        for k, ring in enumerate(rings[figure].tolist()):
            color = scaled(scene.colors[figure][_LEFT[k]], light[figure][k])
            if max(color) > 6:
                for corner in ring:
                    pygame.draw.line(surface, color, roots[k], corner)
                    pygame.draw.line(surface, color, corner, tips[k])


def _collars(points: np.ndarray) -> np.ndarray:
    """The four corners [N, 17, 4, 3] of every bone's collar; points [N, 20, 3]."""
    a, b = points[:, _A], points[:, _B]
    along = b - a
    along = along / np.maximum(np.linalg.norm(along, axis=-1, keepdims=True), 1e-6)
    # Any direction that the bone does not have will do, and stays still while the bone turns.
    flat = np.abs(along[..., 1:2]) < 0.8
    helper = np.where(flat, np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    first = np.cross(along, helper)
    first = first / np.maximum(np.linalg.norm(first, axis=-1, keepdims=True), 1e-6)
    second = np.cross(along, first)
    middle = a + (b - a) * _COLLAR
    corners = np.stack([first + second, second - first, -first - second, first - second], axis=2)
    return middle[:, :, None] + corners * (_WIDE * _RADIUS_M / np.sqrt(2))[None, :, None, None]


def _closed(canvas, color, ring: list, width: int) -> None:
    for a, b in zip(ring, [*ring[1:], ring[0]], strict=True):
        pygame.draw.aaline(canvas, color, a, b, width)
