"""Pictures of a film: their times, which way is up, and what is no film."""

from pathlib import Path

import numpy as np
import pytest

from live.errors import ArtifactError
from model.data.capture.video.film import duration_s, pictures
from tests.model.data.capture.video.films import turned_flag, write_film


def corner() -> np.ndarray:
    """A black picture with a red top left corner."""
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:24, :24] = (255, 0, 0)
    return picture


def test_a_phone_film_keeps_its_own_times(tmp_path: Path):
    times = [0.0, 0.033, 0.066, 0.1, 0.2, 0.5, 0.533]
    film = write_film(tmp_path / "film.mp4", [corner()] * 7, times)
    assert [p.time_s for p in pictures(film)] == pytest.approx(times, abs=0.002)
    assert duration_s(film) == pytest.approx(0.56, abs=0.05)


def test_a_fast_film_is_thinned_to_thirty_a_second(tmp_path: Path):
    film = write_film(tmp_path / "film.mp4", [corner()] * 60, [i / 60 for i in range(60)])
    steps = np.diff([p.time_s for p in pictures(film)])
    assert steps.min() > 0.03
    assert steps.max() < 0.06


@pytest.mark.parametrize(("degrees", "where"), [(90, (0, -1)), (180, (-1, -1)), (270, (-1, 0))])
def test_a_film_is_turned_as_the_phone_was_held(tmp_path: Path, degrees: int, where):
    film = write_film(tmp_path / "film.mp4", [corner()] * 2, [0.0, 0.033])
    rgb = next(pictures(turned_flag(film, degrees))).rgb
    assert rgb.shape == ((64, 96, 3) if degrees == 180 else (96, 64, 3))
    y, x = (4 if w == 0 else -4 for w in where)
    assert rgb[y, x, 0] > 200
    assert rgb[-y, -x, 0] < 60


@pytest.mark.parametrize(
    "content", [b"", b"no film at all" * 100, b"\0\0\0\x18ftypmp42" + bytes(400)]
)
def test_what_is_no_film_is_refused_in_a_sentence(tmp_path: Path, content: bytes):
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=r"film\.mp4"):
        list(pictures(path))


def test_a_film_that_breaks_off_gives_what_it_has(tmp_path: Path):
    noise = np.random.default_rng(0).integers(0, 255, (20, 64, 96, 3), np.uint8)
    film = write_film(tmp_path / "film.mkv", list(noise), [i / 30 for i in range(20)])
    film.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    assert 3 < len(list(pictures(film))) < 20
