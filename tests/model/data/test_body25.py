"""The paper's setting: what the camera sees of a body, and OpenPose's films read back."""

import json

import numpy as np
import pytest

from live.body.pose import decode as joints_of
from live.body.pose import encode as vectors_of
from live.body.pose import rotate_y
from live.body.skeleton import JOINT, REST_POSE
from live.errors import ArtifactError, ConfigError
from model.data import body25
from model.data.body25 import POINT, decode, encode, in_metres, key_points, project, project_windows
from model.data.body25_films import read_body25


def standing(seconds=2.0, heading=0.0, at=(0.0, 0.0, 0.0)):
    joints = np.repeat(rotate_y(REST_POSE, np.asarray(heading))[None], round(30 * seconds), axis=0)
    return joints + np.array(at)


def walking(seconds=4.0):
    """Arms swing, and the dancer goes to the own left and back."""
    t = np.arange(round(30 * seconds)) / 30
    joints = standing(seconds)
    joints[..., 0] += 0.5 * np.sin(t)[:, None]
    joints[:, JOINT["l_wrist"], 1] += 0.3 * np.sin(6 * t) ** 2
    return joints.astype(np.float32)


def test_the_points_of_a_standing_body_are_where_openpose_has_them():
    at = dict(zip(body25.NAMES, key_points(REST_POSE), strict=True))
    assert at["Neck"][1] == pytest.approx((at["LShoulder"] + at["RShoulder"])[1] / 2)
    assert at["MidHip"][1] == pytest.approx((at["LHip"] + at["RHip"])[1] / 2)
    assert at["REar"][0] < at["REye"][0] < at["Nose"][0] < at["LEye"][0] < at["LEar"][0]
    assert at["Nose"][2] > at["LEye"][2] > at["LEar"][2]  # it looks ahead
    for side, outward in (("L", 1), ("R", -1)):
        toes = at[f"{side}SmallToe"] - at[f"{side}BigToe"]
        assert 0.05 < outward * toes[0] < 0.10
        assert at[f"{side}Heel"][2] < at[f"{side}Ankle"][2] < at[f"{side}BigToe"][2]
        assert abs(at[f"{side}Heel"][1]) < 0.02  # on the floor


def test_a_film_shows_a_dancer_who_faces_the_camera_upright():
    points = project(standing())
    assert points.shape == (30, 25, 2)
    assert points.dtype == np.float32
    x, y = points[0].T
    assert y[POINT["Nose"]] < y[POINT["MidHip"]] < y[POINT["LAnkle"]]  # down is positive
    assert x[POINT["LWrist"]] > 0 > x[POINT["RWrist"]]
    assert 0.6 < (y.max() - y.min()) / 2 < 0.8  # of the picture's height; .74 in the paper's films


@pytest.mark.parametrize("heading", [0.7, 3.0])
def test_where_on_the_stage_and_whereto_the_dancer_faces_does_not_show(heading):
    turned = rotate_y(walking(), np.asarray(heading)) + np.array([4.0, 0.0, -3.0])
    np.testing.assert_allclose(project(turned), project(walking()), atol=1e-4)


def test_a_turned_dancer_looks_narrow_and_to_the_side():
    points = project(standing(), yaw=np.pi / 2)[0]
    assert abs(points[POINT["LShoulder"], 0] - points[POINT["RShoulder"], 0]) < 0.02
    assert points[POINT["Nose"], 0] > points[POINT["LEar"], 0]  # own left is the picture's right


def test_who_comes_nearer_looks_larger():
    joints = standing(4.0)
    joints[..., 2] += np.where(np.arange(120) < 50, 0.0, 2.0)[:, None]
    far, near = (np.ptp(p[:, 1]) for p in project(joints)[[0, -1]])
    assert near / far == pytest.approx(8 / 6, abs=0.02)  # the median is in front: -2 m and 0


def test_vectors_come_back_as_points():
    points = project(walking())
    vectors = encode(points)
    assert vectors.shape == (60, body25.DIM)
    np.testing.assert_allclose(decode(vectors), points, atol=1e-6)
    hips = vectors.reshape(60, 25, 2)[:, POINT["MidHip"]]
    np.testing.assert_array_equal(hips, points[:, POINT["MidHip"]])
    assert np.ptp(np.delete(vectors.reshape(60, 25, 2), POINT["MidHip"], 1)[:, 0, 0]) < 0.01


def test_windows_are_filmed_as_their_dances_are():
    vectors = vectors_of(walking())
    windows = np.stack([vectors[:61], vectors[30:91]])
    filmed = project_windows(windows)
    assert filmed.shape == (2, 31, body25.DIM)
    for window, own in zip(windows, filmed, strict=True):
        np.testing.assert_allclose(decode(own), project(joints_of(window)), atol=2e-3)


def test_metres_are_those_of_the_stage():
    metres = in_metres(project(standing()))[0]
    body = key_points(REST_POSE)
    np.testing.assert_allclose(metres, body[:, :2], atol=0.03)  # by the depth of feet and face


def write_film(folder, pixels, sure=0.9):
    folder.mkdir()
    for t, frame in enumerate(pixels):
        known = np.where(np.isnan(frame[:, :1]), 0.0, sure)
        body = np.concatenate([np.nan_to_num(frame), known], axis=1).ravel().tolist()
        text = json.dumps({"people": [{"pose_keypoints_2d": body}]})
        (folder / f"film_{t}_keypoints.json").write_text(text)
    return folder


def doubled(points):
    """At 30 fps: frames between are means."""
    between = (points + np.roll(points, -1, axis=0)) / 2
    return np.stack([points, between], axis=1).reshape(-1, 25, 2)[:-1].astype(float)


def test_a_film_of_openpose_comes_back(tmp_path):
    points = project(walking())
    pixels = (doubled(points) + 1) / 2 * [640, 360]
    pixels[40:43, POINT["LWrist"]] = np.nan  # hidden for a moment
    pixels[:, POINT["REar"]] = np.nan  # and for good
    folder = write_film(tmp_path / "film", pixels)
    (piece,) = read_body25(folder, picture=(640, 360))
    assert piece.start_s == 0.0
    assert piece.points.shape == (60, 25, 2)
    seen = [i for i in range(25) if i != POINT["REar"]]
    np.testing.assert_allclose(piece.points[:, seen], points[:, seen], atol=0.04)
    np.testing.assert_allclose(piece.points[:, POINT["REar"]], points[:, POINT["REye"]], atol=0.01)


def test_a_film_is_cut_where_nobody_is_seen_and_read_at_its_own_rate(tmp_path):
    points = np.concatenate([project(walking())] * 2)
    points[60:70] = np.nan
    first, second = read_body25(write_film(tmp_path / "film", points), fps=15.0)
    assert (len(first.points), first.start_s) == (60, 0.0)
    assert second.start_s == pytest.approx(70 / 15)
    np.testing.assert_allclose(second.points[0], points[70], atol=1e-6)


def test_films_that_cannot_be_read_say_why(tmp_path):
    pixels = (doubled(project(walking())) + 1) * [320, 180]
    with pytest.raises(ConfigError, match="width and height"):
        read_body25(write_film(tmp_path / "pixels", pixels))
    with pytest.raises(ArtifactError, match="nobody for 2 s"):
        read_body25(write_film(tmp_path / "short", pixels[:20]), (640, 360))
