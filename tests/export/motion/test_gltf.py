"""GLB and VRMA, read back by pygltflib, and by three.js under node: joints are the take's."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from export.motion import glb, vrma
from live.body.humanoid import BONES
from live.body.skeleton import JOINT
from tests.helpers.takes import dance, motion

pygltflib = pytest.importorskip("pygltflib", reason="reads GLB; comes with the dev extra")

ROOT = Path(__file__).parents[3]
PLAYER = ROOT / "tests" / "helpers" / "play_gltf.mjs"
THREE = ROOT / "visuals" / "page" / "static" / "vendor"
MIXAMO = {
    "Hips": "pelvis", "Spine1": "spine", "Spine2": "chest", "Neck": "neck", "Head": "head",
    "LeftArm": "l_shoulder", "LeftForeArm": "l_elbow", "LeftHand": "l_wrist",
    "LeftUpLeg": "l_hip", "LeftLeg": "l_knee", "LeftFoot": "l_ankle", "LeftToeBase": "l_toe",
}  # fmt: skip
MIXAMO |= {"Right" + n[4:]: "r" + j[1:] for n, j in MIXAMO.items() if n.startswith("Left")}
MIXAMO = {f"mixamorig:{name}": joint for name, joint in MIXAMO.items()}
VRM = {
    "hips": "pelvis", "leftFoot": "l_ankle", "rightFoot": "r_ankle", "leftToes": "l_toe",
    "rightToes": "r_toe", "leftHand": "l_wrist", "rightHand": "r_wrist", "neck": "neck",
    "head": "head", "leftLowerLeg": "l_knee", "rightLowerArm": "r_elbow", "leftUpperLeg": "l_hip",
    "rightUpperLeg": "r_hip",
}  # fmt: skip


def array(gltf, index):
    accessor = gltf.accessors[index]
    view = gltf.bufferViews[accessor.bufferView]
    dtype = {5126: "<f4", 5121: "u1", 5123: "<u2"}[accessor.componentType]
    content = gltf.binary_blob()[view.byteOffset : view.byteOffset + view.byteLength]
    return np.frombuffer(content, dtype).reshape(accessor.count, -1)


def joints_of(path, names):
    """[T, 19, 3] metres by forward kinematics over what pygltflib reads; the first of each name."""
    gltf = pygltflib.GLTF2().load(str(path))
    tracks = {}
    for channel in gltf.animations[0].channels:
        sampler = gltf.animations[0].samplers[channel.sampler]
        tracks[channel.target.node, channel.target.path] = array(gltf, sampler.output)
    frames = len(next(iter(tracks.values())))
    joints = np.full((frames, len(JOINT), 3), np.nan)

    def walk(node, turned, at):
        own = gltf.nodes[node]
        place = tracks.get((node, "translation"), np.array([own.translation or [0, 0, 0]]))
        at = at + turned.apply(np.broadcast_to(place, (frames, 3)).copy())
        if (node, "rotation") in tracks:
            turned = turned * Rotation.from_quat(tracks[node, "rotation"])
        if own.name in names and np.isnan(joints[0, JOINT[names[own.name]], 0]):
            joints[:, JOINT[names[own.name]]] = at
        for child in own.children:
            walk(child, turned, at)

    for node in gltf.scenes[0].nodes:
        walk(node, Rotation.identity(frames), np.zeros((frames, 3)))
    return joints


def played_by_three(path, frames, fps=60):
    node = shutil.which("node")
    if node is None or not (THREE / "GLTFLoader.js").exists():
        pytest.skip("needs node, which runs three.js")
    argv = [node, PLAYER, THREE, path, fps, *frames]
    run = subprocess.run(list(map(str, argv)), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_glb_by_pygltflib(tmp_path):
    joints = dance(60)
    glb.write(motion(joints), "mixamo", tmp_path / "a.glb")
    np.testing.assert_allclose(joints_of(tmp_path / "a.glb", MIXAMO), joints[:, 0], atol=2e-5)


def test_glb_by_three(tmp_path):
    joints, frames = dance(60, 2), [0, 17, 59]
    glb.write(motion(joints), "mixamo", tmp_path / "a.glb")
    places = played_by_three(tmp_path / "a.glb", frames)["places"]
    for name, joint in MIXAMO.items():  # both dancers' bones have this name: one after the other
        both = np.array(places[name]).reshape(len(frames), 2, 3)
        np.testing.assert_allclose(both, joints[frames][:, :, JOINT[joint]], atol=1e-4)


def test_vrma_by_three(tmp_path):
    joints, frames = dance(60), [0, 29, 59]
    vrma.write(motion(joints), "vrm", tmp_path / "a.vrma")
    found = played_by_three(tmp_path / "a.vrma", frames)
    for bone, joint in VRM.items():
        place = np.array(found["places"][bone])
        np.testing.assert_allclose(place, joints[frames, 0, JOINT[joint]], atol=1e-4)
    # What pixiv's three-vrm-animation takes from it: the hips' height at rest, and the tracks.
    assert found["rest"][1] == pytest.approx(0.91, abs=0.01)
    assert found["humanoid"]["hips moves"] == found["humanoid"]["leftUpperArm"] == 60


def test_vrma_is_what_the_specification_asks_for(tmp_path):
    vrma.write(motion(dance(10)), "vrm", tmp_path / "a.vrma")
    gltf = pygltflib.GLTF2().load_binary(str(tmp_path / "a.vrma"))
    extension = gltf.extensions["VRMC_vrm_animation"]
    assert extension["specVersion"] == "1.0"
    assert gltf.extensionsUsed == ["VRMC_vrm_animation"]
    bones = {name: bone["node"] for name, bone in extension["humanoid"]["humanBones"].items()}
    assert set(bones) == {bone.name[0].lower() + bone.name[1:] for bone in BONES}
    moving = {c.target.node for c in gltf.animations[0].channels if c.target.path == "translation"}
    assert moving & set(bones.values()) == {bones["hips"]}
    assert {c.target.path for c in gltf.animations[0].channels} == {"translation", "rotation"}
    # VRM's T-pose: no bone turned at rest, arms level along x, facing +z, left at +x.
    assert all(gltf.nodes[node].rotation is None for node in bones.values())
    for name in ("leftLowerArm", "leftHand"):
        x, y, z = gltf.nodes[bones[name]].translation
        assert x > 0.2
        assert (y, z) == (0, 0)


def test_a_figure_dances_in_a_glb(tmp_path):
    """Its skin is carried by the bones: the mesh's lowest point stays at the floor."""
    joints = dance(3)
    glb.write(motion(joints), "unity", tmp_path / "a.glb")
    gltf = pygltflib.GLTF2().load(str(tmp_path / "a.glb"))
    skin = gltf.skins[0]
    assert len(skin.joints) == len(BONES) + 2  # and the two hip joints
    attributes = gltf.meshes[0].primitives[0].attributes
    weights, bones = array(gltf, attributes.WEIGHTS_0), array(gltf, attributes.JOINTS_0)
    assert (weights.astype(int).sum(axis=1) == 255).all()
    hand = gltf.nodes[skin.joints[bones[array(gltf, attributes.POSITION)[:, 0].argmax(), 0]]].name
    assert hand == "LeftHand"
