"""Where a dance has its accents: joint speeds, the envelope of their braking, and stillness.

Enters: joints [T, 19, 3], metres. Leaves: speeds, envelopes, and what smooths and levels them.
"""

import numpy as np
from scipy.ndimage import uniform_filter1d

from live.body.pose import FRAME_RATE
from live.body.skeleton import FEET, JOINT, N_JOINTS

_STILL_SHARE = 0.3  # of a mean speed: real dances are stiller than that for 1 to 8 % of their time
_STILL_S = 0.5
_STILL_SMOOTHING_S = 0.2
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


def still_frames(joints: np.ndarray, reference_m_s: float) -> np.ndarray:
    """Whether each frame, 30 a second, lies in a stretch of stillness: bool [T - 1].

    A stretch of .5 s or more with a mean joint speed (over .2 s) under .3 of reference_m_s.
    """
    speed = moving_mean(
        joint_speed(joints, FRAME_RATE).mean(axis=1), FRAME_RATE, _STILL_SMOOTHING_S
    )
    slow = np.concatenate([[0], speed < _STILL_SHARE * reference_m_s, [0]]).astype(int)
    edges = np.flatnonzero(np.diff(slow)).reshape(-1, 2)
    still = np.zeros(len(speed), bool)
    for start, stop in edges[edges[:, 1] - edges[:, 0] >= _STILL_S * FRAME_RATE]:
        still[start:stop] = True
    return still


def moving_mean(values: np.ndarray, fps: float, window_s: float) -> np.ndarray:
    """Centred moving mean of [T] over `window_s`, over what there is at the ends."""
    size = 2 * max(round(window_s * fps / 2), 0) + 1
    total = uniform_filter1d(np.asarray(values, np.float64), size, mode="constant")
    return total / uniform_filter1d(np.ones(len(values)), size, mode="constant")
