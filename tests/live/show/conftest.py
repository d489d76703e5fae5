"""What tests of the show begin with: music of clicks, and a show with all its fakes."""

import gc
from contextlib import ExitStack

import numpy as np
import pytest

from tests.helpers.stage import RATE, Stage


@pytest.fixture
def music(click_track):
    def make(seconds):
        hiss = np.random.default_rng(1).normal(scale=0.02, size=int(seconds * RATE))
        return (click_track(120.0, seconds, RATE) + hiss).astype(np.float32)

    return make


@pytest.fixture
def stage(tiny_model):
    """A function that builds a show; everything is closed, and collected again, afterwards."""
    with ExitStack() as stack:
        yield lambda *args, **options: Stage(tiny_model, stack, *args, **options)
    gc.unfreeze()
