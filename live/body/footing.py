"""How feet hold the floor: where one that stands would slide, the body goes along with it instead,
and what is left the legs bend for.

Enters: what the feet of each dancer did in a frame, and the joints. Leaves: how far they slid,
which one stands, and joints whose feet stay where they stand. Engine's thread.

The network says how a body moves about its pelvis, and how the pelvis walks, and the two never
agree quite: a foot swings back under a body that does not go forward as far, and slides. Where a
foot stands is clear, so the walk gives way. A foot that is raised, or moves fast, does not stand
and has no say. What two feet do against each other no walk can hold. So each foot that stands is
locked by inverse kinematics of its leg: it adds up what it would slide, and gives it back while it
steps (footskate cleanup, Kovar, Schreiner and Gleicher, 2002, without the future they look into).
"""

import numpy as np

from live.body.pose import FRAME_RATE
from live.body.skeleton import BONE_LENGTHS, JOINT

_LOW_M = 0.035  # a foot raised by so much holds the floor a third as well as one that rests
_SLOW_M_S = 1.2  # as does one that moves so fast
_AT_ONCE = 0.5  # with all of it pelvises jerk three times as much as those of real dancers
_RAISED = 10.0  # a foot raised by a centimetre stands less than one that moves by a decimetre

_LOCKED_M_S = 0.75  # a foot that moves so fast is locked a third as well: it slides on purpose
_FARTHEST_M = 0.08  # that a foot is kept from where it is danced
_GIVES_BACK = 0.15  # of that with every frame in which a raised foot moves
_CREEPS_BACK = 0.01  # and one that stands
_MOVES_M = 0.01  # in a frame: less moves a foot in part only, and a pose that is held not at all

_REACH = 0.995  # of a leg's length: near all of it a knee would jump
_FORWARD = np.float32(0.002)  # of the way from ankle to toe: where a leg bends to that is straight
_NOTHING = 1e-12

_KNEE = np.array([JOINT["l_knee"], JOINT["r_knee"]])
_LEGS = _KNEE[:, None] + np.arange(-1, 3)  # hip, knee, ankle and toe of each
_THIGH_M = float(BONE_LENGTHS[_KNEE[0]])  # a shin is as long


def sliding(before: np.ndarray, moved: np.ndarray, raised: np.ndarray) -> np.ndarray:
    """How far the feet that stand slide in a frame, as one, less where none stands firmly: metres
    [N, 2], the mean of this frame and the `before` of the last.

    moved: what each foot joint does in this frame, metres along the floor, [N, F, 2]; raised: how
    far it is above where it rests, metres [N, F].
    """
    holds = _holding(moved, raised, _SLOW_M_S)
    firmly = np.minimum(np.add.reduce(holds, axis=1), 1.0)
    share = np.square(holds)  # of two that slide apart, the slower one says what is still
    share *= (firmly / np.maximum(np.add.reduce(share, axis=1), _NOTHING))[:, None]
    slides = np.add.reduce(share[..., None] * moved, axis=1)
    return before + _AT_ONCE * (slides - before)


def standing_foot(moved: np.ndarray, raised: np.ndarray) -> np.ndarray:
    """Which foot joint stands, int [N]: of those that move least the lowest. As for `sliding`."""
    distance = np.sqrt(np.add.reduce(np.square(moved), axis=2))
    lowest = raised.min(axis=1, keepdims=True)
    return (distance + _RAISED * np.maximum(raised - lowest, 0.0)).argmin(axis=1)


def locked(shift: np.ndarray, moved: np.ndarray, raised: np.ndarray) -> np.ndarray:
    """How far each foot is kept from where it is danced, after a frame: metres along the floor
    [N, 2, 2] (left, right), at most .08 long.

    shift: the same before the frame; moved [N, 4, 2] and raised [N, 4] as for `sliding`, of the
    feet as they are danced.
    """
    holds = _holding(moved, raised, _LOCKED_M_S).reshape(-1, 2, 2)  # ankle and toe of each foot
    firmly = np.minimum(holds[..., 0] + holds[..., 1], 1.0)[..., None]
    share = np.square(holds)
    share *= firmly / np.maximum(share[..., :1] + share[..., 1:], _NOTHING)
    shift = shift - np.einsum("nfj,nfjk->nfk", share, moved.reshape(-1, 2, 2, 2))
    step = moved[:, 0::2] + moved[:, 1::2]
    moves = np.minimum(np.sqrt(_square(step)) / (2 * _MOVES_M), 1.0)
    within = np.minimum(_FARTHEST_M / np.sqrt(np.maximum(_square(shift), _NOTHING)), 1.0)
    gives_back = _GIVES_BACK + firmly * (_CREEPS_BACK - _GIVES_BACK)
    return shift * within * (1 - moves * gives_back)


def with_feet_shifted(local: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Joints float32 [N, 19, 3] with the feet moved along the floor by `shift` [N, 2, 2], both in
    the same frame, as far as the legs reach; and how much of it that was, [N, 2, 1].

    Hips stay, bones keep their lengths, and knees the side that they bend to.
    """
    legs = local[:, _LEGS]
    hip, ankle = legs[:, :, 0], legs[:, :, 2]
    offset = np.zeros(hip.shape, np.float32)
    offset[..., 0::2] = shift
    danced, share = ankle - hip, np.ones((*shift.shape[:2], 1))
    square = _square(danced + offset)
    if square.max(initial=0.0) > (2 * _THIGH_M * _REACH) ** 2:
        near, far = np.sqrt(_square(danced)), np.sqrt(square)
        reach = np.maximum(near, 2 * _THIGH_M * _REACH)
        # Along a straight line the distance from a point is convex: so far it is within reach.
        share = np.where(far > reach, (reach - near) / np.maximum(far - near, _NOTHING), share)
        offset *= share
        square = _square(danced + offset)
    leg, square = danced + offset, np.maximum(square, _NOTHING)
    side = legs[:, :, 1] - hip + _FORWARD * (legs[:, :, 3] - ankle)
    side -= np.einsum("nfk,nfk->nf", side, leg)[..., None] / square * leg
    high = np.maximum(_THIGH_M**2 - square / 4, 0.0)  # of the triangle that a leg is
    side *= np.sqrt(high / np.maximum(_square(side), _NOTHING))
    legs[:, :, 1] = hip + leg / 2 + side
    legs[:, :, 2:] += offset[:, :, None]
    shifted = local.copy()
    shifted[:, _LEGS] = legs
    return shifted, share


def _holding(moved: np.ndarray, raised: np.ndarray, slow_m_s: float) -> np.ndarray:
    """How well each foot joint holds the floor, 0 to 1: [N, F]. moved, raised: as for `sliding`."""
    slow = np.add.reduce(np.square(moved), axis=2) / (slow_m_s / FRAME_RATE) ** 2
    return np.exp(-np.maximum(raised, 0.0) / _LOW_M - slow)


def _square(of: np.ndarray) -> np.ndarray:
    """Squared lengths of vectors [N, F, K]: [N, F, 1]."""
    return np.einsum("nfk,nfk->nf", of, of)[..., None]
