"""Line-ups, canon, mirrored pairs, a cast of any size."""

from dataclasses import replace

import numpy as np
import pytest

from live.body.skeleton import JOINT
from live.errors import ConfigError
from live.osc.schema import LINEUPS
from tests.visuals.stage import FPS, WIDE, stage_view
from visuals.scene.camera import Camera
from visuals.scene.lineup import Ensemble, lineup_places


@pytest.mark.parametrize("lineup", LINEUPS[1:])
@pytest.mark.parametrize("n", [1, 2, 5, 16])
def test_lineups_keep_everybody_apart_and_in_the_picture(lineup, n):
    floor = lineup_places(lineup, n, 16 / 9)
    assert floor.shape == (n, 3)
    apart = np.linalg.norm(floor[:, None] - floor[None], axis=2) + 9 * np.eye(n)
    assert apart.min() > 0.45
    ensemble, camera = Ensemble(lineup), Camera()
    for k in range(60):
        view = ensemble.arrange(stage_view(k / 20, n), 1 / 20)
        camera.follow(view.joints, 16 / 9, 1 / 20)
    xy, _ = camera.project(view.joints, WIDE)
    assert xy.min() > 0
    assert xy[..., 0].max() < WIDE[0]
    np.testing.assert_allclose(view.joints[:, 0, [0, 2]], floor[:, [0, 2]], atol=0.6)


def test_a_new_lineup_is_walked_to():
    ensemble, x = Ensemble(), []
    for k in range(120):
        if k == 20:
            ensemble.lineup = LINEUPS[1]
        x.append(ensemble.arrange(stage_view(k / FPS, 4), 1 / FPS).joints[:, 0, 0])
    assert np.abs(np.diff(x[25:], axis=0)).max() < 0.12


def test_a_canon_is_later_by_its_beats_and_pairs_are_mirrored():
    ensemble = Ensemble(canon=0.5, cast=3, mirror=True)
    seen = []
    for k in range(120):
        view = stage_view(k / FPS, 1, bpm=120.0)
        joints = view.joints.copy()
        joints[0, JOINT["l_wrist"], 1] = k / FPS  # says when it was
        seen.append(ensemble.arrange(replace(view, joints=joints), 1 / FPS))
    last = seen[-1]
    assert last.dancers == (1, 2, 3)
    hands = last.joints[[0, 1, 2], [JOINT["l_wrist"], JOINT["r_wrist"], JOINT["l_wrist"]], 1]
    np.testing.assert_allclose(hands, 119 / FPS - np.array([0, 0.25, 0.5]), atol=0.02)


def test_without_options_the_stage_is_untouched():
    view = stage_view(1.0, 3)
    assert Ensemble(fit=False).arrange(view, 1 / FPS) is view
    alone = stage_view(1.0, 1)
    assert Ensemble().arrange(alone, 1 / FPS) is alone


def test_the_cast_counts_from_one_to_sixteen_and_stands_apart():
    ensemble = Ensemble()
    assert ensemble.larger_cast(1, arriving=2) == 3
    for _ in range(20):
        ensemble.cast = int(ensemble.larger_cast(1, arriving=2))
    view = ensemble.arrange(stage_view(0.5, 2), 1 / FPS)
    assert view.dancers == tuple(range(1, 17))
    apart = np.linalg.norm(view.joints[:, None, 0] - view.joints[None, :, 0], axis=2) + np.eye(16)
    assert apart.min() > 0.45
    for _ in range(20):
        ensemble.cast = int(ensemble.larger_cast(-1, arriving=2))
    assert len(ensemble.arrange(stage_view(0.5, 2), 1 / FPS).dancers) == 1
    with pytest.raises(ConfigError, match="no line-up 'x'; there are stage, line"):
        Ensemble("x")
