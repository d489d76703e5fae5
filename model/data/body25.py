"""The setting of Dance Revolution (Huang et al., 2021): 25 points of a body in a film, 15 a second.

Enters: joints in space, or pose vectors. Leaves: the key points of OpenPose's BODY_25 as a camera
sees them, float32 [T, 25, 2], and the 50 numbers a frame that networks learn from. A picture is 16
wide and 9 high, its middle is (0, 0), its edges are at -1 and 1; x right, y down.

The camera (a pinhole, so in perspective) stands 6 m from the middle of the dance, 1 m high, level,
in front of the dancer: opposite to the mean heading. 2.4 m fit into its picture's height there.
Nothing hides anything: a nose is seen from behind as well, where OpenPose would see none.
"""

import numpy as np

from live.body import pose
from live.body.pose import rotate_y
from live.body.skeleton import JOINT, N_JOINTS
from model.data.capture.openpose import NAMES

N_POINTS = len(NAMES)
DIM = 2 * N_POINTS
FRAME_RATE = 15
POINT = {name: i for i, name in enumerate(NAMES)}
BONES = tuple(
    (POINT[a], POINT[b])
    for a, b in (
        ("MidHip", "Neck"), ("Neck", "Nose"), ("Nose", "REye"), ("REye", "REar"), ("Nose", "LEye"),
        ("LEye", "LEar"), ("Neck", "RShoulder"), ("RShoulder", "RElbow"), ("RElbow", "RWrist"),
        ("Neck", "LShoulder"), ("LShoulder", "LElbow"), ("LElbow", "LWrist"), ("MidHip", "RHip"),
        ("RHip", "RKnee"), ("RKnee", "RAnkle"), ("RAnkle", "RHeel"), ("RAnkle", "RBigToe"),
        ("RBigToe", "RSmallToe"), ("MidHip", "LHip"), ("LHip", "LKnee"), ("LKnee", "LAnkle"),
        ("LAnkle", "LHeel"), ("LAnkle", "LBigToe"), ("LBigToe", "LSmallToe"),
    )
)  # fmt: skip
"""Parent and child, parents first, from the middle of the hips on."""

EVERY = pose.FRAME_RATE // FRAME_RATE
DISTANCE_M, HEIGHT_M = 6.0, 1.0  # of the camera
HALF_PICTURE_M = np.array([1.2 * 16 / 9, 1.2])  # at that distance: from its middle to its edges
_NEAREST_M = 1.0  # who comes nearer to the camera looks no larger
_SAME = {
    "RElbow": "r_elbow", "RWrist": "r_wrist", "LElbow": "l_elbow", "LWrist": "l_wrist",
    "RShoulder": "r_shoulder", "LShoulder": "l_shoulder", "RHip": "r_hip", "LHip": "l_hip",
    "RKnee": "r_knee", "LKnee": "l_knee", "RAnkle": "r_ankle", "LAnkle": "l_ankle",
}  # fmt: skip
# Metres of an adult's head and foot, from the joints our skeleton has.
_FACE = {  # to the left, up, ahead of the middle of the head
    "Nose": (0.0, -0.02, 0.10), "REye": (-0.032, 0.015, 0.085), "LEye": (0.032, 0.015, 0.085),
    "REar": (-0.07, 0.0, 0.0), "LEar": (0.07, 0.0, 0.0),
}  # fmt: skip
_BIG_TOE_OUT_M, _SMALL_TOE_OUT_M, _HEEL_DOWN_M = -0.03, 0.05, 0.085
_BIG_TOE_ON, _SMALL_TOE_ON, _HEEL_ON = 1.1, 0.9, -0.35  # of the way from ankle to toe
_SHORTEST_M = 1e-6


