"""One file a show: what was heard, sent, asked for and counted; written, read back, replayed.

The container is MCAP (https://mcap.dev), laid out with the mcap package's own records; what is in
it stands in docs/session-file.md.

SessionWriter: enters, from the engine's thread, audio blocks, OSC packets, controls and health.
They are put into a bounded queue, which takes microseconds, and its own thread puts them on the
disk: a finished chunk twice a second, so that a process that is killed loses less than the last
second. Nothing the disk does reaches the engine: what cannot be written is counted.

SessionReader, replay: run in the caller's thread. A session may come from anybody: every size is
checked before memory is given to it, and what is damaged is left out.
"""

import io
import itertools
import json
import math
import struct
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import BinaryIO

import numpy as np
import zstandard
from mcap.data_stream import RecordBuilder
from mcap.exceptions import McapError
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
from mcap.stream_reader import StreamReader, breakup_chunk
from mcap.writer import LIBRARY_IDENTIFIER, MCAP0_MAGIC

from live.audio.features import SAMPLE_RATE
from live.control.osc_in import value_of
from live.errors import ArtifactError, ConfigError
from live.osc import schema as osc_schema

SESSION_VERSION = 1
SETTINGS_NAME = "posejockey.session"  # of the metadata record that opens the file
ENCODINGS = {
    "audio": "x-float32le", "osc": "x-osc", "control": "json", "health": "json",
    "event": "json",
}  # fmt: skip
MAX_MESSAGE_BYTES = 1 << 16  # no UDP datagram is larger; audio blocks are cut into such pieces

_NS = 1_000_000_000
_POLL_S = 0.05
_FLUSH_S = 0.5
_CLOSE_S = 10.0
# zstd: a 16-bit microphone's samples shrink to 0.65, OSC to 0.3 of their size, for 1.4 ms of one
# core a second, outside the interpreter lock. lz4 (0.97, 0.44) saves too little.
_COMPRESSION = "zstd"
_CHUNK_BYTES = 1 << 18
_MAX_RECORD_BYTES = 1 << 24
_MAX_AUDIO_SAMPLES = 1 << 31  # 12 h at 48 kHz, 8 GiB
_MAX_RATE = 768_000
_MAX_GROUP = 64  # packets sent at once; a frame has one a dancer
_DAMAGE = (McapError, struct.error, ValueError, OverflowError, zstandard.ZstdError)

Payload = bytes | dict[str, object]
Value = float | str | None


