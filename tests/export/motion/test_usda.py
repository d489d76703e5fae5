"""USD: the text holds what UsdSkel wants; pxr, where it is, plays the take's joints back."""

import re

import numpy as np
import pytest

from export.motion import usda
from live.body.humanoid import BONES
from live.body.skeleton import JOINT
from tests.helpers.takes import dance, motion


def test_every_frame_and_joint_is_there(tmp_path):
    usda.write(motion(dance(12, 2), fps=30), "mixamo", tmp_path / "a.usda")
    text = (tmp_path / "a.usda").read_text()
    assert text.startswith("#usda 1.0\n")
    assert text.count("def SkelRoot") == 2
    assert text.count("{") == text.count("}")
    assert "timeCodesPerSecond = 30" in text
    joints = re.findall(r'"([^"]+)"', text.split("uniform token[] joints = ")[1].splitlines()[0])
    assert len(joints) == len(BONES) + 3  # two hip joints, and Mixamo's one more of the spine
    assert all(re.fullmatch(r"[\w/]+", joint) for joint in joints)
    first = text.split("quatf[] rotations.timeSamples = {\n")[1].splitlines()
    assert len(re.findall(r"\([^)]+\)", first[0])) == len(joints)
    assert first[5].strip().startswith("5: ")
    assert first[6].strip() == "}"


def test_played_back_by_pxr(tmp_path):
    pytest.importorskip("pxr", reason="needs usd-core, which is of no other use here")
    from pxr import Usd, UsdSkel

    joints = dance(12)
    usda.write(motion(joints), "unity", tmp_path / "a.usda")
    stage = Usd.Stage.Open(str(tmp_path / "a.usda"))
    cache = UsdSkel.Cache()
    cache.Populate(UsdSkel.Root(stage.GetPrimAtPath("/dance/dancer_1")), Usd.PrimDefaultPredicate)
    skeleton = UsdSkel.Skeleton(stage.GetPrimAtPath("/dance/dancer_1/skeleton"))
    query = cache.GetSkelQuery(skeleton)
    ours = {bone.name: bone.joint for bone in BONES if "Shoulder" not in bone.name}
    for frame in (0, 11):
        transforms = query.ComputeJointSkelTransforms(frame)
        for name, transform in zip(query.GetJointOrder(), transforms, strict=True):
            joint = ours.get(name.rpartition("/")[2])
            if joint:
                place = np.array(transform.ExtractTranslation())
                np.testing.assert_allclose(place, joints[frame, 0, JOINT[joint]], atol=1e-4)
