"""What every look offers. A look paints dancers; text, blackout and safety are not its business."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from visuals.draw.surfaces import pygame
from visuals.scene.scene import RenderScene

if TYPE_CHECKING:
    from visuals.draw.gl.card import Card, CardTarget


class Look(Protocol):
    """One way of painting. Keeps what it needs between pictures (trails, particles) by itself."""

    floor: bool
    """Whether the common floor (visuals.draw.floor) lies under it; otherwise it starts on black."""

    def glow(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        """Add light behind the figures, at half resolution; scene is of the canvas's size."""
        ...

    def ink(self, canvas: pygame.Surface, scene: RenderScene) -> None:
        """Draw the figures at full resolution; scene is of the canvas's size."""
        ...


@runtime_checkable
class CardLook(Protocol):
    """One way of painting on the graphics card (`draw.gl.looks`), twin of a Look of its name."""

    floor: bool
    """Whether the common floor (visuals.draw.floor) lies under it."""
    figures: bool
    """Whether it draws figures too; without them its light alone."""

    def paint(self, card: Card, layer: CardTarget, scene: RenderScene) -> None:
        """Light and figures over what lies on the layer; scene is of the window's size."""
        ...
