"""Reading an MCAP file (https://mcap.dev) that may come from anybody.

Enters: a path. Leaves: the file's records in order, chunks unpacked. All bytes from outside pass
through here: every length is checked before memory is given to it, and what is damaged is left
out and counted. Runs in the caller's thread; no file stays open in between.

It builds on the records and the stream of the mcap package, which has no limits of its own.
"""

import io
import itertools
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import zstandard
from mcap.exceptions import McapError
from mcap.records import Chunk, McapRecord
from mcap.stream_reader import StreamReader, breakup_chunk

from live.errors import ArtifactError

MAX_RECORD_BYTES = 1 << 24

_DAMAGE = (McapError, struct.error, ValueError, OverflowError, zstandard.ZstdError)


class McapReader:
    """The records of a file, from its beginning as often as asked.

    damaged: chunks the last reading left out; ended: whether it came to an end that was not cut.
    """

    def __init__(self, path: Path):
        self.path = path
        self.damaged = 0
        self.ended = False

    def records(self) -> Iterator[McapRecord]:
        """The file's records, chunks opened; a damaged chunk is left out. ArtifactError if the
        file cannot be read."""
        for record in self._packed():
            if not isinstance(record, Chunk):
                yield record
                continue
            try:
                inner = breakup_chunk(_decompressed(record), validate_crc=True)
            except _DAMAGE:
                self.damaged += 1
                continue
            yield from inner

    def head(self) -> Iterator[McapRecord]:
        """What stands before the first chunk. ArtifactError if the file cannot be read."""
        return itertools.takewhile(lambda record: not isinstance(record, Chunk), self._packed())

    def _packed(self) -> Iterator[McapRecord]:
        """The file's records up to its end, or to where it is cut off or damaged."""
        self.damaged = 0
        self.ended = False
        try:
            with _BoundedFile(io.FileIO(self.path)) as file:
                yield from StreamReader(
                    file, emit_chunks=True, record_size_limit=MAX_RECORD_BYTES
                ).records
                self.ended = True
        except _DAMAGE:
            return
        except OSError as error:
            raise ArtifactError(
                f"cannot read {self.path}: {error.strerror or error}; give a file that was made "
                "with --record"
            ) from None


class _BoundedFile(io.BufferedReader):
    """A file of which nobody reads much at once, whatever lengths it states itself."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or not 0 <= size <= MAX_RECORD_BYTES:
            raise McapError(f"a field of {size} bytes")
        return super().read(size)


def _decompressed(chunk: Chunk) -> Chunk:
    """The chunk without its compression. McapError if it is larger than it may be or says."""
    size = chunk.uncompressed_size
    if size > MAX_RECORD_BYTES:
        raise McapError(f"a chunk of {size} bytes")
    if chunk.compression == "":
        return chunk
    if chunk.compression != "zstd":
        raise McapError(f"compression {chunk.compression}")
    decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_RECORD_BYTES)
    with decompressor.stream_reader(chunk.data) as stream:
        data = stream.read(size + 1)
    if len(data) != size:
        raise McapError(f"a chunk of {len(data)} bytes that claims {size}")
    return replace(chunk, compression="", data=data)
