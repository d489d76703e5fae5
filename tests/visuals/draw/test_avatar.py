"""Avatars: figures of any program stand where the dancer does; hostile files say one sentence."""

import random

import numpy as np
import pytest

from live.body.humanoid import BONE, BONES
from live.body.skeleton import JOINT
from live.errors import ArtifactError
from tests.helpers import figures
from tests.helpers.takes import dance
from visuals.draw.avatar.avatar import Avatar
from visuals.draw.avatar.shipped import SHIPPED
from visuals.draw.avatar.software import coarse


def read(tmp_path, content):
    (tmp_path / "figure.glb").write_bytes(content)
    return Avatar.read(tmp_path / "figure.glb")


def bones_at(avatar, joints):
    """Where every bone begins in a pose, [N, 21, 3]."""
    moves = avatar.pose(joints)
    return np.einsum("nbij,bj->nbi", moves[..., :3], avatar.rest) + moves[..., 3]


def assert_stands_as(avatar, joints, atol):
    found = bones_at(avatar, joints)
    for i, bone in enumerate(BONES):
        if avatar.there[i] and "Shoulder" not in bone.name:  # one begins where the chest does
            place = joints[:, JOINT[bone.joint]]
            np.testing.assert_allclose(found[:, i], place, atol=atol, err_msg=bone.name)


def test_the_figure_that_ships_stands_where_the_dancer_does():
    avatar = Avatar.read(SHIPPED)
    assert SHIPPED.stat().st_size < 300_000
    assert len(avatar.skin.triangles) > 2000
    assert_stands_as(avatar, dance(30)[:, 0], atol=0.02)  # its soles are 1.4 cm thick
    np.testing.assert_allclose(avatar.skin.weights.sum(axis=1), 1, atol=1e-6)
    assert 1.6 < np.ptp(avatar.skin.vertices[:, 1]) < 1.8


@pytest.mark.parametrize(
    "content",
    [
        figures.small(),
        figures.small(figures.as_vrm0),
        figures.small(names=figures.mixamo()),
        figures.small(names=figures.blender()),
        figures.small(scale=100.0),
    ],
    ids=["VRM 1", "VRM 0", "Mixamo", "Blender", "centimetres"],
)
def test_figures_of_all_programs(tmp_path, content):
    avatar = read(tmp_path, content)
    assert avatar.skin.vertices[:, 0].max() == pytest.approx(
        avatar.rest[BONE["LeftHand"], 0] + 0.03 * avatar.rest[BONE["Hips"], 1] / 0.95, abs=0.01
    )
    atol = 0.2 if avatar.rest[BONE["Hips"], 1] > 1.1 else 0.07  # its soles are thicker
    assert_stands_as(avatar, dance(20)[:, 0], atol)


def test_a_figure_in_an_a_pose_raises_its_arms(tmp_path):
    """Its arms hang at 45 degrees at rest; a dancer in the T-pose has them level."""

    def lower(gltf):
        for side, sign in (("Left", 1), ("Right", -1)):
            for bone in ("LowerArm", "Hand"):
                node = gltf.objects["nodes"][BONE[side + bone]]
                node["translation"] = [0.2 * sign, -0.2, 0.0]

    avatar = read(tmp_path, figures.small(lower))
    joints = dance(20)[:, 0]
    found = bones_at(avatar, joints)
    for start, end, a, b in (
        ("LeftUpperArm", "LeftLowerArm", "l_shoulder", "l_elbow"),
        ("RightLowerArm", "RightHand", "r_elbow", "r_wrist"),
    ):
        arm = found[:, BONE[end]] - found[:, BONE[start]]
        points = joints[:, JOINT[b]] - joints[:, JOINT[a]]
        cosine = (
            (arm * points).sum(-1) / np.linalg.norm(arm, axis=-1) / np.linalg.norm(points, axis=-1)
        )
        assert cosine.min() > 0.999


