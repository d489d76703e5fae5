"""The colours of a mesh, one a vertex: of its material, its own and its texture's.

Textures are looked up at the vertices and let go: a look tints the whole figure anyway, and a
figure costs the same whatever it wears.
"""

import io
import struct
from typing import Any

import numpy as np

from live.glb_file import GlbFile
from visuals.draw.surfaces import pygame

_MAX_SIDE = 8192
_SEEN = 0.3  # of alpha, from which on something is there


def colors_of(file: GlbFile, primitive: dict, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(float64 [count, 3], 0..1 as on a screen; bool [count]: what is not see-through)."""
    rgba = np.ones((count, 4))
    attributes = primitive.get("attributes", {})
    if "COLOR_0" in attributes:
        own = file.array(attributes["COLOR_0"], ("VEC3", "VEC4")).astype(np.float64)
        if len(own) == count:
            rgba[:, : own.shape[1]] = np.clip(own, 0, 1)
    if "material" not in primitive:
        return rgba[:, :3], np.ones(count, bool)
    material = file.item("materials", primitive["material"])
    paint = file.find(material, "pbrMetallicRoughness")
    factor = file.find(paint, "baseColorFactor")
    if isinstance(factor, list) and len(factor) == 4:
        rgba *= np.clip([v if type(v) in (int, float) else 1 for v in factor], 0, 1)
    rgba *= _texture(file, file.find(paint, "baseColorTexture"), attributes, count)
    opaque = material.get("alphaMode", "OPAQUE") == "OPAQUE"
    return rgba[:, :3], np.ones(count, bool) if opaque else rgba[:, 3] > _SEEN


def _texture(file: GlbFile, texture: Any, attributes: dict, count: int) -> np.ndarray:
    """[count, 4]; ones where there is none that can be read."""
    index, place = file.find(texture, "index"), file.find(texture, "texCoord") or 0
    name = f"TEXCOORD_{place}"
    if index is None or name not in attributes:
        return np.ones((count, 4))
    source = file.item("textures", index).get("source")
    content = None if source is None else file.image(source)
    pixels = None if content is None else _pixels(content)
    at = file.array(attributes[name], ("VEC2",)).astype(np.float64)
    if pixels is None or len(at) != count:
        return np.ones((count, 4))
    size = np.array(pixels.shape[:2])
    x, y = np.floor(at % 1.0 * size).astype(int).clip(0, size - 1).T
    return pixels[x, y] / 255


def _pixels(content: bytes) -> np.ndarray | None:
    """uint8 [width, height, 4] of a PNG or JPEG of sane size; None for another one."""
    size = _size(content)
    if size is None or not 0 < max(size) <= _MAX_SIDE:
        return None
    try:
        surface = pygame.image.load(io.BytesIO(content), "a.png")
    except pygame.error:
        return None
    flat = np.frombuffer(pygame.image.tobytes(surface, "RGBA"), np.uint8)
    width, height = surface.get_size()
    return flat.reshape(height, width, 4).swapaxes(0, 1)


def _size(content: bytes) -> tuple[int, int] | None:
    """What a picture's header says, before memory is given to it."""
    if content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) > 24:
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    if content[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        kind, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return None
