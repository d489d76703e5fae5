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
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

import numpy as np
from mcap.records import (
    Channel,
    Chunk,
    McapRecord,
    Message,
    Metadata,
)
from mcap.stream_reader import StreamReader, breakup_chunk

from live.audio.features import SAMPLE_RATE
from live.errors import ArtifactError
from live.session.format import (
    _DAMAGE,
    _MAX_RECORD_BYTES,
    ENCODINGS,
    MAX_MESSAGE_BYTES,
    SESSION_VERSION,
    SETTINGS_NAME,
    Record,
    Value,
    _checked_rate,
    _from_json,
    _loads,
    _to_sample,
    control_of,
)
from live.session.mcap_file import _BoundedFile, _decompressed

_MAX_AUDIO_SAMPLES = 1 << 31  # 12 h at 48 kHz, 8 GiB


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
