"""Light: no look flashes too often, and the guard holds down what would."""

import numpy as np
import pytest

from tests.visuals.stage import EVERY_LOOK, FPS, SMALL, flashes, pixels, stage_view
from visuals.draw.renderer import Renderer
from visuals.draw.safety import Guard, luminance
from visuals.draw.surfaces import black


@EVERY_LOOK
@pytest.mark.parametrize("bpm", [174.0, 250.0])
def test_no_look_flashes_more_than_three_times_a_second(look, bpm):
    renderer, canvas = Renderer(look), black(SMALL)
    light = []
    for k in range(3 * FPS // 2):
        renderer.draw(canvas, stage_view(k / FPS, 2, bpm), 1 / FPS, hud=False)
        light.append(luminance(canvas))
    assert flashes(np.array(light)) <= 3


@pytest.mark.parametrize("limit", [0, 1, 3])
@pytest.mark.parametrize("period", [2, 3, 7, 12])
def test_the_guard_holds_a_strobe_down(limit, period):
    guard = Guard(flashes_per_s=limit, brightness=1.0)
    canvas, light = black(SMALL), []
    for k in range(3 * FPS):
        canvas.fill((255, 255, 255) if k % period < period / 2 else (0, 0, 0))
        guard.apply(canvas, 1 / FPS)
        light.append(luminance(canvas))
    assert flashes(np.array(light)) <= limit
    assert guard.dimmed > 0


def test_the_guard_sees_a_strobe_in_one_corner():
    guard, canvas, light = Guard(), black(SMALL), []
    for k in range(2 * FPS):
        canvas.fill((0, 0, 0))
        canvas.fill((255, 255, 255) if k % 6 < 3 else (0, 0, 0), (0, 0, 150, 85))
        guard.apply(canvas, 1 / FPS)
        light.append(luminance(canvas))
    assert flashes(np.array(light)) <= 3


def test_the_guard_caps_brightness_and_leaves_the_rest_alone():
    canvas = black(SMALL)
    canvas.fill((255, 255, 255))
    assert Guard(brightness=0.4).apply(canvas, 1 / FPS) < 1
    assert 0.35 < luminance(canvas).mean() <= 0.4
    canvas.fill((60, 60, 60))
    assert Guard(brightness=0.4).apply(canvas, 1 / FPS) == 1.0
    assert (pixels(canvas) == 60).all()
