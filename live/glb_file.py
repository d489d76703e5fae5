"""A binary glTF file (.glb, .vrm) from anybody: its objects and arrays, nothing of it believed.

Enters: a path. Leaves: JSON objects by index, and arrays, all checked when they are asked for;
ArtifactError in one sentence for everything else. Never opens another file: what the file names
outside itself is refused. Runs in the caller's thread.
"""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from live.errors import ArtifactError
from live.safe_read import read_file

_MAX_BYTES = 256 << 20
_MAX_JSON = 32 << 20
_MAX_VALUES = 1 << 24  # numbers of one array
_MAX_ITEMS = 1 << 16  # of one list of objects
_HINT = "give a figure as .glb or .vrm"  # what to do instead, unless told
_DTYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_LARGEST = {"<i1": 127, "<u1": 255, "<i2": 32767, "<u2": 65535}  # what is 1.0 when normalised
_JSON, _BINARY = 0x4E4F534A, 0x004E4942


class GlbFile:
    """The file at `path`. ArtifactError if it is no glTF 2.0 in one file.

    hint: what to do instead, ends the error's sentence.
    """

    def __init__(self, path: Path, hint: str = _HINT):
        self.path = path
        self._hint = hint
        content = read_file(path, hint, _MAX_BYTES)
        text, self._buffer = self._chunks(content)
        try:
            self._objects = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self.error(f"its JSON is damaged ({str(error)[:80]})") from None
        version = self.find(self._objects, "asset", "version")
        if not isinstance(version, str) or not version.startswith("2."):
            raise self.error("it is not glTF 2.0")

    def error(self, reason: str) -> ArtifactError:
        """What is said of the file."""
        return ArtifactError(f"cannot read {self.path}: {reason}; {self._hint}")

    def items(self, kind: str) -> list[dict]:
        """All objects of a kind ("nodes", "meshes", ...)."""
        found = self._objects.get(kind, [])
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise self.error(f"its {kind} are no list of objects")
        if len(found) > _MAX_ITEMS:
            raise self.error(f"it has {len(found)} {kind}")
        return found

    def item(self, kind: str, index: Any) -> dict:
        """One object of a kind; index as the file has it."""
        items = self.items(kind)
        if type(index) is not int or not 0 <= index < len(items):
            raise self.error(f"it points to {kind} {str(index)[:20]}, which it has not")
        return items[index]

    def extension(self, name: str) -> dict | None:
        """An extension of the whole file; None where it has none of the name."""
        found = self.find(self._objects, "extensions", name)
        return found if isinstance(found, dict) else None

    def find(self, inside: Any, *keys: str) -> Any:
        """What lies at these keys, one in another; None where one is missing."""
        for key in keys:
            inside = inside.get(key) if isinstance(inside, dict) else None
        return inside

    def array(self, index: Any, kinds: tuple[str, ...] = tuple(_WIDTHS)) -> np.ndarray:
        """An accessor as [n, width]: float64 of finite numbers, or int64 where the file has whole
        ones that are not normalised. kinds: which it may be."""
        accessor = self.item("accessors", index)
        dtype, width = self._type(accessor, kinds)
        count, offset = self._number(accessor, "count"), self._number(accessor, "byteOffset", 0)
        if count * width > _MAX_VALUES:
            raise self.error(f"an array has {count} rows")
        if "sparse" in accessor or "bufferView" not in accessor:
            raise self.error("it has sparse arrays, which are not read here")
        size = width * dtype.itemsize
        content, stride = self._view(accessor["bufferView"])
        stride = stride or size
        if stride < size or offset + (stride * (count - 1) + size if count else 0) > len(content):
            raise self.error("an array is not in the file")
        rows = np.ndarray((count, width), dtype, content, offset, (stride, dtype.itemsize))
        return self._numbers(rows, accessor.get("normalized") is True)

    def image(self, index: Any) -> bytes | None:
        """The bytes of an image; None where it is not in the file."""
        image = self.item("images", index)
        return bytes(self._view(image["bufferView"])[0]) if "bufferView" in image else None

    def _numbers(self, rows: np.ndarray, normalized: bool) -> np.ndarray:
        kind = rows.dtype.str
        if rows.dtype.kind == "f":
            with np.errstate(invalid="ignore"):  # a NaN that signals
                values = rows.astype(np.float64)
            if not np.isfinite(values).all() or (np.abs(values) > 1e6).any():
                raise self.error("an array holds what is no number")
            return values
        if normalized and kind.replace("|", "<") in _LARGEST:
            return np.maximum(rows / _LARGEST[kind.replace("|", "<")], -1.0)
        return rows.astype(np.int64)

    def _type(self, accessor: dict, kinds: tuple[str, ...]) -> tuple[np.dtype, int]:
        kind, component = accessor.get("type"), accessor.get("componentType")
        if kind not in kinds or not isinstance(component, int) or component not in _DTYPES:
            raise self.error(f"an array is {str(kind)[:20]} of {str(component)[:20]}")
        return np.dtype(_DTYPES[component]), _WIDTHS[kind]

    def _view(self, index: Any) -> tuple[memoryview, int]:
        """The bytes of a buffer view, and its stride or 0."""
        view = self.item("bufferViews", index)
        if any(name.endswith("compression") for name in view.get("extensions") or {}):
            raise self.error("it is compressed; export it without compression")
        if view.get("buffer") != 0 or self.find(self.item("buffers", 0), "uri") is not None:
            raise self.error("it has parts in other files; export it as one .glb")
        start, length = self._number(view, "byteOffset", 0), self._number(view, "byteLength")
        if start + length > len(self._buffer):
            raise self.error("a part of it is missing; it may have been cut off")
        return memoryview(self._buffer)[start : start + length], self._number(view, "byteStride", 0)

    def _number(self, where: dict, name: str, default: int | None = None) -> int:
        value = where.get(name, default)
        if type(value) is not int or not 0 <= value <= _MAX_BYTES:
            raise self.error(f"a {name} is {str(value)[:20]}")
        return value

    def _chunks(self, content: bytes) -> tuple[bytes, bytes]:
        """The JSON and the binary part."""
        if content[:4] != b"glTF" or len(content) < 20:
            raise self.error("it is no binary glTF")
        at, found = 12, {}
        while at + 8 <= len(content):
            length, kind = struct.unpack_from("<II", content, at)
            if at + 8 + length > len(content):
                raise self.error("it was cut off")
            found.setdefault(kind, content[at + 8 : at + 8 + length])
            at += 8 + length
        if len(found.get(_JSON, b"")) > _MAX_JSON:
            raise self.error("its JSON is too long")
        return found.get(_JSON, b""), found.get(_BINARY, b"")