def key_points(joints: np.ndarray) -> np.ndarray:
    """OpenPose's 25 points in space, float64 [..., 25, 3], of joints [..., 19, 3].

    Neck and MidHip lie between shoulders and hips, as OpenPose has them. The face looks where the
    chest does, upright along the neck. Heels lie under and behind the ankle; big and small toes to
    both sides of our toe's joint, together where the foot is stretched.
    """
    at = {name: np.asarray(joints[..., i, :], np.float64) for name, i in JOINT.items()}
    points = {name: at[joint] for name, joint in _SAME.items()}
    points["Neck"] = (at["l_shoulder"] + at["r_shoulder"]) / 2
    points["MidHip"] = (at["l_hip"] + at["r_hip"]) / 2
    up = _unit(at["head"] - at["neck"])
    across = at["l_shoulder"] - at["r_shoulder"]
    left = _unit(across - (across * up).sum(axis=-1, keepdims=True) * up)
    head = np.stack([left, up, np.cross(left, up)], axis=-2)
    for name, offset in _FACE.items():
        points[name] = at["head"] + np.array(offset) @ head
    for side, outward in (("l", 1.0), ("r", -1.0)):
        ankle, toe = at[f"{side}_ankle"], at[f"{side}_toe"]
        foot, shin = toe - ankle, _unit(ankle - at[f"{side}_knee"])
        out = outward * np.cross(-shin, _unit(foot))
        leg = side.upper()
        points[f"{leg}BigToe"] = ankle + _BIG_TOE_ON * foot + _BIG_TOE_OUT_M * out
        points[f"{leg}SmallToe"] = ankle + _SMALL_TOE_ON * foot + _SMALL_TOE_OUT_M * out
        points[f"{leg}Heel"] = ankle + _HEEL_ON * foot + _HEEL_DOWN_M * shin
    return np.stack([points[name] for name in NAMES], axis=-2)


def project(joints: np.ndarray, yaw: float = 0.0) -> np.ndarray:
    """What the camera sees of joints float [T, 19, 3] on a stage at 30 fps: every other frame of
    them, float32 [ceil(T / 2), 25, 2] in parts of half a picture.

    yaw: radians, how far the dancer is turned to the own left of facing the camera on average.
    """
    return _seen(np.asarray(joints), pose.heading_of(joints), yaw)


def project_windows(vectors: np.ndarray) -> np.ndarray:
    """Pose vectors float [B, L, 60] at 30 fps to what `encode` makes of each window as the camera
    sees it, set up anew for each: float32 [B, ceil(L / 2), 50]."""
    joints = np.zeros((*vectors.shape[:2], N_JOINTS, 3), np.float32)
    for window, vector in zip(joints, vectors, strict=True):
        window[:] = pose.decode(vector)
    turn = vectors[..., pose.ROOT][..., 2].astype(np.float64)
    return encode(_seen(joints, np.cumsum(turn, axis=-1) / pose.FRAME_RATE))


def _seen(joints: np.ndarray, heading: np.ndarray, yaw: float = 0.0) -> np.ndarray:
    """Of joints [..., T, 19, 3] with headings [..., T]."""
    front = np.angle(np.exp(1j * heading).mean(axis=-1))[..., None, None]
    middle = np.median(joints[..., :1, :], axis=-3, keepdims=True) * [1.0, 0.0, 1.0]
    points = key_points(joints[..., ::EVERY, :, :] - middle)
    points = rotate_y(points, yaw - front)
    depth = np.maximum(DISTANCE_M - points[..., 2:], _NEAREST_M)
    flat = (points[..., :2] - [0.0, HEIGHT_M]) * [1.0, -1.0] * DISTANCE_M / depth
    return (flat / HALF_PICTURE_M).astype(np.float32)


def encode(points: np.ndarray) -> np.ndarray:
    """Points [..., 25, 2] to vectors float32 [..., 50]: the middle of the hips in the picture, all
    others relative to it, as Dance Revolution's networks have them."""
    points = np.asarray(points, np.float32)
    out = points - points[..., [POINT["MidHip"]], :]
    out[..., POINT["MidHip"], :] = points[..., POINT["MidHip"], :]
    return out.reshape(*points.shape[:-2], DIM)


def decode(vectors: np.ndarray) -> np.ndarray:
    """Vectors [..., 50] to points float32 [..., 25, 2]: what `encode` undoes."""
    out = np.array(vectors, np.float32).reshape(*vectors.shape[:-1], N_POINTS, 2)
    middle = out[..., [POINT["MidHip"]], :].copy()
    out += middle
    out[..., [POINT["MidHip"]], :] = middle
    return out


def in_metres(points: np.ndarray) -> np.ndarray:
    """Points [..., 25, 2] as metres where the dancer stands on average: x right, y up from the
    floor; x and y alike, so that lengths and speeds can be taken."""
    return np.asarray(points, np.float64) * HALF_PICTURE_M * [1.0, -1.0] + [0.0, HEIGHT_M]


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(length, _SHORTEST_M)
