"""pygame without its greeting, and the surface tricks that every layer shares.

Import pygame from here: the greeting is switched off before it loads.
"""

import os

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_RENDER_SCALE_QUALITY", "linear")  # pygame.SCALED is blocky without

import numpy as np
import pygame

from live.palettes import Color

ADD = pygame.BLEND_RGB_ADD
MULTIPLY = pygame.BLEND_RGB_MULT
SUBTRACT = pygame.BLEND_RGB_SUB


def black(size: tuple[int, int]) -> pygame.Surface:
    """An opaque 32-bit surface, the same with and without a window."""
    return pygame.Surface(size, 0, 32)


def fade(surface: pygame.Surface, keep: tuple[float, float, float]) -> None:
    """Multiply the channels by keep (0..1), then subtract 1.

    Multiplication alone stops at a grey ghost where rounding gives the same number back.
    """
    surface.fill([round(255 * k) for k in keep], special_flags=MULTIPLY)
    surface.fill((1, 1, 1), special_flags=SUBTRACT)


def soft_disc(radius: int, color: Color, power: float = 2.0) -> pygame.Surface:
    """A round light of 2 radius pixels, falling to nothing at its edge; for ADD.

    Dithered: on black, a projector shows every one of 8-bit's dark steps as a ring.
    """
    axis = (np.arange(2 * radius) + 0.5) / radius - 1
    squared = axis[:, None] ** 2 + axis[None, :] ** 2
    light = np.clip(1 - squared, 0, 1)[..., None] ** power * np.array(color, np.float64)
    noise = np.random.default_rng(7).random(light.shape[:2])[..., None]
    pixels = np.where(light > 0, np.floor(light + noise), 0).clip(0, 255).astype(np.uint8)
    surface = black((2 * radius, 2 * radius))
    pygame.surfarray.blit_array(surface, pixels)
    return surface


def mix(a: Color, b: Color, share: float) -> Color:
    """The colour share (0..1) of the way from a to b."""
    red, green, blue = (round(p + (q - p) * share) for p, q in zip(a, b, strict=True))
    return red, green, blue


def scaled(color: Color, gain: float) -> Color:
    red, green, blue = color  # a thousand times a picture: no generator
    return (
        min(255, max(0, round(red * gain))),
        min(255, max(0, round(green * gain))),
        min(255, max(0, round(blue * gain))),
    )
