"""The public protocol, on motion whose features are known by hand."""

from dataclasses import replace

import numpy as np
import pytest

from live.body.pose import FRAME_RATE
from live.body.skeleton import JOINT, REST_POSE, mirrored
from model.data.capture.smpl import NAMES
from model.evaluation import aist_features
from model.evaluation.aist_protocol import protocol, real_protocol
from model.evaluation.take import Take

KEYS = {"fid_k", "fid_g", "dist_k", "dist_g", "bas_aist", "pfc_aist"}
CLIP_S = 2.0
TEMPO_BPM = 120.0
ELSEWHERE = np.array([3, 0, -2])


def standing(seconds=2.0):
    return np.tile(REST_POSE.astype(np.float64), (round(seconds * FRAME_RATE), 1, 1))


def at_60_fps(joints):
    body = aist_features.smpl_at_60_fps(joints)
    return body - body[0, 0]


def geometric(joints):
    return aist_features.geometric(at_60_fps(joints))


def kinetic(joints):
    """[24, 3]: horizontal, vertical, spent."""
    return aist_features.kinetic(at_60_fps(joints)).reshape(len(NAMES), 3)


def dance(seed, style="street", seconds=4.0):
    """A body whose joints sway smoothly, each in its own way."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * FRAME_RATE)) / FRAME_RATE
    rate, turn, size = rng.uniform([0.3, 0, 0], [2, 6.3, 0.2], (19, 3, 3)).transpose(2, 0, 1)
    joints = REST_POSE + size * np.sin(2 * np.pi * rate * time_s[:, None, None] + turn)
    beats = TEMPO_BPM / 60 * time_s
    return Take(f"{style} {seed}", style, TEMPO_BPM, joints.astype(np.float32), beats, str(seed))


def dances(seeds, **of):
    return [dance(seed, **of) for seed in seeds]


# ---- the body --------------------------------------------------------------------------------


def test_the_body_has_smpls_joints_where_smpl_has_them():
    body = dict(zip(NAMES, aist_features.smpl_at_60_fps(standing())[0], strict=True))
    assert body["L_Foot"] == pytest.approx(REST_POSE[JOINT["l_toe"]])
    heights = [body[n][1] for n in ("Pelvis", "Spine1", "Spine2", "Spine3", "Neck", "Head")]
    assert np.subtract(heights, heights[0]) == pytest.approx(
        [0, 0.12, 0.25, 0.31, 0.53, 0.62], abs=0.021
    )
    assert np.linalg.norm(body["R_Hand"] - body["R_Wrist"]) == pytest.approx(0.08, abs=0.001)
    assert body["L_Collar"][0] == pytest.approx(-body["R_Collar"][0])


def test_sixty_frames_a_second_are_the_curve_between_thirty():
    swing = np.sin(2 * np.pi * 2 * np.arange(60) / 30)  # 2 Hz
    body = aist_features.smpl_at_60_fps(standing() + swing[:, None, None])
    between = body[:, 0, 0] - REST_POSE[0, 0]
    assert len(body) == 119
    assert np.abs(between - np.sin(2 * np.pi * 2 * np.arange(119) / 60))[10:-10].max() < 1e-3


# ---- kinetic ---------------------------------------------------------------------------------


def test_a_steady_walk_has_the_square_of_its_speed():
    way = np.arange(60)[:, None, None] / FRAME_RATE * np.array([0.6, 0.5, 0.8])
    found = kinetic(standing() + way)
    assert found[:, 0] == pytest.approx(1.0)
    assert found[:, 1] == pytest.approx(0.25)


def test_one_hand_that_moves_is_one_hand_s_energy():
    joints = standing()
    joints[:, JOINT["l_wrist"], 0] += 0.5 * np.arange(60) / FRAME_RATE
    energy = dict(zip(NAMES, kinetic(joints)[:, 0], strict=True))
    moved = {name: e for name, e in energy.items() if e > 1e-12}
    assert moved == pytest.approx({"L_Wrist": 0.25, "L_Hand": (1.32 * 0.5) ** 2})


def test_energy_spent_is_the_published_one():
    """Standing still spends (1 - dt) / dt^2 times the distance from the first pelvis."""
    joints = standing()
    joints[1:] = joints[:1]
    spent = kinetic(joints)[:, 2]
    distance = np.linalg.norm(at_60_fps(joints)[0], axis=-1)
    assert spent == pytest.approx(distance * (1 - 1 / 60) * 3600)


def test_kinetic_features_do_not_depend_on_where_the_dancer_stands_or_faces():
    joints = dance(1).joints
    turned = joints[..., [2, 1, 0]] * np.array([1, 1, -1])  # a quarter turn
    assert kinetic(turned + ELSEWHERE) == pytest.approx(kinetic(joints), rel=1e-4)


# ---- geometric -------------------------------------------------------------------------------


def test_a_body_at_rest_does_little():
    found = geometric(standing())
    assert len(found) == 32
    assert {n for n, s in found.items() if s} <= {"feet wide", "L foot before the other leg"}


@pytest.mark.parametrize("side", ["L", "R"])
def test_a_raised_hand_is_raised(side):
    joints = standing()
    joints[30:, JOINT[f"{side.lower()}_wrist"], 1] = joints[0, JOINT["neck"], 1] + 0.3
    found = geometric(joints)
    other = "R" if side == "L" else "L"
    assert found[f"{side} hand raised"] == pytest.approx(0.5, abs=0.02)
    assert found[f"{other} hand raised"] == 0.0


def test_a_bent_knee_and_a_raised_foot():
    joints = standing()
    knee = joints[0, JOINT["r_knee"]]
    joints[:, JOINT["r_ankle"]] = knee - (0, 0, 0.42)  # the shank level, behind
    joints[:, JOINT["r_toe"]] = knee - (0, 0.15, 0.42)
    found = geometric(joints)
    assert found["R knee bent"] == 1.0
    assert found["R foot raised"] == 1.0
    assert found["L knee bent"] == found["L foot raised"] == 0.0


def test_hands_apart_and_feet_apart():
    joints = standing()
    for side, sign in (("l", 1), ("r", -1)):
        joints[:, JOINT[f"{side}_wrist"], 0] = sign * 0.6
        joints[:, JOINT[f"{side}_ankle"], 0] = sign * 0.3
    found = geometric(joints)
    assert found["hands wide"] == found["feet wide"] == 1.0
    joints[:, [JOINT["l_wrist"], JOINT["r_wrist"]], 0] *= 0.7  # 0.84 m: under 0.98
    assert geometric(joints)["hands wide"] == 0.0


@pytest.mark.parametrize(("speed_m_s", "share"), [(0.25, 0.0), (0.35, 1.0)])
def test_a_pelvis_is_fast_from_half_of_the_published_threshold(speed_m_s, share):
    """2.3 humeri a second of frames that are taken for half as long as they are: 0.295 m/s."""
    way = np.arange(60)[:, None, None] / FRAME_RATE * np.array([speed_m_s, 0, 0])
    assert geometric(standing() + way)["pelvis fast"] == share


def test_hands_that_part_and_hands_that_meet():
    joints = standing()
    apart = 0.3 + 0.5 * np.arange(60) / FRAME_RATE
    joints[:, JOINT["l_wrist"], 0], joints[:, JOINT["r_wrist"], 0] = apart, -apart
    names = ["hands part", "L other hand leaves pelviswards", "R other hand leaves pelviswards"]
    for way, share in ((joints, 1.0), (joints[::-1], 0.0)):
        found = geometric(way)
        assert [found[name] for name in names] == [share] * 3


def test_lying_down_is_a_level_trunk():
    joints = standing()[..., [0, 2, 1]]
    assert geometric(joints)["trunk level"] == 1.0
    assert geometric(standing())["trunk level"] == 0.0


def test_a_mirrored_dancer_bends_the_other_elbow():
    joints = dance(3).joints
    one, other = geometric(joints), geometric(mirrored(joints))
    for name in ("elbow bent", "hand raised", "foot raised", "arm off the trunk", "foot fast"):
        assert one[f"L {name}"] == pytest.approx(other[f"R {name}"], abs=0.01)


def test_geometric_features_do_not_depend_on_where_the_dancer_stands_or_faces():
    joints = dance(2).joints.astype(np.float64)
    turned = joints[..., [2, 1, 0]] * np.array([1, 1, -1])
    first, second = geometric(joints), geometric(turned + ELSEWHERE)
    assert list(first.values()) == pytest.approx(list(second.values()), abs=0.005)


# ---- the protocol ----------------------------------------------------------------------------


def test_the_real_dances_themselves_are_at_no_distance():
    real = dances(range(6))
    row = protocol(real, real, CLIP_S)
    assert set(row) >= KEYS
    assert row["fid_k"] == pytest.approx(0.0, abs=1e-4)
    assert row["fid_g"] == pytest.approx(0.0, abs=1e-4)
    own = real_protocol(real, CLIP_S)
    assert set(own) == set(row)
    assert own["fid_k"] > 0 < own["fid_g"]
    for key in ("dist_k", "dist_g", "bas_aist", "bas_music", "pfc_aist"):
        assert own[key] == pytest.approx(row[key])


def test_dances_of_another_kind_are_further_away():
    real = dances(range(8))
    like = protocol(dances(range(10, 18)), real, CLIP_S)
    larger = [replace(t, joints=REST_POSE + 3 * (t.joints - REST_POSE)) for t in real]
    unlike = protocol(larger, real, CLIP_S)
    for space in "kg":
        assert unlike[f"fid_{space}"] > like[f"fid_{space}"]
        assert unlike[f"fid_{space}_ratio"] > like[f"fid_{space}_ratio"]
    assert unlike["dist_k"] > like["dist_k"]


def test_only_styles_that_both_have_count():
    real = dances(range(4)) + dances(range(4, 8), style="ballet", seconds=1.0)  # too short
    made = dances(range(10, 14))
    waltz = dances(range(20, 24), style="waltz")
    assert protocol(made + waltz, real, CLIP_S) == protocol(made, real[:4], CLIP_S)


def test_nothing_to_compare_is_said():
    real = dances(range(4))
    with pytest.raises(ValueError, match="clips of 60 s"):
        protocol(real, real, 60.0)
    with pytest.raises(ValueError, match="styles both have"):
        protocol(dances(range(4), style="waltz"), real, CLIP_S)


def test_a_sway_that_stops_on_the_beat_is_aligned():
    beats = TEMPO_BPM / 60 * np.arange(8 * FRAME_RATE) / FRAME_RATE
    sway = 0.1 * np.cos(np.pi * beats)[:, None, None] * np.array([1.0, 0, 0])
    on = Take("on", "street", TEMPO_BPM, (REST_POSE + sway).astype(np.float32), beats)
    off = replace(on, beats=beats + 0.5)
    real = dances(range(4))
    scores = [protocol([take, dance(9, seconds=0.5)], real, 4.0) for take in (on, off)]
    for key in ("bas_aist", "bas_music"):
        assert scores[0][key] > 0.9
        assert scores[1][key] < 0.1
