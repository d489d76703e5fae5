"""Small films for the tests."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

av = pytest.importorskip("av")

PERSON = Path(__file__).parent / "person.jpg"
PERSON_AT = {
    "l_wrist": (256, 242), "r_wrist": (144, 242), "l_knee": (223, 301), "r_knee": (177, 301),
    "l_ankle": (222, 373), "r_ankle": (178, 373),
    "l_shoulder": (234, 147), "r_shoulder": (166, 147),
}  # fmt: skip
"""Where the joints of `person.jpg` are: x, y, pixels. The dancer faces the camera."""


def person() -> np.ndarray:
    """uint8 [450, 400, 3]: somebody who stands."""
    from PIL import Image

    with Image.open(PERSON) as image:
        return np.asarray(image.convert("RGB"))


def write_film(
    path: Path, pictures: list[np.ndarray], times_s: list[float], tone: bool = False
) -> Path:
    """A film of these pictures at these times, as MPEG-4, with or without a sound."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=30)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        stream.bit_rate = 4_000_000
        sound = out.add_stream("aac", rate=24_000, layout="mono") if tone else None
        for picture, time_s in zip(pictures, times_s, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(time_s * 1000), Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if sound is not None:
            _write_tone(out, sound, times_s[-1])
    return path


def _write_tone(out, sound, seconds: float) -> None:
    wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * 24_000)) / 24_000)
    frame = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts = 24_000, 0
    for encoded in (frame, None):
        out.mux(sound.encode(encoded))


def turned_flag(path: Path, degrees: int) -> Path:
    """The film with a rotation in its header, as phones held upright write it."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40  # the matrix of the first track, 16.16 fixed point
    one = 1 << 16
    matrix = {
        90: (0, one, -one, 0), 180: (-one, 0, 0, -one), 270: (0, -one, one, 0),
    }[degrees]  # fmt: skip
    for i, value in zip((0, 1, 3, 4), matrix, strict=True):
        data[at + 4 * i : at + 4 * i + 4] = int(value & 0xFFFFFFFF).to_bytes(4, "big")
    path.write_bytes(data)
    return path
