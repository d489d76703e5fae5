"""What every look offers. A look paints dancers; text, blackout and safety are not its business."""

from typing import Protocol

from visuals.scene import Scene
from visuals.surfaces import pygame


class Look(Protocol):
    """One way of painting. Keeps what it needs between pictures (trails, particles) by itself."""

    floor: bool
    """Whether the common floor (visuals.floor) lies under it; otherwise it starts on black."""

    def glow(self, canvas: pygame.Surface, scene: Scene) -> None:
        """Add light behind the figures, at half resolution; scene is of the canvas's size."""
        ...

    def ink(self, canvas: pygame.Surface, scene: Scene) -> None:
        """Draw the figures at full resolution; scene is of the canvas's size."""
        ...
