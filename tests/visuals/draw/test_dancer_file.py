"""The figure that ships is the one that its tool makes."""

import numpy as np
import pytest

from tools import make_dancer
from visuals.draw.avatar.avatar import Avatar
from visuals.draw.avatar.shipped import SHIPPED


@pytest.mark.slow
def test_the_tool_makes_the_figure_that_ships(tmp_path, capsys):
    make_dancer.main(tmp_path / "dancer.glb")
    assert "8256 triangles" in capsys.readouterr().out
    new, shipped = (Avatar.read(path).skin for path in (tmp_path / "dancer.glb", SHIPPED))
    np.testing.assert_array_equal(new.triangles, shipped.triangles)
    np.testing.assert_allclose(new.vertices, shipped.vertices, atol=1e-4)
    np.testing.assert_allclose(new.weights, shipped.weights, atol=0.05)
    np.testing.assert_array_equal(new.colors, shipped.colors)


def test_the_figure_is_nobodys():
    assert b"CC0 1.0" in SHIPPED.read_bytes()[:2000]
