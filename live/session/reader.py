"""A session read back: its settings, its sound, packets, controls and figures.

Enters: a file made with --record, or one from anybody: `live.session.mcap_reader` checks every size
in it. Leaves: its messages, as often as asked. Runs in the caller's thread.
"""

from collections.abc import Iterator
from os import PathLike
from pathlib import Path

import numpy as np
from mcap.records import Channel, Message, Metadata

from live.audio.features import SAMPLE_RATE
from live.errors import ArtifactError
from live.osc.values import Value
from live.session.format import (
    ENCODINGS,
    MAX_MESSAGE_BYTES,
    SESSION_VERSION,
    SETTINGS_NAME,
    Record,
    checked_rate,
    control_of,
    from_json,
    to_sample,
)
from live.session.mcap_reader import McapReader
from live.settings_file import shown

_MAX_AUDIO_SAMPLES = 1 << 31  # 12 h at 48 kHz, 8 GiB
# Silence that no sound was recorded for: so much in any file, and so much a message, of which a
# show without a microphone still has thirty a second.
_FREE_SILENCE_S, _SILENCE_A_MESSAGE_S = 10.0, 0.1


class SessionReader:
    """Reads a session from its beginning as often as asked; holds no file open in between.

    settings: as they were recorded; rate: the audio's, Hz. damaged: chunks and messages the last
    reading left out. ArtifactError if the file cannot be read or is no session.
    """

    def __init__(self, path: str | PathLike[str]):
        self.path = Path(path)
        self._file = McapReader(self.path)
        self._oversized = 0
        self.settings = self._read_settings()
        self.rate = int(self.settings["sample_rate"])

    @property
    def damaged(self) -> int:
        return self._file.damaged + self._oversized

    @property
    def complete(self) -> bool:
        """Whether the last reading found nothing damaged and reached an end that was not cut."""
        return self._file.ended and not self.damaged

    def __iter__(self) -> Iterator[Record]:
        """All messages in the order in which they were recorded."""
        topics: dict[int, str] = {}
        self._oversized = 0
        for record in self._file.records():
            if isinstance(record, Channel):
                known = ENCODINGS.get(record.topic) == record.message_encoding
                topics[record.id] = record.topic if known else ""
            elif isinstance(record, Message) and topics.get(record.channel_id):
                if len(record.data) > MAX_MESSAGE_BYTES:
                    self._oversized += 1
                    continue
                topic = topics[record.channel_id]
                rate = self.rate if topic in ("audio", "event") else SAMPLE_RATE
                sample = to_sample(record.log_time, rate)
                yield Record(topic, sample, record.log_time, record.data, record.sequence)

    def blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """(sample of its first, float32 [n]) of every audio block, gaps left out."""
        for record in self._of("audio"):
            yield record.sample, record.block()

    def audio(self) -> tuple[np.ndarray, int]:
        """float32 [T] from sample 0 on, silence where blocks are missing; and its rate, Hz.

        ArtifactError if it claims more than it holds or fits in memory.
        """
        length = stored = messages = 0
        for record in self:
            messages += 1
            if record.topic == "audio":
                samples = len(record.data) // 4
                length, stored = max(length, record.sample + samples), stored + samples
        self.check_silence(length - stored, messages)
        if length > _MAX_AUDIO_SAMPLES:
            raise ArtifactError(
                f"{self.path} has {length / self.rate / 3600:.1f} h of audio, more than fits in "
                "memory; read it block by block"
            )
        audio = np.zeros(length, np.float32)
        for sample, block in self.blocks():
            audio[sample : sample + len(block)] = block
        return audio, self.rate

    def check_silence(self, samples: int, messages: int) -> None:
        """ArtifactError if so many samples without sound are more than so many messages explain:
        a small file must not claim hours."""
        if samples > (_FREE_SILENCE_S + _SILENCE_A_MESSAGE_S * messages) * self.rate:
            raise ArtifactError(
                f"{self.path} is damaged or made up: {messages} messages do not explain "
                f"{samples / self.rate:.0f} s without sound; record it anew"
            )

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
            yield record.sample, record.fields()

    def _of(self, topic: str) -> Iterator[Record]:
        return (record for record in self if record.topic == topic)

    def _read_settings(self) -> dict:
        for record in self._file.head():
            if isinstance(record, Metadata) and record.name == SETTINGS_NAME:
                return self._checked({k: from_json(v) for k, v in record.metadata.items()})
        raise ArtifactError(
            f"{self.path} is not a PoseJockey session, or was cut off before it began; "
            "give a file that was made with --record"
        )

    def _checked(self, settings: dict) -> dict:
        version = settings.get("session_version")
        if version != SESSION_VERSION:
            raise ArtifactError(
                f"{self.path} is a session of version {shown(version)}; this PoseJockey reads "
                f"version {SESSION_VERSION}"
            )
        try:
            checked_rate(settings.get("sample_rate"))
        except ValueError as error:
            raise ArtifactError(f"{self.path} is damaged: {error}; record it anew") from None
        return settings
