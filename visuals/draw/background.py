"""What lies behind the dancers: pictures, videos, logos and texts, one over the other.

Enters: `SOURCE[,at=PLACE][,size=SHARE][,alpha=SHARE]`; SOURCE is a file or `text:WORDS`. Leaves:
pixels under the looks' light. What cannot be read is said before the show; a video that fails
during it stands still. Runs in the thread that draws, a video's decoder too.
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from live.errors import ConfigError
from visuals.draw.surfaces import pygame
from visuals.scene.framing import SAFE_MARGIN

PLACES = (
    "cover", "fit", "top-left", "top", "top-right", "left", "center", "right", "bottom-left",
    "bottom", "bottom-right",
)  # fmt: skip
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
_VIDEOS = (".mp4", ".mov", ".webm", ".mkv", ".m4v", ".avi")
_MOST_BYTES, _LONGEST_SIDE, _MOST_LETTERS = 64_000_000, 8192, 200
_TEXT_SIZE, _LOGO_SIZE = 0.12, 0.2  # of the picture's height
_TEXT_PX = 160
_TEXT_COLOR = (235, 235, 245)
_MOST_FRAMES = 4  # decoded for one picture: a video that cannot keep up plays slower


class Source(Protocol):
    """Something to show. `at` may give the same surface again; `size`: its pixels."""

    has_alpha: bool
    size: tuple[int, int]

    def at(self, time_s: float) -> pygame.Surface: ...


class Still:
    """A picture, or words."""

    def __init__(self, surface: pygame.Surface, has_alpha: bool):
        self.has_alpha, self.size = has_alpha, surface.get_size()
        self._surface = surface

    def at(self, time_s: float) -> pygame.Surface:
        return self._surface


class Video:
    """A film that begins anew at its end. ConfigError where it cannot be read."""

    def __init__(self, path: Path):
        try:
            import av
        except ImportError as error:
            raise ConfigError(
                f"--background {path}: a video needs PyAV; install it with: "
                'pip install -c constraints.txt -e ".[video]"'
            ) from error
        self._av, self._path = av, path
        self.failures = 0
        self._begun_s = 0.0
        try:
            self._start()
            frame = next(self._frames)
        except (OSError, ValueError, IndexError, StopIteration) as error:
            raise ConfigError(f"--background {path}: no video can be read ({error})") from error
        self.size = (min(frame.width, 1920), min(frame.height, 1080))
        self.has_alpha = "a" in frame.format.name[:5] and frame.format.name.startswith(
            ("yuva", "rgba", "bgra", "argb", "gbra")
        )
        self._surface = self._as_surface(frame)
        self._shown_s = self._period_s  # of the file, until when the last frame is to be seen

    def at(self, time_s: float) -> pygame.Surface:
        """The frame of this moment; the last one there was where the file breaks off."""
        if self.failures:
            return self._surface
        try:
            frame = self._frame_at(time_s)
        except (OSError, ValueError, IndexError, StopIteration):
            self.failures += 1
            return self._surface
        if frame is not None:
            self._surface = self._as_surface(frame)
        return self._surface

    def _frame_at(self, time_s: float) -> Any:
        frame = None
        for _ in range(_MOST_FRAMES):
            if self._begun_s + self._shown_s > time_s:
                break
            found = next(self._frames, None)
            if found is None:
                self._start()
                found = next(self._frames)
                self._begun_s = time_s
            frame = found
            self._shown_s = float(frame.time or 0.0) + self._period_s
        return frame

    def _start(self) -> None:
        self._file = self._av.open(str(self._path))
        stream = self._file.streams.video[0]
        stream.thread_type = "AUTO"
        self._period_s = float(1 / (stream.average_rate or Fraction(25)))
        self._frames = self._file.decode(stream)

    def _as_surface(self, frame: Any) -> pygame.Surface:
        width, height = self.size
        pixels = frame.to_ndarray(width=width, height=height, format="bgra")
        kind = pygame.SRCALPHA if self.has_alpha else 0
        surface = pygame.Surface(self.size, kind, 32)
        into: Any = surface.get_buffer()
        np.frombuffer(into, np.uint8).reshape(height, width, 4)[:] = pixels
        return surface


class Layer:
    """A source in its place. place: one of PLACES; size: of the picture's height; alpha 0..1."""

    def __init__(self, source: Source, place: str, size: float, alpha: float):
        self.source, self._place, self._size, self._alpha = source, place, size, alpha
        self._fitted: tuple[pygame.Surface, tuple[int, int], pygame.Surface] | None = None

    def draw(self, canvas: pygame.Surface, time_s: float) -> None:
        now = self.source.at(time_s)
        size = canvas.get_size()
        if not self._fitted or self._fitted[0] is not now or self._fitted[1] != size:
            box = self._box(size)
            scaled = pygame.transform.smoothscale(now, (max(box.w, 1), max(box.h, 1)))
            scaled.set_alpha(round(255 * self._alpha))
            self._fitted = (now, size, scaled)
        canvas.blit(self._fitted[2], self._box(size))

    def _box(self, canvas: tuple[int, int]) -> pygame.Rect:
        width, height = canvas
        wide, high = self.source.size
        if self._place == "cover":
            share = max(width / wide, height / high)
        else:
            room = 1 - 2 * SAFE_MARGIN
            most = min(room * width / wide, room * height / high)
            share = most if self._place == "fit" else min(self._size * height / high, most)
        box = pygame.Rect(0, 0, round(wide * share), round(high * share))
        safe = pygame.Rect(0, 0, *canvas).inflate(
            -2 * SAFE_MARGIN * width, -2 * SAFE_MARGIN * height
        )
        box.center = width // 2, height // 2
        if "left" in self._place:
            box.left = safe.left
        elif "right" in self._place:
            box.right = safe.right
        if "top" in self._place:
            box.top = safe.top
        elif "bottom" in self._place:
            box.bottom = safe.bottom
        return box


