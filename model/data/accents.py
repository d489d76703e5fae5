"""Where a dance has its accents: joint speeds and the envelope of their braking.

Enters: joints [T, 19, 3], metres. Leaves: speeds, envelopes, and what smooths and levels them.
"""

import numpy as np
from scipy.ndimage import uniform_filter1d

from live.body.skeleton import FEET, JOINT, N_JOINTS

_NORMALISE_S = 2.0
_LIMB_WEIGHT = np.ones(N_JOINTS)
_LIMB_WEIGHT[[*FEET, JOINT["l_wrist"], JOINT["r_wrist"]]] = 2.0


def kinematic_envelope(joints: np.ndarray, fps: float) -> np.ndarray:
    """Strength of deceleration: e(t) = sum_j w_j max(0, -d|v_j|/dt), hands and feet w = 2.

    Speeds lie between frames, so their differences lie on them: float64 [T], no time shift.
    """
    speed = joint_speed(joints, fps)
    braking = np.maximum(-np.diff(speed, axis=0) * fps, 0.0) @ _LIMB_WEIGHT
    return np.pad(braking, 1, mode="edge")


def levelled(envelope: np.ndarray, fps: float) -> np.ndarray:
    """High-passed and amplitude-normalised over 2 s: (e - mean) / rms, both of a moving window.

    Where the window's rms falls below 5 % of the whole take's, it is divided by that instead: a
    dancer who stands still must not score by the noise.
    """
    passed = envelope - moving_mean(envelope, fps, _NORMALISE_S)
    mean_square = moving_mean(passed**2, fps, _NORMALISE_S)
    rms = np.sqrt(np.maximum(mean_square, 0.0))  # a running sum may end a hair below zero
    floor = 0.05 * np.sqrt(np.mean(passed**2)) + 1e-9
    return passed / np.maximum(rms, floor)


def joint_speed(joints: np.ndarray, fps: float) -> np.ndarray:
    """Speed of every joint between frames, m/s: float64 [T - 1, 19]."""
    return np.linalg.norm(np.diff(np.asarray(joints, np.float64), axis=0), axis=-1) * fps


def moving_mean(values: np.ndarray, fps: float, window_s: float) -> np.ndarray:
    """Centred moving mean of [T] over `window_s`, over what there is at the ends."""
    size = 2 * max(round(window_s * fps / 2), 0) + 1
    total = uniform_filter1d(np.asarray(values, np.float64), size, mode="constant")
    return total / uniform_filter1d(np.ones(len(values)), size, mode="constant")
