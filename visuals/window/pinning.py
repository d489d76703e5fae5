"""Dragging the picture's corners: by mouse, or by keys one at a time.

Enters: pygame's events, while corners are set. Leaves: corners [4, 2], as `scene.corner_pin` has
them. Knows nothing of the show.
"""

import numpy as np

from visuals.draw.surfaces import pygame
from visuals.scene import corner_pin

_STEP, _LARGE_STEP = 0.001, 0.01  # of the picture, a press of an arrow; with shift
_NEAR = 0.08  # of the picture: how near to a corner a click takes it
_ARROWS = {
    pygame.K_LEFT: (-1, 0), pygame.K_RIGHT: (1, 0), pygame.K_UP: (0, -1), pygame.K_DOWN: (0, 1),
}  # fmt: skip


class Pinning:
    """corners: as they are now. on: whether they are being set; corner: which one keys move."""

    def __init__(self, corners: np.ndarray = corner_pin.AT_REST):
        self.corners = corners.copy()
        self.on = False
        self.corner = 0
        self._dragged = False

    @property
    def is_at_rest(self) -> bool:
        return bool((self.corners == corner_pin.AT_REST).all())

    def handle(self, event: pygame.Event, size: tuple[int, int]) -> bool:
        """Whether the event was meant for the corners. size: of the window, in points."""
        if not self.on:
            return False
        if event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            self._take(np.array(event.pos) / size)
        elif event.type == pygame.MOUSEBUTTONUP:
            self._dragged = False
        elif event.type == pygame.MOUSEMOTION and self._dragged:
            self._move_to(np.array(event.pos) / size)
        elif event.type == pygame.KEYDOWN:
            return self._press(event)
        return event.type in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP, pygame.MOUSEWHEEL)

    def _press(self, event: pygame.Event) -> bool:
        if event.key in _ARROWS:
            step = _LARGE_STEP if getattr(event, "mod", 0) & pygame.KMOD_SHIFT else _STEP
            self._move_to(self.corners[self.corner] + step * np.array(_ARROWS[event.key]))
        elif event.key == pygame.K_TAB:
            self.corner = (self.corner + 1) % 4
        elif event.key == pygame.K_BACKSPACE:
            self.corners = corner_pin.AT_REST.copy()
        elif event.key in (pygame.K_ESCAPE, pygame.K_RETURN):
            self.on = False
        else:
            return False
        return True

    def _take(self, at: np.ndarray) -> None:
        away = np.abs(self.corners - at).max(axis=1)
        if away.min() < _NEAR:
            self.corner, self._dragged = int(away.argmin()), True

    def _move_to(self, at: np.ndarray) -> None:
        self.corners = corner_pin.moved(self.corners, self.corner, at)
