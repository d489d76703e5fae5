"""Where a dance has its accents: joint speeds and the envelope of their braking."""

import numpy as np

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
    rms = np.sqrt(moving_mean(passed**2, fps, _NORMALISE_S))
    floor = 0.05 * np.sqrt(np.mean(passed**2)) + 1e-9
    return passed / np.maximum(rms, floor)


def joint_speed(joints: np.ndarray, fps: float) -> np.ndarray:
    """Speed of every joint between frames, m/s: float64 [T - 1, 19]."""
    return np.linalg.norm(np.diff(np.asarray(joints, np.float64), axis=0), axis=-1) * fps


def moving_mean(values: np.ndarray, fps: float, window_s: float) -> np.ndarray:
    """Centred moving mean of [T] over `window_s`, over what there is at the ends."""
    half = max(round(window_s * fps / 2), 0)
    total = np.concatenate([[0.0], np.cumsum(values)])
    index = np.arange(len(values))
    start = np.maximum(index - half, 0)
    stop = np.minimum(index + half + 1, len(values))
    return (total[stop] - total[start]) / (stop - start)