class SessionWriter:
    """Records a session. One thread calls audio, osc, control and health; they never wait.

    path: a new file; one that exists is refused unless `overwrite`. settings: what the show needs
    to be played again, JSON values by name; "sample_rate" is the audio's, Hz. capacity: messages
    waiting for the disk at most. ConfigError if the file cannot be begun.

    written: messages safe from the end of this process; error: why writing stopped, or None.
    frame: model frames danced so far, kept up to date by the caller; every message carries it, so
    that `live.show.offline` can do the same things in the same order again.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        settings: dict[str, object],
        *,
        overwrite: bool = False,
        capacity: int = 4096,
    ):
        self._rate = _checked_rate(settings["sample_rate"])
        described = {name: _json(value) for name, value in settings.items()}
        described["session_version"] = _json(SESSION_VERSION)
        self.path = Path(path)
        self.written = 0
        self.frame = 0
        self.error: str | None = None
        self._capacity = capacity
        self._queue: deque[tuple[str, int, int, Payload]] = deque()
        self._refused = 0  # counted by the engine's thread
        self._failed = 0  # counted by the writing thread
        self._unsafe = 0  # writing thread: messages in the open chunk
        self._closing = threading.Event()
        self._file, self._container = _begin(self.path, described, overwrite)
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> int:
        """Messages that are not and will not be in the file."""
        return self._refused + self._failed + (len(self._queue) if self.error else 0)

    def audio(self, sample: int, block: np.ndarray) -> None:
        """block: float32 [n], mono; sample: index of its first one, at the session's rate."""
        data = np.asarray(block, "<f4").tobytes()
        for start in range(0, len(data), MAX_MESSAGE_BYTES):
            piece = data[start : start + MAX_MESSAGE_BYTES]
            self._put("audio", _to_ns(sample + start // 4, self._rate), piece)

    def osc(self, sample: int, packet: bytes) -> None:
        """A packet as it was sent; sample: its presentation time at 24 kHz."""
        self._put("osc", _to_ns(sample, SAMPLE_RATE), packet)

    def control(self, sample: float, name: str, value: Value) -> None:
        """A control as the engine took it; sample: when, at 24 kHz, with its fraction."""
        said: dict[str, object] = {"name": name, "value": value, "at": float(sample)}
        self._put("control", _to_ns(int(sample), SAMPLE_RATE), said)

    def event(self, sample: int, name: str, count: int) -> None:
        """What else changed the dance, and by how much; docs/session-file.md names them.

        sample: of the audio, at the session's rate.
        """
        said: dict[str, object] = {"name": name, "count": count, "at": sample}
        self._put("event", _to_ns(sample, self._rate), said)

    def health(self, sample: int, report: dict[str, object]) -> None:
        """Figures by name; sample: when, at 24 kHz. What JSON cannot say (NaN) becomes null."""
        self._put("health", _to_ns(sample, SAMPLE_RATE), dict(report))

    def close(self) -> None:
        """Write what is queued and finish the file. Waits for a disk that hangs 10 s at most."""
        self._closing.set()
        self._thread.join(_CLOSE_S)
        if self._thread.is_alive():
            self.error = f"{self.path} was not finished within {_CLOSE_S:g} s"

    def _put(self, topic: str, time_ns: int, payload: Payload) -> None:
        if self.error or self._closing.is_set() or len(self._queue) >= self._capacity:
            self._refused += 1
        else:
            self._queue.append((topic, time_ns, self.frame, payload))

    def _run(self) -> None:
        """The writing thread, until the file is closed or cannot be written any more."""
        flush_at = time.monotonic() + _FLUSH_S
        try:
            while not self._closing.wait(_POLL_S):
                self._write_queued()
                if time.monotonic() >= flush_at:
                    self._flush()
                    flush_at = time.monotonic() + _FLUSH_S
            self._write_queued()
            self._flush()
            self._container.finish()
            self._file.close()
        except OSError as error:
            self._give_up(error)

    def _write_queued(self) -> None:
        for _ in range(len(self._queue)):
            topic, time_ns, frame, payload = self._queue.popleft()
            data = _encode(payload)
            if data is None:
                self._failed += 1
                continue
            self._unsafe += 1
            self._container.add(topic, time_ns, data, frame)

    def _flush(self) -> None:
        self._container.flush()
        self.written += self._unsafe
        self._unsafe = 0

    def _give_up(self, error: OSError) -> None:
        self.error = f"recording to {self.path} stopped: {error.strerror or error}"
        self._failed += self._unsafe
        self._unsafe = 0
        with suppress(OSError):  # tries once more to write what is left in its buffer
            self._file.close()


@dataclass(frozen=True)
class Record:
    """One message. sample: at the session's rate for audio and events, at 24 kHz for the rest.

    frame: model frames that had been danced when it was recorded.
    """

    topic: str
    sample: int
    time_ns: int
    data: bytes
    frame: int = 0

    def said(self) -> dict:
        """The JSON object of a control, an event or the health; empty if there is none."""
        return _from_json(self.data)


class SessionReader:
    """Reads a session from its beginning as often as asked; holds no file open in between.

    settings: as they were recorded; rate: the audio's, Hz. damaged: chunks and messages the last
    reading left out. ArtifactError if the file cannot be read or is no session.
    """

    def __init__(self, path: str | PathLike[str]):
        self.path = Path(path)
        self.damaged = 0
        self._ended = False
        self.settings = self._read_settings()
        self.rate = int(self.settings["sample_rate"])

    @property
    def complete(self) -> bool:
        """Whether the last reading found nothing damaged and reached an end that was not cut."""
        return self._ended and not self.damaged

    def __iter__(self) -> Iterator[Record]:
        """All messages in the order in which they were recorded."""
        topics: dict[int, str] = {}
        for record in self._unpacked():
            if isinstance(record, Channel):
                known = ENCODINGS.get(record.topic) == record.message_encoding
                topics[record.id] = record.topic if known else ""
            elif isinstance(record, Message) and topics.get(record.channel_id):
                if len(record.data) > MAX_MESSAGE_BYTES:
                    self.damaged += 1
                    continue
                topic = topics[record.channel_id]
                rate = self.rate if topic in ("audio", "event") else SAMPLE_RATE
                sample = _to_sample(record.log_time, rate)
                yield Record(topic, sample, record.log_time, record.data, record.sequence)

    def blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """(sample of its first, float32 [n]) of every audio block, gaps left out."""
        for record in self._of("audio"):
            whole = len(record.data) // 4 * 4
            yield record.sample, np.frombuffer(record.data[:whole], "<f4").astype(np.float32)

    def audio(self) -> tuple[np.ndarray, int]:
        """float32 [T] from sample 0 on, silence where blocks are missing; and its rate, Hz."""
        length = max((sample + len(block) for sample, block in self.blocks()), default=0)
        if length > _MAX_AUDIO_SAMPLES:
            raise ArtifactError(
                f"{self.path} claims {length / self.rate / 3600:.1f} h of audio, more than fits in "
                "memory; read it block by block"
            )
        audio = np.zeros(length, np.float32)
        for sample, block in self.blocks():
            audio[sample : sample + len(block)] = block
        return audio, self.rate

    def controls(self) -> Iterator[tuple[int, str, Value]]:
        """(sample at 24 kHz, name, value) of every control that makes sense.

        value: a finite float, a str or None. Its range is not checked.
        """
        for record in self._of("control"):
            control = control_of(record)
            if control is not None:
                yield record.sample, *control

    def packets(self) -> Iterator[tuple[int, bytes]]:
        """(presentation sample at 24 kHz, packet) of every OSC packet."""
        for record in self._of("osc"):
            yield record.sample, record.data

    def health(self) -> Iterator[tuple[int, dict]]:
        """(sample at 24 kHz, figures by name)."""
        for record in self._of("health"):
            yield record.sample, _from_json(record.data)

    def _of(self, topic: str) -> Iterator[Record]:
        return (record for record in self if record.topic == topic)

    def _read_settings(self) -> dict:
        for record in itertools.takewhile(lambda r: not isinstance(r, Chunk), self._records()):
            if isinstance(record, Metadata) and record.name == SETTINGS_NAME:
                return self._checked({k: _loads(v) for k, v in record.metadata.items()})
        raise ArtifactError(
            f"{self.path} is not a PoseJockey session, or was cut off before it began; "
            "give a file that was made with --record"
        )

    def _checked(self, settings: dict) -> dict:
        version = settings.get("session_version")
        if version != SESSION_VERSION:
            raise ArtifactError(
                f"{self.path} is a session of version {version}; this PoseJockey reads version "
                f"{SESSION_VERSION}"
            )
        try:
            _checked_rate(settings.get("sample_rate"))
        except ValueError as error:
            raise ArtifactError(f"{self.path} is damaged: {error}; record it anew") from None
        return settings

    def _unpacked(self) -> Iterator[McapRecord]:
        """The file's records, chunks opened; a damaged chunk is left out."""
        for record in self._records():
            if not isinstance(record, Chunk):
                yield record
                continue
            try:
                inner = breakup_chunk(_decompressed(record), validate_crc=True)
            except _DAMAGE:
                self.damaged += 1
                continue
            yield from inner

    def _records(self) -> Iterator[McapRecord]:
        """The file's records up to its end, or to where it is cut off or damaged."""
        self.damaged = 0
        self._ended = False
        try:
            with _BoundedFile(io.FileIO(self.path)) as file:
                yield from StreamReader(
                    file, emit_chunks=True, record_size_limit=_MAX_RECORD_BYTES
                ).records
                self._ended = True
        except _DAMAGE:
            return
        except OSError as error:
            raise ArtifactError(
                f"cannot read {self.path}: {error.strerror or error}; give a file that was made "
                "with --record"
            ) from None


def replay(
    path: str | PathLike[str],
    send: Callable[[list[bytes]], None],
    speed: float = 1.0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    loop: bool = False,
) -> int:
    """Send a session's OSC packets again, in time; returns how many frames were sent.

    send: takes the packets of one frame. speed: 2 is twice as fast. loop: without end. A stall of
    more than a second is not caught up. ConfigError for the speed, ArtifactError for the file.
    """
    if not (math.isfinite(speed) and speed > 0):
        raise ConfigError(f"speed {speed:g}; it must be above 0, 1 is as recorded")
    session = SessionReader(path)
    start, frames = clock(), 0
    while True:
        first = before = offset = interval = None
        for sample, packets in _frames(session):
            first = sample if first is None else first
            if before is not None and sample > before:
                interval = sample - before
            before = sample
            offset = (sample - first) / SAMPLE_RATE / speed
            start = _wait(start, offset, clock, sleep)
            send(packets)
            frames += 1
        if offset is None:
            raise ArtifactError(f"{path} holds no OSC packets to send; record a longer session")
        if not loop:
            return frames
        # The first frame follows the last as frames follow each other.
        start += offset + (interval or SAMPLE_RATE) / SAMPLE_RATE / speed


def _frames(session: SessionReader) -> Iterator[tuple[int, list[bytes]]]:
    """Packets of the same presentation time together, _MAX_GROUP at most; before them what was
    played on the picture since the ones before, which the show has sent to visualizers alone."""
    group: list[bytes] = []
    played: list[bytes] = []
    current = 0
    for record in session:
        if record.topic == "control":
            packet = _picture_of(record)
            played = [*played, packet][-_MAX_GROUP:] if packet else played
        if record.topic != "osc":
            continue
        if group and (record.sample != current or len(group) >= _MAX_GROUP):
            yield current, group
            group = []
        current = record.sample
        group += [*played, record.data]
        played = []
    if group:
        yield current, group


def _wait(
    start: float, offset: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> float:
    """Sleep until start + offset; returns the start, moved if that moment is long past."""
    while (left := start + offset - clock()) > 0:
        sleep(min(left, 1.0))
    return start if left > -1.0 else start - left


class _Container:
    """Lays out the MCAP file. Every write may raise OSError.

    mcap's own Writer keeps 0.6 kB of index a chunk, 35 MB in eight hours; as compressed bytes it is
    1.4 MB. Every chunk repeats the channels, so that each can be read alone.
    """

    def __init__(self, file: BinaryIO, settings: dict[str, str]):
        self._file = file
        self._size = 0
        self._channels = {
            topic: Channel(
                id=number, topic=topic, message_encoding=encoding, metadata={}, schema_id=0
            )
            for number, (topic, encoding) in enumerate(ENCODINGS.items(), start=1)
        }
        self._prelude = _laid_out(*self._channels.values())
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
        header = MCAP0_MAGIC + _laid_out(Header("posejockey", LIBRARY_IDENTIFIER))
        metadata = _laid_out(Metadata(SETTINGS_NAME, settings))
        self._metadata_index = MetadataIndex(len(header), len(metadata), SETTINGS_NAME)
        self._write(header + metadata)
        self._begin_chunk()
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
        self._file.flush()

    def finish(self) -> None:
        """Write the index that lets other programs jump to any time. Does not close the file."""
        self._write(_laid_out(DataEnd(0)))
        summary_start = self._size
        self._write(self._prelude + _laid_out(self._statistics))
        self._chunk_indexes += self._compressor.flush()
        self._write(zlib.decompress(self._chunk_indexes))
        self._write(_laid_out(self._metadata_index))
        self._write(_laid_out(Footer(summary_start, 0, 0)) + MCAP0_MAGIC)
        self._file.flush()

    def _begin_chunk(self) -> None:
        self._index: dict[int, list[tuple[int, int]]] = {}  # (time, offset) by channel
        self._chunk = RecordBuilder()
        self._chunk.write(self._prelude)

    def _end_chunk(self) -> None:
        data, index = self._chunk.end(), self._index
        self._begin_chunk()
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
        self._write(_laid_out(chunk))
        index_start = self._size
        offsets = {}
        for channel, entries in index.items():
            offsets[channel] = self._size
            self._write(_laid_out(MessageIndex(channel, entries)))
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
        self._chunk_indexes += self._compressor.compress(_laid_out(index))

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
        self._file.write(data)
        self._size += len(data)


class _BoundedFile(io.BufferedReader):
    """A file of which nobody reads much at once, whatever lengths it states itself."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or not 0 <= size <= _MAX_RECORD_BYTES:
            raise McapError(f"a field of {size} bytes")
        return super().read(size)


def _begin(path: Path, settings: dict[str, str], overwrite: bool) -> tuple[BinaryIO, _Container]:
    """Create the file and write its head. ConfigError says what to do instead."""
    try:
        file = open(path, "wb" if overwrite else "xb")  # noqa: SIM115 (closed by the writer)
    except FileExistsError:
        raise ConfigError(
            f"{path} exists and was left as it is; record to another file or remove it first"
        ) from None
    except (OSError, ValueError) as error:
        raise _cannot_record(path, error) from None
    try:
        return file, _Container(file, settings)
    except OSError as error:
        with suppress(OSError):  # tries once more to write what is left in its buffer
            file.close()
        if not overwrite:
            path.unlink(missing_ok=True)
        raise _cannot_record(path, error) from None


def _cannot_record(path: Path, error: OSError | ValueError) -> ConfigError:
    why = getattr(error, "strerror", None) or error
    return ConfigError(
        f"cannot record to {path}: {why}; name a file in a folder that exists, may be written and "
        "has room"
    )


def _checked_rate(rate: object) -> int:
    if not isinstance(rate, int) or not 1 <= rate <= _MAX_RATE:
        raise ValueError(f"sample_rate {rate!r}; expected a whole number of Hz up to {_MAX_RATE}")
    return rate


def _to_ns(sample: int, rate: int) -> int:
    """Sample index to nanoseconds since the start; what lies before it counts as its start."""
    return max(0, (int(sample) * _NS + rate // 2) // rate)


def _to_sample(time_ns: int, rate: int) -> int:
    """The inverse of _to_ns, exact: a sample is far longer than a nanosecond."""
    return (time_ns * rate + _NS // 2) // _NS


def _laid_out(*records: McapRecord) -> bytes:
    builder = RecordBuilder()
    for record in records:
        record.write(builder)
    return builder.end()


def _decompressed(chunk: Chunk) -> Chunk:
    """The chunk without its compression. McapError if it is larger than it may be or says."""
    size = chunk.uncompressed_size
    if size > _MAX_RECORD_BYTES:
        raise McapError(f"a chunk of {size} bytes")
    if chunk.compression == "":
        return chunk
    if chunk.compression != "zstd":
        raise McapError(f"compression {chunk.compression}")
    decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_RECORD_BYTES)
    with decompressor.stream_reader(chunk.data) as stream:
        data = stream.read(size + 1)
    if len(data) != size:
        raise McapError(f"a chunk of {len(data)} bytes that claims {size}")
    return replace(chunk, compression="", data=data)


def _encode(payload: Payload) -> bytes | None:
    """A message's bytes; None if it is too large or cannot be said in JSON."""
    try:
        data = payload if isinstance(payload, bytes) else _json(payload).encode()
    except (TypeError, ValueError):
        return None
    return data if len(data) <= MAX_MESSAGE_BYTES else None


def _json(value: object) -> str:
    return json.dumps(_plain(value), allow_nan=False)


def _plain(value: object) -> object:
    """numpy's values as Python's, NaN and infinities as None: JSON has no word for either."""
    if isinstance(value, np.generic | np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _from_json(data: bytes) -> dict:
    """The object in a message; empty if there is none."""
    value = _loads(data)
    return value if isinstance(value, dict) else {}


def _picture_of(record: Record) -> bytes | None:
    """What a control of the picture was sent as; None for any other one."""
    control = control_of(record)
    if control is None or control[0] not in osc_schema.PICTURE:
        return None
    name, value = control
    played = value_of(osc_schema.PICTURE[name], [] if value is None else [value])
    return osc_schema.encode_picture(*played) if played and played[0] else None


def control_of(record: Record) -> tuple[str, Value] | None:
    """The name and value of a control message; None if it has no such or no usable ones."""
    said = record.said()
    name, value = said.get("name"), said.get("value")
    if isinstance(value, int) and abs(value) < 1 << 53:
        value = float(value)
    usable = value is None or isinstance(value, str) or _is_finite(value)
    return (name, value) if isinstance(name, str) and usable else None


def _is_finite(value: object) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def _loads(text: bytes | str) -> object:
    """The JSON value; None where there is none or it is nested too deeply."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
