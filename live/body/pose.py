"""The network's view of a body: 60 numbers a frame, and the way back to joints on a stage.

A pose vector is float32 [60]: 19 joints x 3 in metres, relative to the pelvis' floor point in the
dancer's heading frame (own left +x, up +y, front +z), then the root velocity (x, z) in m/s in that
frame and the heading velocity in rad/s. Heading 0 faces +Z; positive turns towards +X.
"""

import numpy as np

from live.body.skeleton import JOINT, N_JOINTS

FRAME_RATE = 30
POSE_DIM = N_JOINTS * 3 + 3
ROOT = slice(POSE_DIM - 3, POSE_DIM)

_HEADING_SMOOTHING_S = 0.2  # hips sway within a heading; without it every twist turns the frame


def rotate_y(points: np.ndarray, heading: np.ndarray) -> np.ndarray:
    """Rotate points [..., 3] about the vertical by heading (broadcast to [...]), in radians."""
    c, s = np.cos(heading), np.sin(heading)
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    return np.stack([c * x + s * z, y + 0 * c, c * z - s * x], axis=-1)


def heading_of(joints: np.ndarray) -> np.ndarray:
    """Heading in radians, unwrapped and smoothed, of joints [T, 19, 3].

    The left-to-right axis of hips and shoulders gives the front; a Gaussian of 0.2 s keeps the
    twist of a hip in the pose instead of in the turn of the whole body.
    """
    left = (
        joints[:, JOINT["l_hip"]] - joints[:, JOINT["r_hip"]]
        + joints[:, JOINT["l_shoulder"]] - joints[:, JOINT["r_shoulder"]]
    )  # fmt: skip
    raw = np.unwrap(np.arctan2(-left[:, 2], left[:, 0]))
    sigma = _HEADING_SMOOTHING_S * FRAME_RATE
    half = int(4 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
    padded = np.pad(raw, half, mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")


def encode(joints: np.ndarray) -> np.ndarray:
    """Joints on a stage, float [T, 19, 3] at 30 fps, to pose vectors, float32 [T, 60].

    Frame t's velocity leads from frame t-1 to t, so that decoding adds it before placing frame t.
    """
    heading = heading_of(joints)
    floor = joints[:, 0] * np.array([1.0, 0.0, 1.0])
    local = rotate_y(joints - floor[:, None], -heading[:, None])
    turn = np.diff(heading, prepend=heading[:1])
    step = rotate_y(np.diff(floor, axis=0, prepend=floor[:1]), -heading)[:, [0, 2]]
    root = np.concatenate([step, turn[:, None]], axis=1) * FRAME_RATE
    return np.concatenate([local.reshape(len(joints), -1), root], axis=1).astype(np.float32)


def split(vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pose vectors [..., 60] to (local joints [..., 19, 3], root velocity [..., 3])."""
    joints = vector[..., : N_JOINTS * 3].reshape(*vector.shape[:-1], N_JOINTS, 3)
    return joints, vector[..., ROOT]


def decode(
    vectors: np.ndarray, position: np.ndarray | None = None, heading: float = 0.0
) -> np.ndarray:
    """Pose vectors [T, 60] to joints on a stage, float32 [T, 19, 3], integrating the root.

    position: metres (x, z) before the first frame; heading: radians before the first frame.
    """
    local, root = split(np.asarray(vectors, np.float64))
    headings = heading + np.cumsum(root[:, 2]) / FRAME_RATE
    steps = np.stack([root[:, 0], 0 * root[:, 0], root[:, 1]], axis=1) / FRAME_RATE
    floor = np.cumsum(rotate_y(steps, headings), axis=0)
    if position is not None:
        floor[:, [0, 2]] += position
    return (rotate_y(local, headings[:, None]) + floor[:, None]).astype(np.float32)
