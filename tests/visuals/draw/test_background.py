"""Pictures, texts and videos behind the dancers."""

import numpy as np
import pytest

from live.errors import ConfigError
from tests.visuals.stage import SMALL, pixels, played
from visuals.draw.background import Background, parse_layer
from visuals.draw.renderer import Renderer
from visuals.draw.settings import PictureSettings
from visuals.draw.surfaces import black, pygame

RED = (200, 0, 0)


@pytest.fixture
def wall(tmp_path):
    """A red picture, 40 x 20 pixels."""
    surface = black((40, 20))
    surface.fill(RED)
    path = tmp_path / "wall,at.png"
    pygame.image.save(surface, path)
    return path


@pytest.fixture
def logo(tmp_path):
    """Half transparent on its right side, 20 x 10 pixels."""
    surface = pygame.Surface((20, 10), pygame.SRCALPHA, 32)
    surface.fill((0, 250, 0, 255), (0, 0, 10, 10))
    path = tmp_path / "logo.png"
    pygame.image.save(surface, path)
    return path


def laid(*texts: str, size=(160, 90)) -> np.ndarray:
    canvas = black(size)
    Background(texts).draw(canvas)
    return pixels(canvas)


def test_a_picture_covers_all_and_a_logo_stands_in_its_place(wall, logo):
    assert (laid(str(wall)) == RED).all()
    assert (laid(str(wall), size=(90, 160)) == RED).all()
    half = laid(f"{wall},alpha=0.5")
    assert abs(int(half[80, 45, 0]) - 100) <= 1
    placed = laid(str(wall), f"{logo},at=top-left,size=0.2")
    green = np.argwhere(placed[..., 1] > 200)
    assert green.min(axis=0).tolist() == pytest.approx([5, 3], abs=2)  # within safe margins
    assert np.ptp(green[:, 1]) == pytest.approx(17, abs=2)  # a fifth of the height
    assert (placed[30:36, 5:15] == RED).all()  # where the logo is transparent
    below = laid(f"{logo},at=bottom-right,size=0.2")
    assert np.argwhere(below[..., 1] > 200)[:, 1].max() > 80


def test_words_are_seen_and_the_dancers_before_them():
    renderer = PictureSettings(background=("text:LOUD,size=0.9",)).renderer()
    plain, with_words = black(SMALL), black(SMALL)
    played(Renderer(), plain, 3)
    played(renderer, with_words, 3)
    assert (pixels(with_words) > 200).sum() > 3 * (pixels(plain) > 200).sum()
    assert renderer.guard.dimmed == 0


def test_blackout_takes_the_background_along(wall):
    renderer = PictureSettings(background=(str(wall),), fade_s=0.0).renderer()
    renderer.dark = True
    canvas = black(SMALL)
    played(renderer, canvas, 2)
    assert pixels(canvas).max() == 0


def test_a_video_plays_and_begins_anew(tmp_path):
    av = pytest.importorskip("av", reason="PyAV (the extra video) is missing")
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        for gray in (20, 120, 220):
            picture = np.full((32, 64, 3), gray, np.uint8)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        film.mux(stream.encode())
    background, seen = Background([str(path)]), []
    for _ in range(8):
        canvas = black((64, 32))
        background.draw(canvas)
        seen.append(int(pixels(canvas)[32, 16, 0]))
        background.step(0.1)
    assert seen[:3] == pytest.approx([20, 120, 220], abs=12)
    assert min(seen[3:]) < 40  # again from its beginning
    assert max(seen[4:]) > 200


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nothing.png", "no such file"), ("notes.txt", "ends in"), ("text:", "1 to 200 letters"),
        ("text:x,at=moon", "none of cover"), ("text:x,size=7", "between 0 and 1"),
        ("text:x,alpha=nan", "between 0 and 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_told_before_the_show(text, told):
    with pytest.raises(ConfigError, match=told):
        parse_layer(text)


@pytest.mark.parametrize("name", ["bad.png", "bad.mp4"])
def test_a_file_of_something_else_is_told(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    with pytest.raises(ConfigError, match="can be read"):
        parse_layer(str(path))
