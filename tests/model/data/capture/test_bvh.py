"""BVH of the programs of others: names, axes, units and rates found by what bodies look like."""

import re

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from live.body.skeleton import JOINT
from model.data.clips import check_joints
from tests.helpers.motion_files import SCHEMES, apart_mm, bvh_text, moving_body

Z_UP = Rotation.from_euler("x", 90, degrees=True).as_matrix()
MIRRORED = np.diag([-1.0, 1.0, 1.0])


@pytest.fixture
def bvh(tmp_path):
    def write(text, name="dance.bvh"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("scheme", "how"),
    [
        ("CMU", {"unit_m": 0.0254 / 0.45}),
        ("Mixamo", {"order": "XYZ"}),
        ("Rokoko", {"unit_m": 1.0, "order": "YXZ"}),
        ("3ds Max Biped", {"unit_m": 0.0254, "axes": Z_UP, "order": "ZYX"}),
        ("VRM", {"unit_m": 0.001}),
        ("Motive or Xsens", {"axes": Z_UP.T, "unit_m": 0.3048}),
    ],
)
def test_every_naming_unit_and_axis_gives_the_same_motion(captured, bvh, scheme, how):
    body = moving_body(seed=len(scheme), heading=70.0)
    code, clips, entries, said = captured(bvh(bvh_text(body, scheme, **how)), "--style", "waltz")
    assert code == 0
    assert apart_mm(clips["dance"], body.joints) < 0.5  # measured: .01
    assert entries["dance"]["style"] == "waltz"
    assert f"{scheme}'s names" in said
    check_joints("dance", clips["dance"])
    left = clips["dance"][:, JOINT["l_hip"]] - clips["dance"][:, JOINT["r_hip"]]
    assert left[:, 0].mean() > 0.05  # mostly to the front
    assert abs(clips["dance"][..., 1].min()) < 0.1


def test_rates_are_brought_to_thirty(captured, bvh):
    for fps in (24.0, 60.0, 120.0):
        body = moving_body(frames=round(4 * fps), fps=fps)
        truth = moving_body(frames=120)
        path = bvh(bvh_text(body), f"at{fps:g}.bvh")
        _, clips, _, said = captured(path)
        clip = clips[path.stem]
        assert f"{fps:g} frames a second" in said
        assert abs(len(clip) - 120) <= 1
        assert (
            apart_mm(clip[:115], truth.joints[:115]) < 12
        )  # measured: 9 from 24, where knees kink


def test_space_that_is_mirrored_is_mirrored_back(captured, bvh):
    body = moving_body()
    _, clips, _, said = captured(bvh(bvh_text(body, axes=MIRRORED)))
    assert "left and right exchanged" in said
    assert apart_mm(clips["dance"], body.joints) < 0.5


def test_what_is_told_counts(captured, bvh):
    path = bvh(bvh_text(moving_body(), "CMU"))
    told = ("--fps", "15", "--unit", "0.012", "--turn", "0", "--map", "l_toe=LeftToeBase",
            "--map", "head=Neck+Head", "--bpm", "100", "--metre", "3", "--floor", "0",
            "--tier", "share", "--credit", "me")  # fmt: skip
    code, clips, entries, said = captured(path, *told)
    assert code == 0
    assert len(clips["dance"]) == 359
    legs = np.linalg.norm(np.diff(clips["dance"][:, [JOINT["l_hip"], JOINT["l_knee"]]], axis=1))
    assert legs == pytest.approx(np.sqrt(359) * 0.42 * 1.2, rel=0.01)
    assert "as told" in said
    entry = entries["dance"]
    assert (entry["metre"], entry["tier"], entry["credit"]) == (3, "share", "me")
    assert entry["tempo_bpm"] == pytest.approx(100, rel=0.025)


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--map", "l_toe=LeftToe"], "the file has no 'LeftToe', but Hips"),
        (["--map", "tail=Hips"], "'tail' is none of the joints pelvis"),
        (["--map", "tail"], "expected JOINT=NAME"),
        (["--fps", "0"], "--fps is 0"),
        (["--unit", "mile"], "--unit is 'mile'"),
        (["--style", "Auto"], "--style is 'Auto'"),
    ],
)
def test_what_cannot_be_meant_is_told(captured, bvh, argv, told):
    code, clips, _, said = captured(bvh(bvh_text(moving_body(frames=70))), *argv)
    assert code == 2
    assert told in said
    assert not clips


