"""Drawing on the graphics card, inside the same window. moderngl is imported by `open_card` alone.

`card` is the picture on the card: layers, crossfade, safety, small print. A look with a twin here
(`looks`) is drawn by the card; every other one is drawn in software and uploaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from live.errors import DeviceError
from visuals.draw.surfaces import pygame

if TYPE_CHECKING:
    from visuals.draw.gl.card import Card

RENDERERS = ("auto", "gl", "software")

# OpenGL computed by the processor: slower than drawing without OpenGL. What drivers call it.
_IN_SOFTWARE = ("llvmpipe", "softpipe", "swrast", "swiftshader", "software", "microsoft basic")


class CardError(DeviceError):
    """OpenGL 3.3 cannot be had, or is gone; everything can be drawn without it."""


def open_card(size: tuple[int, int], flag: int, display: int, any_card: bool) -> Card:
    """Open the window with OpenGL; size in points. flag: pygame's, how it lies on the screen.

    any_card: take OpenGL that the processor computes as well. Raises CardError, and may leave a
    window behind, which pygame replaces by the next one.
    """
    try:
        import moderngl

        from visuals.draw.gl.card import Card
    except ImportError as error:
        raise CardError(f"moderngl cannot be used ({error})") from error
    try:
        _open_window(size, flag, display)
        context = moderngl.create_context(require=330)
        name = context.info["GL_RENDERER"]
        if is_software(name) and not any_card:
            raise CardError(f"OpenGL is computed by the processor here ({name})")
        return Card(context)
    except CardError:
        raise
    except Exception as error:
        # pygame.error without OpenGL; moderngl and glcontext raise plain Exception where a library
        # or a version is missing, and whatever it was, the show goes on without the card.
        raise CardError(f"no OpenGL 3.3 ({error})") from error


def is_software(renderer: str) -> bool:
    """Whether the driver of this name (GL_RENDERER) computes on the processor."""
    return any(name in renderer.lower() for name in _IN_SOFTWARE)


def _open_window(size: tuple[int, int], flag: int, display: int) -> None:
    attributes = (
        (pygame.GL_CONTEXT_MAJOR_VERSION, 3),
        (pygame.GL_CONTEXT_MINOR_VERSION, 3),
        (pygame.GL_CONTEXT_PROFILE_MASK, pygame.GL_CONTEXT_PROFILE_CORE),
        # macOS has no other core contexts.
        (pygame.GL_CONTEXT_FLAGS, pygame.GL_CONTEXT_FORWARD_COMPATIBLE_FLAG),
        (pygame.GL_DEPTH_SIZE, 0),
    )
    for attribute, value in attributes:
        pygame.display.gl_set_attribute(attribute, value)
    flags = pygame.OPENGL | pygame.DOUBLEBUF | flag
    try:
        pygame.display.set_mode(size, flags, display=display, vsync=1)
    except pygame.error:  # some drivers refuse vsync
        pygame.display.set_mode(size, flags, display=display)
