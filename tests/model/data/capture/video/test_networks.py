"""Both networks on a picture of somebody whose joints are known."""

import numpy as np
import pytest

pytest.importorskip("PIL")
pytest.importorskip("onnxruntime")

from model.data.capture.video.networks import PoseNetworks, Square, crop
from tests.model.data.capture.video.films import PERSON_AT, person

LANDMARK = {
    "l_shoulder": 11, "r_shoulder": 12, "l_wrist": 15, "r_wrist": 16, "l_knee": 25, "r_knee": 26,
    "l_ankle": 27, "r_ankle": 28,
}  # fmt: skip


@pytest.fixture(scope="module")
def networks() -> PoseNetworks:
    return PoseNetworks()


def test_joints_are_found_where_they_are(networks: PoseNetworks):
    rgb = person()
    (found,) = networks.detect(rgb)
    seen = networks.landmarks(rgb, found.square)
    assert seen.presence > 0.9
    for name, at in PERSON_AT.items():  # 12 pixels are 5 cm; 9 were measured
        assert np.linalg.norm(seen.picture[LANDMARK[name]] - at) < 12, name
    assert seen.world[11, 0] > 0.1 > -0.1 > seen.world[12, 0]  # the own left is at the right
    assert seen.world[27, 1] - seen.world[11, 1] == pytest.approx(1.3, abs=0.25)


def test_a_turned_square_turns_its_landmarks_back(networks: PoseNetworks):
    rgb = person()
    upright = networks.landmarks(rgb, networks.detect(rgb)[0].square)
    turned = networks.landmarks(
        np.rot90(rgb).copy(), networks.detect(np.rot90(rgb).copy())[0].square
    )
    back = np.stack([rgb.shape[1] - turned.picture[:, 1], turned.picture[:, 0]], axis=1)
    for i in LANDMARK.values():
        assert np.linalg.norm(back[i] - upright.picture[i]) < 20


def test_nobody_is_found_in_noise(networks: PoseNetworks):
    rgb = np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)
    assert networks.detect(rgb) == []


def test_a_square_is_cut_out_and_black_beyond_the_picture():
    rgb = np.full((40, 40, 3), 255, np.uint8)
    rgb[:, 20:] = 0
    cut = crop(rgb, Square(np.array([0.0, 20.0]), 40.0, 0.0), 16)
    assert cut.shape == (16, 16, 3)
    assert cut[8, 4].max() == 0
    assert cut[8, 12].min() == pytest.approx(1.0)
    turned = crop(rgb, Square(np.array([20.0, 20.0]), 40.0, np.pi / 2), 16)
    assert turned[12, 8].max() < 0.1 < 0.9 < turned[4, 8].min() or turned[4, 8].max() < 0.1


def test_a_close_look_finds_who_is_small_in_a_wide_picture(networks: PoseNetworks):
    small = person()[::2, ::2]
    wide = np.full((300, 1200, 3), 128, np.uint8)
    for x in (60, 900):
        wide[40:265, x : x + 200] = small
    found = networks.detect(wide, closely=True)
    assert sorted(round(p.hips[0]) for p in found) == pytest.approx([160, 1000], abs=15)