def test_a_bad_frame_costs_itself_alone_and_a_long_hole_cuts_the_clip(captured, bvh):
    body = moving_body(frames=300)
    lines = bvh_text(body).splitlines()
    first = lines.index("MOTION") + 3
    lines[first + 20] = "nan " + lines[first + 20].partition(" ")[2]
    lines[first + 30] = lines[first + 30][:25]
    for frame in range(150, 170):
        lines[first + frame] = "-1.#IND"
    code, clips, _, said = captured(bvh("\n".join(lines)))
    assert code == 0
    assert list(clips) == ["dance", "dance-2"]
    assert len(clips["dance"]) == 150
    assert len(clips["dance-2"]) == 130
    assert np.isfinite(clips["dance"]).all()
    assert apart_mm(clips["dance"], body.joints[:150]) < 10
    assert "2 frames filled in" in said
    assert "left out" in said


def test_a_file_that_ends_early_gives_what_it_holds(captured, bvh):
    text = bvh_text(moving_body(frames=200))
    code, clips, _, said = captured(bvh(text[: int(len(text) * 0.6)]))
    assert code == 0
    assert 60 < len(clips["dance"]) < 130
    assert "the file ends after" in said


def test_two_bodies_in_a_file_are_two_clips(captured, bvh):
    one, two = (bvh_text(moving_body(seed=seed)) for seed in (1, 2))
    tree, rows = (two.split("MOTION")[0].split("HIERARCHY\n")[1], two.splitlines()[-180:])
    head, _, rest = one.partition("MOTION")
    lines = ("MOTION" + rest).splitlines()
    joined = [*lines[:3], *(f"{a} {b}" for a, b in zip(lines[3:], rows, strict=True))]
    text = head + tree.replace("ROOT Hips", "ROOT Other") + "\n".join(joined)
    code, clips, _, _ = captured(bvh(text), "--map", "pelvis=Hips")
    assert list(clips) == ["dance_Hips"]  # the other one has no Hips
    assert code == 2
    _, clips, _, _ = captured(bvh(text))
    assert sorted(clips) == ["dance_Hips", "dance_Other"]
    assert apart_mm(clips["dance_Other"], moving_body(seed=2).joints) < 0.5


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda text: "", "does not begin with HIERARCHY"),
        (lambda text: "\x00\xff" * 100, "does not begin with HIERARCHY"),
        (lambda text: text.split("MOTION")[0], "no MOTION"),
        (lambda text: "HIERARCHY\nMOTION\n", "no whole tree"),
        (lambda text: text.replace("OFFSET", "OFFSET nan", 1), "OFFSET .* expected 3 numbers"),
        (lambda text: text.replace("Zrotation", "Wrotation"), "a channel 'Wrotation'"),
        (lambda text: text.replace("Frames: ", "Frames: x"), "expected a number"),
        (lambda text: text.split("Frame Time")[0], "no frame"),
        (
            lambda text: text.replace("LeftArm", "a").replace("LeftShoulder", "b"),
            "no joint for l_shoulder",
        ),
        (lambda text: "HIERARCHY\n" + "JOINT a\n{\nOFFSET 0 0 0\n" * 2000, "more than 1000 joints"),
        (lambda text: "\n".join(text.splitlines()[:-170]), "nothing of it is whole"),
    ],
)
def test_what_is_no_bvh_file_is_refused_in_a_sentence(captured, bvh, spoil, told):
    good = bvh(bvh_text(moving_body()), "good.bvh")
    bad = bvh(spoil(bvh_text(moving_body())), "bad.bvh")
    code, clips, _, said = captured(bad, good)
    assert code == 2
    assert list(clips) == ["good"]  # which was not lost
    (line,) = (line for line in said.splitlines() if "refused" in line)
    assert re.search(told, line), line


def test_a_file_that_comes_again_takes_its_old_place_and_another_of_its_name_a_new_one(
    captured, bvh, tmp_path
):
    path = bvh(bvh_text(moving_body()))
    captured(path)
    _, _, entries, _ = captured(path, "--style", "other")
    assert {name: entry["style"] for name, entry in entries.items()} == {"dance": "other"}
    path.write_text(bvh_text(moving_body(seed=1)))
    _, clips, entries, _ = captured(path)
    assert list(clips) == ["dance", "dance-2"]
    assert not np.array_equal(clips["dance"], clips["dance-2"])


def test_all_schemes_are_tried():
    assert len(SCHEMES) == 6
