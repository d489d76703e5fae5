"""Pickles of numbers, read without running anything: AIST++ keypoints and SMPL motions (.pkl).

Enters: a file. Leaves: numbers and arrays by name. A pickle is a program, which may call anything;
this one may call nothing: numpy's names are stand-ins that only keep their arguments, all other
names and instructions are refused, and arrays are made of the bytes afterwards.
"""

import io
import math
import pickle
import pickletools
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from live.errors import ArtifactError
from live.safe_read import read_file

_HINT = "give AIST++'s keypoints or motions as they were published"
_MOST_BYTES = 1 << 29
_MOST_STEPS, _MOST_MEMO = 200_000, 100_000
_KINDS = "fiub"
_REFUSED = frozenset(
    ("PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX",
     "NEXT_BUFFER", "READONLY_BUFFER")
)  # fmt: skip
_DAMAGE = (pickle.UnpicklingError, ValueError, EOFError, IndexError, KeyError, TypeError,
           AttributeError, OverflowError, MemoryError, RecursionError, UnicodeError,
           ImportError)  # fmt: skip


class _Array:
    """Stands for numpy's array: keeps what it was built of."""

    def __init__(self) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Kind:
    """Stands for numpy's dtype."""

    def __init__(self, code: Any = "", *_: Any) -> None:
        self.code, self.order = code, "<"

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">", "|", "="):
            self.order = state[1]


def _made(*_: Any) -> _Array:
    return _Array()


def _scalar(kind: Any = None, content: Any = b"") -> Any:
    stand_in = _Array()
    stand_in.state = (1, (), kind, False, content)
    return stand_in


def _of_buffer(content: Any = b"", kind: Any = None, shape: Any = (), order: Any = "C") -> _Array:
    stand_in = _Array()
    stand_in.state = (1, shape, kind, order == "F", content)
    return stand_in


def _bytes(text: Any = "", *_: Any) -> bytes:
    return text.encode("latin-1") if isinstance(text, str) else b""


_NAMES = {
    **{(f"numpy.{core}.multiarray", name): stand_in for core in ("core", "_core")
       for name, stand_in in (("_reconstruct", _made), ("scalar", _scalar))},
    ("numpy.core.numeric", "_frombuffer"): _of_buffer,
    ("numpy._core.numeric", "_frombuffer"): _of_buffer,
    ("numpy", "ndarray"): _Array, ("numpy", "dtype"): _Kind, ("_codecs", "encode"): _bytes,
}  # fmt: skip


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _NAMES:
            return _NAMES[module, name]
        raise ValueError(f"it asks for {module}.{name}, which no motion needs"[:120])


def read_pickle(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a pickled dictionary, by name. ArtifactError for everything else."""
    content = read_file(path, _HINT, _MOST_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of texts that are damaged
            _check(content)
            found = _Unpickler(io.BytesIO(content), encoding="latin-1").load()
        if not isinstance(found, dict):
            raise ValueError(f"it holds no arrays by name, but a {type(found).__name__}")
        return {str(name)[:100]: _array(value) for name, value in found.items() if _is_array(value)}
    except _DAMAGE as error:
        reason = str(error).split("\n")[0][:160] or type(error).__name__
        raise ArtifactError(f"cannot read {path.name}: {reason}; {_HINT}") from None


def _check(content: bytes) -> None:
    """ValueError for instructions that no array needs, or that ask for much memory."""
    for step, (code, argument, _) in enumerate(pickletools.genops(content)):
        if code.name in _REFUSED:
            raise ValueError(f"it has the instruction {code.name}, which no motion needs")
        if step > _MOST_STEPS or ("PUT" in code.name and int(argument or 0) > _MOST_MEMO):
            raise ValueError("it has more instructions than a motion needs")


def _is_array(value: object) -> bool:
    return isinstance(value, _Array | int | float | list) and not isinstance(value, bool)


def _array(value: Any) -> np.ndarray:
    """The array that a stand-in kept, or a number. ValueError if it does not hold together."""
    if isinstance(value, int | float):
        return np.array(float(value))
    if isinstance(value, list):
        parts = [_array(part) for part in value[:_MOST_STEPS]]
        return np.stack(parts) if parts else np.empty(0)
    if not isinstance(value.state, tuple) or len(value.state) < 5:
        raise ValueError("an array is not whole")
    _, shape, kind, fortran, content = value.state[-5:]
    if isinstance(content, str | bytearray):
        content = content.encode("latin-1") if isinstance(content, str) else bytes(content)
    if not isinstance(kind, _Kind) or not isinstance(content, bytes):
        raise ValueError("an array is of objects, not of numbers")
    order = kind.order if kind.order in ("<", ">") else ""
    dtype = np.dtype(order + str(kind.code)[:8].lstrip("<>|="))
    sizes = tuple(int(size) for size in shape)
    if dtype.kind not in _KINDS or any(size < 0 for size in sizes):
        raise ValueError("an array is of no numbers")
    if math.prod(sizes) * dtype.itemsize != len(content):
        raise ValueError("an array is not as large as it says")
    numbers = np.frombuffer(content, dtype).reshape(sizes, order="F" if fortran else "C")
    return numbers.astype(np.float64)
