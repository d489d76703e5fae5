"""The dance as rotations of a humanoid's bones, for avatars.

Enters: joints on the stage. Leaves: a rotation a bone, relative to its parent, of an avatar that
stands in the T-pose. Only directions of bones count, so an avatar of any proportions can take them.

Joints say where bones point, not how they are twisted about themselves. The twist is anatomy's:
elbows and knees are hinges, so the plane of a bent limb gives it; a straight limb takes the
shortest turn from its parent; pelvis and chest follow the line of the hips and of the shoulders.
"""

from dataclasses import dataclass

import numpy as np

from live.body.skeleton import BONE_LENGTHS, JOINT, PARENTS


@dataclass(frozen=True)
class Bone:
    """name: Unity's HumanBodyBones. joint: ours at its beginning. parent: index of a bone.

    offset: metres from the parent's beginning in the T-pose of a body like ours.
    """

    name: str
    joint: str
    parent: int
    offset: tuple[float, float, float]


def _unit(*direction: float) -> np.ndarray:
    return np.array(direction) / np.linalg.norm(direction)


# Where each of our bones points in the T-pose: arms out, palms down, feet straight ahead. The hips
# lie beside the pelvis, where the dances have them, a centimetre or three up or down; the shoulders
# 42 degrees above the chest joint, as in the dances: lower, and avatars would shrug all the time.
_REST = {
    "spine": _unit(0, 1, 0), "chest": _unit(0, 1, 0), "neck": _unit(0, 1, 0),
    "head": _unit(0, 1, 0.1),
    "l_shoulder": _unit(1, 0.9, 0), "l_elbow": _unit(1, 0, 0), "l_wrist": _unit(1, 0, 0),
    "l_hip": _unit(1, 0, 0), "l_knee": _unit(0, -1, 0), "l_ankle": _unit(0, -1, 0),
    "l_toe": _unit(0, -0.45, 0.9),
}  # fmt: skip
_REST |= {"r" + n[1:]: d * [-1, 1, 1] for n, d in _REST.items() if n.startswith("l_")}

_TREE = (  # name, our joint where it begins, parent
    ("Hips", "pelvis", ""), ("Spine", "spine", "Hips"), ("Chest", "chest", "Spine"),
    ("Neck", "neck", "Chest"), ("Head", "head", "Neck"),
    ("LeftShoulder", "chest", "Chest"), ("LeftUpperArm", "l_shoulder", "LeftShoulder"),
    ("LeftLowerArm", "l_elbow", "LeftUpperArm"), ("LeftHand", "l_wrist", "LeftLowerArm"),
    ("RightShoulder", "chest", "Chest"), ("RightUpperArm", "r_shoulder", "RightShoulder"),
    ("RightLowerArm", "r_elbow", "RightUpperArm"), ("RightHand", "r_wrist", "RightLowerArm"),
    ("LeftUpperLeg", "l_hip", "Hips"), ("LeftLowerLeg", "l_knee", "LeftUpperLeg"),
    ("LeftFoot", "l_ankle", "LeftLowerLeg"), ("LeftToes", "l_toe", "LeftFoot"),
    ("RightUpperLeg", "r_hip", "Hips"), ("RightLowerLeg", "r_knee", "RightUpperLeg"),
    ("RightFoot", "r_ankle", "RightLowerLeg"), ("RightToes", "r_toe", "RightFoot"),
)  # fmt: skip


def _bones() -> tuple[Bone, ...]:
    index = {name: i for i, (name, _, _) in enumerate(_TREE)}
    bones = []
    for name, joint, parent in _TREE:
        at_parent = not parent or joint == _TREE[index[parent]][1]  # a shoulder turns in the chest
        length = 0.0 if at_parent else float(BONE_LENGTHS[JOINT[joint]])
        offset = (length * _REST.get(joint, np.zeros(3))).tolist()
        bones.append(Bone(name, joint, index.get(parent, -1), (offset[0], offset[1], offset[2])))
    return tuple(bones)


BONES = _bones()
"""Parents before their children; 21 of Unity's HumanBodyBones."""
BONE = {bone.name: i for i, bone in enumerate(BONES)}
_PARENTS = [bone.parent for bone in BONES]

_SURE_SINE = 0.35  # from a bend of 20 degrees on, the plane of the limb alone gives the twist


