"""Profiles and plans of lamps become a patch, and nothing hostile in them does harm."""

import pytest

from live.errors import PerformanceError
from live.outputs.board import Board
from live.outputs.fixture_files import patch_text, read_gdtf, read_mvr
from live.outputs.patch import load_patch
from tests.helpers.fixture_files import PAR, SPOT, gdtf, mvr, zipped

pytest.importorskip("pygdtf")
pytest.importorskip("pymvr")

LAYERS = [
    [("Spot 1", "Spot.gdtf", "Standard", 1, (-2000, -4000, 5000)),
     ("Spot 2", "Spot", "Standard", 11, (2000, -4000, 5000))],
    [('Par "left"', "Par.gdtf", "", 513, (0, 3000, 4000))],
]  # fmt: skip


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_a_profile_says_what_drives_each_channel(tmp_path):
    path = written(tmp_path, "spot.gdtf", gdtf(Standard=SPOT, Small=PAR))
    profile = read_gdtf(path)
    assert (profile.name, profile.mode, profile.ranges) == ("Spot", "Standard", (540.0, 270.0))
    assert [(c.level, c.offsets) for c in profile.channels] == [
        ("pan", (1, 2)), ("tilt", (3, 4)), ("intensity", (5,)), ("", (6,)), ("red", (7,)),
        ("green", (8,)), ("blue", (9,)), ("", (10,)),
    ]  # fmt: skip
    shutter, zoom = profile.channels[3], profile.channels[7]
    assert (shutter.value, zoom.value) == (32, 128)  # open, and where it stands by itself
    assert read_gdtf(path, "Small").mode == "Small"
    with pytest.raises(PerformanceError, match="no mode 'Big'; there are Standard, Small"):
        read_gdtf(path, "Big")


def test_a_plan_becomes_a_patch_that_is_read(tmp_path):
    content = mvr(LAYERS, Spot=gdtf(), Par=gdtf("Par", Only=PAR))
    fixtures = read_mvr(written(tmp_path, "show.mvr", content))
    assert [(one.universe, one.address, one.group) for one in fixtures] == [
        (1, 1, 1), (1, 11, 1), (2, 1, 2),
    ]  # fmt: skip
    assert fixtures[0].position == (-2.0, 5.0, 4.0)  # metres, y up, z to the audience
    path = tmp_path / "patch.toml"
    path.write_text(patch_text(fixtures, "show.mvr"), encoding="utf-8")
    patch = load_patch(path)
    one, two = patch.universes
    assert [fixture.name for fixture in one.fixtures] == ["Spot 1", "Spot 2"]
    assert two.fixtures[0].name == 'Par "left"'
    assert one.fixtures[0].head.position == (-2.0, 5.0, 4.0)
    assert one.fixtures[0].head.pan_range == 540.0
    from tests.live.outputs.test_channels import coloured

    slots = Board(one, 30).step(coloured(0.0, 1.0, 0.5), 0.0)
    assert list(slots[4:10]) == [128, 32, 255, 0, 0, 128]
    assert list(slots[14:20]) == list(slots[4:10])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no zip", "not a zip"),
        (zipped({"other.xml": "x"}), "description.xml"),
        (zipped({"description.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><GDTF/>"}), "entities"),
        (zipped({"description.xml": "<GDTF"}), "unclosed token"),
        (gdtf(Standard=[]), "no channels"),
        (zipped({"description.xml": " " * (33 << 20)}), "claims 33 MB"),
        (gdtf(Standard=[("Dimmer", "600", "0/1", 0, 1, "")]), "a channel at ("),
        (gdtf(Standard=[("Dimmer", "x", "0/1", 0, 1, "")]), "cannot read"),
    ],
)
def test_a_profile_that_cannot_be_read_is_named(tmp_path, content, said):
    path = written(tmp_path, "lamp.gdtf", content)
    with pytest.raises(PerformanceError) as caught:
        read_gdtf(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (mvr(LAYERS), "the plan has no profile 'Spot.gdtf'"),
        (
            mvr([[("a", "../../etc/passwd", "", 1, (0, 0, 0))]]),
            "no profile '../../etc/passwd.gdtf'",
        ),
        (mvr([]), "no fixture in it has an address"),
        (zipped({"GeneralSceneDescription.xml": "<a"}), "cannot read"),
    ],
)
def test_a_plan_that_cannot_be_read_is_named(tmp_path, content, said):
    with pytest.raises(PerformanceError) as caught:
        read_mvr(written(tmp_path, "show.mvr", content))
    assert said in str(caught.value)


def test_a_name_in_a_plan_is_text_and_nothing_else(tmp_path):
    name = 'a"\n]\\[[universe]]'
    content = mvr([[(name, "Par", "", 1, (0, 0, 0))]], Par=gdtf("Par", Only=PAR))
    fixtures = read_mvr(written(tmp_path, "show.mvr", content))
    path = tmp_path / "patch.toml"
    path.write_text(patch_text(fixtures, "a\n[b]"), encoding="utf-8")
    patch = load_patch(path)
    assert len(patch.universes) == 1
    assert patch.universes[0].fixtures[0].name == 'a" ]\\[[universe]]'
