"""What the header of an uncompressed sound file says of its length, and whether that is true.

A recorder that is killed, or a disk that fills up, leaves a length of 0 or one that was right some
time ago. Enters: an open file, of which WAV, AIFF and AU are known. Leaves: the bytes to read in
place of such a length, which make libsndfile read to the end of the file.
"""

import os
from collections.abc import Iterator
from typing import BinaryIO

_UNKNOWN = {b"RIFF": b"\xff\xff\xff\xff", b"FORM": b"\0\0\0\0", b".snd": b"\xff\xff\xff\xff"}
_SOUND = (b"data", b"SSND")
_MOST_CHUNKS = 1000


def size_of(file: BinaryIO) -> int:
    """Bytes, as many as there are now; 0 of what the system makes up while it is read."""
    try:
        return file.seek(0, os.SEEK_END)
    except OSError:
        return 0


def chunks(file: BinaryIO, start: int) -> Iterator[tuple[int, bytes]]:
    """(offset, name) of the chunks of a WAV or AIFF, from `start` on."""
    file.seek(start - 12)
    order = "little" if file.read(4) == b"RIFF" else "big"
    return ((at, name) for at, name, _ in _chunks(file, size_of(file), order, start))


def mend_length(file: BinaryIO) -> dict[int, int]:
    """{offset: byte} to read instead of what is there; empty where the length may be true."""
    size = size_of(file)
    file.seek(0)
    kind = file.read(4)
    if kind == b".snd":
        start, length = (int.from_bytes(file.read(4), "big") for _ in range(2))
        return {} if start + length >= size else _at(8, _UNKNOWN[kind])
    if kind in (b"RIFF", b"FORM"):
        for at, name, end in _chunks(file, size, "little" if kind == b"RIFF" else "big"):
            if name in _SOUND:
                is_whole = end >= size - 1 or _is_filled(file, end, size, kind)
                return {} if is_whole else _at(at + 4, _UNKNOWN[kind])
    return {}


def is_accounted_for(file: BinaryIO) -> bool:
    """Whether what lies behind the sound is known to be none: chunks, or a tag at the end."""
    size = size_of(file)
    file.seek(0)
    kind = file.read(4)
    if kind in (b"RIFF", b"FORM"):
        return _is_filled(file, 12, size, kind)
    file.seek(max(size - 160, 0))
    return b"APETAGEX" in file.read(160)


def _is_filled(file: BinaryIO, start: int, size: int, kind: bytes) -> bool:
    """Whether chunks fill a file from `start` to its end."""
    ends = [start]
    for _, name, end in _chunks(file, size, "little" if kind == b"RIFF" else "big", start):
        if not (name.isascii() and name.decode("ascii").isprintable()):
            return False
        ends.append(end)
    return abs(ends[-1] - size) <= 1


def _chunks(file: BinaryIO, size: int, order, start: int = 12) -> Iterator[tuple[int, bytes, int]]:
    """(offset, name, end) of every chunk."""
    for _ in range(_MOST_CHUNKS):
        file.seek(start)
        head = file.read(8)
        if start >= size or len(head) < 8:
            return
        length = int.from_bytes(head[4:], order)
        end = start + 8 + length + length % 2
        yield start, head[:4], end
        start = end


def _at(offset: int, content: bytes) -> dict[int, int]:
    return {offset + i: byte for i, byte in enumerate(content)}
