"""Ribbons: a long exposure. Hands, feet and head leave silk in the air that thins out and dims.

The ribbons are kept as places on the stage, not as pixels: the camera may move or cut and they stay
where they were danced, and what has died is gone for good.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from live.body.skeleton import JOINT
from visuals.draw import body
from visuals.draw.surfaces import ADD, Color, mix, pygame, scaled
from visuals.scene.scene import RenderScene

# (inner joint, outer joint, on the dancer's own left)
_HEMS = (
    ("l_elbow", "l_wrist", True), ("r_elbow", "r_wrist", False),
    ("l_knee", "l_ankle", True), ("r_knee", "r_ankle", False), ("neck", "head", False),
)  # fmt: skip
_INNER = [JOINT[a] for a, _, _ in _HEMS]
_OUTER = [JOINT[b] for _, b, _ in _HEMS]
HEM_LEFT = [left for _, _, left in _HEMS]
_WIDTH = 0.7  # of the limb, from its outer end inwards
_LIFE_S = 2.2
_STEP_S = 1 / 30  # between the places kept; a multiple of it with many dancers
_STILL_M = 0.004  # a hem that moved less leaves nothing: a still dancer is no lamp
_WHITE = (255, 255, 255)
_BEAT_WHITE = 0.75  # of white in the silk left on a beat: the beats can be counted along it
BONE_SHARE = 0.8  # of the radii of a full body


@dataclass(frozen=True)
class Strips:
    """One dancer's ribbons on the screen at T moments, oldest first; five hems."""

    edges: np.ndarray  # [2, T, 5, 2], pixels: inner and outer edge
    light: np.ndarray  # [T], 0..1
    moved: np.ndarray  # bool [T - 1, 5]; what is false left nothing up to the next moment
    colors: list[tuple[Color, Color]]  # [T], (body, own left side)


class Silk:
    """What the dancers have left in the air, as places on the stage."""

    def __init__(self):
        self._age_s, self._life_s = 0.0, _LIFE_S
        # By dancer: (age at the time, hems [2, 5, 3], colours), oldest first.
        self._kept: dict[int, list[tuple[float, np.ndarray, tuple]]] = {}

    def keep(self, scene: RenderScene) -> None:
        """Add where the hems are, forget what has died."""
        self._age_s += scene.dt_s
        self._life_s = _LIFE_S * max(scene.trail, 0.02)
        step_s = _STEP_S * (1 + scene.figures // 6)
        for figure, dancer in enumerate(scene.view.dancers):
            kept = self._kept.setdefault(dancer, [])
            if not kept or self._age_s - kept[-1][0] >= step_s:
                inner, outer = scene.points[figure][[_INNER, _OUTER]]
                hems = np.stack([outer + (inner - outer) * _WIDTH, outer])
                colors = tuple(
                    scaled(mix(c, _WHITE, _BEAT_WHITE * scene.pulse), scene.presence)
                    for c in scene.colors[figure]
                )
                kept.append((self._age_s, hems, colors))
        oldest_s = self._age_s - self._life_s
        for dancer in list(self._kept):
            self._kept[dancer] = [entry for entry in self._kept[dancer] if entry[0] > oldest_s]
            if not self._kept[dancer]:
                del self._kept[dancer]

    def strips(self, scene: RenderScene) -> Iterator[Strips]:
        """The ribbons of every dancer that has left some."""
        for kept in self._kept.values():
            if len(kept) < 2:
                continue
            hems = np.stack([entry[1] for entry in kept])  # [T, 2, 5, 3]
            life = 1 - (self._age_s - np.array([entry[0] for entry in kept])) / self._life_s
            # Silk gets narrower as it dies.
            inner = hems[:, 1] + (hems[:, 0] - hems[:, 1]) * life[:, None, None]
            edges, _ = scene.camera.project(np.stack([inner, hems[:, 1]]), scene.size)
            moved = np.linalg.norm(np.diff(hems[:, 1], axis=0), axis=2) > _STILL_M
            yield Strips(edges, life**1.4, moved, [entry[2] for entry in kept])


@runtime_checkable
class SilkLook(Protocol):
    """A look made of silk, on a card or off it: what one has left in the air, the other goes on
    with."""

    silk: Silk


def shine(scene: RenderScene) -> float:
    """Light of the bodies, 0..1."""
    return (0.68 + 0.32 * scene.pulse) * scene.presence


class Ribbons(body.BodyLook):
    def __init__(self):
        super().__init__()
        self.silk = Silk()
        self._cloth = body.Scratch()

    def glow(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        self.silk.keep(scene)
        strips = list(self.silk.strips(scene))
        if not strips:
            return
        cloth = self._cloth.cleared(canvas)
        for dancer in strips:
            _weave(cloth, dancer)
        body.add_light(canvas, pygame.transform.box_blur(body.rows(cloth, 180), 3), scene.glow)
        canvas.blit(cloth, (0, 0), special_flags=ADD)

    def draw_figure(self, surface: pygame.Surface, figure: body.Figure) -> None:
        """A slim plain body, each part set apart from what lies behind it."""
        scale = figure.scale * BONE_SHARE * body.swell(figure.scene)
        ends = figure.ends(body.BODY, scale)
        full, rims = body.capsules(*ends), body.capsules(*ends, 3.0)
        gain = shine(figure.scene)
        for part in figure.far_to_near:
            own = mix(figure.colors[part], _WHITE, 0.35)
            color = scaled(own, gain * (0.7 if part == body.TORSO else 1.0))
            for k in body.BODY.members[part]:
                body.fill(surface, (*scaled(color, 0.05), 160), *rims[k])
            if part == body.TORSO:
                pygame.draw.polygon(surface, color, figure.xy[body.TORSO_CORNERS].tolist())
            for k in body.BODY.members[part]:
                body.fill(surface, color, *full[k])


def _weave(cloth: pygame.Surface, strips: Strips) -> None:
    """One dancer's ribbons."""
    edges, moved = strips.edges, strips.moved
    quads = np.stack([edges[0, :-1], edges[1, :-1], edges[1, 1:], edges[0, 1:]], axis=2)
    quads, light = quads.tolist(), strips.light.tolist()
    for t, colors in enumerate(strips.colors[1:]):
        silk = [scaled(color, 0.42 * light[t]) for color in colors]
        edge = [scaled(color, light[t]) for color in colors]
        for hem in np.flatnonzero(moved[t]).tolist():
            left, quad = HEM_LEFT[hem], quads[t][hem]
            pygame.draw.polygon(cloth, silk[left], quad)
            pygame.draw.line(cloth, edge[left], quad[1], quad[2], 2)
