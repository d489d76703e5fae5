"""Sound files: all that a file holds, whatever its header says, block by block or in whole.

Enters: a path. Leaves: float32 samples at the file's own rate, always finite. libsndfile reads what
it can. What it does not know (video, m4a, an Ogg with a picture) and what it leaves unread, because
a header says too little, PyAV reads where it is installed (`live/audio/containers.py`); else a
sentence says what is missing. Runs in the thread that wants the blocks.
"""

import io
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import soundfile

from live.audio import containers
from live.audio.headers import is_accounted_for, mend_length, size_of
from live.audio.joined import files_in
from live.audio.mixer import Mixer
from live.audio.source import MAX_RATE, MIN_RATE, log, printable
from live.errors import ArtifactError
from live.safe_read import open_file

PLAY_BLOCK = 512  # samples
_TAIL_BYTES = 1024  # a tag at the end is smaller, or known
_MORE_S = 0.5  # decoders differ by less about where a song ends

Blocks = Generator[np.ndarray, None, None]


class AudioFile:
    """A sound file that can be danced to. rate: Hz; channels; name: as it can be shown.

    ArtifactError, with the way out, if it is not there, not audio, empty, or of another rate.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.name = printable(self.path.name)
        self._may_hold_more = True
        with open_file(self.path, "give an audio file") as file:
            self._is_plain = True
            first = files_in(file)[0]
            try:
                with soundfile.SoundFile(_steady(first)) as plain:
                    self.rate, self.channels = plain.samplerate, plain.channels
            except (soundfile.SoundFileError, TypeError) as error:  # TypeError: headerless .raw
                self._is_plain = False
                self.rate, self.channels = self._contained(first, error)
            problem = self._problem(file)
        if problem:
            raise ArtifactError(f"{str(path)!r} {problem}")

    def blocks(self, loop: bool = False) -> Blocks:
        """float32 [PLAY_BLOCK, channels] each, less only at the end; loop: begin again there.

        A file that has gone or holds nothing any more ends, loop or not. ArtifactError if it has
        gone before the first block.
        """
        with open_file(self.path, "give an audio file") as file:
            yield from _reblocked(self._rounds(file, loop))

    def _rounds(self, file: BinaryIO, loop: bool) -> Iterator[np.ndarray]:
        while True:
            samples = 0
            for part in self._parts(file):
                samples += len(part)
                yield part
            if not loop:
                return
            if samples == 0:
                log.warning("%s holds no sound any more", self.name)
                return

    def _parts(self, file: BinaryIO) -> Iterator[np.ndarray]:
        """The whole file once, in pieces of any size."""
        for whole in files_in(file):
            yield from self._parts_of_one(whole)

    def _parts_of_one(self, file: BinaryIO) -> Iterator[np.ndarray]:
        if not self._is_plain:
            yield from containers.parts(file, self.rate, self.channels)
            return
        samples = 0
        for part in _plain_parts(file, self.name, (self.rate, self.channels)):
            samples += len(part)
            yield part
        if self._may_hold_more:
            self._may_hold_more = False
            for part in self._rest(file, samples):
                self._may_hold_more = True
                yield part

    def _rest(self, file: BinaryIO, samples: int) -> Iterator[np.ndarray]:
        """What comes after the `samples` that libsndfile has read; a sentence if it is unknown."""
        at = file.tell()
        size = size_of(file)
        left = size - at
        if left <= _TAIL_BYTES or is_accounted_for(file):
            return
        count = 0
        if containers.is_installed():
            held = []
            for part in _after(containers.parts(file, self.rate, self.channels), samples):
                held.append(part)
                count += len(part)
                if count > _MORE_S * self.rate:
                    yield from held
                    held.clear()
        if count <= _MORE_S * self.rate:
            hint = "" if containers.is_installed() else f"; {containers.HINT}"
            log.warning("%s: %d of %d bytes are left out%s", self.name, left, size, hint)

    def _contained(self, file: BinaryIO, error: Exception) -> tuple[int, int]:
        if not containers.is_installed():
            raise _not_audio(self.path, error, f"{containers.HINT}, or ") from error
        try:
            return containers.probe(file)
        except ArtifactError as reason:
            raise _not_audio(self.path, reason) from reason

    def _problem(self, file: BinaryIO) -> str:
        if not MIN_RATE <= self.rate <= MAX_RATE:
            return f"has {self.rate} Hz; convert it to 48000 Hz (8000 to 192000 work)"
        # A header may promise what the file does not hold; an empty read tells.
        return "" if next(self._parts(file), None) is not None else _EMPTY


_EMPTY = "holds no sound; was its recording cut off?"


def read_audio(path: str | Path) -> tuple[np.ndarray, int]:
    """A whole file: (its mix, float32 [T], finite; its rate, Hz). ArtifactError as `AudioFile`."""
    file = AudioFile(path)
    mixer = Mixer(file.channels, file.rate)
    blocks = [mixer.step(block) for block in file.blocks()]
    if not blocks:  # what was there when it was opened breaks off before the first block's end
        raise ArtifactError(f"{str(file.path)!r} {_EMPTY}")
    return np.concatenate(blocks), file.rate


class _Sequential(soundfile.SoundFile):
    """Read from one end to the other. The base seeks after every block, and an MP3 whose frames
    lean on those before then comes out with holes."""

    def seekable(self) -> bool:
        return False


class _Steady(io.RawIOBase):
    """A file from its start, with a true length; libsndfile cannot take an exception, so that it
    ends where it cannot be read any more."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self._mended = mend_length(file)
        file.seek(0)

    def readinto(self, buffer) -> int:
        try:
            start = self._file.tell()
            count = self._file.readinto(buffer)  # type: ignore[attr-defined]
        except OSError:
            return 0
        for offset, byte in self._mended.items():
            if start <= offset < start + count:
                memoryview(buffer).cast("B")[offset - start] = byte
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            return self._file.seek(offset, whence)
        except OSError:
            return 0

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        """Whoever opened the file closes it."""


