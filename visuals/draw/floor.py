"""The stage under the dancers: a pool of light, a grid, the beat's ring, soft contact shadows.

Drawn at half resolution: everything here is soft, and scaling up softens it for nothing.
"""

import math

import numpy as np

from live.body.skeleton import JOINT
from visuals.draw.surfaces import (
    ADD,
    MULTIPLY,
    SUBTRACT,
    Color,
    black,
    mix,
    pygame,
    scaled,
    soft_disc,
)
from visuals.scene.scene import RenderScene

_WHITE = (255, 255, 255)
_POOL_RADIUS_M = 3.4
_POOL_OF_WIDTH, _POOL_LEAST_M = 0.93, 2.2  # of the picture's half; a tall one is narrower
_GRID_STEP_M = 0.75
_GRID_SPAN = 7  # lines to each side of the focus
_GRID_NEAR_M = 1.0  # nearer to the lens a line would be a beam
_RING_POINTS = 96
_RING_LINES = (6, 9)  # side by side, a pixel apart, in so many rows; on the one
_ROWS = 360
_RING_DISTANCE_M = 8.0  # farther back, for many dancers, the ring grows along
_SPOT_RADIUS_M = 0.8
_SPOT_LIGHT = 0.55
_SHADOW_LEVELS = 8
_SHADOW_RADIUS_M = 0.24
_BODY_SHADOW_RADIUS_M = 0.55
_DISC_STEP = 16  # pixels; the pool is scaled anew only when the camera has moved this far

_ANGLES = np.linspace(0, 2 * math.pi, _RING_POINTS, endpoint=False)
_CIRCLE = np.stack([np.cos(_ANGLES), 0 * _ANGLES, np.sin(_ANGLES)], axis=1)
_ANKLES = [JOINT["l_ankle"], JOINT["r_ankle"]]
_TOES = [JOINT["l_toe"], JOINT["r_toe"]]


