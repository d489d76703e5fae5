"""The body: joint names, parents, bone lengths, rest pose and mirror pairs.

The single source for every package: 19 joints, metres, y up, right-handed;
at rest the dancer faces +Z (the audience) and the dancer's own left is +X.
"""

import numpy as np

JOINT_NAMES = (
    "pelvis", "spine", "chest", "neck", "head",
    "l_shoulder", "l_elbow", "l_wrist", "r_shoulder", "r_elbow", "r_wrist",
    "l_hip", "l_knee", "l_ankle", "l_toe", "r_hip", "r_knee", "r_ankle", "r_toe",
)  # fmt: skip
N_JOINTS = len(JOINT_NAMES)
JOINT = {name: i for i, name in enumerate(JOINT_NAMES)}

SKELETON_VERSION = 1

# Parents precede their children, so that one pass in index order walks the tree.
PARENTS = (-1, 0, 1, 2, 3, 2, 5, 6, 2, 8, 9, 0, 11, 12, 13, 0, 15, 16, 17)

# Metres from parent to joint: an adult of 1.70 m. The training clips come from bodies of 1.4 to
# 1.75 m, and are all re-proportioned to this one, so that the network never has to guess a height.
BONE_LENGTHS = np.array(
    [0.0, 0.20, 0.13, 0.21, 0.17, 0.19, 0.28, 0.25, 0.19, 0.28, 0.25,
     0.10, 0.42, 0.42, 0.15, 0.10, 0.42, 0.42, 0.15],
    dtype=np.float32,
)  # fmt: skip

BODY_HEIGHT_M = 1.7

_REST_DIRECTIONS = {
    "spine": (0, 1, 0), "chest": (0, 1, 0), "neck": (0, 1, 0), "head": (0, 1, 0.1),
    "l_shoulder": (1, 0.25, 0), "l_elbow": (0.35, -1, 0), "l_wrist": (0.1, -1, 0.25),
    "r_shoulder": (-1, 0.25, 0), "r_elbow": (-0.35, -1, 0), "r_wrist": (-0.1, -1, 0.25),
    "l_hip": (1, -0.45, 0), "l_knee": (0.08, -1, 0.06), "l_ankle": (0.0, -1, -0.06),
    "l_toe": (0.15, -0.45, 0.9),
    "r_hip": (-1, -0.45, 0), "r_knee": (-0.08, -1, 0.06), "r_ankle": (0.0, -1, -0.06),
    "r_toe": (-0.15, -0.45, 0.9),
}  # fmt: skip

MIRROR = np.array(
    [
        JOINT["r" + n[1:]] if n[:2] == "l_" else JOINT["l" + n[1:]] if n[:2] == "r_" else JOINT[n]
        for n in JOINT_NAMES
    ]
)

_ABOVE = np.array(PARENTS[1:])  # each joint's parent, without the pelvis
_SHORTEST_M = 1e-6  # of a bone that has a direction
BONES = tuple((PARENTS[i], i) for i in range(1, N_JOINTS))
FEET = tuple(JOINT[n] for n in ("l_ankle", "l_toe", "r_ankle", "r_toe"))


def with_bone_lengths(joints: np.ndarray, lengths: np.ndarray = BONE_LENGTHS) -> np.ndarray:
    """Keep every bone's direction and the pelvis, and give every bone its own length.

    joints: float [..., 19, 3]. A bone of no length (a collapsed or missing joint) takes its
    rest direction. Returns float32 of the same shape.
    """
    joints = np.asarray(joints, np.float32)
    bones = joints[..., 1:, :] - joints.take(_ABOVE, axis=-2)
    norms = np.sqrt(np.einsum("...k,...k->...", bones, bones))[..., None]
    if norms.min(initial=np.inf) > _SHORTEST_M:  # false for NaN
        units = bones / norms
    else:
        whole = np.maximum(norms, _SHORTEST_M)
        units = np.where(norms > _SHORTEST_M, bones / whole, _REST_UNITS)
    units *= lengths[1:, None]
    return joints[..., :1, :] + CHAINS @ units


def mirrored(joints: np.ndarray) -> np.ndarray:
    """Swap left and right across the plane x = 0. joints: float [..., 19, 3]."""
    return joints[..., MIRROR, :] * np.array([-1, 1, 1], joints.dtype)


def _chains() -> np.ndarray:
    chains = np.zeros((N_JOINTS, N_JOINTS - 1), np.float32)
    for i in range(1, N_JOINTS):
        chains[i] = chains[PARENTS[i]]
        chains[i, i - 1] = 1.0
    return chains


def _rest_units() -> np.ndarray:
    units = np.array([_REST_DIRECTIONS[n] for n in JOINT_NAMES[1:]], np.float32)
    return units / np.linalg.norm(units, axis=1, keepdims=True)


def _rest_pose() -> np.ndarray:
    pose = CHAINS @ (_REST_UNITS * BONE_LENGTHS[1:, None])
    pose[:, 1] -= pose[list(FEET), 1].min()
    return pose


CHAINS = _chains()
"""float32 [19, 18]: 1 where a bone lies on the way from the pelvis to a joint."""
_REST_UNITS = _rest_units()
REST_POSE = _rest_pose()
"""float32 [19, 3]: standing, facing +Z, feet on the floor at y = 0."""