def _steady(file: BinaryIO) -> BinaryIO:
    return cast(BinaryIO, _Steady(file))  # soundfile asks for less than it says


def _plain_parts(file: BinaryIO, name: str, form: tuple[int, int]) -> Iterator[np.ndarray]:
    """What libsndfile reads, finite; to the last sample before a file is broken. form: rate and
    channels of what was opened; a file of others that was joined to it is left out."""
    try:
        with _Sequential(_steady(file)) as plain:
            if (plain.samplerate, plain.channels) != form:
                log.warning(
                    "%s: what was joined to it is left out: it has %d Hz and %d channels",
                    name, plain.samplerate, plain.channels,
                )  # fmt: skip
                return
            while True:
                block = np.full((PLAY_BLOCK, plain.channels), np.nan, np.float32)
                try:
                    part = plain.read(out=block)
                except soundfile.SoundFileError as error:
                    log.warning("%s ends early: %s", name, error)
                    yield _finite(block[: _written(block)])
                    return
                if len(part):
                    yield _finite(part)
                if len(part) < PLAY_BLOCK:
                    return
    except soundfile.SoundFileError as error:  # it was whole when it was opened first
        log.warning("%s cannot be read any more: %s", name, error)


def _written(block: np.ndarray) -> int:
    """Rows of a block of NaN that were filled before the reader failed."""
    filled = np.flatnonzero(~np.isnan(block).all(axis=1))
    return int(filled[-1]) + 1 if len(filled) else 0


def _after(parts: Iterator[np.ndarray], samples: int) -> Iterator[np.ndarray]:
    for part in parts:
        if samples < len(part):
            yield part[samples:]
        samples = max(samples - len(part), 0)


def _reblocked(parts: Iterator[np.ndarray]) -> Blocks:
    """The same samples in blocks of PLAY_BLOCK; the last may be shorter."""
    pending = None
    for part in parts:
        pending = part if pending is None else np.concatenate([pending, part])
        whole = len(pending) - len(pending) % PLAY_BLOCK
        for at in range(0, whole, PLAY_BLOCK):
            yield pending[at : at + PLAY_BLOCK]
        pending = pending[whole:]
    if pending is not None and len(pending):
        yield pending


def _finite(block: np.ndarray) -> np.ndarray:
    return np.nan_to_num(block, copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def _not_audio(path: Path, error: Exception, else_do: str = "") -> ArtifactError:
    reason = getattr(error, "error_string", "") or str(error)
    return ArtifactError(
        f"{str(path)!r} cannot be read as audio ({reason.rstrip('.')}); "
        f"{else_do}convert it, for example: ffmpeg -i IN OUT.wav"
    )
