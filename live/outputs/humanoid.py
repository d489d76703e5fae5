"""The dance as rotations of a humanoid's bones, for avatars.

Enters: joints on the stage. Leaves: a rotation a bone, relative to its parent, of an avatar that
stands in the T-pose. Only directions of bones count, so an avatar of any proportions can take them.

Joints say where bones point, not how they are twisted about themselves. The twist is anatomy's:
elbows and knees are hinges, so the plane of a bent limb gives it; a straight limb takes the
shortest turn from its parent; pelvis and chest follow the line of the hips and of the shoulders.
"""

from dataclasses import dataclass

import numpy as np

from live.skeleton import BONE_LENGTHS, JOINT, PARENTS


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
# lie beside the pelvis, where the dances have them, a centimetre or three up or down.
_REST = {
    "spine": _unit(0, 1, 0), "chest": _unit(0, 1, 0), "neck": _unit(0, 1, 0),
    "head": _unit(0, 1, 0.1),
    "l_shoulder": _unit(1, 0.25, 0), "l_elbow": _unit(1, 0, 0), "l_wrist": _unit(1, 0, 0),
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
_X = np.array([1.0, 0.0, 0.0])


def global_rotations(joints: np.ndarray) -> np.ndarray:
    """Joints [N, 19, 3] on the stage to float64 [N, 21, 3, 3], rotations from the T-pose.

    The joints are those of safe motion, where every bone has its length.
    """
    to = _Directions(np.asarray(joints, np.float64))
    hip_line, shoulder_line = to.line("l_hip", "r_hip"), to.line("l_shoulder", "r_shoulder")
    hips = _aligned(to["spine"], hip_line, _REST["spine"], _X)
    spine = _aligned(to["chest"], hip_line + shoulder_line, _REST["chest"], _X)
    chest = _aligned(to["neck"], shoulder_line, _REST["neck"], _X)
    neck = _swung(chest, "head", to)
    # Left and right at once: [2, N, 3, 3].
    shoulders = _swung(np.stack([chest, chest]), "shoulder", to)
    arms = _limb(to, shoulders, "elbow", "wrist", np.array([[0.0, -1, 0], [0, 1, 0]]))
    legs = _limb(to, np.stack([hips, hips]), "knee", "ankle", np.array([_X, _X]))
    feet = _swung(legs[1], "toe", to)
    sides = [[shoulders[s], arms[0][s], arms[1][s], arms[1][s]] for s in (0, 1)] + [
        [legs[0][s], legs[1][s], feet[s], feet[s]] for s in (0, 1)
    ]
    trunk = [hips, spine, chest, neck, neck]
    return np.stack(trunk + [rotation for side in sides for rotation in side], axis=1)


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


class _Directions:
    """Unit vectors along our bones by the joint they end in; pairs as [2, N, 3]."""

    def __init__(self, joints: np.ndarray):
        self._joints = joints

    def line(self, left: str, right: str) -> np.ndarray:
        return _normalized(self._joints[:, JOINT[left]] - self._joints[:, JOINT[right]])

    def __getitem__(self, joint: str) -> np.ndarray:
        end = JOINT[joint]
        return _normalized(self._joints[:, end] - self._joints[:, PARENTS[end]])

    def pair(self, joint: str) -> np.ndarray:
        return np.stack([self["l_" + joint], self["r_" + joint]])


def _aligned(primary, secondary, rest_primary, rest_secondary) -> np.ndarray:
    """The rotation of rest_primary to primary that brings rest_secondary closest to secondary."""
    return _basis(primary, secondary) @ np.swapaxes(_basis(rest_primary, rest_secondary), -1, -2)


def _basis(primary: np.ndarray, secondary: np.ndarray) -> np.ndarray:
    along = _dot(secondary, primary)[..., None] * primary
    second = _normalized(secondary - along)
    return np.stack([primary, second, _cross(primary, second)], axis=-1)


def _swung(parents: np.ndarray, joint: str, to: _Directions) -> np.ndarray:
    """Each parent's rotation [(2,) N, 3, 3], then the shortest turn to where the bone points."""
    if joint in _REST:
        rest, now = _REST[joint], to[joint]
    else:
        rest, now = _rest_pair(joint)[:, None], to.pair(joint)
    return _shortest_turn((parents @ rest[..., None])[..., 0], now) @ parents


def _shortest_turn(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Rotation matrices between unit vectors; Rodrigues without angles."""
    axis, cosine = _cross(start, end), _dot(start, end)
    scale = 1.0 / np.maximum(1.0 + cosine, 1e-6)  # straight back: any plane is as short
    cross = np.zeros((*axis.shape, 3))
    cross[..., 0, 1], cross[..., 0, 2], cross[..., 1, 2] = (
        -axis[..., 2],
        axis[..., 1],
        -axis[..., 0],
    )
    cross -= np.swapaxes(cross, -1, -2)
    return np.eye(3) + cross + scale[..., None, None] * (cross @ cross)


def _limb(
    to: _Directions, parents: np.ndarray, middle: str, end: str, rest_hinge: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rotations [2, N, 3, 3] of a limb's upper and lower bone, left and right.

    rest_hinge [2, 3]: the axis of elbow or knee in the T-pose, about which bending is positive.
    """
    upper, lower = to.pair(middle), to.pair(end)
    rest, hinge = _rest_pair(middle)[:, None], rest_hinge[:, None]
    straight = (_swung(parents, middle, to) @ hinge[..., None])[..., 0]
    plane = _cross(upper, lower)
    sine = np.sqrt(_dot(plane, plane))[..., None]
    sure = np.minimum(sine / _SURE_SINE, 1.0)
    sure = sure * sure * (3.0 - 2.0 * sure)
    axis = sure * plane / np.maximum(sine, 1e-9) + (1.0 - sure) * straight
    rest_lower = _rest_pair(end)[:, None]
    return _aligned(upper, axis, rest, hinge), _aligned(lower, axis, rest_lower, hinge)


def _rest_pair(joint: str) -> np.ndarray:
    return np.stack([_REST["l_" + joint], _REST["r_" + joint]])


def _normalized(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.sqrt(_dot(vectors, vectors)), 1e-9)[..., None]


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.einsum("...k,...k->...", a, b)


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """np.cross without its overhead of 30 us a call."""
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)