def test_a_coarse_skin_is_the_same_body():
    skin = Avatar.read(SHIPPED).skin
    few = coarse(skin, 1500)
    assert 500 < len(few.triangles) <= 1500
    np.testing.assert_allclose(few.vertices.min(axis=0), skin.vertices.min(axis=0), atol=0.03)
    np.testing.assert_allclose(few.vertices.max(axis=0), skin.vertices.max(axis=0), atol=0.03)


# What nobody should send ------------------------------------------------------------------------


def _change(path, value):
    """Set what lies at `path` in the document."""

    def change(gltf):
        inside = gltf.objects
        for key in path[:-1]:
            inside = inside[key]
        inside[path[-1]] = value

    return change


HOSTILE = {
    "empty": b"",
    "text": b"# no figure",
    "cut off": figures.small()[:900],
    "no body": figures.small(_change(("extensions",), {})),
    "a bone twice": figures.small(
        _change(("extensions", "VRMC_vrm", "humanoid", "humanBones", "head"), {"node": 0})
    ),
    "a bone that is not there": figures.small(
        _change(("extensions", "VRMC_vrm", "humanoid", "humanBones", "head"), {"node": 10**9})
    ),
    "a ring": figures.small(_change(("nodes", 4, "children"), [0])),
    "nowhere": figures.small(_change(("nodes", 3, "translation"), [1e300, 0, 0])),
    "no numbers": figures.small(_change(("nodes", 3, "rotation"), ["a", {}, [], None])),
    "another file": figures.small(_change(("accessors", 0, "bufferView"), "../../etc/passwd")),
    "too many": figures.small(_change(("accessors", 0, "count"), 10**12)),
    "beyond its end": figures.small(_change(("accessors", 0, "count"), 10**4)),
    "negative": figures.small(_change(("bufferViews", 0, "byteOffset"), -4)),
    "compressed": figures.small(
        _change(("bufferViews", 0, "extensions"), {"EXT_meshopt_compression": {}})
    ),
    "nothing to draw": figures.small(_change(("meshes", 0, "primitives"), [])),
    "bones beside the skin": figures.small(_change(("skins", 0, "joints"), [0])),
    "points": figures.small(_change(("meshes", 0, "primitives", 0, "mode"), 0)),
    "lists for objects": figures.small(_change(("meshes",), [[], 3])),
    "no size": figures.small(scale=1e-9),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_figure_is_said_in_one_sentence(tmp_path, content):
    with pytest.raises(ArtifactError) as told:
        read(tmp_path, content)
    assert str(told.value).startswith(f"cannot read {tmp_path / 'figure.glb'}: ")
    assert "\n" not in str(told.value)


def test_a_picture_that_claims_gigabytes_is_left_alone(tmp_path):
    """A PNG's header of 60 000 by 60 000 pixels in 33 bytes."""
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + 2 * (60_000).to_bytes(4, "big") + b"\x08\x06\0\0\0"

    def wear(gltf):
        view = gltf._view(header, "")
        gltf.add("images", {"bufferView": view, "mimeType": "image/png"})
        gltf.add("textures", {"source": 0})
        paint = {"baseColorTexture": {"index": 0}, "baseColorFactor": [1, 0, 0, 1]}
        gltf.add("materials", {"pbrMetallicRoughness": paint})
        primitive = gltf.objects["meshes"][0]["primitives"][0]
        primitive["material"] = 0
        uv = np.zeros((3 * len(BONES), 2), np.float32)
        primitive["attributes"]["TEXCOORD_0"] = gltf.array(uv)

    avatar = read(tmp_path, figures.small(wear))
    np.testing.assert_allclose(avatar.skin.colors[0], [1, 0, 0])


def test_bytes_at_random_never_crash(tmp_path):
    whole, rng = bytearray(figures.small()), random.Random(5)
    refused = 0
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(rng.randint(1, 8)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        try:
            avatar = read(tmp_path, bytes(content))
            assert np.isfinite(avatar.pose(dance(1)[:, 0])).all()
        except ArtifactError:
            refused += 1
    assert refused > 50
