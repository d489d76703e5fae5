"""Reading an MCAP file (https://mcap.dev) that may come from anybody.

Enters: a path. Leaves: the file's records in order, chunks unpacked. All bytes from outside pass
through here: every length is checked before memory is given to it, and what is damaged is left
out and counted. Runs in the caller's thread; no file stays open in between.

It builds on the records and the stream of the mcap package, which has no limits of its own.
"""

import io
import itertools
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, McapRecord, Message
from mcap.stream_reader import StreamReader

from live.errors import ArtifactError
from live.safe_read import open_file

MAX_RECORD_BYTES = 1 << 24
# What a small file may unpack to, and what each of its bytes adds to that. An hour of silence at a
# frozen dancer shrinks to a 170th; every message has 16 bytes of index outside its chunk.
_FREE_BYTES, _BYTES_A_BYTE = 1 << 26, 500
_FREE_RECORDS, _BYTES_A_RECORD = 1 << 16, 16

_RECORD = struct.Struct("<BQ")
_DAMAGE = (McapError, struct.error, ValueError, OverflowError, zstandard.ZstdError)


class McapReader:
    """The records of a file, from its beginning as often as asked.

    damaged: chunks the last reading left out; ended: whether it came to an end that was not cut.
    """

    def __init__(self, path: Path):
        self.path = path
        self.damaged = 0
        self.ended = False

    def head(self) -> Iterator[McapRecord]:
        """What stands before the first chunk. ArtifactError if the file cannot be read."""
        return itertools.takewhile(lambda record: not isinstance(record, Chunk), self._packed())

    def records(self) -> Iterator[McapRecord]:
        """The file's records, chunks opened; a damaged chunk is left out.

        ArtifactError if the file cannot be read, or unpacks to more than its size explains.
        """
        budget = _Budget(self.path)
        for record in self._packed():
            if not isinstance(record, Chunk):
                yield record
                continue
            try:
                inner = _unpacked(record, budget)
            except _DAMAGE:
                self.damaged += 1
                continue
            yield from inner

    def _packed(self) -> Iterator[McapRecord]:
        """The file's records up to its end, or to where it is cut off or damaged."""
        self.damaged = 0
        self.ended = False
        try:
            with open_file(self.path, "give a file that was made with --record") as file:
                yield from StreamReader(
                    _BoundedStream(file),  # pyright: ignore[reportArgumentType]
                    emit_chunks=True,
                    record_size_limit=MAX_RECORD_BYTES,
                ).records
                self.ended = True
        except _DAMAGE:
            return
        except OSError as error:  # a disk that fails
            raise ArtifactError(f"cannot read {self.path}: {error.strerror or error}") from None


class _BoundedStream:
    """A file of which nobody reads much at once, whatever lengths it states itself."""

    def __init__(self, file: BinaryIO):
        self._file = file

    def read(self, size: int) -> bytes:
        if not 0 <= size <= MAX_RECORD_BYTES:
            raise McapError(f"a field of {size} bytes")
        return self._file.read(size)


class _Budget:
    """How much a file of its size may unpack to: a small one must not keep anybody busy for hours.

    ArtifactError where it is used up.
    """

    def __init__(self, path: Path):
        try:
            size = os.stat(path).st_size
        except OSError:  # opening it will say so
            size = 0
        self._path = path
        self._bytes = _FREE_BYTES + _BYTES_A_BYTE * size
        self._records = _FREE_RECORDS + size // _BYTES_A_RECORD

    def spend(self, size: int, records: int) -> None:
        self._bytes -= size
        self._records -= records
        if self._bytes < 0 or self._records < 0:
            raise ArtifactError(
                f"{self._path} is damaged or made up: it unpacks to more than its size explains; "
                "record it anew"
            )


def _unpacked(chunk: Chunk, budget: _Budget) -> list[McapRecord]:
    """The channels and messages of a chunk. One of _DAMAGE if anything in it is not right."""
    data = _decompressed(chunk)
    budget.spend(len(data), 0)
    if chunk.uncompressed_crc and zlib.crc32(data) != chunk.uncompressed_crc:
        raise McapError("a chunk with another checksum")
    records: list[McapRecord] = []
    at = 0
    while at < len(data):
        opcode, length = _RECORD.unpack_from(data, at)
        at += _RECORD.size
        if length > len(data) - at:
            raise McapError(f"a record of {length} bytes in a chunk of {len(data)}")
        budget.spend(0, 1)
        if opcode == Opcode.MESSAGE:
            records.append(Message.read(_stream(data, at, length), length))
        elif opcode == Opcode.CHANNEL:
            records.append(Channel.read(_stream(data, at, length)))
        at += length
    return records


def _stream(data: bytes, at: int, length: int) -> ReadDataStream:
    return ReadDataStream(io.BytesIO(data[at : at + length]))


def _decompressed(chunk: Chunk) -> bytes:
    """A chunk's content. McapError if it is larger than it may be or says."""
    size = chunk.uncompressed_size
    if size > MAX_RECORD_BYTES:
        raise McapError(f"a chunk of {size} bytes")
    if chunk.compression == "":
        data = chunk.data
    elif chunk.compression == "zstd":
        decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_RECORD_BYTES)
        with decompressor.stream_reader(chunk.data) as stream:
            data = stream.read(size + 1)
    else:
        raise McapError(f"compression {chunk.compression}")
    if len(data) != size:
        raise McapError(f"a chunk of {len(data)} bytes that claims {size}")
    return data
