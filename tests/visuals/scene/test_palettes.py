"""Palettes, and that the wire names what there is."""

import numpy as np
import pytest

from live import palettes
from live.errors import ConfigError
from live.osc import schema as osc
from live.osc.schema import CAMERAS
from tests.visuals.stage import SMALL, pixels, played
from visuals.draw import looks
from visuals.draw.renderer import Renderer
from visuals.draw.surfaces import black


def test_the_wire_names_what_there_is():
    assert tuple(looks.LOOKS) == osc.LOOKS
    assert tuple(palettes.PALETTES) == osc.PALETTES
    assert CAMERAS == osc.CAMERAS


def test_an_unknown_look_or_palette_names_those_there_are():
    with pytest.raises(ConfigError, match=r"no look 'x'; there are neon, .*silhouette"):
        Renderer("x")
    with pytest.raises(ConfigError, match=r"no palette 'x'; there are night, safe"):
        Renderer(palette="x")


@pytest.mark.parametrize("name", list(palettes.PALETTES))
def test_palettes_color_the_dancers_and_differ(name):
    palette = palettes.palette(name)
    assert palette.of(1) != palette.of(2) != palette.of(3)
    canvas = black(SMALL)
    renderer = Renderer("constellation", palette=name)
    played(renderer, canvas, 3)
    assert pixels(canvas).max() > 100


def test_the_safe_palette_can_be_told_apart_without_red_or_green():
    """Under simulated protanopia and deuteranopia (Machado 2009) neighbours stay apart."""
    protan = np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]])
    deutan = np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]])
    colors = np.array([body for body, _ in palettes.palette("safe").dancers]) / 255
    for matrix in (protan, deutan):
        seen = np.clip(colors**2.2 @ matrix.T, 0, 1) ** (1 / 2.2)
        apart = np.linalg.norm(seen[:, None] - seen[None], axis=2) + np.eye(len(seen))
        assert apart.min() > 0.12