class Floor:
    """Paints the stage on a surface; breathes with the beat, never beyond a tenth of white."""

    def __init__(self):
        self._lines = black((1, 1))
        self._pool = _Sized(black((1, 1)))
        self._pool_color: Color | None = None
        self._mask = _Sized(soft_disc(128, _WHITE, power=1.2))
        self._spots: dict[Color, pygame.Surface] = {}
        self._shadows = [_shadow(level / _SHADOW_LEVELS) for level in range(1, _SHADOW_LEVELS + 1)]

    def draw(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        if self._lines.get_size() != canvas.get_size():
            self._lines = black(canvas.get_size())
        if self._pool_color != scene.palette.pool:
            self._pool_color = scene.palette.pool
            self._pool = _Sized(soft_disc(128, self._pool_color, power=1.6))
        disc = _disc(scene)
        light = (0.45 + 0.4 * scene.pulse + 0.15 * scene.accent) * scene.presence
        self._lines.fill(0)
        self._lines.blit(self._pool.at(disc.size), disc)
        self._lines.fill(scaled(_WHITE, light), special_flags=MULTIPLY)
        canvas.blit(self._lines, (0, 0), special_flags=ADD)
        self._draw_lines(scene, disc)
        canvas.blit(self._lines, (0, 0), special_flags=ADD)
        if scene.figures:
            self._draw_spots(canvas, scene)
            self._draw_shadows(canvas, scene)

    def _draw_lines(self, scene: RenderScene, disc: pygame.Rect) -> None:
        """Grid and ring, then everything outside the pool of light masked away."""
        self._lines.fill(0)
        color = scaled(scene.palette.grid, (0.75 + 0.25 * scene.pulse) * scene.presence)
        for start, end in _grid(scene):
            pygame.draw.aaline(self._lines, color, start, end)
        if scene.pulse > 0.02:
            self._draw_ring(scene)
        self._lines.blit(self._mask.at(disc.size), disc, special_flags=MULTIPLY)
        for outside in _around(self._lines.get_rect(), disc):
            self._lines.fill(0, outside)

    def _draw_ring(self, scene: RenderScene) -> None:
        """A ring that runs outwards from the beat, wider on the one."""
        size = max(1.0, scene.camera.distance / _RING_DISTANCE_M)
        radius_m = size * (0.5 + 2.4 * (1 - scene.pulse ** (1 / 3)))
        color = scaled(mix(scene.palette.ring, (255, 255, 255), 0.6 * scene.accent), scene.pulse)
        _, scale = scene.camera.project(scene.middle + radius_m * scene.camera.toward, scene.size)
        lines = _RING_LINES[scene.accent > 0] * max(round(self._lines.get_height() / _ROWS), 1)
        radii_m = radius_m - np.arange(lines) / float(scale)
        rings = _CIRCLE * radii_m[:, None, None] + scene.middle
        for points in scene.camera.project(rings, scene.size)[0].tolist():
            pygame.draw.aalines(self._lines, color, True, points)

    def _draw_spots(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        """Under every dancer light in its own colour, on the beat: the ring alone is hidden by
        the first row."""
        gain = _SPOT_LIGHT * scene.pulse
        if gain < 0.02:
            return
        middles = scene.view.joints[:, 0] * [1, 0, 1]
        behind = middles - _SPOT_RADIUS_M * scene.camera.toward
        (centers, edges), (scales, _) = scene.camera.project(
            np.stack([middles, behind]), scene.size
        )
        widths = (2 * _SPOT_RADIUS_M * scales).tolist()
        heights = (2 * np.abs(centers - edges)[:, 1]).tolist()
        for figure, (width, height) in enumerate(zip(widths, heights, strict=True)):
            if width < canvas.get_width():
                color = scene.colors[figure][0]
                if color not in self._spots:
                    self._spots[color] = soft_disc(64, color, power=1.5)
                size = (max(round(width), 1), max(round(height), 1))
                spot = pygame.transform.smoothscale(self._spots[color], size)
                spot.fill(scaled(_WHITE, gain), special_flags=MULTIPLY)
                canvas.blit(spot, spot.get_rect(center=centers[figure]), special_flags=ADD)

    def _draw_shadows(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        points, radii_m, strengths = contacts(scene.view.joints)
        behind = points - radii_m[:, None] * scene.camera.toward
        (centers, edges), (scales, _) = scene.camera.project(np.stack([points, behind]), scene.size)
        widths = 2 * radii_m * scales + 2
        heights = 2 * np.abs(centers - edges)[:, 1] + 2
        levels = np.minimum(strengths * _SHADOW_LEVELS, _SHADOW_LEVELS - 1).astype(int)
        for center, width, height, level in zip(
            centers.tolist(), widths.tolist(), heights.tolist(), levels.tolist(), strict=True
        ):
            if width < canvas.get_width():
                size = (round(width), round(height))
                shadow = pygame.transform.smoothscale(self._shadows[level], size)
                canvas.blit(shadow, shadow.get_rect(center=center), special_flags=MULTIPLY)


class _Sized:
    """A picture in the size last asked for."""

    def __init__(self, picture: pygame.Surface):
        self._original = picture
        self._scaled = picture

    def at(self, size: tuple[int, int]) -> pygame.Surface:
        if self._scaled.get_size() != size:
            self._scaled = pygame.transform.smoothscale(self._original, size)
        return self._scaled


def contacts(joints: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where bodies [N, 19, 3] shade the floor: points [3N, 3], radii in metres, strengths 0..1.

    Two feet, darker the nearer they are to the floor, and the body between them.
    """
    feet = (joints[:, _ANKLES] + joints[:, _TOES]) / 2
    touch = 0.9 / (1 + (np.maximum(feet[..., 1], 0) / 0.18) ** 2)
    points = np.concatenate([feet, joints[:, :1]], axis=1) * [1, 0, 1]
    radii_m = np.tile([_SHADOW_RADIUS_M, _SHADOW_RADIUS_M, _BODY_SHADOW_RADIUS_M], len(joints))
    strengths = np.concatenate([touch, np.full((len(joints), 1), 0.5)], axis=1)
    return points.reshape(-1, 3), radii_m, strengths.ravel()


def _disc(scene: RenderScene) -> pygame.Rect:
    """The screen's rectangle around the pool of light; its size moves in steps."""
    focus = scene.camera.focus
    spread = _POOL_RADIUS_M + 0.5 * max(scene.camera.distance - 6.0, 0)
    spread = min(spread, max(_POOL_OF_WIDTH * scene.camera.half_width(scene.size), _POOL_LEAST_M))
    aside, toward = scene.camera.right, scene.camera.toward
    marks = np.stack([0 * aside, spread * aside, -spread * toward, min(spread, 2.2) * toward])
    (center, right, far, near), _ = scene.camera.project(focus + marks, scene.size)
    width, height = 2 * (right[0] - center[0]), near[1] - far[1]
    size = [max(round(v / _DISC_STEP), 1) * _DISC_STEP for v in (width, height)]
    disc = pygame.Rect(0, 0, *size)
    disc.center = (round(center[0]), round((far[1] + near[1]) / 2))
    return disc


def _grid(scene: RenderScene) -> list:
    """Screen positions (start, end) of the grid's lines, as far as the lens sees the floor."""
    camera, step, span = scene.camera, _GRID_STEP_M, _GRID_SPAN * _GRID_STEP_M
    x0, _, z0 = np.round(camera.focus / step) * step
    across = np.arange(-_GRID_SPAN, _GRID_SPAN + 1) * step
    flat = np.zeros_like(across)
    ends = np.array([-span, span])[:, None] + flat
    lengthways = np.stack([np.stack([x0 + across] * 2), 0 * ends, z0 + ends], axis=-1)
    sideways = np.stack([x0 + ends, 0 * ends, np.stack([z0 + across] * 2)], axis=-1)
    start, end = np.concatenate([lengthways, sideways], axis=1)
    # What is behind the lens or close before it is cut off each line.
    near, far = camera.depth(start), camera.depth(end)
    seen = np.maximum(near, far) > _GRID_NEAR_M
    start, end, near, far = start[seen], end[seen], near[seen], far[seen]
    slope = np.where(np.abs(far - near) < 1e-9, 1e-9, far - near)
    cut = ((_GRID_NEAR_M - near) / slope)[:, None]
    start, end = (
        np.where((near < _GRID_NEAR_M)[:, None], start + (end - start) * cut, start),
        np.where((far < _GRID_NEAR_M)[:, None], start + (end - start) * cut, end),
    )
    return scene.camera.project(np.stack([start, end], axis=1), scene.size)[0].tolist()


def _shadow(strength: float) -> pygame.Surface:
    """White with a dark middle, for MULTIPLY."""
    sprite = black((64, 64))
    sprite.fill((255, 255, 255))
    dark = soft_disc(32, scaled((235, 235, 235), strength))
    sprite.blit(dark, (0, 0), special_flags=SUBTRACT)
    return sprite


def _around(window: pygame.Rect, disc: pygame.Rect) -> list[pygame.Rect]:
    """The parts of the window above, below, left and right of the disc."""
    inside = disc.clip(window)
    return [
        pygame.Rect(0, 0, window.w, inside.top),
        pygame.Rect(0, inside.bottom, window.w, window.h - inside.bottom),
        pygame.Rect(0, inside.top, inside.left, inside.h),
        pygame.Rect(inside.right, inside.top, window.w - inside.right, inside.h),
    ]
