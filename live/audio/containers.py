"""Sound in what libsndfile does not read: video, m4a, AAC, an Ogg with a picture. PyAV reads it.

Enters: an open file. Leaves: float32 [n, channels] at the rate and with the channels that are asked
for. Optional (`pip install -e .[video]`) and imported when it is needed. Runs in the thread that
wants the blocks; a packet that is damaged is left out, and the rest goes on.
"""

import os
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from live.audio.source import log
from live.errors import ArtifactError

HINT = "pip install -c constraints.txt -e .[video] reads it"
# A playlist would open other files and addresses.
_OPTIONS = {"protocol_whitelist": "none", "ignore_length": "1"}


def is_installed() -> bool:
    """Whether PyAV is there and loads: one whose libraries are missing reads nothing either."""
    try:
        import av  # noqa: F401
    except ImportError:
        return False
    return True


def probe(file: BinaryIO) -> tuple[int, int]:
    """(rate, Hz; channels) of the sound. ArtifactError, with the bare reason, if there is none."""
    try:
        with open_container(file) as container:
            stream = container.streams.best("audio")
            # A header of an unknown codec makes a stream without either.
            rate, channels = getattr(stream, "rate", 0), getattr(stream, "channels", 0)
            if not rate or not channels:
                raise ArtifactError("no sound in it")
            return rate, channels
    except ArtifactError:
        raise
    except Exception as error:  # whatever bytes from anybody make of it
        raise ArtifactError(_reason(error)) from error


def parts(file: BinaryIO, rate: int, channels: int) -> Iterator[np.ndarray]:
    """All the sound there is, float32 [n, channels], finite."""
    from av.error import FFmpegError

    damaged = 0
    try:
        with open_container(file) as container:
            stream = container.streams.best("audio")
            converter = _Converter(rate, channels)
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except FFmpegError:
                    damaged += 1
                    continue
                for frame in frames:
                    yield from converter.step(frame)
            yield from converter.flush()
    except Exception as error:  # whatever bytes from anybody make of it
        log.warning("a sound file ends early: %s", _reason(error))
    if damaged:
        log.warning("%d damaged packets of a sound file were left out", damaged)


def open_container(file: BinaryIO) -> Any:
    import av

    return av.open(_Unraising(file), metadata_errors="ignore", options=_OPTIONS)


class _Unraising:
    """A file from its start whose errors are answers: PyAV would print an exception's traceback."""

    def __init__(self, file: BinaryIO):
        self._file = file
        file.seek(0)
        self.tell = file.tell

    def read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except OSError:
            return b""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError):  # what is damaged may send it before the beginning
            return -1


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


class _Converter:
    """Decoded frames to one rate and one number of channels, also where they change midway."""

    def __init__(self, rate: int, channels: int):
        self._rate, self._channels = rate, channels
        self._kind: tuple | None = None
        self._resampler: Any = None

    def step(self, frame: Any) -> Iterator[np.ndarray]:
        import av

        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind:
            yield from self.flush()
            self._kind = kind
            self._resampler = av.AudioResampler("fltp", frame.layout, self._rate)
        frame.pts = None  # a jump in time is not filled
        for converted in self._resampler.resample(frame):
            yield self._samples(converted)

    def flush(self) -> Iterator[np.ndarray]:
        if self._resampler is not None:
            for converted in self._resampler.resample(None):
                yield self._samples(converted)

    def _samples(self, frame: Any) -> np.ndarray:
        samples = np.nan_to_num(frame.to_ndarray().T, nan=0.0, posinf=0.0, neginf=0.0)
        if samples.shape[1] != self._channels:
            samples = np.repeat(samples.mean(axis=1, keepdims=True), self._channels, axis=1)
        return np.ascontiguousarray(samples, np.float32)
