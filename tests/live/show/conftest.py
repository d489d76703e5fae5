"""What tests of the show begin with: music of clicks, an engine, and a show with all its fakes."""

import gc
from contextlib import ExitStack

import numpy as np
import pytest

from live.control.scenes import Scene
from live.show.controls import Controls
from live.show.engine import Engine, EngineConfig
from live.show.programme import Programme
from live.show.timing import lead_samples
from tests.helpers.engine import Listening
from tests.helpers.stage import RATE, Stage


@pytest.fixture
def make_engine(tiny_model):
    def make(rate=RATE, dancers=1, seed=0, style="auto", **controls):
        performer = Listening(str(tiny_model), "cpu", dancers, seed)
        scenes = (Scene("drop", (("energy", 1.0),)),)
        config = EngineConfig(rate, lead_samples(60), style, programme=Programme(scenes))
        return Engine(config, performer, Controls(**controls))

    return make


@pytest.fixture
def music(click_track):
    """Clicks over a hiss: something to hear at every moment."""

    def make(seconds=4.0, rate=RATE, bpm=120.0):
        audio = click_track(bpm, seconds, rate)
        hiss = np.random.default_rng(1).normal(scale=0.02, size=len(audio))
        return (audio + hiss).astype(np.float32)

    return make


@pytest.fixture
def dancing(make_engine, music):
    """An engine two seconds into its dance."""
    engine = make_engine(style="street")
    engine.push(music(3.0))
    engine.advance()
    return engine


@pytest.fixture
def stage(tiny_model):
    """A function that builds a show; everything is closed, and collected again, afterwards."""
    with ExitStack() as stack:
        yield lambda *args, **options: Stage(tiny_model, stack, *args, **options)
    gc.unfreeze()
