"""The noise that the network turns into movement: drawn by name, so that it can be drawn again.

Enters: what it is for (seed, phrase, beat). Leaves: standard normal numbers, the same for the same
name, whatever was drawn before. No state.
"""

import math

import numpy as np

from live.osc.schema import MAX_DANCERS


def draw(width: int, *name: int) -> np.ndarray:
    """float32 [MAX_DANCERS, width], a row each dancer. name: whole numbers of 0 or more.

    Rows are always drawn for all who fit on a stage: nobody's depends on how many there are.
    """
    return np.random.default_rng(name).standard_normal((MAX_DANCERS, width), np.float32)


def mix(own: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """From own (share 0) to other (share 1) on the sphere: independent normal numbers stay
    standard normal (Shoemake's slerp at a right angle)."""
    if share <= 0:
        return own
    angle = min(share, 1.0) * math.pi / 2
    # cos(pi / 2) is 6e-17, not zero: who dances together does so to the bit.
    if share >= 1:
        return other
    return np.float32(math.cos(angle)) * own + np.float32(math.sin(angle)) * other
