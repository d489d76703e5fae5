"""The bones of a file: their names for a target, their tree in the T-pose, and how they turn.

Enters: one dancer's joints. Leaves: rotations, and places of what moves, a node a bone; played back
they give the joints again. Runs in the caller's thread.

An avatar's pelvis is rigid, a dancer's is not: each hip moves against it by up to 3 cm. So between
hips and thigh stands a node of its own, the hip joint: in BVH, which has rotations alone, it turns,
as in CMU's skeletons; in glTF and USD it moves, so that the thigh still turns relative to the hips,
which is what is carried over to other avatars.
"""

from dataclasses import dataclass

import numpy as np

from export.motion.motion import bone_scale, held
from live.body.humanoid import (
    BONE,
    BONES,
    global_rotations,
    hip_rotations,
    local_rotations,
    quaternions,
)
from live.body.skeleton import JOINT

SKELETONS = ("mixamo", "unity", "vrm", "cmu")

HIP_JOINTS = ("LHipJoint", "RHipJoint")
_THIGHS = ("LeftUpperLeg", "RightUpperLeg")
# Beyond the last joint of a limb: where a hand, a head, a toe ends. Metres in the T-pose.
TIPS = {
    "Head": (0.0, 0.1, 0.0), "LeftHand": (0.16, 0.0, 0.0), "RightHand": (-0.16, 0.0, 0.0),
    "LeftToes": (0.0, 0.0, 0.06), "RightToes": (0.0, 0.0, 0.06),
}  # fmt: skip

_CMU = {
    "Hips": "Hips", "Spine": "Spine", "Chest": "Spine1", "Neck": "Neck", "Head": "Head",
    **{f"{side}Shoulder": f"{side}Shoulder" for side in ("Left", "Right")},
    **{f"{side}UpperArm": f"{side}Arm" for side in ("Left", "Right")},
    **{f"{side}LowerArm": f"{side}ForeArm" for side in ("Left", "Right")},
    **{f"{side}Hand": f"{side}Hand" for side in ("Left", "Right")},
    **{f"{side}UpperLeg": f"{side}UpLeg" for side in ("Left", "Right")},
    **{f"{side}LowerLeg": f"{side}Leg" for side in ("Left", "Right")},
    **{f"{side}Foot": f"{side}Foot" for side in ("Left", "Right")},
    **{f"{side}Toes": f"{side}ToeBase" for side in ("Left", "Right")},
}  # fmt: skip
_MIXAMO = {
    name: "mixamorig:" + {"Spine": "Spine1", "Spine1": "Spine2"}.get(own, own)
    for name, own in _CMU.items()
}
# Mixamo and CMU have one bone more between hips and spine; it stays straight.
_LOWER_BACK = {"mixamo": "mixamorig:Spine", "cmu": "LowerBack"}


@dataclass(frozen=True)
class Node:
    """name: as in the file. bone: of `live.body.humanoid`, a name of HIP_JOINTS, or "" for one that
    stays straight. parent: index. offset: metres from the parent, in the T-pose."""

    name: str
    bone: str
    parent: int
    offset: tuple[float, float, float]


@dataclass(frozen=True)
class Played:
    """One dancer's motion in a rig. rotations: float64 [T, K, 4], xyzw, relative to the parent;
    neighbours in time have the same sign. places: [T, 3] by node: what moves, relative to
    the parent."""

    nodes: tuple[Node, ...]
    rotations: np.ndarray
    places: dict[int, np.ndarray]


def played(joints: np.ndarray, skeleton: str, hips_move: bool) -> Played:
    """The rig and its motion for one dancer's joints [T, 19, 3]; NaN is stood through.

    hips_move: the hip joints move, else they turn.
    """
    joints = held(joints).astype(np.float64)
    nodes = nodes_of(bone_scale(joints), skeleton, hips_move)
    turned = global_rotations(joints)
    local = local_rotations(turned)
    hips = turned[:, BONE["Hips"]]
    straight = np.broadcast_to(np.eye(3), hips.shape)
    by_bone = {bone.name: local[:, i] for i, bone in enumerate(BONES)} | {"": straight}
    places = {0: joints[:, JOINT["pelvis"]]}
    for k, hip_joint, thigh in zip(range(2), HIP_JOINTS, _THIGHS, strict=True):
        if hips_move:
            by_bone[hip_joint] = straight
            beside = joints[:, JOINT[BONES[BONE[thigh]].joint]] - joints[:, JOINT["pelvis"]]
            index = next(i for i, node in enumerate(nodes) if node.bone == hip_joint)
            places[index] = np.einsum("tij,ti->tj", hips, beside)
        else:
            turn = hip_rotations(joints, hips)[k]
            by_bone[hip_joint] = np.swapaxes(hips, -1, -2) @ turn
            by_bone[thigh] = np.swapaxes(turn, -1, -2) @ turned[:, BONE[thigh]]
    stacked = np.stack([by_bone[node.bone] for node in nodes], axis=1)
    return Played(nodes, _same_sign(quaternions(stacked)), places)


def rest_positions(nodes: tuple[Node, ...]) -> np.ndarray:
    """float64 [K, 3]: where the nodes are in the T-pose, feet on the floor."""
    points = np.zeros((len(nodes), 3))
    for i, node in enumerate(nodes):
        points[i] = points[max(node.parent, 0)] * (node.parent >= 0) + node.offset
    points[:, 1] -= points[:, 1].min()
    return points


def nodes_of(scale: np.ndarray, skeleton: str, hips_move: bool) -> tuple[Node, ...]:
    """The tree of a body whose bones are `scale` [19] times as long as ours, parents first."""
    names = _names(skeleton)
    nodes: list[Node] = []
    index: dict[str, int] = {}

    def add(name: str, bone: str, parent: str, offset: np.ndarray) -> None:
        index[bone or name] = len(nodes)
        x, y, z = offset.tolist()
        nodes.append(Node(name, bone, index.get(parent, -1), (x, y, z)))

    for bone in BONES:
        offset = np.array(bone.offset) * scale[JOINT[bone.joint]]
        parent = BONES[bone.parent].name if bone.parent >= 0 else ""
        if bone.name == "Spine" and skeleton in _LOWER_BACK:
            offset = offset / 2
            add(_LOWER_BACK[skeleton], "", parent, offset)
            parent = _LOWER_BACK[skeleton]
        if bone.name in _THIGHS:
            hip_joint = HIP_JOINTS[_THIGHS.index(bone.name)]
            at, then = (offset, 0 * offset) if hips_move else (0 * offset, offset)
            add(hip_joint, hip_joint, parent, at)
            parent, offset = hip_joint, then
        add(names[bone.name], bone.name, parent, offset)
    return tuple(nodes)


def _names(skeleton: str) -> dict[str, str]:
    own = [bone.name for bone in BONES]
    return {
        "mixamo": _MIXAMO,
        "cmu": _CMU,
        "unity": {name: name for name in own},
        "vrm": {name: name[0].lower() + name[1:] for name in own},
    }[skeleton]


def _same_sign(xyzw: np.ndarray) -> np.ndarray:
    """Quaternions [T, K, 4], each the nearer one of the two that are the same rotation."""
    flips = np.einsum("tki,tki->tk", xyzw[1:], xyzw[:-1]) < 0
    signs = np.where(np.cumsum(flips, axis=0) % 2, -1.0, 1.0)
    return np.concatenate([xyzw[:1], xyzw[1:] * signs[..., None]])
