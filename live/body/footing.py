"""How feet hold the floor: where one that stands would slide, the body goes along with it instead.

Enters: what the feet of each dancer did in a frame. Leaves: how far they slid, and which one
stands. Engine's thread.

The network says how a body moves about its pelvis, and how the pelvis walks, and the two never
agree quite: a foot swings back under a body that does not go forward as far, and slides. Where a
foot stands is clear, so the walk gives way. A foot that is raised, or moves fast, does not stand
and has no say; what two feet do against each other stays as it is danced.
"""

import numpy as np

from live.body.pose import FRAME_RATE

_LOW_M = 0.035  # a foot raised by so much holds the floor a third as well as one that rests
_SLOW_M_S = 1.2  # as does one that moves so fast
_AT_ONCE = 0.5  # with all of it pelvises jerk three times as much as those of real dancers
_RAISED = 10.0  # a foot raised by a centimetre stands less than one that moves by a decimetre


def sliding(before: np.ndarray, moved: np.ndarray, raised: np.ndarray) -> np.ndarray:
    """How far the feet that stand slide in a frame, as one, less where none stands firmly: metres
    [N, 2], the mean of this frame and the `before` of the last.

    moved: what each foot joint does in this frame, metres along the floor, [N, F, 2]; raised: how
    far it is above where it rests, metres [N, F].
    """
    slow = np.add.reduce(np.square(moved), axis=2) / (_SLOW_M_S / FRAME_RATE) ** 2
    holds = np.exp(-np.maximum(raised, 0.0) / _LOW_M - slow)
    firmly = np.minimum(np.add.reduce(holds, axis=1), 1.0)
    share = np.square(holds)  # of two that slide apart, the slower one says what is still
    share *= (firmly / np.maximum(np.add.reduce(share, axis=1), 1e-12))[:, None]
    slides = np.add.reduce(share[..., None] * moved, axis=1)
    return before + _AT_ONCE * (slides - before)


def standing_foot(moved: np.ndarray, raised: np.ndarray) -> np.ndarray:
    """Which foot joint stands, int [N]: of those that move least the lowest. As for `sliding`."""
    distance = np.sqrt(np.add.reduce(np.square(moved), axis=2))
    lowest = raised.min(axis=1, keepdims=True)
    return (distance + _RAISED * np.maximum(raised - lowest, 0.0)).argmin(axis=1)