def global_rotations(joints: np.ndarray) -> np.ndarray:
    """Joints [N, 19, 3] on the stage to float64 [N, 21, 3, 3], rotations from the T-pose.

    The joints are those of safe motion, where every bone has its length.
    """
    # Bones of one kind at once, first axis: the calls cost more than the numbers.
    joints = np.swapaxes(np.asarray(joints, np.float64), 0, 1)
    to = _normalized(joints - joints[_PARENT_JOINTS])  # [19, N, 3], along the bone to each joint
    hip_line, shoulder_line = _normalized(joints[_LEFT_ENDS] - joints[_RIGHT_ENDS])
    across = np.stack([hip_line, hip_line + shoulder_line, shoulder_line])
    trunk = _aligned(to[_TRUNK], across, _TRUNK_REST)  # hips, spine, chest
    upper = _swung(trunk[2:], _UPPER_REST, to[_UPPER])  # neck, shoulders
    limbs = _limbs(upper[[1, 2]], trunk[[0, 0]], to)
    feet = _swung(limbs[6:], _TOES_REST, to[_TOES])
    return np.swapaxes(np.concatenate([trunk, upper, limbs, feet])[_PLACES], 0, 1)


def hip_rotations(joints: np.ndarray, hips: np.ndarray) -> np.ndarray:
    """float64 [2, N, 3, 3]: the hips' rotations [N, 3, 3], then the shortest turn to where the left
    and the right hip of joints [N, 19, 3] lie beside the pelvis."""
    beside = np.swapaxes(np.asarray(joints, np.float64)[:, _HIPS] - joints[:, :1], 0, 1)
    return _swung(np.stack([hips, hips]), _HIPS_REST, _normalized(beside))


def hips_positions(joints: np.ndarray) -> np.ndarray:
    """Where the avatar's hips belong, float64 [N, 3] on the stage, for joints [N, 19, 3].

    An avatar's pelvis is rigid, a dancer's is not: between where its spine and where its legs would
    have it, nearer to the legs', for they also suffer from hips that are not level.
    """
    joints = np.asarray(joints, np.float64)
    legs = (joints[:, JOINT["l_hip"]] + joints[:, JOINT["r_hip"]]) / 2
    return 0.3 * joints[:, 0] + 0.7 * legs


def local_rotations(rotations: np.ndarray) -> np.ndarray:
    """Global rotations [N, 21, 3, 3] to those relative to the parent; the hips stay as they are."""
    local = rotations.copy()
    local[:, 1:] = np.swapaxes(rotations[:, _PARENTS[1:]], -1, -2) @ rotations[:, 1:]
    return local


def quaternions(rotations: np.ndarray) -> np.ndarray:
    """Rotation matrices [..., 3, 3] to unit quaternions xyzw [..., 4] with w >= 0."""
    r = rotations
    xx, yy, zz = r[..., 0, 0], r[..., 1, 1], r[..., 2, 2]
    # Bar-Itzhack's symmetric table: each row is the quaternion times one of its own numbers; the
    # row of the largest number is the exact one.
    table = np.stack(
        [
            1 + xx - yy - zz, r[..., 0, 1] + r[..., 1, 0], r[..., 0, 2] + r[..., 2, 0],
            r[..., 2, 1] - r[..., 1, 2],
            r[..., 0, 1] + r[..., 1, 0], 1 - xx + yy - zz, r[..., 1, 2] + r[..., 2, 1],
            r[..., 0, 2] - r[..., 2, 0],
            r[..., 0, 2] + r[..., 2, 0], r[..., 1, 2] + r[..., 2, 1], 1 - xx - yy + zz,
            r[..., 1, 0] - r[..., 0, 1],
            r[..., 2, 1] - r[..., 1, 2], r[..., 0, 2] - r[..., 2, 0], r[..., 1, 0] - r[..., 0, 1],
            1 + xx + yy + zz,
        ],
        axis=-1,
    ).reshape(*r.shape[:-2], 4, 4)  # fmt: skip
    best = np.einsum("...ii->...i", table).argmax(axis=-1)
    q = np.take_along_axis(table, best[..., None, None], axis=-2)[..., 0, :]
    q = q * np.where(q[..., 3:] < 0, -1.0, 1.0)
    return q / np.linalg.norm(q, axis=-1, keepdims=True)


def _limbs(shoulders: np.ndarray, hips: np.ndarray, to: np.ndarray) -> np.ndarray:
    """Rotations [8, N, 3, 3] of upper arms, thighs, forearms and shins, left before right.

    shoulders, hips: [2, N, 3, 3], where the limbs hang; to: [19, N, 3], directions by joint.
    """
    parents = np.concatenate([shoulders, hips])
    above, below = to[_MIDDLES], to[_ENDS]
    straight = shortest_turn(_turned(parents, _MIDDLES_REST), above) @ parents
    plane = _cross(above, below)
    sine = np.sqrt(_dot(plane, plane))[..., None]
    sure = np.minimum(sine / _SURE_SINE, 1.0)
    sure = sure * sure * (3.0 - 2.0 * sure)
    axis = sure * plane / np.maximum(sine, 1e-9) + (1.0 - sure) * _turned(straight, _HINGES)
    directions = np.concatenate([above, below])
    return _aligned(directions, np.concatenate([axis, axis]), _LIMBS_REST)


