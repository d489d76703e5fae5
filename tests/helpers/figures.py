"""Figures as files: small ones of our own making, in the ways that other programs write them."""

import numpy as np

from export.motion.gltf import Gltf
from live.body.humanoid import BONES

TRIANGLE = np.array([[0, -0.05, 0], [0.03, 0.05, 0], [0, 0.05, 0.03]])


def places():
    """Where the bones of a figure begin in the T-pose, [21, 3], hips at 0.9."""
    found = np.zeros((len(BONES), 3))
    for i, bone in enumerate(BONES):
        found[i] = bone.offset if i else (0, 0.9, 0)
        found[i] += found[bone.parent] * (bone.parent >= 0)
    return found


def small(change=lambda gltf: None, names=None, scale=1.0) -> bytes:
    """A triangle a bone. change: is given the document before it is closed; names: of the nodes;
    without them VRM 1.0's table is there."""
    gltf, at = Gltf(), scale * places()
    offsets = [at[i] - (at[bone.parent] if i else 0) for i, bone in enumerate(BONES)]
    rows = [gltf.add("nodes", {"name": "n", "translation": o.tolist()}) for o in offsets]
    for i in rows:
        below = [k for k, bone in enumerate(BONES) if bone.parent == i]
        if below:
            gltf.objects["nodes"][i]["children"] = below
        if names:
            gltf.objects["nodes"][i]["name"] = names[BONES[i].name]
    vertices = (at[:, None] + scale * TRIANGLE).reshape(-1, 3).astype(np.float32)
    count = len(vertices)
    binds = np.tile(np.eye(4, dtype=np.float32), (len(BONES), 1, 1))
    binds[:, :3, 3] = -at
    attributes = {
        "POSITION": gltf.array(vertices, "vertices", bounds=True),
        "JOINTS_0": gltf.array(np.repeat(np.eye(4, dtype=np.uint8)[:1] * 0, count, 0)),
        "WEIGHTS_0": gltf.array(np.tile(np.float32([1, 0, 0, 0]), (count, 1))),
    }
    joints = np.zeros((count, 4), np.uint8)
    joints[:, 0] = np.repeat(np.arange(len(BONES)), 3)
    attributes["JOINTS_0"] = gltf.array(joints)
    indices = gltf.array(np.arange(count, dtype=np.uint16), "indices")
    gltf.add("meshes", {"primitives": [{"attributes": attributes, "indices": indices}]})
    gltf.add("skins", {"joints": rows, "inverseBindMatrices": gltf.array(binds)})
    gltf.add("nodes", {"mesh": 0, "skin": 0})
    gltf.add("scenes", {"nodes": [0, len(rows)]})
    if not names:
        table = {b.name[0].lower() + b.name[1:]: {"node": i} for i, b in enumerate(BONES)}
        gltf.objects["extensions"] = {"VRMC_vrm": {"humanoid": {"humanBones": table}}}
    change(gltf)
    return gltf.to_bytes()


def as_vrm0(gltf) -> None:
    """VRM 0's list, without the bones that it does not ask for, looking the other way."""
    table = gltf.objects["extensions"].pop("VRMC_vrm")["humanoid"]["humanBones"]
    for name in ("leftToes", "rightToes"):
        del table[name]
    bones = [{"bone": name, "node": bone["node"]} for name, bone in table.items()]
    gltf.objects["extensions"]["VRM"] = {"humanoid": {"humanBones": bones}}
    gltf.add("nodes", {"name": "root", "rotation": [0, 1, 0, 0], "children": [0]})


def mixamo() -> dict[str, str]:
    """Mixamo's names by ours."""
    found = {"Hips": "Hips", "Spine": "Spine1", "Chest": "Spine2", "Neck": "Neck", "Head": "Head"}
    parts = {"Shoulder": "Shoulder", "UpperArm": "Arm", "LowerArm": "ForeArm", "Hand": "Hand",
             "UpperLeg": "UpLeg", "LowerLeg": "Leg", "Foot": "Foot", "Toes": "ToeBase"}  # fmt: skip
    found |= {s + ours: s + theirs for s in ("Left", "Right") for ours, theirs in parts.items()}
    return {ours: f"mixamorig:{theirs}" for ours, theirs in found.items()}


def blender() -> dict[str, str]:
    """Names as riggers give them in Blender: upper_arm.L."""
    found = {"Hips": "hips", "Spine": "spine", "Chest": "chest", "Neck": "neck", "Head": "head"}
    parts = {"Shoulder": "shoulder", "UpperArm": "upper_arm", "LowerArm": "forearm",
             "Hand": "hand", "UpperLeg": "thigh", "LowerLeg": "shin", "Foot": "foot",
             "Toes": "toe"}  # fmt: skip
    return found | {
        s + ours: f"{theirs}.{s[0]}" for s in ("Left", "Right") for ours, theirs in parts.items()
    }
