"""The MCAP container (https://mcap.dev) of a session, as it is written.

Enter messages; leaves a file whose every chunk can be read alone. Runs in the recording's thread.
It builds on the records of the mcap package, whose own Writer keeps too much in memory.
"""

import zlib
from typing import BinaryIO

import zstandard
from mcap.data_stream import RecordBuilder
from mcap.records import (
    Channel,
    Chunk,
    ChunkIndex,
    DataEnd,
    Footer,
    Header,
    McapRecord,
    Message,
    MessageIndex,
    Metadata,
    MetadataIndex,
    Statistics,
)
from mcap.writer import LIBRARY_IDENTIFIER, MCAP0_MAGIC

from live.session.format import ENCODINGS, SETTINGS_NAME

# zstd: a 16-bit microphone's samples shrink to 0.65, OSC to 0.3 of their size, for 1.4 ms of one
# core a second, outside the interpreter lock. lz4 (0.97, 0.44) saves too little.
_COMPRESSION = "zstd"
_CHUNK_BYTES = 1 << 18


class McapWriter:
    """Lays out the MCAP file of a session. Every write may raise OSError.

    is_broken: a write has failed, so nobody knows where the file ends.

    mcap's own Writer keeps 0.6 kB of index a chunk, 35 MB in eight hours; as compressed bytes it is
    1.4 MB. Every chunk repeats the channels, so that each can be read alone.
    """

    def __init__(self, file: BinaryIO, settings: dict[str, str]):
        self._file = file
        self._size = 0
        self.is_broken = False
        self._channels = {
            topic: Channel(
                id=number, topic=topic, message_encoding=encoding, metadata={}, schema_id=0
            )
            for number, (topic, encoding) in enumerate(ENCODINGS.items(), start=1)
        }
        self._prelude = _layout_of(*self._channels.values())
        self._statistics = Statistics(
            attachment_count=0,
            channel_count=len(self._channels),
            channel_message_counts={channel.id: 0 for channel in self._channels.values()},
            chunk_count=0,
            message_count=0,
            message_end_time=0,
            message_start_time=0,
            metadata_count=1,
            schema_count=0,
        )
        self._compressor = zlib.compressobj()
        self._chunk_indexes = bytearray()
        header = MCAP0_MAGIC + _layout_of(Header("posejockey", LIBRARY_IDENTIFIER))
        metadata = _layout_of(Metadata(SETTINGS_NAME, settings))
        self._metadata_index = MetadataIndex(len(header), len(metadata), SETTINGS_NAME)
        self._write(header + metadata)
        self.begin_chunk()
        self._file.flush()

    def add(self, topic: str, time_ns: int, data: bytes, frame: int = 0) -> None:
        channel = self._channels[topic].id
        self._index.setdefault(channel, []).append((time_ns, self._chunk.count))
        Message(
            channel_id=channel,
            log_time=time_ns,
            data=data,
            publish_time=time_ns,
            sequence=frame & 0xFFFFFFFF,
        ).write(self._chunk)
        if self._chunk.count >= _CHUNK_BYTES:
            self._end_chunk()

    def flush(self) -> None:
        """End the chunk and hand everything to the operating system."""
        if self._index:
            self._end_chunk()
        self.is_broken = True
        self._file.flush()
        self.is_broken = False

    def finish(self) -> None:
        """Write the index that lets other programs jump to any time. Does not close the file."""
        self._write(_layout_of(DataEnd(0)))
        summary_start = self._size
        self._write(self._prelude + _layout_of(self._statistics))
        self._chunk_indexes += self._compressor.flush()
        self._write(zlib.decompress(self._chunk_indexes))
        self._write(_layout_of(self._metadata_index))
        self._write(_layout_of(Footer(summary_start, 0, 0)) + MCAP0_MAGIC)
        self._file.flush()

    def begin_chunk(self) -> None:
        """What the last one holds is thrown away, unless it was ended."""
        self._index: dict[int, list[tuple[int, int]]] = {}  # (time, offset) by channel
        self._chunk = RecordBuilder()
        self._chunk.write(self._prelude)

    def _end_chunk(self) -> None:
        data, index = self._chunk.end(), self._index
        self.begin_chunk()
        times = [time_ns for entries in index.values() for time_ns, _ in entries]
        chunk = Chunk(
            compression=_COMPRESSION,
            data=zstandard.compress(data),
            message_end_time=max(times),
            message_start_time=min(times),
            uncompressed_crc=zlib.crc32(data),
            uncompressed_size=len(data),
        )
        chunk_start = self._size
        self._write(_layout_of(chunk))
        index_start = self._size
        offsets = {}
        for channel, entries in index.items():
            offsets[channel] = self._size
            self._write(_layout_of(MessageIndex(channel, entries)))
        self._note(chunk, chunk_start, index_start, offsets)
        self._count(chunk, index)

    def _note(self, chunk: Chunk, start: int, index_start: int, offsets: dict[int, int]) -> None:
        """Keep the chunk's index for the end of the file."""
        index = ChunkIndex(
            chunk_length=index_start - start,
            chunk_start_offset=start,
            compression=chunk.compression,
            compressed_size=len(chunk.data),
            message_end_time=chunk.message_end_time,
            message_index_length=self._size - index_start,
            message_index_offsets=offsets,
            message_start_time=chunk.message_start_time,
            uncompressed_size=chunk.uncompressed_size,
        )
        self._chunk_indexes += self._compressor.compress(_layout_of(index))

    def _count(self, chunk: Chunk, index: dict[int, list[tuple[int, int]]]) -> None:
        total = self._statistics
        first = total.chunk_count == 0
        start = chunk.message_start_time
        total.message_start_time = start if first else min(start, total.message_start_time)
        total.message_end_time = max(chunk.message_end_time, total.message_end_time)
        total.chunk_count += 1
        for channel, entries in index.items():
            total.channel_message_counts[channel] += len(entries)
            total.message_count += len(entries)

    def _write(self, data: bytes) -> None:
        self.is_broken = True
        self._file.write(data)
        self._size += len(data)
        self.is_broken = False


def _layout_of(*records: McapRecord) -> bytes:
    builder = RecordBuilder()
    for record in records:
        record.write(builder)
    return builder.end()
