"""What every look offers. A look paints dancers; floor, text and blackout are not its business."""

from typing import Protocol

from visuals.scene import Scene
from visuals.surfaces import pygame


class Look(Protocol):
    def glow(self, canvas: pygame.Surface, scene: Scene) -> None:
        """Add light behind the figures, at half resolution; scene is of the canvas's size."""
        ...

    def ink(self, canvas: pygame.Surface, scene: Scene) -> None:
        """Draw the figures at full resolution; scene is of the canvas's size."""
        ...
