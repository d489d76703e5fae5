"""Glow, zoom and trail: faded, and moved by the beat, the level or the section."""

import numpy as np
import pytest

from live.errors import ConfigError
from tests.visuals.stage import still
from visuals.scene.modulation import Modulation, parse_driven


def test_a_fader_takes_its_time_and_arrives():
    glide = Modulation(fade_s=1.0)
    glide.set("glow", 2.0)
    seen = [glide.step(still(), 0.1)["glow"] for _ in range(12)]
    np.testing.assert_allclose(np.diff([1.0, *seen[:10]]), 0.1, atol=1e-9)
    assert seen[-1] == 2.0
    glide.fade_s = 0.0
    glide.set("glow", 9.0)  # no farther than it goes
    glide.set("zoom", 0.0)
    now = glide.step(still(), 0.1)
    assert (now["glow"], now["zoom"]) == (2.0, 0.5)


def test_what_moves_it_goes_between_rest_and_where_it_is_set():
    driven = Modulation(glow=2.0, zoom=1.5)
    driven.drives |= {"glow": "beat", "zoom": "section", "trail": "level"}
    on, off = still(beat_phase=0.0), still(beat_phase=0.99)
    assert driven.step(on, 0.0)["glow"] == pytest.approx(2.0)
    assert driven.step(off, 0.0)["glow"] == pytest.approx(0.5, abs=0.01)
    for section, zoom in (("drop", 1.5), ("break", 1.125)):
        for _ in range(100):
            now = driven.step(still(section=section), 0.1)
        assert now["zoom"] == pytest.approx(zoom, abs=0.01)
    for level, trail in ((1.0, 1.0), (0.2, 0.25)):
        for _ in range(50):
            now = driven.step(still(level=level), 0.1)
        assert now["trail"] == pytest.approx(trail, abs=0.01)


def test_options_are_read_and_mistakes_told():
    assert parse_driven("glow", "1.5:beat") == (1.5, "beat")
    assert parse_driven("zoom", "0.8") == (0.8, "off")
    for text in ("x", "3", "nan", "1:moon"):
        with pytest.raises(ConfigError, match="--glow"):
            parse_driven("glow", text)
