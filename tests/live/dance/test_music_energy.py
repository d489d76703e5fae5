"""Larger in a chorus, small in a break, nothing on average; another piece is measured by itself."""

import numpy as np

from live.audio.features import FEATURE_DIM, LOUDNESS, ONSET, FeatureFrame
from live.body.pose import FRAME_RATE
from live.dance.music_energy import MusicEnergy

NOTHING = np.zeros(0, np.float32)


def heard(energy, seconds, level_db, strokes, is_idle=False):
    """Sections' energies, frame by frame, of steady music."""
    features = np.zeros(FEATURE_DIM, np.float32)
    features[ONSET] = strokes / 3
    features[LOUDNESS.stop - 1] = -0.17
    values = []
    for end in range(round(seconds * FRAME_RATE)):
        frame = FeatureFrame(end, NOTHING, features, NOTHING, NOTHING, 1 + level_db / 80, -20.0)
        energy.step(frame, is_idle)
        values.append(energy.energy)
    return np.array(values)


def test_a_break_is_danced_smaller_for_as_long_as_it_lasts():
    energy = MusicEnergy()
    verse = heard(energy, 60, -18, 0.6)
    silent_drums = heard(energy, 20, -20, 0.15)
    assert abs(verse[3 * FRAME_RATE :]).max() < 0.01
    assert silent_drums[3 * FRAME_RATE :].max() < -0.5
    chorus = heard(energy, 10, -15, 0.7)
    assert chorus[-1] > 0.3


def test_it_asks_for_nothing_on_average():
    energy = MusicEnergy()
    forms = [(16, -18, 0.5), (16, -15, 0.65)] * 4
    values = np.concatenate([heard(energy, *section) for section in forms])
    assert abs(values[32 * FRAME_RATE :].mean()) < 0.1


def test_another_piece_is_measured_by_itself():
    energy = MusicEnergy()
    heard(energy, 60, -10, 0.8)
    heard(energy, 3, -80, 0.0, is_idle=True)
    quiet_piece = heard(energy, 10, -35, 0.3)
    assert abs(quiet_piece[3 * FRAME_RATE :]).max() < 0.05
