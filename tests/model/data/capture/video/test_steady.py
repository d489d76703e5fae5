"""A camera's own motion, found by what stands still."""

import numpy as np
import pytest

pytest.importorskip("PIL")

from model.data.capture.video.networks import Square
from model.data.capture.video.steady import CameraMotion


def room(right: float, down: float, turn: float) -> np.ndarray:
    """A patterned wall, seen by a camera that moved the picture by so much: [180, 320, 3]."""
    y, x = np.mgrid[:180, :320]
    x, y = x - 159.5 - right, y - 89.5 - down
    c, s = np.cos(turn), np.sin(turn)
    x, y = c * x + s * y, c * y - s * x
    wall = 128 + 50 * np.sin(x / 9) * np.cos(y / 13) + 40 * np.sin((x + y) / 31)
    return np.repeat(wall[..., None], 3, axis=2).astype(np.uint8)


def test_a_shaking_hand_is_found():
    camera = CameraMotion()
    for i in range(8):
        moved = np.array([3 * np.sin(i), 2 * np.cos(i) - 2, 0.01 * np.sin(i)])
        found = camera.push(room(*moved), None)
        assert found == pytest.approx(moved, abs=0.3)


def test_a_dancer_moves_no_camera():
    camera, dancer = CameraMotion(), Square(np.array([160.0, 90.0]), 80.0, 0.0)
    for i in range(5):
        picture = room(0, 0, 0)
        picture[60:130, 130 + 6 * i : 160 + 6 * i] = 250
        found = camera.push(picture, dancer)
    assert found == pytest.approx([0, 0, 0], abs=0.2)


def test_a_bare_wall_says_nothing():
    camera = CameraMotion()
    grey = np.full((180, 320, 3), 120, np.uint8)
    assert camera.push(grey, None) == pytest.approx([0, 0, 0])
    assert camera.push(grey + 3, None) == pytest.approx([0, 0, 0])
