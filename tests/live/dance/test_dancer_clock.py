"""The dancers' own beat: continuous, on the music's downbeat, also where frames are missing."""

import numpy as np
import pytest

from live.beat.clock import BeatReading
from live.dance.dancer_clock import DancersBeat


def reading(beats: float, bpm: float = 120.0) -> BeatReading:
    return BeatReading(beats % 1, beats / 4 % 1, bpm, 1.0, "locked", beats)


@pytest.mark.parametrize("lost_beats", [0.4, 0.55, 1.0, 1.5, 7.25])
def test_a_loss_of_sound_takes_no_beat_from_the_bar(lost_beats):
    dancers = DancersBeat()
    times = np.concatenate([np.arange(0, 8, 1 / 15), 8 + lost_beats + np.arange(0, 8, 1 / 15)])
    followed = np.array([dancers.follow(reading(beats))[0] for beats in times])
    np.testing.assert_allclose(followed, times, atol=1e-9)
