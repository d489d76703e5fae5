"""A picture of any shape is filled, nobody leaves its safe margins, nobody hides another."""

import numpy as np
import pytest

from live.body.skeleton import REST_POSE
from live.osc.schema import CAMERAS, LINEUPS
from tests.visuals.stage import stage_view, waving
from visuals.scene.blocking import cleared, shape_for, squeezed
from visuals.scene.camera import Camera, clear_view
from visuals.scene.framing import SAFE_MARGIN, frame, hidden
from visuals.scene.lineup import Ensemble, lineup_places

SHAPES = {"16:9": (640, 360), "9:16": (360, 640), "1:1": (360, 360), "32:9": (1280, 360),
          "wall": (960, 200)}  # fmt: skip
COUNTS = (1, 2, 5, 8, 16)
TALL_M = 1.65


def seen(lineup: str, count: int, size: tuple[int, int], camera: str = "front"):
    """(camera, joints [N, 19, 3]) of standing dancers who have walked to their places."""
    aspect = size[0] / size[1]
    ensemble, lens = Ensemble(lineup), Camera(camera)
    rest = np.stack(
        [REST_POSE + np.array([1.4 * (d - (count - 1) / 2), 0, 0]) for d in range(count)]
    )
    view = stage_view(0.0, count, joints=rest.astype(np.float32))
    for _ in range(8):
        joints = ensemble.arrange(view, 2.0, aspect).joints
        lens.follow(joints, aspect, 2.0)
    return lens, joints


def heights(lens: Camera, joints: np.ndarray, size: tuple[int, int]) -> tuple[float, float]:
    """Shares of the picture's height: all dancers together, and the middle one's own."""
    floor = joints[:, 0] * [1, 0, 1]
    feet = lens.project(floor, size)[0][:, 1] / size[1]
    heads = lens.project(floor + np.array([0, TALL_M, 0]), size)[0][:, 1] / size[1]
    return float(feet.max() - heads.min()), float(np.median(feet - heads))


@pytest.mark.parametrize("lineup", ["stage", "grid", "line", "wedge"])
@pytest.mark.parametrize("count", COUNTS)
def test_so_many_fill_a_wide_picture(lineup, count):
    size = SHAPES["16:9"]
    together, own = heights(*seen(lineup, count, size), size)
    assert 0.6 <= together <= 0.82
    assert own > {1: 0.65, 2: 0.62, 5: 0.5, 8: 0.42, 16: 0.34}[count]


@pytest.mark.parametrize("shape", list(SHAPES))
@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize("count", [1, 5, 16])
def test_nobody_leaves_the_safe_margins_of_any_shape(shape, camera, count):
    size = SHAPES[shape]
    lens, joints = seen("grid", count, size, camera)
    if camera == "cuts":
        for _ in range(2):  # to a place at the side
            lens.bar()
        lens.follow(joints, size[0] / size[1], 0.1)
    xy, _ = lens.project(joints, size)
    margin = SAFE_MARGIN * np.array(size) - 1
    assert (xy >= margin).all()
    assert (xy <= np.array(size) - margin).all()
    together, _ = heights(lens, joints, size)
    assert together > 0.3  # two in a tall picture are as wide as it


@pytest.mark.parametrize("lineup", LINEUPS)
@pytest.mark.parametrize(("count", "most"), [(2, 0.0), (5, 0.4), (8, 0.5), (16, 0.75)])
def test_nobody_hides_behind_another(lineup, count, most):
    for shape in ("16:9", "1:1"):
        lens, joints = seen(lineup, count, SHAPES[shape])
        views = np.array([lens.yaw]), np.array([lens.pitch])
        assert hidden(joints[:, 0], *views, lens.distance).max() <= most


def test_who_stands_behind_another_is_seen_over_the_head_or_from_less_far_aside():
    behind = np.array([[0.0, 0, 0], [0.0, 0, -1.5]])
    from_the_front = hidden(behind, np.zeros(1), np.zeros(1), 6.0)
    assert from_the_front[0].tolist() == [0.0, pytest.approx(0.9, abs=0.11)]
    _, pitch = clear_view(behind, 0.0, 0.1, 6.0, highest=1.0)
    assert hidden(behind, np.zeros(1), np.array([pitch]), 6.0).max() <= 0.35
    # From this side the one in front covers the other: the camera does not go so far.
    aside = np.array([[0.0, 0, 0], [-1.0, 0, -1.0]])
    share, pitch = clear_view(aside, np.pi / 4, 0.1, 6.0, highest=0.1)
    assert share < 1
    assert hidden(aside, np.array([share * np.pi / 4]), np.array([pitch]), 6.0).max() <= 0.35


def test_a_raised_hand_stays_within_the_safe_margins():
    high = waving(0.1)
    high[3] += [0, 0.9, 0]
    slopes = (0.4, 0.225)
    shot = frame(high[None], 0.0, 0.0, slopes)
    top = (high[:, 1].max() - shot.aim[1]) / (shot.distance - high[3, 2])
    assert top <= slopes[1] * (1 - 2 * SAFE_MARGIN) + 1e-6


def test_blocking_is_the_same_for_the_same_and_keeps_who_stands_where():
    line = np.stack([1.5 * (np.arange(8) - 3.5), np.zeros(8)], axis=1)
    together, share = squeezed(line, 16 / 9)
    assert 0 < share < 0.5
    places = cleared(together, 16 / 9)
    np.testing.assert_array_equal(places, cleared(together, 16 / 9))
    assert (np.diff(places[:, 0]) > 0.1).all()  # from left to right as before
    assert np.ptp(places[:, 0]) <= shape_for(8, 16 / 9).width_m + 0.01
    roomy, share = squeezed(line[:3], 32 / 9)
    assert share == 1.0
    np.testing.assert_array_equal(cleared(roomy, 32 / 9), line[:3])


def test_more_room_at_the_sides_means_fewer_rows():
    rows = [shape_for(16, aspect).rows for aspect in (0.56, 1.0, 1.78, 3.56)]
    assert rows == sorted(rows, reverse=True)
    assert rows[0] > rows[-1]
    across = [np.ptp(lineup_places("line", 8, a)[:, 0]) for a in (0.56, 1.0, 1.78, 3.56)]
    assert across == sorted(across)
