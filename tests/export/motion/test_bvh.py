"""BVH, read back by bvhio, which nobody here has written: its joints are the take's."""

import warnings

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from export.motion import bvh
from live.body.skeleton import JOINT
from tests.helpers.takes import dance, motion

with warnings.catch_warnings():
    warnings.simplefilter("ignore", PendingDeprecationWarning)  # of PyGLM's own name
    bvhio = pytest.importorskip("bvhio", reason="reads BVH; comes with the dev extra")

NAMES = {
    "Hips": "pelvis", "Spine": "spine", "Spine1": "chest", "Neck": "neck", "Head": "head",
    "LeftArm": "l_shoulder", "LeftForeArm": "l_elbow", "LeftHand": "l_wrist", "LeftUpLeg": "l_hip",
    "LeftLeg": "l_knee", "LeftFoot": "l_ankle", "LeftToeBase": "l_toe",
}  # fmt: skip
NAMES |= {"Right" + n[4:]: "r" + j[1:] for n, j in NAMES.items() if n.startswith("Left")}


def joints_of(path, names):
    """[T, 19, 3] metres: where bvhio has the joints. Its rest pose comes with it."""
    root = bvhio.readAsHierarchy(str(path))
    frames = len(root.Keyframes)
    joints = np.full((frames, len(JOINT), 3), np.nan)
    for k in range(frames):
        root.loadPose(k)
        for joint, _, _ in root.layout():
            if joint.Name in names:
                joints[k, JOINT[names[joint.Name]]] = np.array(joint.PositionWorld) / 100
    return joints


def test_joints_are_the_takes(tmp_path):
    joints = dance(40)
    bvh.write(motion(joints), "cmu", tmp_path / "a.bvh")
    found = joints_of(tmp_path / "a.bvh", NAMES)
    np.testing.assert_allclose(found, joints[:, 0], atol=2e-5)  # 0.02 mm; measured 0.002


def test_names_of_mixamo(tmp_path):
    names = {f"mixamorig:{name}": joint for name, joint in NAMES.items()}
    names |= {"mixamorig:Spine1": "spine", "mixamorig:Spine2": "chest"}
    del names["mixamorig:Spine"]
    joints = dance(5)
    bvh.write(motion(joints), "mixamo", tmp_path / "a.bvh")
    np.testing.assert_allclose(joints_of(tmp_path / "a.bvh", names), joints[:, 0], atol=2e-5)


def test_a_body_of_another_size_keeps_its_own(tmp_path):
    joints = 1.2 * dance(5)
    bvh.write(motion(joints), "cmu", tmp_path / "a.bvh")
    np.testing.assert_allclose(joints_of(tmp_path / "a.bvh", NAMES), joints[:, 0], atol=2e-5)


def test_angles_run_on(tmp_path):
    """Two turns on the spot: the hips are never far from the frame before, and
    no joint jumps by a whole turn, as at 180 degrees."""
    bvh.write(motion(dance(150)), "cmu", tmp_path / "a.bvh")
    text = (tmp_path / "a.bvh").read_text().partition("Frame Time: ")[2]
    angles = np.array([row.split() for row in text.splitlines()[1:]], float)[:, 3:]
    assert np.ptp(angles[:, 2]) > 500
    steps = np.abs(np.diff(angles, axis=0))
    assert steps[:, :3].max() < 30
    assert steps.max() < 190


def test_angles_are_those_of_scipy():
    some = Rotation.random(300, rng=1)
    poles = Rotation.from_euler("ZXY", [[30, 90, 20], [30, -90, 20]], degrees=True)
    for rotation in (some, poles):
        again = Rotation.from_euler("ZXY", bvh.euler_zxy(rotation.as_quat()), degrees=True)
        assert ((again * rotation.inv()).magnitude() < 1e-4).all()
