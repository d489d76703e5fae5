"""One picture after the other: figures, fading, crossfades, darkness, small print."""

from dataclasses import replace

import numpy as np
import pytest

from live.body.skeleton import BONES, JOINT
from live.osc import encoding
from live.osc import schema as osc
from tests.visuals.stage import (
    FPS,
    HEALTH,
    SIZE,
    SMALL,
    crowd,
    pixels,
    played,
    stage_view,
    still,
    waving,
)
from visuals.draw import looks
from visuals.draw.hud import Hud
from visuals.draw.looks.neon import Neon
from visuals.draw.remote import PlayedPicture
from visuals.draw.renderer import Renderer
from visuals.draw.settings import PictureSettings
from visuals.draw.surfaces import black
from visuals.feed.view import View
from visuals.scene.camera import Camera
from visuals.scene.scene import compose
from visuals.window.keys import KEYS, MOUSE


def test_limbs_are_bright_where_the_joints_project_and_corners_are_black():
    canvas = black((1280, 720))
    scene = Renderer().draw(canvas, still(beat_phase=0.5), 1 / 60, hud=False)
    shown = pixels(canvas)
    for a, b in BONES:
        x, y = np.round((scene.xy[0, a] + scene.xy[0, b]) / 2).astype(int)
        assert shown[x, y].max() > 120, (a, b)
    assert shown[:100, :300].max() == 0
    assert shown[-100:, :300].max() == 0


@pytest.mark.parametrize("size", [(1, 1), (17, 9), (300, 900), (1921, 1081)])
def test_any_window_size_can_be_drawn(size):
    renderer = Renderer()
    renderer.draw(black(SIZE), still(), 1 / 60)
    renderer.draw(black(size), still(dancers=tuple(range(1, 17)), joints=crowd(16)), 1 / 60)


def test_trails_fade_steadily_to_real_black():
    look, camera = Neon(), Camera()
    view = still()
    for k in range(20):
        view = still(joints=waving(k / FPS)[None])
        camera.follow(view.joints, SIZE[0] / SIZE[1], 1 / FPS)
        look.glow(black(SIZE), compose(view, camera, SIZE, 1 / FPS))
    light = []
    for _ in range(5 * FPS):
        canvas = black(SIZE)
        look.glow(canvas, compose(View(age_s=0.0), camera, SIZE, 1 / FPS))
        light.append(pixels(canvas).sum())
    assert light[0] > 0
    assert (np.diff(light) <= 0).all()
    assert light[2 * FPS] < 0.02 * light[0]
    assert light[-1] == 0