def _aligned(primary: np.ndarray, secondary: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Rotations [K, N, 3, 3] to primary, bringing rest's second axis closest to secondary.

    rest: [K, 3, 3], bases of the T-pose, transposed.
    """
    return _basis(primary, secondary) @ rest[:, None]


def _basis(primary: np.ndarray, secondary: np.ndarray) -> np.ndarray:
    second = _normalized(secondary - _dot(secondary, primary)[..., None] * primary)
    return np.stack([primary, second, _cross(primary, second)], axis=-1)


def _swung(parents: np.ndarray, rest: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Each parent's rotation [K, N, 3, 3], then the shortest turn to where the bone points."""
    return shortest_turn(_turned(parents, rest), now) @ parents


def _turned(rotations: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Vectors [K, 3], each by its rotations [K, N, 3, 3]: [K, N, 3]."""
    return (rotations @ vectors[:, None, :, None])[..., 0]


def shortest_turn(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Rotation matrices between unit vectors; Rodrigues without angles."""
    axis, cosine = _cross(start, end), _dot(start, end)
    scale = 1.0 / np.maximum(1.0 + cosine, 1e-6)  # straight back: any plane is as short
    cross = (axis @ _LEVI_CIVITA).reshape(*axis.shape, 3)
    return np.eye(3) + cross + scale[..., None, None] * (cross @ cross)


def rest_direction(bone: str) -> np.ndarray:
    """The unit vector [3] along which a bone's beginning lies from its parent's in the T-pose."""
    return _REST[BONES[BONE[bone]].joint]


def _normalized(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.sqrt(_dot(vectors, vectors)), 1e-9)[..., None]


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.einsum("...k,...k->...", a, b)


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """np.cross without its overhead of 30 us a call."""
    return a[..., _NEXT] * b[..., _LAST] - a[..., _LAST] * b[..., _NEXT]


def _rest(*joints: str) -> np.ndarray:
    return np.stack([_REST[joint] for joint in joints])


def _indices(*joints: str) -> np.ndarray:
    return np.array([JOINT[joint] for joint in joints])


_NEXT, _LAST = [1, 2, 0], [2, 0, 1]
# A vector times this is its cross product's matrix, row by row.
_LEVI_CIVITA = np.array(
    [[0, 0, 0, 0, 0, -1, 0, 1, 0], [0, 0, 1, 0, 0, 0, -1, 0, 0], [0, -1, 0, 1, 0, 0, 0, 0, 0]],
    np.float64,
)
_PARENT_JOINTS = [max(parent, 0) for parent in PARENTS]
_LEFT_ENDS, _RIGHT_ENDS = _indices("l_hip", "l_shoulder"), _indices("r_hip", "r_shoulder")
_TRUNK = _indices("spine", "chest", "neck")
_TRUNK_REST = np.swapaxes(
    _basis(_rest("spine", "chest", "neck"), np.tile([1.0, 0.0, 0.0], (3, 1))), -1, -2
)
_UPPER, _UPPER_REST = (f("head", "l_shoulder", "r_shoulder") for f in (_indices, _rest))
_TOES, _TOES_REST = (f("l_toe", "r_toe") for f in (_indices, _rest))
_HIPS, _HIPS_REST = (f("l_hip", "r_hip") for f in (_indices, _rest))
_MIDDLES, _MIDDLES_REST = (f("l_elbow", "r_elbow", "l_knee", "r_knee") for f in (_indices, _rest))
_ENDS, _ENDS_REST = (f("l_wrist", "r_wrist", "l_ankle", "r_ankle") for f in (_indices, _rest))
# The axes of elbows and knees in the T-pose, about which bending is positive.
_HINGES = np.array([[0.0, -1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
_LIMBS_REST = np.swapaxes(
    _basis(np.concatenate([_MIDDLES_REST, _ENDS_REST]), np.concatenate([_HINGES, _HINGES])), -1, -2
)
_COMPUTED = (
    "Hips", "Spine", "Chest", "Neck", "LeftShoulder", "RightShoulder",
    "LeftUpperArm", "RightUpperArm", "LeftUpperLeg", "RightUpperLeg",
    "LeftLowerArm", "RightLowerArm", "LeftLowerLeg", "RightLowerLeg", "LeftFoot", "RightFoot",
)  # fmt: skip
# What we have no joint for goes along with its parent: head, hands and toes.
_PLACES = [_COMPUTED.index(b.name if b.name in _COMPUTED else BONES[b.parent].name) for b in BONES]
