"""A film's pictures, upright and in order of time.

Enters: a file that PyAV reads (phone videos, MP4, MOV, MKV, WebM). Leaves: RGB pictures with their
own times, at most 30 a second; a phone's rotation flag is obeyed, and large pictures are shrunk
until their long side has at most `_MAX_SIDE` pixels. Runs in the caller's thread.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from live.audio.containers import open_container
from live.body.pose import FRAME_RATE
from live.errors import ArtifactError

_MAX_SIDE = 1280  # the network looks at 256 x 256 around the dancer
_MAX_PIXELS = 1 << 26  # 8192 x 8192: more is no film
_MIN_STEP_S = 0.9 / FRAME_RATE
_MAX_S = 3600.0


@dataclass(frozen=True)
class Picture:
    """One picture. time_s: from the film's first one on; rgb: uint8 [height, width, 3]."""

    time_s: float
    rgb: np.ndarray


def pictures(path: Path) -> Iterator[Picture]:
    """The film's pictures. ArtifactError if the file holds none; damaged packets are left out."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}") from error
    with file:
        yield from _thinned(_decoded(file, path))


def duration_s(path: Path) -> float:
    """How long the film says it is; 0 if it does not say."""
    with path.open("rb") as file, _opened(file, path) as container:
        return max(0.0, (container.duration or 0) / 1e6)


def sound_starts_s(path: Path) -> float:
    """The first picture's time in the film's sound."""
    with path.open("rb") as file, _opened(file, path) as container:
        starts = []
        for kind in ("video", "audio"):
            stream = container.streams.best(kind)
            start = getattr(stream, "start_time", None)
            starts.append(float(start * stream.time_base) if start is not None else 0.0)
    return starts[0] - starts[1]


def _opened(file: Any, path: Path) -> Any:
    from av.error import FFmpegError

    try:
        return open_container(file)
    except FFmpegError as error:
        raise ArtifactError(f"{path.name} is no film that can be read: {error.strerror}") from error


def _thinned(frames: Iterator[tuple[float, Any]]) -> Iterator[Picture]:
    first: float | None = None
    last = -np.inf
    for time_s, frame in frames:
        first = time_s if first is None else first
        if time_s - first > _MAX_S:
            raise ArtifactError(f"the film is longer than {_MAX_S / 60:.0f} minutes; cut it")
        if time_s - first - last >= _MIN_STEP_S:
            last = time_s - first
            yield Picture(last, _upright(frame))


def _decoded(file: Any, path: Path) -> Iterator[tuple[float, Any]]:
    """(seconds, frame) of each frame that can be decoded, times rising."""
    from av.error import FFmpegError

    n, last = 0, -np.inf
    try:
        with _opened(file, path) as container:
            stream = container.streams.best("video")
            if stream is None or stream.width * stream.height > _MAX_PIXELS:
                raise ArtifactError(f"{path.name} holds no film")
            stream.thread_type = "AUTO"
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except FFmpegError:
                    continue
                for frame in frames:
                    if frame.time is not None and frame.time > last:
                        n, last = n + 1, frame.time
                        yield frame.time, frame
    except FFmpegError as error:
        if n == 0:
            raise ArtifactError(f"{path.name} breaks off: {error.strerror}") from error
    if n == 0:
        raise ArtifactError(f"{path.name} holds no picture that can be read")


def _upright(frame: Any) -> np.ndarray:
    side = max(frame.width, frame.height)
    shrink = max(1, -(-side // _MAX_SIDE))
    size = {"width": frame.width // shrink, "height": frame.height // shrink}
    rgb = frame.reformat(format="rgb24", **size).to_ndarray()
    return np.ascontiguousarray(np.rot90(rgb, round(frame.rotation / 90)))
