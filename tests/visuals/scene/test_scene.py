"""The beat as the looks see it."""

import numpy as np
import pytest

from tests.visuals.stage import still
from visuals.scene.scene import pulses


@pytest.mark.parametrize("bpm", [60, 120, 179, 181, 250, 400])
def test_pulses_stay_below_three_a_second(bpm):
    beats = np.arange(0, 10, 0.005) * bpm / 60
    strengths = np.array(
        [pulses(still(bpm=bpm, beat_phase=b % 1, bar_phase=b / 3 % 1))[0] for b in beats]
    )
    assert (np.diff(strengths) > 0.1).sum() <= 30
