"""Pictures and sound to files: MP4, MOV and WebM through PyAV, or a numbered picture each.

Enters: pictures in the order of their times, uint8 [height, width, 4], blue, green, red, alpha as
they lie in a surface's memory; blocks of sound. Leaves: a whole file or none: it is written beside
its name and moved there when it is finished. Runs in the caller's thread; the encoders bring their
own.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
from av.error import FFmpegError
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from live.errors import ArtifactError, ConfigError
from live.safe_write import check_output, check_output_folder, partial_name
from visuals.feed.recorded import Sound

_BT709 = 1  # the code of the colour standard in primaries, transfer and matrix alike
_FROM_MEMORY = "bgra"


@dataclass(frozen=True)
class Kind:
    """How one kind of file is encoded. alpha: pixels with transparency, None where it has none."""

    container: str
    codec: str
    pixels: str
    sound: str
    options: dict[str, str]
    alpha: str | None = None
    alpha_options: dict[str, str] = field(default_factory=dict)
    muxer: dict[str, str] = field(default_factory=dict)


_VP9 = {"deadline": "realtime", "cpu-used": "7", "row-mt": "1", "b": "0", "crf": "28"}
KINDS = {
    ".mp4": Kind(
        "mp4", "libx264", "yuv420p", "aac", {"preset": "superfast", "crf": "18"},
        muxer={"movflags": "+faststart"},
    ),
    ".mov": Kind(
        "mov", "prores_ks", "yuv422p10le", "pcm_s16le", {"profile": "hq", "vendor": "apl0"},
        "yuva444p10le", {"profile": "4444", "vendor": "apl0", "alpha_bits": "16"},
    ),
    ".webm": Kind(
        "webm", "libvpx-vp9", "yuv420p", "libopus", _VP9,
        "yuva420p", {**_VP9, "auto-alt-ref": "0"},
    ),
}  # fmt: skip


class Writer(Protocol):
    """Takes the pictures of a film one by one; `finish` makes the file, `abandon` leaves none."""

    def picture(self, pixels: np.ndarray) -> None: ...
    def finish(self) -> None: ...
    def abandon(self) -> None: ...


def open_writer(
    out: Path,
    size: tuple[int, int],
    fps: int,
    transparent: bool,
    sound: tuple[Sound, Iterator[np.ndarray]] | None,
) -> Writer:
    """The writer for a name: by its suffix a film, without one a folder of pictures.

    size: pixels (width, height). sound: whose rate and channels, and its blocks from the first
    picture on. ConfigError for a name or size that cannot be, ArtifactError for a file that
    cannot.
    """
    check_out(out, size, transparent)
    if out.suffix.lower() in KINDS:
        return Film(out, size, fps, transparent, sound)
    return Pictures(out, size, transparent)


def check_out(
    out: Path, size: tuple[int, int], transparent: bool, read: Iterable[Path | None] = ()
) -> None:
    """Raise what `open_writer` would, before there is a dance; read: what it is made from, which no
    film may overwrite."""
    suffix = out.suffix.lower()
    if suffix in KINDS:
        if transparent and KINDS[suffix].alpha is None:
            raise ConfigError(f"{out.suffix} has no transparency; use .mov, .webm or a folder")
        if size[0] % 2 or size[1] % 2:
            raise ConfigError(f"--size {size[0]}x{size[1]}: a film's sides must be even numbers")
        check_output(out, tuple(KINDS), read)
    elif suffix in ("", ".png"):
        folder, _ = _numbered(out)
        _check_folder(folder.parent)
        check_output_folder(folder, read)
    else:
        names = ", ".join(KINDS)
        raise ConfigError(f"-o {out}: end it in {names}, or name a folder for PNG pictures")


def _numbered(out: Path) -> tuple[Path, str]:
    """The folder and the pattern of numbered pictures."""
    pattern = out.name if out.suffix else "%05d.png"
    if len(re.findall(r"%0?\d*d", pattern)) != 1 or pattern.count("%") != 1:
        raise ConfigError(f"-o {out}: one picture each needs a number in the name: %05d.png")
    return (out.parent if out.suffix else out), pattern


class Film:
    """One file with pictures and sound, both from time 0."""

    def __init__(
        self,
        out: Path,
        size: tuple[int, int],
        fps: int,
        transparent: bool,
        sound: tuple[Sound, Iterator[np.ndarray]] | None,
    ):
        kind = KINDS[out.suffix.lower()]
        self._out, self._partial = out, partial_name(out.parent)
        self._fps = fps
        self._count = 0
        self._blocks = sound[1] if sound else None
        self._heard = 0  # samples written
        self._rate = sound[0].rate if sound else 1
        self._to_yuv = VideoReformatter()
        self._pixels = kind.alpha if transparent and kind.alpha else kind.pixels
        with self._reported():
            self._file: Any = av.open(
                str(self._partial), "w", format=kind.container, options=dict(kind.muxer)
            )
            self._video = self._add_video(kind, size, transparent)
            self._audio = self._add_sound(kind, sound[0]) if sound else None

    def picture(self, pixels: np.ndarray) -> None:
        with self._reported():
            frame = av.VideoFrame.from_numpy_buffer(pixels, _FROM_MEMORY)
            frame = self._to_yuv.reformat(
                frame, format=self._pixels, dst_colorspace=Colorspace.ITU709,
                src_color_range=ColorRange.JPEG, dst_color_range=ColorRange.MPEG,
            )  # fmt: skip
            frame.pts, frame.time_base = self._count, Fraction(1, self._fps)
            self._count += 1
            self._file.mux(self._video.encode(frame))
            self._hear_until(self._count / self._fps)

    def finish(self) -> None:
        with self._reported():
            self._hear_until(self._count / self._fps)
            self._file.mux(self._video.encode(None))
            if self._audio is not None:
                self._file.mux(self._audio.encode(None))
            self._file.close()
            self._partial.replace(self._out)

    def abandon(self) -> None:
        with contextlib.suppress(FFmpegError, OSError, ValueError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._partial.unlink(missing_ok=True)

    def _add_video(self, kind: Kind, size: tuple[int, int], transparent: bool):
        options = kind.alpha_options if transparent else kind.options
        stream = self._file.add_stream(kind.codec, rate=self._fps, options=dict(options))
        stream.width, stream.height = size
        stream.pix_fmt = self._pixels
        stream.codec_context.time_base = Fraction(1, self._fps)
        # Unmarked, players take anything below 720 lines for the colours of old television.
        stream.codec_context.colorspace = _BT709
        stream.codec_context.color_primaries = _BT709
        stream.codec_context.color_trc = _BT709
        stream.codec_context.color_range = int(ColorRange.MPEG)
        if transparent:
            stream.metadata["alpha_mode"] = "1"
        return stream

    def _add_sound(self, kind: Kind, sound: Sound):
        rate = 48_000 if kind.sound == "libopus" else min(sound.rate, 96_000)
        stream = self._file.add_stream(kind.sound, rate=rate)
        stream.codec_context.layout = _layout(sound.channels)
        if kind.sound != "pcm_s16le":
            stream.codec_context.bit_rate = 192_000
        return stream

    def _hear_until(self, time_s: float) -> None:
        """Write sound up to a time; players want it beside the pictures it belongs to."""
        while self._blocks is not None and self._heard < time_s * self._rate:
            block = next(self._blocks, None)
            if block is None:
                self._blocks = None
            elif len(block):
                self._hear(block)

    def _hear(self, block: np.ndarray) -> None:
        assert self._audio is not None  # there are blocks only where there is sound
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(block.reshape(1, -1)), "flt", _layout(block.shape[1])
        )
        frame.sample_rate = self._rate
        frame.pts, frame.time_base = self._heard, Fraction(1, self._rate)
        self._heard += len(block)
        self._file.mux(self._audio.encode(frame))

    @contextlib.contextmanager
    def _reported(self):
        """Whatever goes wrong becomes an ArtifactError, and leaves no half file."""
        try:
            yield
        except (FFmpegError, OSError) as error:
            if hasattr(self, "_file"):
                self.abandon()
            raise ArtifactError(f"cannot write {self._out}: {error}") from error


class Pictures:
    """A folder of PNG files, 00001.png and so on, or named by a pattern such as a/dance_%04d.png.

    A folder that holds such pictures already is refused: a shorter film would end in an older one.
    """

    def __init__(self, out: Path, size: tuple[int, int], transparent: bool):
        self._folder, self._pattern = _numbered(out)
        self._pixels = "rgba" if transparent else "rgb24"
        self._size = size
        self._made: list[Path] = []
        self._written = 0
        self._to_rgb = VideoReformatter()
        self._made_folder = not self._folder.exists()
        try:
            self._folder.mkdir(exist_ok=True)
            taken = any(self._folder.glob(re.sub(r"%0?\d*d", "*", self._pattern)))
        except OSError as error:
            raise ArtifactError(f"cannot write to {self._folder}: {error.strerror}") from error
        if taken:
            raise ArtifactError(f"{self._folder} holds pictures already; name an empty folder")
        self._codec: Any = av.CodecContext.create("png", "w")
        self._codec.width, self._codec.height = size
        self._codec.pix_fmt = self._pixels
        self._codec.time_base = Fraction(1, 60)
        self._codec.thread_count = 0
        self._codec.options = {"pred": "sub", "compression_level": "3"}

    def picture(self, pixels: np.ndarray) -> None:
        frame = av.VideoFrame.from_numpy_buffer(pixels, _FROM_MEMORY)
        frame = self._to_rgb.reformat(frame, format=self._pixels)
        frame.pts = self._written
        self._written += 1
        self._store(self._codec.encode(frame))

    def finish(self) -> None:
        self._store(self._codec.encode(None))

    def abandon(self) -> None:
        for path in self._made:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        if self._made_folder:
            with contextlib.suppress(OSError):  # unless somebody has put something there
                self._folder.rmdir()

    def _store(self, packets: list) -> None:
        for packet in packets:
            path = self._folder / (self._pattern % (len(self._made) + 1))
            self._made.append(path)
            try:
                path.write_bytes(bytes(packet))
            except OSError as error:
                self.abandon()
                raise ArtifactError(f"cannot write {path}: {error.strerror}") from error


def _layout(channels: int) -> str:
    return "stereo" if channels == 2 else "mono"


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise ArtifactError(f"there is no folder {folder}")
