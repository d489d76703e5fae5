"""Files from anybody, opened and unpacked with bounds: nothing that they claim is believed.

Enters: a path. Leaves: an open file, or the arrays of an NPZ; ArtifactError in one sentence for
everything else. Runs in the caller's thread.
"""

import math
import os
import stat
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np

from live.errors import ArtifactError

# Real arrays of motion and music unpack to less than 2 times their size; those of a dancer who
# stands still to far more, but then they are small.
_FREE_BYTES = 1 << 26
_RATIO = 64
_MAX_ARRAYS = 64
_KINDS = "biufU"  # numpy's: switches, numbers, texts; no objects, which would need pickle
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError, ValueError, EOFError,
    KeyError, TypeError, NotImplementedError, RuntimeError, OverflowError, SyntaxError,
    MemoryError,
)  # fmt: skip


class _NoArrayError(ValueError):
    """A member that is whole, as far as one can say, but holds no numbers or texts."""


def open_file(path: Path, hint: str, what: str = "") -> BinaryIO:
    """A regular file, open for reading: a pipe would be waited for without end.

    hint: what to do instead, ends the sentence of the ArtifactError; what: "the settings", stands
    before the name.
    """
    named = f"{what} {path}".lstrip()
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
            raise ArtifactError(f"cannot read {named}: it is {what}, not a file; {hint}")
        return open(path, "rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ArtifactError(f"cannot read {named}: {reason}; {hint}") from None


def read_file(path: Path, hint: str, most_bytes: int, what: str = "") -> bytes:
    """All of a file that has `most_bytes` at most. ArtifactError as `open_file`."""
    with open_file(path, hint, what) as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        named = f"{what} {path}".lstrip()
        raise ArtifactError(f"cannot read {named}: it has more than {most_bytes >> 20} MB; {hint}")
    return content


def read_arrays(
    path: Path, hint: str, most_bytes: int | None = None, lenient: bool = False
) -> dict[str, np.ndarray]:
    """The arrays of an NPZ by name: numbers and texts, never objects.

    lenient: leave out what is no such array, as other programs put beside theirs.

    Refused before memory is given to it: more than 64 arrays, or arrays that unpack to more than
    the file's size can explain, or than most_bytes. ArtifactError as `open_file`.
    """
    with open_file(path, hint) as file:
        try:
            return _unpacked(file, most_bytes, lenient)
        except _DAMAGE as error:
            reason = str(error).split("\n")[0][:200] or type(error).__name__
            raise ArtifactError(f"cannot read {path}: {reason}; {hint}") from None
        except OSError as error:  # a disk that fails, or an offset that lies
            reason = error.strerror or error
            raise ArtifactError(f"cannot read {path}: {reason}; {hint}") from None


def _unpacked(file: BinaryIO, most_bytes: int | None, lenient: bool) -> dict[str, np.ndarray]:
    size = os.fstat(file.fileno()).st_size
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        claimed = sum(member.file_size for member in members)
        if len(members) > _MAX_ARRAYS or claimed > _FREE_BYTES + _RATIO * size:
            raise ValueError(f"it claims {len(members)} arrays of {claimed >> 20} MB in all")
        if most_bytes is not None and claimed > most_bytes:
            raise ValueError(
                f"it holds {claimed >> 20} MB; more than {most_bytes >> 20} are not read"
            )
        arrays = {}
        for member in members:
            name, dot, suffix = member.filename.rpartition(".")
            try:
                if not dot or suffix != "npy" or member.compress_type not in _METHODS:
                    raise _NoArrayError(f"it holds {member.filename!r}, which is no array of numpy")
                with archive.open(member) as content:
                    arrays[name] = _array(content, member.file_size)
            except _NoArrayError:
                if not lenient:
                    raise
        return arrays


def _array(content: IO[bytes], size: int) -> np.ndarray:
    """One array of `size` bytes with its header. ValueError if it is another kind or size."""
    version = np.lib.format.read_magic(content)
    if version == (1, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(content)
    elif version == (2, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(content)
    else:
        raise ValueError(f"an array in version {version} of numpy's format")
    count = math.prod(shape)
    if dtype.kind not in _KINDS or dtype.hasobject:
        raise _NoArrayError(f"an array of {dtype}; expected numbers or texts")
    if not 0 <= count <= size or content.tell() + count * dtype.itemsize != size:
        raise ValueError(f"an array of shape {shape} that is not in the file")
    array = np.empty(count, dtype)
    if array.nbytes:
        _fill(array.view(np.uint8).data, content)
    return array.reshape(shape, order="F" if fortran else "C")


def _fill(into: memoryview, content: IO[bytes]) -> None:
    at = 0
    while at < len(into):
        piece = content.read(min(len(into) - at, 1 << 20))
        if not piece:
            raise EOFError("it ends too early")
        into[at : at + len(piece)] = piece
        at += len(piece)
    content.read(1)  # the end of the file is where its checksum is compared
