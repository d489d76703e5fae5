"""The curriculum: from the real pose at every frame to poses of its own."""

import numpy as np
import pytest

from model.training.curriculum import KINDS, free_frames, teacher_mask


@pytest.mark.parametrize(
    ("kind", "start", "middle", "end"),
    [
        ("forced", 0, 0, 0),
        ("const", 100, 100, 100),
        ("linear", 0, 50, 100),
        ("quadratic", 0, 25, 100),
        ("exponential", 0, 37, 100),  # 100 (e^0.5 - 1) / (e - 1) = 37.75
    ],
)
def test_free_running_grows_as_its_kind_says(kind, start, middle, end):
    assert [free_frames(kind, t, 100) for t in (0.0, 0.5, 1.0)] == [start, middle, end]
    assert free_frames(kind, 7.0, 100) == end
    assert free_frames(kind, -1.0, 100) == start
    grown = [free_frames(kind, t, 100) for t in np.linspace(0, 1, 200)]
    assert grown == sorted(grown)


def test_every_kind_of_curriculum_is_tested_and_no_other_exists():
    assert set(KINDS) == {"forced", "const", "linear", "quadratic", "exponential"}
    with pytest.raises(ValueError, match="'cubic': one of forced, const, linear"):
        free_frames("cubic", 0.5, 100)


@pytest.mark.parametrize(
    ("forced", "free", "offset", "mask"),
    [
        (2, 3, 0, "##...##...#"),
        (2, 3, 1, "#...##...##"),
        (2, 3, 4, ".##...##..."),
        (1, 1, 0, "#.#.#.#.#.#"),
        (3, 0, 2, "###########"),
        (1, 20, 1, "..........."),
    ],
)
def test_true_frames_and_own_frames_alternate(forced, free, offset, mask):
    found = teacher_mask(len(mask), forced, free, offset)
    assert "".join(".#"[int(f)] for f in found) == mask