class Background:
    """All layers, the first one at the bottom. ConfigError for what cannot be read."""

    def __init__(self, texts: Sequence[str] = ()):
        self._layers = [parse_layer(text) for text in texts]
        self._time_s = 0.0

    def __bool__(self) -> bool:
        return bool(self._layers)

    def step(self, dt_s: float) -> None:
        self._time_s += dt_s

    def draw(self, canvas: pygame.Surface) -> None:
        for layer in self._layers:
            layer.draw(canvas, self._time_s)


def parse_layer(text: str) -> Layer:
    """Read what an option names. ConfigError with what is wrong and what may be."""
    found = re.fullmatch(r"(.*?)((?:,(?:at|size|alpha)=[^,]*)*)", text, re.DOTALL)
    assert found
    source_text, rest = found.groups()
    given = dict(part.split("=", 1) for part in rest.split(",") if part)
    source = _text(source_text[5:]) if source_text.startswith("text:") else _file(source_text)
    is_text = source_text.startswith("text:")
    place = given.get("at", "center" if is_text else "fit" if source.has_alpha else "cover")
    if place not in PLACES:
        raise ConfigError(f"--background {text}: at={place} is none of {', '.join(PLACES)}")
    size = _number(text, "size", given, _TEXT_SIZE if is_text else _LOGO_SIZE)
    return Layer(source, place, size, _number(text, "alpha", given, 1.0))


def _number(text: str, name: str, given: dict[str, str], default: float) -> float:
    try:
        value = float(given.get(name, default))
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise ConfigError(f"--background {text}: {name}={given[name]} is not between 0 and 1")
    return value


def _text(words: str) -> Still:
    if not words.strip() or len(words) > _MOST_LETTERS or not words.isprintable():
        raise ConfigError(f"--background text: it needs 1 to {_MOST_LETTERS} letters")
    pygame.font.init()
    return Still(pygame.font.Font(None, _TEXT_PX).render(words, True, _TEXT_COLOR), True)


def _file(name: str) -> Source:
    path = Path(name).expanduser()
    suffix = path.suffix.lower()
    if suffix not in _PICTURES + _VIDEOS:
        known = ", ".join(_PICTURES + _VIDEOS)
        raise ConfigError(
            f"--background {name!r}: it is a file that ends in {known}, or text:WORDS"
        )
    if not path.is_file():
        raise ConfigError(f"--background {name}: there is no such file")
    if suffix in _VIDEOS:
        return Video(path)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ConfigError(f"--background {name}: it is larger than 64 MB")
        loaded = pygame.image.load(path)
    except (OSError, pygame.error) as error:
        raise ConfigError(f"--background {name}: no picture can be read ({error})") from error
    if max(loaded.get_size()) > _LONGEST_SIDE:
        raise ConfigError(f"--background {name}: its sides are longer than {_LONGEST_SIDE} pixels")
    has_alpha = bool(loaded.get_flags() & pygame.SRCALPHA) or loaded.get_colorkey() is not None
    kind = pygame.SRCALPHA if has_alpha else 0
    surface = pygame.Surface(loaded.get_size(), kind, 32)
    surface.blit(loaded, (0, 0))
    return Still(surface, has_alpha)
