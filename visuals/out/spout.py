"""Spout: the picture for other programs of this Windows machine. By SpoutGL.

Written after SpoutGL's and Spout's documentation; never tried, for want of Windows.
"""

from typing import Any

import numpy as np
import SpoutGL  # pyright: ignore[reportMissingImports]

_GL_BGRA = 0x80E1


class SpoutSender:
    """A sender with an OpenGL context of its own, not the window's."""

    def __init__(self, name: str):
        self._name = name
        self._sender: Any = SpoutGL.SpoutSender()
        if not self._sender.createOpenGL():
            raise OSError("Spout found no OpenGL")
        self._sender.setSenderName(name)

    @property
    def is_watched(self) -> bool:
        return True  # Spout does not say

    def send(self, pixels: np.ndarray) -> None:
        height, width = pixels.shape[:2]
        sent = self._sender.sendImage(pixels.tobytes(), width, height, _GL_BGRA, False, 0)
        if not sent:
            raise OSError("Spout took no picture")
        self._sender.setFrameSync(self._name)

    def close(self) -> None:
        self._sender.releaseSender()
        self._sender.closeOpenGL()


def open_sender(name: str, alpha: bool, rate_hz: float) -> SpoutSender:
    return SpoutSender(name)
