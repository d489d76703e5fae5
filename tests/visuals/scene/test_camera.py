"""The camera: everybody in the picture, cuts on bars."""

import numpy as np
import pytest

from live.body.skeleton import JOINT
from live.osc.schema import CAMERAS
from tests.visuals.stage import FPS, SMALL, WIDE, pixels, played, stage_view, waving
from visuals.draw.renderer import Renderer
from visuals.draw.surfaces import black
from visuals.scene.camera import Camera


def test_camera_shows_own_left_on_the_right_and_everybody_inside():
    joints = np.concatenate([waving(0.1, x)[None] for x in np.arange(-4.0, 4.1, 1.0)])
    camera = Camera()
    camera.follow(joints, 16 / 9, dt_s=1 / 60)
    xy, scale = camera.project(joints, (1280, 720))
    assert (np.diff(xy[:, 0, 0]) > 0).all()
    assert (xy[..., 1].min(axis=1) > 0).all()
    assert xy[..., 0].min() > 0
    assert xy[..., 0].max() < 1280
    assert xy[..., 1].max() < 720
    assert xy[0, JOINT["head"], 1] < xy[0, JOINT["l_toe"], 1]
    _, nearer = camera.project(joints + np.array([0, 0, 1]), (1280, 720))
    assert (nearer > scale).all()


@pytest.mark.parametrize("shot", CAMERAS)
@pytest.mark.parametrize("n", [1, 3, 16])
def test_every_camera_keeps_everybody_in_the_picture(shot, n):
    camera = Camera(shot)
    places = set()
    for k in range(40 * 20):
        if k % 40 == 39:
            camera.bar()
        rows = [waving(k / 20, 1.3 * (d % 4), -1.5 * (d // 4)) for d in range(n)]
        joints = np.stack(rows)
        camera.follow(joints, 16 / 9, 1 / 20, pulse=1.0 if k % 10 == 0 else 0.0)
        xy, _ = camera.project(joints, WIDE)
        assert xy.min() > 0
        assert xy[..., 0].max() < WIDE[0]
        assert xy[..., 1].max() < WIDE[1]
        places.add(round(camera.yaw, 2))
    assert (len(places) > 5) == (shot != "front")


def test_cuts_come_on_every_other_bar_and_orbits_turn_smoothly():
    cutting, turning = Renderer(camera="cuts"), Renderer(camera="orbit")
    cuts, yaws = [], []
    for k in range(0, 500, 4):
        view = stage_view(k / FPS)
        for renderer in (cutting, turning):
            renderer.draw(black((64, 36)), view, 4 / FPS, hud=False)
        cuts.append(cutting.camera.cuts)
        yaws.append(turning.camera.yaw)
    bars = [4 * k / FPS / 2 for k in np.flatnonzero(np.diff(cuts)) + 1]
    np.testing.assert_allclose(bars, [2, 4], atol=0.05)
    assert 0 < np.abs(np.diff(yaws)).max() < 0.02


def test_a_cut_leaves_nothing_of_the_place_before():
    before, fresh = Renderer("neon", camera="cuts"), Renderer("neon")
    canvas, clean = black(SMALL), black(SMALL)
    played(before, canvas, 30)
    for _ in range(2):
        before.camera.bar()
    view = stage_view(30 / FPS)
    before.draw(canvas, view, 1 / FPS, hud=False)
    fresh.camera = before.camera
    fresh.draw(clean, view, 0.0, hud=False)
    apart = np.abs(pixels(canvas) - pixels(clean)).max(axis=2) > 40
    assert apart.mean() < 0.003  # the last stroke of the hands alone
