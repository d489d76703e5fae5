"""Chalk: hand-drawn lines on a blackboard that boil like a drawn film, hatching under the feet.

Every line is drawn several times with a trembling hand, a new drawing eight times a second, and the
board's grain eats holes into it.
"""

import math
from itertools import pairwise

import numpy as np

from live.body.skeleton import JOINT
from visuals.draw import body
from visuals.draw.surfaces import ADD, MULTIPLY, black, mix, pygame, scaled
from visuals.scene.scene import SKULL, RenderScene

_DRAWINGS_PER_S = 8
_STROKES = 4  # of the hand over every line
_TREMBLE_M = 0.026
_WIDTH_M = 0.034
_BENDS = 3  # pieces of a line
_GRAIN = 512  # pixels, the side of the tile of grain
_WHITE = (255, 255, 255)
_HEAD_M = 0.112
_HATCHES = 7
_TRUNK = [JOINT[n] for n in ("l_shoulder", "l_hip", "r_hip", "r_shoulder")]
# The trunk's two sides beside the sticks, so that it reads as a body and not as a mast.
_A = np.concatenate([body.STICK_A, _TRUNK[::2]])
_B = np.concatenate([body.STICK_B, _TRUNK[1::2]])
_LEFT = [*body.STICK_LEFT, True, False]


class Chalk:
    floor = False

    def __init__(self):
        self._board = black((1, 1))
        self._grain = _grain()
        self._age_s = 0.0

    def glow(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        """The hatched ground, below the figures and as dusty as a wiped board."""
        self._age_s += scene.dt_s
        rng = self._hand()
        feet = scene.view.joints[:, [JOINT["l_ankle"], JOINT["r_ankle"]]].mean(axis=1)
        for figure in range(scene.figures):
            own = scene.colors[figure][0]
            light = (0.34 + 0.4 * scene.pulse) * scene.presence
            _hatch(canvas, scene, feet[figure], scaled(own, light), rng)
            if scene.pulse > 0.02:
                _circle(canvas, scene, feet[figure], own, rng)

    def ink(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        area = body.bounds(scene, canvas)
        if area.w == 0 or area.h == 0:
            return
        if self._board.get_size() != canvas.get_size():
            self._board = black(canvas.get_size())
        board = self._board.subsurface((0, 0, *area.size))
        board.fill(0)
        rng = self._hand()
        for figure in body.far_to_near(scene):
            self._draw_figure(board, scene, figure, area.topleft, rng)
        for x in range(0, area.w, _GRAIN):
            for y in range(0, area.h, _GRAIN):
                board.blit(self._grain, (x, y), special_flags=MULTIPLY)
        canvas.blit(board, area, special_flags=ADD)

    def _hand(self) -> np.random.Generator:
        return np.random.default_rng(int(self._age_s * _DRAWINGS_PER_S))

    def _draw_figure(self, board, scene: RenderScene, figure: int, origin, rng) -> None:
        xy = scene.xy[figure] - np.array(origin)
        scale = float(scene.scale[figure, 0])
        width = max(round(_WIDTH_M * scale * (0.75 + 1.1 * scene.pulse)), 1)
        share = np.linspace(0, 1, _BENDS + 1)[None, None, :, None]
        lines = xy[_A][None, :, None] * (1 - share) + xy[_B][None, :, None] * share
        lines = lines + rng.normal(0, _TREMBLE_M * scale / 2, (_STROKES, *lines.shape[1:]))
        white, light = 0.25 + 0.4 * scene.pulse, (0.66 + 0.3 * scene.pulse) * scene.presence
        colors = [scaled(mix(color, _WHITE, white), light) for color in scene.colors[figure]]
        for hand in lines.tolist():
            for left, points in zip(_LEFT, hand, strict=True):
                for a, b in pairwise(points):
                    pygame.draw.aaline(board, colors[left], a, b, width)
        radius = _HEAD_M * scale
        angles = np.linspace(0, 2.3 * math.pi, 22)
        for _ in range(_STROKES):
            wobble = radius + rng.normal(0, _TREMBLE_M * scale / 3, angles.shape)
            start = rng.uniform(0, 2 * math.pi)
            ring = np.stack([np.cos(angles + start), np.sin(angles + start)], axis=1)
            points = (xy[SKULL] + ring * wobble[:, None]).tolist()
            for a, b in pairwise(points):
                pygame.draw.aaline(board, colors[0], a, b, width)


def _hatch(canvas, scene: RenderScene, middle: np.ndarray, color, rng) -> None:
    """Slanted strokes on the floor under one dancer."""
    across = np.linspace(-0.42, 0.42, _HATCHES)
    reach = 0.26 * np.sqrt(1 - (across / 0.5) ** 2)
    ends = np.zeros((_HATCHES, 2, 3))
    ends[:, 0, 0], ends[:, 1, 0] = across - 0.1, across + 0.1
    ends[:, 0, 2], ends[:, 1, 2] = reach, -reach
    ends += middle * [1, 0, 1] + rng.normal(0, 0.015, ends.shape) * [1, 0, 1]
    for a, b in scene.camera.project(ends, scene.size)[0].tolist():
        pygame.draw.aaline(canvas, color, a, b, _thin(canvas))


def _thin(canvas: pygame.Surface) -> int:
    return max(round(canvas.get_height() / 360), 1)


def _circle(canvas, scene: RenderScene, middle: np.ndarray, color, rng) -> None:
    """Around one dancer, drawn on the beat and wiped off outwards until the next one."""
    gone = 1 - scene.pulse ** (1 / 3)
    angles = np.linspace(0, 2.15 * math.pi, 40)
    for stroke in range(3):
        radius_m = 0.5 + 0.55 * gone + 0.03 * stroke + rng.normal(0, 0.012, angles.shape)
        ring = np.stack([np.cos(angles), 0 * angles, np.sin(angles)], axis=1) * radius_m[:, None]
        points = scene.camera.project(ring + middle * [1, 0, 1], scene.size)[0].tolist()
        for a, b in pairwise(points):
            pygame.draw.aaline(canvas, scaled(color, scene.pulse), a, b, _thin(canvas))


def _grain() -> pygame.Surface:
    """A tile of paper tooth for MULTIPLY: mostly bright, with holes."""
    rough = np.random.default_rng(11).random((_GRAIN, _GRAIN))
    rough = sum(np.roll(rough, shift, (0, 1)) for shift in ((0, 0), (1, 0), (0, 1), (1, 1))) / 4
    light = np.clip((rough - 0.34) / 0.16, 0.10, 1.0) * 255
    tile = black((_GRAIN, _GRAIN))
    pygame.surfarray.blit_array(tile, np.repeat(light[..., None], 3, axis=2).astype(np.uint8))
    return tile
