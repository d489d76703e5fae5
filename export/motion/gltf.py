"""glTF 2.0 in one binary file (.glb): arrays and objects in, bytes out.

Knows the container and its accessors, nothing of dances. Runs in the caller's thread.
"""

import json
import struct

import numpy as np

_FLOAT, _UBYTE, _USHORT, _UINT = 5126, 5121, 5123, 5125
_COMPONENTS = {np.dtype(np.float32): _FLOAT, np.dtype(np.uint8): _UBYTE}
_COMPONENTS |= {np.dtype(np.uint16): _USHORT, np.dtype(np.uint32): _UINT}
_KINDS = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}
_VERTICES, _INDICES = 34962, 34963


class Gltf:
    """objects: what becomes the JSON, to be filled by who writes; `array` adds to the buffer."""

    def __init__(self, generator: str = "PoseJockey"):
        self.objects: dict = {"asset": {"version": "2.0", "generator": generator}}
        self._buffer = bytearray()

    def add(self, kind: str, what: dict) -> int:
        """Append an object to the list `kind` ("nodes", "meshes", ...); its index."""
        items = self.objects.setdefault(kind, [])
        items.append(what)
        return len(items) - 1

    def array(
        self, values: np.ndarray, use: str = "", normalized: bool = False, bounds: bool = False
    ) -> int:
        """An accessor's index. values: float32, uint8, 16 or 32, [n], [n, k] or [n, 4, 4], row by
        row as numpy has them: matrices are turned to columns here. use: "vertices", "indices", "".
        """
        if values.shape[1:] == (4, 4):
            values = np.swapaxes(values, 1, 2)
        accessor = {
            "bufferView": self._view(np.ascontiguousarray(values).tobytes(), use),
            "componentType": _COMPONENTS[values.dtype],
            "count": len(values),
            "type": _KINDS[values.shape[1:]],
        }
        if normalized:
            accessor["normalized"] = True
        if bounds:
            flat = values.reshape(len(values), -1)
            accessor |= {"min": flat.min(axis=0).tolist(), "max": flat.max(axis=0).tolist()}
        return self.add("accessors", accessor)

    def _view(self, content: bytes, use: str) -> int:
        view = {"buffer": 0, "byteOffset": len(self._buffer), "byteLength": len(content)}
        if use:
            view["target"] = {"vertices": _VERTICES, "indices": _INDICES}[use]
        self._buffer += content + bytes(-len(content) % 4)
        return self.add("bufferViews", view)

    def to_bytes(self) -> bytes:
        """The whole file."""
        objects = self.objects | {"buffers": [{"byteLength": len(self._buffer)}]}
        text = json.dumps(objects, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
        chunks += struct.pack("<II", len(self._buffer), 0x004E4942) + self._buffer
        return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks
