"""Canon: every dancer leads a row of echoes, each half a beat later and fainter, to both sides.

The echoes spread as far as the picture has room, so that nobody is cut off at its edges.
"""

from collections import deque

import numpy as np

from live.palettes import Pair
from visuals.draw import body
from visuals.draw.surfaces import mix, pygame, scaled
from visuals.scene.scene import RenderScene

_ECHOES = 4
_FEW_ECHOES = 2  # with more dancers than this:
_MANY = 5
_SPREAD_M = 0.62
_STEP_BEATS = 0.5
_FREE_STEP_S = 0.25  # without a beat
_LONGEST_S = 2.6
_WHITE = (255, 255, 255)
_DARK = (4, 4, 8)


class Canon(body.BodyLook):
    def __init__(self):
        super().__init__()
        self._age_s = 0.0
        self._past: deque[tuple[float, dict[int, np.ndarray]]] = deque()
        self._strokes = body.Scratch()

    def glow(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        """Remembers this moment; a halo around the leaders, before it the echoes.

        Echoes are dim and soft, so half the resolution is enough for them.
        """
        self._age_s += scene.dt_s
        points = dict(zip(scene.view.dancers, scene.points, strict=True))
        self._past.append((self._age_s, points))
        while self._past[0][0] < self._age_s - _LONGEST_S:
            self._past.popleft()
        strokes = self._strokes.cleared(canvas)
        gain = (0.25 + 0.75 * scene.pulse) * scene.presence * scene.glow
        for figure, pair in enumerate(scene.colors):
            _draw(strokes, scene.xy[figure], scene.scale[figure] * body.swell(scene), pair, gain)
        near = body.rows(strokes, 90)
        body.add_light(canvas, pygame.transform.box_blur(near, 3))
        for xy, scale, figure, light in self.echoes(scene):
            _draw(canvas, xy, scale, scene.colors[figure], light * scene.presence)

    def draw_figure(self, surface: pygame.Surface, figure: body.Figure) -> None:
        """A leader: the dark rim that sets it apart, then its body."""
        scale = figure.scale * body.swell(figure.scene)
        hot = (0.72 + 0.28 * figure.scene.pulse) * figure.scene.presence
        _draw(surface, figure.xy, scale, figure.pair, rim=0.55)
        _draw(surface, figure.xy, scale, figure.pair, hot, white=0.4)

    def echoes(self, scene: RenderScene) -> list[tuple[np.ndarray, np.ndarray, int, float]]:
        """(xy [20, 2], scale [20], figure, light 0..1) of every echo, the faintest first."""
        beat_s = 60 / scene.view.bpm if scene.view.bpm > 0 else 2 * _FREE_STEP_S
        step_s = min(_STEP_BEATS * beat_s * scene.trail, _LONGEST_S / (_ECHOES + 1))
        found = []
        count = _ECHOES if scene.figures <= _MANY else _FEW_ECHOES
        for echo in range(count, 0, -1):
            then = self._at(self._age_s - echo * step_s)
            for figure, dancer in enumerate(scene.view.dancers):
                if dancer not in then:
                    continue
                xy, scale = scene.camera.project(then[dancer], scene.size)
                room = _room(xy, float(scale[0]), scene.size)
                for side, free in zip((-1, 1), room, strict=True):
                    shift = min(_SPREAD_M * float(scale[0]) * echo, free * echo / count)
                    light = (0.38 + 0.34 * scene.pulse) * (1 - echo / (count + 1))
                    found.append((xy + np.array([side * shift, 0.0]), scale, figure, light))
        return found

    def _at(self, age_s: float) -> dict[int, np.ndarray]:
        """The points by dancer at that moment, or the oldest there are."""
        for then_s, points in self._past:
            if then_s >= age_s:
                return points
        return {}


def _draw(surface: pygame.Surface, xy, scale, pair: Pair, light=-1.0, rim=0.0, white=0.0) -> None:
    """A body of strokes, xy [20, 2], scale [20]; light 0..1, or below 0: as dark as a rim."""
    tubes = body.BODY
    widths = scale[tubes.a] * (tubes.radius_a_m + tubes.radius_b_m) * (1 + rim)
    starts, ends = xy[tubes.a].tolist(), xy[tubes.b].tolist()
    for part in body.parts_far_to_near(body.nearness_of(scale)):
        own = mix(pair[body.OWN_LEFT[part]], _WHITE, white)
        color = scaled(own, light) if light >= 0 else _DARK
        for k in tubes.members[part]:
            body.stroke(surface, color, starts[k], ends[k], float(widths[k]))


def _room(xy: np.ndarray, scale: float, size: tuple[int, int]) -> tuple[float, float]:
    """Pixels free to the left and to the right of a body."""
    margin = 0.16 * scale
    return (
        max(float(xy[:, 0].min()) - margin, 0.0),
        max(size[0] - float(xy[:, 0].max()) - margin, 0.0),
    )
