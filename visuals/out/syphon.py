"""Syphon: the picture for other programs of this Mac. By syphon-python.

Written after syphon-python's documentation; never tried, for want of a Mac.
"""

from typing import Any

import numpy as np
import syphon  # pyright: ignore[reportMissingImports]
from syphon.utils.numpy import (  # pyright: ignore[reportMissingImports]
    copy_image_to_mtl_texture,
)
from syphon.utils.raw import create_mtl_texture  # pyright: ignore[reportMissingImports]


class SyphonSender:
    """A Metal server; another size of picture takes another texture."""

    def __init__(self, name: str):
        library: Any = syphon
        self._server: Any = library.SyphonMetalServer(name)
        self._texture: Any = None
        self._size = (0, 0)

    @property
    def is_watched(self) -> bool:
        return bool(self._server.has_clients)

    def send(self, pixels: np.ndarray) -> None:
        height, width = pixels.shape[:2]
        if (width, height) != self._size:
            self._texture = create_mtl_texture(self._server.device, width, height)
            self._size = (width, height)
        rgba = np.ascontiguousarray(pixels[..., [2, 1, 0, 3]])
        copy_image_to_mtl_texture(rgba, self._texture)
        self._server.publish_frame_texture(self._texture)

    def close(self) -> None:
        self._server.stop()


def open_sender(name: str, alpha: bool, rate_hz: float) -> SyphonSender:
    return SyphonSender(name)
