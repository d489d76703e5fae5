"""Four corners for a projector: where each pixel comes from."""

import numpy as np
import pytest

from live.errors import ConfigError
from visuals.scene.corner_pin import AT_REST, as_text, is_usable, moved, parse, pin, sources

KEYSTONE = np.array([[0.1, 0.0], [0.9, 0.1], [1.0, 1.0], [0.0, 0.9]])


def test_a_pin_takes_the_corners_to_the_picture_s():
    matrix = pin(KEYSTONE)
    for corner, wanted in zip(KEYSTONE, AT_REST, strict=True):
        u, v, w = matrix @ [*corner, 1.0]
        np.testing.assert_allclose([u / w, v / w], wanted, atol=1e-9)
    np.testing.assert_allclose(pin(AT_REST), np.eye(3), atol=1e-9)


def test_at_rest_every_pixel_is_its_own_and_outside_is_nothing():
    np.testing.assert_array_equal(sources(np.eye(3), (8, 4), (8, 4)), np.arange(32))
    half = sources(pin(AT_REST * 0.5), (8, 4), (8, 4)).reshape(4, 8)
    assert (half[:2, :4] >= 0).all()
    assert (half[2:] == -1).all()
    assert (half[:, 4:] == -1).all()


def test_corners_that_make_no_picture_are_refused():
    assert is_usable(KEYSTONE)
    assert moved(KEYSTONE, 0, np.array([0.2, 0.1]))[0].tolist() == [0.2, 0.1]
    assert moved(KEYSTONE, 0, np.array([0.99, 0.99])) is KEYSTONE  # folded over
    assert moved(KEYSTONE, 0, np.array([-9.0, 0.0])) is KEYSTONE  # far outside
    np.testing.assert_allclose(parse(as_text(KEYSTONE)), KEYSTONE)
    for text in ("", "1,2", "0,0,1,0,1,1,0,nan", "0,0,1,1,1,0,0,1"):
        with pytest.raises(ConfigError, match="--corners"):
            parse(text)
