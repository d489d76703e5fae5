"""Sound files: in whole or block by block, any number of channels mixed to one.

Enters: a path. Leaves: float32 samples at the file's own rate, always finite.
"""

from collections.abc import Generator
from pathlib import Path

import numpy as np
import soundfile

from live.audio.source import MAX_RATE, MIN_RATE, log
from live.errors import ArtifactError

PLAY_BLOCK = 512  # samples

Blocks = Generator[np.ndarray, None, None]


def read_audio(path: str | Path) -> tuple[np.ndarray, int]:
    """A whole file: (its mix, float32 [T], finite; its rate, Hz). ArtifactError as `FileSource`."""
    path = Path(path)
    with open_file(path) as file:
        try:
            block = file.read(dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise _not_audio(path, error) from error
    return mix(_finite(block)), file.samplerate


def mix(block: np.ndarray) -> np.ndarray:
    """float32 [n, channels] to mono [n].

    The mean of a stereo pair, but half the sum of more: one microphone among eight inputs must
    not come out 18 dB down.
    """
    if block.shape[1] == 1:
        return block[:, 0].copy()
    return block.sum(axis=1, dtype=np.float32) * np.float32(mix_gain(block.shape[1]))


def mix_gain(channels: int) -> float:
    """The factor of every channel in the mix."""
    return 1.0 / min(channels, 2)


def stereo(block: np.ndarray) -> np.ndarray:
    """float32 [n, channels] as [n, 2], for the loudspeakers."""
    return block if block.shape[1] == 2 else np.repeat(mix(block)[:, None], 2, axis=1)


def _finite(block: np.ndarray) -> np.ndarray:
    return np.nan_to_num(block, copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def open_file(path: Path) -> soundfile.SoundFile:
    """An open file that holds sound at a rate that can be danced to; else ArtifactError."""
    if not path.exists():
        raise ArtifactError(f"no file {str(path)!r}")
    if not path.is_file():
        raise ArtifactError(f"{str(path)!r} is not a file; give an audio file")
    try:
        file = soundfile.SoundFile(path)
        # A header may promise what the file does not hold; an empty read tells.
        empty = len(file.read(1)) == 0
        file.seek(0)
    except (soundfile.SoundFileError, TypeError) as error:  # TypeError: headerless .raw
        raise _not_audio(path, error) from error
    problem = ""
    if empty:
        problem = "holds no sound; was its recording cut off?"
    elif not MIN_RATE <= file.samplerate <= MAX_RATE:
        problem = f"has {file.samplerate} Hz; convert it to 48000 Hz (8000 to 192000 work)"
    if problem:
        file.close()
        raise ArtifactError(f"{str(path)!r} {problem}")
    return file


def _not_audio(path: Path, error: Exception) -> ArtifactError:
    reason = getattr(error, "error_string", "") or str(error)
    return ArtifactError(
        f"{str(path)!r} cannot be read as audio ({reason.rstrip('.')}); "
        "convert it, for example: ffmpeg -i IN OUT.wav"
    )


def file_blocks(file: soundfile.SoundFile, loop: bool) -> Blocks:
    """An open file in blocks of PLAY_BLOCK, float32 [n, channels], finite; closed at the end."""
    with file:
        while True:
            block = _read_block(file, loop)
            if len(block):
                yield _finite(block)
            if len(block) < PLAY_BLOCK:
                return


def _read_block(file: soundfile.SoundFile, loop: bool) -> np.ndarray:
    """One block, across the joint of a loop; a short one at the end or where the file is broken."""
    parts, missing = [], PLAY_BLOCK
    try:
        while missing:
            part = file.read(missing, dtype="float32", always_2d=True)
            parts.append(part)
            missing -= len(part)
            if missing and not loop:
                break
            if missing:
                file.seek(0)
    except soundfile.SoundFileError as error:
        log.warning("%s ends early: %s", file.name, error)
    return np.concatenate(parts) if parts else np.zeros((0, file.channels), np.float32)