def test_a_lost_feed_dims_the_figures_and_says_so():
    live, lost = black(SIZE), black(SIZE)
    scene = Renderer().draw(live, still(beat_phase=0.5), 1 / 60, hud=False)
    Renderer().draw(lost, still(beat_phase=0.5, age_s=2.0), 1 / 60, hud=False)
    x, y = np.round(scene.xy[0, JOINT["l_knee"]]).astype(int)
    assert 0 < pixels(lost)[x, y].max() < 0.5 * pixels(live)[x, y].max()
    named = black(SIZE)
    Renderer().draw(named, still(beat_phase=0.5, age_s=2.0), 1 / 60, hud=True)
    words = (slice(SIZE[0] // 2 - 40, SIZE[0] // 2 + 40), slice(-30, None))
    assert pixels(named)[words].max() > 150 > pixels(lost)[words].max()


def test_blackout_is_black():
    canvas = black(SIZE)
    canvas.fill((90, 90, 90))
    view = still(health=replace(HEALTH, state="blackout"))
    Renderer().draw(canvas, view, 1 / 60)
    assert pixels(canvas).max() == 0


def test_small_print_can_be_hidden():
    with_it, without = black(SIZE), black(SIZE)
    Renderer().draw(with_it, still(), 1 / 60, hud=True)
    Renderer().draw(without, still(), 1 / 60, hud=False)
    assert (pixels(with_it) != pixels(without)).any()


def test_the_beat_changes_the_picture_but_never_flashes_it():
    brightness = []
    renderer = Renderer()
    for k in range(60):
        canvas = black(SIZE)
        phase = k / 30 % 1
        renderer.draw(canvas, still(beat_phase=phase, bar_phase=k / 120), 1 / 60, hud=False)
        brightness.append(pixels(canvas).mean() / 255)
    swing = max(brightness[5:]) - min(brightness[5:])
    assert 0.002 < swing < 0.10


@pytest.mark.parametrize(
    ("size", "least_px"),
    [
        ((1280, 720), 14), ((1920, 1080), 20), ((1080, 1920), 24), ((720, 720), 10),
        ((3840, 1080), 20), ((400, 1280), 9), ((320, 180), 4), ((160, 90), 2),
    ],
)  # fmt: skip
def test_the_list_of_keys_fits_a_window_of_any_shape(size, least_px):
    canvas, without = black(size), black(size)
    keys = [(key, meaning) for key, _, meaning in (*KEYS, *MOUSE) if meaning]
    drawn = []
    hud = Hud()
    printed = hud._print

    def spy(surface, text, color, unit, **place):
        box = printed(surface, text, color, unit, **place)
        drawn.append((surface.get_rect(), box, unit))
        return box

    hud._print = spy
    hud.draw_keys(canvas, keys)
    assert len(drawn) == 2 * len(keys)
    for panel, box, unit in drawn:
        assert box.size[0] > 0
        assert panel.contains(box)  # no word is cut off
        assert unit >= least_px
    for (_, key, _), (_, meaning, _) in zip(drawn[::2], drawn[1::2], strict=True):
        assert not key.colliderect(meaning)
    changed = (pixels(canvas) != pixels(without)).any(axis=2)
    for edge in (changed[0], changed[-1]):
        assert not edge.any()


@pytest.mark.parametrize("size", [(1, 1), (17, 9), (9, 300)])
def test_the_list_of_keys_stops_no_picture(size):
    keys = [(key, meaning) for key, _, meaning in (*KEYS, *MOUSE) if meaning]
    Renderer().draw(black(size), still(), 1 / 60, keys=keys)


def test_the_next_look_comes_on_the_next_bar_and_without_a_jump():
    even = {"beat_phase": 0.5}  # the beat's own light would hide a jump
    renderer, canvas = Renderer("neon"), black(SMALL)
    played(renderer, canvas, 10, start=90, **even)
    renderer.show("silhouette")
    before = pixels(canvas)
    played(renderer, canvas, 15, start=100, **even)  # up to just before the bar
    plain = black(SMALL)
    played(Renderer("neon"), plain, 25, start=90, **even)
    np.testing.assert_array_equal(pixels(canvas), pixels(plain))
    steps, last = [], pixels(canvas)
    for k in range(115, 185):
        renderer.draw(canvas, stage_view(k / FPS, **even), 1 / FPS, hud=False)
        steps.append(np.abs(pixels(canvas) - last).mean())
        last = pixels(canvas)
    alone = black(SMALL)
    played(Renderer("silhouette"), alone, 15, start=170, **even)
    assert np.abs(pixels(canvas) - pixels(alone)).mean() < 1
    assert max(steps) < 0.25 * np.abs(last - before).mean()


def test_looks_follow_each_other_and_come_round():
    picture, seen = PlayedPicture(PictureSettings()), []
    for _ in looks.LOOKS:
        picture.play("look", osc.NEXT)
        seen.append(picture.value_of("look"))
    assert sorted(seen) == sorted(looks.LOOKS)
    assert seen[-1] == looks.DEFAULT


def test_blackout_fades_and_comes_back_as_slowly():
    renderer, canvas = Renderer("silhouette"), black(SMALL)
    renderer.modulation.fade_s = 0.1
    light = []
    for dark in (False, True, False):
        renderer.dark = dark
        for _ in range(8):
            renderer.draw(canvas, still(beat_phase=0.5), 1 / 60, hud=False)
            light.append(int(pixels(canvas).sum()))
    assert min(light[:8]) == max(light[4:8])
    assert light[8:14] == sorted(light[8:14], reverse=True)
    assert len(set(light[8:14])) == 6
    assert light[15] == 0
    assert light[16:22] == sorted(light[16:22])
    assert 0 < light[16] < light[22] == light[7]


def test_blackout_is_black_and_counts_as_a_picture():
    health = encoding.HealthReport(60.0, 1.0, 2.0, 0, 0, 60.0, "blackout")
    for look in looks.LOOKS:
        canvas = black(SMALL)
        played(Renderer(look), canvas, 2, health=health)
        assert pixels(canvas).max() == 0
