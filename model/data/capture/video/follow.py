"""One person's landmarks through a film.

Enters: the film's pictures and where the person is expected. Leaves: `Followed`, landmarks of every
picture with how sure the network is of them. The network looks where it saw the body in the picture
before, unless that is not where the person should be.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from model.data.capture.video.film import Picture
from model.data.capture.video.networks import N_LANDMARKS, Landmarks, PoseNetworks, Square
from model.data.capture.video.people import Person
from model.data.capture.video.steady import CameraMotion

_MIN_PRESENCE = 0.5
_ASTRAY = 0.35  # of the square's side, from where the person should be


@dataclass(frozen=True)
class Followed:
    """Landmarks of one person, [n] pictures.

    times_s: [n]. picture: [n, 33, 2], pixels. world: [n, 33, 3], metres, camera's axes (x right,
    y down, z away). visibility: [n, 33]. presence: [n], 0 where nobody was
    found. moved: [n, 3], how the background moved, as `CameraMotion` has it. size: width, height.
    """

    times_s: np.ndarray
    picture: np.ndarray
    world: np.ndarray
    visibility: np.ndarray
    presence: np.ndarray
    moved: np.ndarray
    size: tuple[int, int]


def follow(networks: PoseNetworks, film: Iterable[Picture], person: Person) -> Followed:
    """The landmarks of a person in every picture of a film."""
    rows, times, moved, size = [], [], [], (0, 0)
    camera = CameraMotion()
    square: Square | None = None
    for picture in film:
        times.append(picture.time_s)
        size = (picture.rgb.shape[1], picture.rgb.shape[0])
        found = _look(networks, picture.rgb, square, person.square_at(picture.time_s))
        rows.append(found)
        square = found.next_square if found else None
        moved.append(camera.push(picture.rgb, square or person.square_at(picture.time_s)))
    return Followed(
        np.array(times),
        _stacked(rows, "picture", (N_LANDMARKS, 2)),
        _stacked(rows, "world", (N_LANDMARKS, 3)),
        _stacked(rows, "visibility", (N_LANDMARKS,)),
        _stacked(rows, "presence", ()),
        np.array(moved),
        size,
    )


def _look(
    networks: PoseNetworks, rgb: np.ndarray, square: Square | None, expected: Square | None
) -> Landmarks | None:
    if square is not None and (expected is None or not _is_astray(square, expected)):
        found = networks.landmarks(rgb, square)
        if found.presence >= _MIN_PRESENCE:
            return found
    if expected is None:
        return None
    found = networks.landmarks(rgb, expected)
    return found if found.presence >= _MIN_PRESENCE else None


def _is_astray(square: Square, expected: Square) -> bool:
    off = float(np.linalg.norm(square.centre - expected.centre)) / expected.side
    return off > _ASTRAY or not 0.5 < square.side / expected.side < 2.0


def _stacked(rows: list[Landmarks | None], name: str, shape: tuple[int, ...]) -> np.ndarray:
    nothing = np.zeros(shape, np.float32)
    return np.array([getattr(row, name) if row else nothing for row in rows], np.float32)
