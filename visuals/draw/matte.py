"""Transparency for pictures of light on black: which pixels a layer above other video covers.

A look adds light and inks bodies over it. Inked pixels carry their alpha from the drawing itself;
light that was added to black covers as much as its brightest channel, so that over black the
layer looks exactly as on stage, and over anything else it still glows.
"""

from typing import Any

import numpy as np

from visuals.draw.surfaces import pygame


def _straight_table() -> np.ndarray:
    """uint8 [65536]: of alpha and a channel multiplied by it, the channel alone."""
    alpha, channel = np.arange(256)[:, None], np.arange(256)[None]
    share = np.maximum(alpha, 1)
    table = np.where(alpha > 0, np.minimum((channel * 255 + share // 2) // share, 255), channel)
    return table.astype(np.uint8).ravel()


_STRAIGHT = _straight_table()


def transparent(size: tuple[int, int]) -> pygame.Surface:
    """A surface with alpha, empty; its colours count as multiplied by it already."""
    return pygame.Surface(size, pygame.SRCALPHA, 32)


def cover_light(canvas: pygame.Surface, light_only: bool) -> None:
    """Raise every pixel's alpha to its brightest channel; light_only: it was not inked yet."""
    pixels = memory(canvas)
    brightest = pixels[..., :3].max(axis=2)
    if not light_only:
        np.maximum(brightest, pixels[..., 3], out=brightest)
    pixels[..., 3] = brightest


def straight(canvas: pygame.Surface) -> np.ndarray:
    """Pixels as video programs want them, not multiplied by alpha: uint8 [height, width, 4]."""
    pixels = memory(canvas).copy()
    straighten(pixels)
    return pixels


def straighten(pixels: np.ndarray) -> None:
    """The same in place: uint8 [height, width, 4] that are multiplied by their alpha."""
    row = pixels[..., 3].astype(np.uint16) << 8
    for channel in range(3):
        pixels[..., channel] = np.take(_STRAIGHT, row | pixels[..., channel])


def make_opaque(pixels: np.ndarray) -> None:
    """Alpha where a surface without it has a spare byte."""
    pixels[..., 3] = 255


def memory(canvas: pygame.Surface) -> np.ndarray:
    """A surface's own pixels, uint8 [height, width, 4]: blue, green, red, alpha or a spare byte.

    The surface is locked as long as they are kept.
    """
    width, height = canvas.get_size()
    buffer: Any = canvas.get_buffer()
    return np.frombuffer(buffer, np.uint8).reshape(height, width, 4)
