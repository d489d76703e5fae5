"""Files of sound that were joined end to end (`cat a.wav b.wav > c.wav`), one by one.

Enters: an open file. Leaves: the files in it. WAV, AIFF and MP4 tell where they end;
whoever reads on takes the next header for sound, or stops. (MP3, FLAC and Ogg may be joined as they
are.)
"""

import io
import os
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO, cast

from live.audio.headers import chunks, size_of

_MOST_FILES = 100
_MOST_BOXES = 1000


def files_in(file: BinaryIO) -> list[BinaryIO]:
    """The file itself, mostly; else a view of each that was joined."""
    starts = [0]
    for start in starts:
        following = _following(file, start)
        if following is not None and len(starts) < _MOST_FILES:
            starts.append(following)
    if len(starts) == 1:
        return [file]
    return [cast(BinaryIO, _Span(file, *span)) for span in pairwise([*starts, size_of(file)])]


def _following(file: BinaryIO, start: int) -> int | None:
    """Where the next file begins, behind all that belongs to the one at `start`."""
    file.seek(start)
    head = file.read(8)
    if head[:4] in (b"RIFF", b"FORM"):
        kind, parts = head[:4], chunks(file, start + 12)
    elif head[4:] == b"ftyp":
        kind, parts = b"ftyp", _boxes(file, start)
    else:
        return None
    return next((at for at, name in parts if name == kind and at > start), None)


def _boxes(file: BinaryIO, start: int) -> Iterator[tuple[int, bytes]]:
    """(offset, name) of the boxes of an MP4."""
    for _ in range(_MOST_BOXES):
        file.seek(start)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:], "big")
        if len(head) < 8 or length < 8:  # 0: to the end
            return
        yield start, head[4:8]
        start += length


class _Span(io.RawIOBase):
    """The bytes [start, end) of a file, as a file."""

    def __init__(self, file: BinaryIO, start: int, end: int):
        self._file, self._start, self._end = file, start, end
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        self._file.seek(self._start + self._at)
        left = max(self._end - self._start - self._at, 0)
        content = self._file.read(min(len(buffer), left))
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._end - self._start}
        self._at = max(base[whence] + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at
