"""Every look: what it draws, that it goes away again, that it is safe to watch."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from live.body.skeleton import BONES, JOINT, REST_POSE, with_bone_lengths
from live.errors import ConfigError
from live.osc import encoding
from live.osc import schema as osc
from visuals.draw import looks
from visuals.draw.looks.kaleidoscope import Kaleidoscope
from visuals.draw.matte import transparent
from visuals.draw.renderer import Renderer
from visuals.draw.safety import Guard, luminance
from visuals.draw.surfaces import black, pygame
from visuals.feed.view import View
from visuals.scene import palettes
from visuals.scene.camera import SHOTS, Camera
from visuals.scene.lineup import LINEUPS, Ensemble, places

FPS = 60
SIZE = (1280, 720)
SMALL = (480, 270)
EVERY_LOOK = pytest.mark.parametrize("look", list(looks.LOOKS))


@pytest.fixture(autouse=True)
def _dummy_display(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


def dancing(time_s: float, x: float = 0.0, z: float = 0.0) -> np.ndarray:
    """Joints [19, 3] of a body that swings its arms twice a second at (x, z)."""
    pose = REST_POSE.copy()
    swing = 1.2 * math.sin(4 * math.pi * time_s)
    for side, joints in ((1, ("l_elbow", "l_wrist")), (-1, ("r_elbow", "r_wrist"))):
        for joint in joints:
            pose[JOINT[joint]] += [0.3 * side, 0.3 + 0.4 * swing, 0.2 * swing]
    return with_bone_lengths(pose) + np.array([x, 0, z], np.float32)


def stage_view(time_s: float, n: int = 1, bpm: float = 120.0, **changes) -> View:
    """n dancers on a sure beat, a metre and a half apart; changes may take them away again."""
    beats = time_s * bpm / 60
    xs = 1.5 * (np.arange(n) - (n - 1) / 2)
    view = View(
        dancers=tuple(range(1, n + 1)),
        joints=np.stack([dancing(time_s + 0.1 * d, x) for d, x in enumerate(xs)]),
        beat_phase=beats % 1,
        bar_phase=(beats / 4) % 1,
        bpm=bpm,
        confidence=1.0,
        onset=(0.5, 0.5, 0.5),
        level=0.5,
        age_s=0.0,
    )
    return replace(view, **changes)


def pixels(surface) -> np.ndarray:
    """int [width, height, 3]"""
    return pygame.surfarray.array3d(surface).astype(int)


def played(renderer: Renderer, canvas, frames: int, n: int = 1, start: int = 0, **changes):
    """Draw so many 60ths of a second of n dancers; returns the last scene."""
    scene = None
    for k in range(start, start + frames):
        view = stage_view(k / FPS, n, **changes)
        scene = renderer.draw(canvas, view, 1 / FPS, hud=False)
    assert scene is not None
    return scene


@EVERY_LOOK
@pytest.mark.parametrize("n", [1, 3])
def test_limbs_show_where_the_joints_project(look, n):
    canvas, without = black(SIZE), black(SIZE)
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
    canvas = black(SIZE)
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
    for size in (SIZE, (2560, 1440)):
        canvas = black(size)
        played(Renderer(look), canvas, 4)
        shown.append(pixels(pygame.transform.smoothscale(canvas, (160, 90))))
    halo = shown[0].max(axis=2) < 40  # and what is darker
    assert shown[1][halo].mean() == pytest.approx(shown[0][halo].mean(), rel=0.1)


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


@EVERY_LOOK
@pytest.mark.parametrize("bpm", [174.0, 250.0])
def test_no_look_flashes_more_than_three_times_a_second(look, bpm):
    renderer, canvas = Renderer(look), black(SMALL)
    light = []
    for k in range(3 * FPS // 2):
        renderer.draw(canvas, stage_view(k / FPS, 2, bpm), 1 / FPS, hud=False)
        light.append(luminance(canvas))
    assert flashes(np.array(light)) <= 3


def flashes(light: np.ndarray) -> int:
    """The most rises by a tenth (after falls as large) in any second and tile; light [T, 9]."""
    worst = 0
    for series in light.T:
        bright, extreme, rises = False, series[0], []
        for k, value in enumerate(series.tolist()):
            extreme = max(extreme, value) if bright else min(extreme, value)
            if abs(value - extreme) >= 0.1:
                bright, extreme = not bright, value
                if bright:
                    rises.append(k)
        for k in rises:
            worst = max(worst, sum(k - FPS < other <= k for other in rises))
    return worst


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
    renderer, seen = Renderer(), []
    for _ in looks.LOOKS:
        seen.append(renderer.next_look())
    assert sorted(seen) == sorted(looks.LOOKS)
    assert seen[-1] == looks.DEFAULT


def test_an_unknown_look_or_palette_names_those_there_are():
    with pytest.raises(ConfigError, match=r"no look 'x'; there are neon, .*silhouette"):
        Renderer("x")
    with pytest.raises(ConfigError, match=r"no palette 'x'; there are night, safe"):
        Renderer(palette="x")


@pytest.mark.parametrize("name", list(palettes.PALETTES))
def test_palettes_color_the_dancers_and_differ(name):
    palette = palettes.palette(name)
    assert palette.of(1) != palette.of(2) != palette.of(3)
    canvas = black(SMALL)
    renderer = Renderer("constellation", palette=name)
    played(renderer, canvas, 3)
    assert pixels(canvas).max() > 100


def test_the_safe_palette_can_be_told_apart_without_red_or_green():
    """Under simulated protanopia and deuteranopia (Machado 2009) neighbours stay apart."""
    protan = np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]])
    deutan = np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]])
    colors = np.array([body for body, _ in palettes.palette("safe").dancers]) / 255
    for matrix in (protan, deutan):
        seen = np.clip(colors**2.2 @ matrix.T, 0, 1) ** (1 / 2.2)
        apart = np.linalg.norm(seen[:, None] - seen[None], axis=2) + np.eye(len(seen))
        assert apart.min() > 0.12


def test_blackout_is_black_and_counts_as_a_picture():
    health = encoding.HealthReport(60.0, 1.0, 2.0, 0, 0, 60.0, "blackout")
    for look in looks.LOOKS:
        canvas = black(SMALL)
        played(Renderer(look), canvas, 2, health=health)
        assert pixels(canvas).max() == 0


# The camera


def test_the_wire_names_what_there_is():
    assert tuple(looks.LOOKS) == osc.LOOKS
    assert tuple(palettes.PALETTES) == osc.PALETTES
    assert SHOTS == osc.CAMERAS


@pytest.mark.parametrize("shot", SHOTS)
@pytest.mark.parametrize("n", [1, 3, 16])
def test_every_camera_keeps_everybody_in_the_picture(shot, n):
    camera = Camera(shot)
    places = set()
    for k in range(40 * 20):
        if k % 40 == 39:
            camera.bar()
        rows = [dancing(k / 20, 1.3 * (d % 4), -1.5 * (d // 4)) for d in range(n)]
        joints = np.stack(rows)
        camera.follow(joints, 16 / 9, 1 / 20, pulse=1.0 if k % 10 == 0 else 0.0)
        xy, _ = camera.project(joints, SIZE)
        assert xy.min() > 0
        assert xy[..., 0].max() < SIZE[0]
        assert xy[..., 1].max() < SIZE[1]
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
    assert apart.mean() < 0.002  # the last stroke of the hands alone


# Line-ups


@pytest.mark.parametrize("lineup", LINEUPS[1:])
@pytest.mark.parametrize("n", [1, 2, 5, 16])
def test_lineups_keep_everybody_apart_and_in_the_picture(lineup, n):
    floor = places(lineup, n)
    assert floor.shape == (n, 3)
    apart = np.linalg.norm(floor[:, None] - floor[None], axis=2) + 9 * np.eye(n)
    assert apart.min() > 0.5
    ensemble, camera = Ensemble(lineup), Camera()
    for k in range(60):
        view = ensemble.arrange(stage_view(k / 20, n), 1 / 20)
        camera.follow(view.joints, 16 / 9, 1 / 20)
    xy, _ = camera.project(view.joints, SIZE)
    assert xy.min() > 0
    assert xy[..., 0].max() < SIZE[0]
    np.testing.assert_allclose(view.joints[:, 0, [0, 2]], floor[:, [0, 2]], atol=0.6)


def test_a_new_lineup_is_walked_to():
    ensemble, x = Ensemble(), []
    for k in range(120):
        if k == 20:
            ensemble.next_lineup()
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


def test_without_wishes_the_stage_is_untouched():
    view = stage_view(1.0, 3)
    assert Ensemble().arrange(view, 1 / FPS) is view


def test_the_cast_counts_from_one_to_sixteen_and_stands_apart():
    ensemble = Ensemble()
    assert ensemble.add(1, arriving=2) == 3
    for _ in range(20):
        ensemble.add(1, arriving=2)
    view = ensemble.arrange(stage_view(0.5, 2), 1 / FPS)
    assert view.dancers == tuple(range(1, 17))
    apart = np.linalg.norm(view.joints[:, None, 0] - view.joints[None, :, 0], axis=2) + np.eye(16)
    assert apart.min() > 0.5
    for _ in range(20):
        ensemble.add(-1, arriving=2)
    assert len(ensemble.arrange(stage_view(0.5, 2), 1 / FPS).dancers) == 1
    with pytest.raises(ConfigError, match="no line-up 'x'; there are stage, line"):
        Ensemble("x")
