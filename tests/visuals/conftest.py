"""Surfaces without a screen, and dances that are over."""

import math

import numpy as np
import pytest
import soundfile

from tests.visuals.recordings import RATE, walk


@pytest.fixture(autouse=True)
def _dummy_display(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


@pytest.fixture
def tone(tmp_path):
    """A file of 2 s, silent but for a tone from 0.5 s to 1 s; left louder than right."""
    time_s = np.arange(2 * RATE) / RATE
    loud = (time_s >= 0.5) & (time_s < 1.0)
    wave = 0.5 * np.sin(2 * math.pi * 440 * time_s) * loud
    path = tmp_path / "tone.wav"
    soundfile.write(path, np.stack([wave, 0.25 * wave], axis=1), RATE)
    return path


@pytest.fixture
def take(tmp_path):
    """A take of 2 s with two dancers at 120 BPM."""
    time_s = np.arange(120) / 60
    beats = 2 * time_s
    path = tmp_path / "take.npz"
    np.savez(
        path,
        time_s=time_s,
        joints=np.stack([walk(t, 2) for t in time_s]),
        beat_phase=(beats % 1).astype(np.float32),
        bar_phase=(beats / 4 % 1).astype(np.float32),
        tempo_bpm=np.full(120, 120, np.float32),
        beat_confidence=np.ones(120, np.float32),
        level=np.full(120, 0.5, np.float32),
        onset=np.zeros((120, 3), np.float32),
        style=np.ones((120, 1), np.float32),
    )
    return path
