"""From our right-handed space (own left +x) to Unity's left-handed one (own right +x).

Both have y up and the rest pose facing +z: x changes its sign, and with it two parts of a rotation.
"""

import numpy as np

_MIRROR = np.diag([-1.0, 1.0, 1.0])


def positions(points: np.ndarray) -> np.ndarray:
    """[..., 3] metres."""
    return points * np.array([-1.0, 1.0, 1.0])


def quaternions(xyzw: np.ndarray) -> np.ndarray:
    """[..., 4]."""
    return xyzw * np.array([1.0, -1.0, -1.0, 1.0])


def half_turned_positions(points: np.ndarray) -> np.ndarray:
    """[..., 3], turned half round the vertical: from a space that VRM 0 models face to VRM 1's."""
    return points * np.array([-1.0, 1.0, -1.0])


def half_turned_quaternions(xyzw: np.ndarray) -> np.ndarray:
    """[..., 4] in Unity's space, as `half_turned_positions`."""
    return xyzw * np.array([-1.0, 1.0, -1.0, 1.0])


def euler_degrees(rotations: np.ndarray) -> np.ndarray:
    """Our rotation matrices [..., 3, 3] to Unity's Euler angles [..., 3] in degrees: about z first,
    then x, then y."""
    r = _MIRROR @ rotations @ _MIRROR
    x = np.arcsin(np.clip(-r[..., 1, 2], -1.0, 1.0))
    y = np.arctan2(r[..., 0, 2], r[..., 2, 2])
    z = np.arctan2(r[..., 1, 0], r[..., 1, 1])
    return np.degrees(np.stack([x, y, z], axis=-1))
