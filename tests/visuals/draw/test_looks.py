"""Every look: what it draws, and that it goes away again."""

from itertools import pairwise

import numpy as np
import pytest

from live.body.skeleton import BONES
from tests.visuals.stage import EVERY_LOOK, FPS, SMALL, WIDE, pixels, played, stage_view
from visuals.draw import looks
from visuals.draw.looks.kaleidoscope import Kaleidoscope
from visuals.draw.matte import transparent
from visuals.draw.renderer import Renderer
from visuals.draw.surfaces import black, pygame


@EVERY_LOOK
@pytest.mark.parametrize("n", [1, 3])
def test_limbs_show_where_the_joints_project(look, n):
    canvas, without = black(WIDE), black(WIDE)
    # In the middle of a beat, when nothing flares.
    renderer = Renderer(look)
    scene = played(renderer, canvas, 15, n)
    nobody = np.zeros((0, 19, 3), np.float32)
    played(Renderer(look), without, 15, start=0, dancers=(), joints=nobody)
    xy = scene.xy
    if isinstance(renderer.look_shown, Kaleidoscope):
        xy, _ = renderer.look_shown.spokes(scene)
    drawn = np.abs(pixels(canvas) - pixels(without)).max(axis=2) > 24
    for figure in range(n):
        for a, b in BONES:
            x, y = np.round((xy[figure, a] + xy[figure, b]) / 2).astype(int)
            reach = max(int(0.07 * scene.scale[figure, a]), 3)
            assert drawn[x - reach : x + reach + 1, y - reach : y + reach + 1].any(), (figure, a, b)


@EVERY_LOOK
def test_nothing_is_clipped_and_the_corners_are_black(look):
    canvas = black(WIDE)
    played(Renderer(look), canvas, 15, n=3)
    shown = pixels(canvas).max(axis=2)
    assert shown.max() > 100
    for corner in (shown[:60, :60], shown[-60:, :60]):
        assert corner.max() <= 60  # a star of the sky may stand there, nothing else
        assert (corner > 0).mean() < 0.02
    assert shown[:, 0].max() < 24  # no head or hand reaches out of the picture
    assert shown[0].max() < 40
    assert shown[-1].max() < 40


@EVERY_LOOK
def test_a_dancer_who_leaves_fades_steadily_and_leaves_nothing(look):
    gone = {"dancers": (), "joints": np.zeros((0, 19, 3), np.float32), "bpm": 0.0}
    renderer, empty = Renderer(look), Renderer(look)
    canvas, never = black(SMALL), black(SMALL)
    played(renderer, canvas, 30)
    empty.camera = renderer.camera
    played(empty, never, 30, **gone)
    left = []
    for k in range(80):
        view = stage_view(k / 20, **gone)
        renderer.draw(canvas, view, 1 / 20, hud=False)
        empty.draw(never, view, 1 / 20, hud=False)
        left.append(pixels(canvas).max(axis=2))
    last = left[-1]
    # Against a stage on which nobody ever was: not a ghost.
    np.testing.assert_array_equal(last, pixels(never).max(axis=2))
    rest = [np.clip(picture - last, 0, None).sum() for picture in left]
    allowance = 0.02 * max(rest[0], 1) + 200  # stars that twinkle on an empty stage
    assert all(b <= a + allowance for a, b in pairwise(rest))


@EVERY_LOOK
@pytest.mark.parametrize("size", [(1, 1), (17, 9), (300, 900)])
def test_any_window_size_and_sixteen_dancers(look, size):
    renderer = Renderer(look)
    played(renderer, black(SMALL), 2, n=16)
    played(renderer, black(size), 2, n=16)


@EVERY_LOOK
def test_a_lost_feed_dims_every_look(look):
    live, lost = black(SMALL), black(SMALL)
    played(Renderer(look), live, 20)
    played(Renderer(look), lost, 20, age_s=3.0)
    assert 0 < pixels(lost).sum() < 0.6 * pixels(live).sum()


@pytest.mark.parametrize("look", [name for name in looks.LOOKS if name != "particles"])
def test_halos_are_as_wide_in_a_larger_picture(look):
    """Blurred by pixels, those of neon and kaleidoscope had half the width at twice the size."""
    shown = []
    for size in (WIDE, (2560, 1440)):
        canvas = black(size)
        played(Renderer(look), canvas, 4)
        shown.append(pixels(pygame.transform.smoothscale(canvas, (160, 90))))
    halo = shown[0].max(axis=2) < 40  # and what is darker
    assert shown[1][halo].mean() == pytest.approx(
        shown[0][halo].mean(), rel=0.22
    )  # the floor's lines


@pytest.mark.parametrize("look", ["neon", "ribbons", "particles", "canon"])
def test_another_size_of_the_window_keeps_what_was_painted(look):
    """As by a change to full screen: the first picture after it has the trails of before."""
    gone = {"dancers": (), "joints": np.zeros((0, 19, 3), np.float32), "bpm": 0.0}
    kept, canvas, larger = Renderer(look), black(SMALL), black((720, 405))
    played(kept, canvas, 30)
    fresh = Renderer(look)
    fresh.camera = kept.camera
    light = []
    for renderer in (kept, fresh):
        renderer.draw(larger, stage_view(0.5, **gone), 1 / FPS, hud=False)
        light.append(pixels(larger).sum())
    if look in ("neon", "ribbons"):  # the others paint with what is there
        assert light[0] > 1.02 * light[1]
    kept.use(None)  # the window was opened anew, without a card
    again = black((720, 405))
    kept.draw(again, stage_view(0.5, **gone), 0.0, hud=False)
    assert pixels(again).sum() == pytest.approx(light[0], rel=0.02)


def light_of(look: str, time_s: float, phase: float, bpm: float = 120.0) -> float:
    """Of two dancers who stand still in the pose of that time, without floor: its ring may be
    hidden. The beat stands still as well, on the second of a bar."""
    renderer, canvas = Renderer(look, stage=False), transparent(SMALL)
    view = stage_view(time_s, 2, bpm, beat_phase=phase, bar_phase=(1 + phase) / 4)
    for _ in range(12):
        renderer.draw(canvas, view, 1 / 20, hud=False)
    assert renderer.guard.dimmed == 0
    return float(pixels(canvas).sum())


@EVERY_LOOK
def test_the_beat_is_seen_in_the_dancers_alone(look):
    """From the back of a hall, in a single picture: half as much light again, or more."""
    off = light_of(look, 0.1, 0.5)
    assert light_of(look, 0.1, 0.0) / off > 1.5  # measured: 1.57 (ribbons) to 4.2
    # Half a beat of dance changes the light by 3 % at most, and without a beat nothing pulses.
    assert light_of(look, 0.35, 0.5) / off == pytest.approx(1, abs=0.05)
    still = [light_of(look, 0.1, phase, bpm=0.0) for phase in (0.0, 0.5)]
    assert still[0] == still[1]
