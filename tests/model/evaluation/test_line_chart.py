"""Line charts: what is drawn where, gaps included."""

import numpy as np
from PIL import Image

from model.evaluation import line_chart
from model.evaluation.line_chart import HEIGHT, WIDTH, Chart

_COLOUR = (255, 150, 80)  # of the first line


def columns(tmp_path, chart):
    """The columns of the picture that the first line is in, below its label."""
    path = tmp_path / "chart.png"
    line_chart.draw([chart], path)
    with Image.open(path) as image:
        pixels = np.asarray(image)
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    return np.flatnonzero((pixels[100:] == _COLOUR).all(axis=2).any(axis=0))


def test_a_line_goes_from_its_first_to_its_last_point(tmp_path):
    drawn = columns(tmp_path, Chart({"a": (range(200), np.full(200, 0.4))}, guides={"top": 1.0}))
    assert (np.diff(drawn) == 1).all()
    assert len(drawn) > 0.9 * (WIDTH - 100)


def test_points_that_are_not_finite_are_a_gap(tmp_path):
    y = np.full(200, 0.4)
    y[50:150] = np.nan, *[np.inf] * 98, np.nan
    drawn = columns(tmp_path, Chart({"a": (range(200), y)}, guides={"top": 1.0}))
    gaps = np.diff(drawn)[np.diff(drawn) > 1]
    assert len(gaps) == 1
    assert abs(gaps[0] / (WIDTH - 100) - 0.5) < 0.02


def test_a_single_point_is_a_dot_and_none_is_no_mistake(tmp_path):
    assert 5 <= len(columns(tmp_path, Chart({"a": ([1.0], [0.4])}, guides={"top": 1.0}))) <= 8
    assert len(columns(tmp_path, Chart({"a": ([1.0, 2.0], [np.nan] * 2)}))) == 0
    assert len(columns(tmp_path, Chart({"a": ([], [])}))) == 0


def test_charts_stand_below_each_other(tmp_path):
    path = tmp_path / "charts.png"
    line_chart.draw([Chart({"a": ([0, 1], [1, 2])}, marks=[0.5])] * 3, path, 200)
    with Image.open(path) as image:
        assert image.size == (WIDTH, 600)
        pixels = np.asarray(image).reshape(3, 200, WIDTH, 3)
    assert (pixels[0] == pixels[1:]).all()
