"""How far a dance goes: how high, wide, fast, low and still its body gets, style by style.

Enters: takes of one style. Leaves: figures by name, of all their frames together. A network that
dances the middle of what could come is on the beat and of the right mean speed, yet never lifts a
hand: means do not show it, ends of distributions do.
"""

from collections.abc import Sequence

import numpy as np

from live.body.pose import FRAME_RATE, heading_of
from live.body.skeleton import BONE_LENGTHS, JOINT
from model.data.accents import joint_speed, still_frames
from model.evaluation.take import Take

_TRAVEL_S = 2.0  # the shortest clips have 3.6 s
_STRAIGHT = 0.966  # of the arm's length from shoulder to wrist: an elbow opened to 150 degrees

_WRISTS = [JOINT["l_wrist"], JOINT["r_wrist"]]
_SHOULDERS = [JOINT["l_shoulder"], JOINT["r_shoulder"]]
_ANKLES = [JOINT["l_ankle"], JOINT["r_ankle"]]
_ARM_M = float(BONE_LENGTHS[JOINT["l_elbow"]] + BONE_LENGTHS[JOINT["l_wrist"]])


def range_of_motion(takes: Sequence[Take], reference_m_s: float) -> dict[str, float]:
    """The figures of all frames of several takes of one style.

    reference_m_s: mean joint speed of the style's real dances. Names ending in p95, p99 and p1 are
    percentiles. wrist_up: share of frames in which a wrist is above the head's joint; ankle_p99:
    height, m; foot_speed_p95, hand_speed_p95: of ankles and wrists, m/s; stance_p95: horizontal
    distance of the ankles, m; pelvis_p1: height, m; turn_rate: mean of the heading's absolute
    speed, rad/s; travel: mean distance of the pelvis from where it was 2 s before, along the floor,
    m; straight_arms: share of arms with an elbow opened to more than 150 degrees; stillness: share
    of time in stretches of .5 s or more with a mean joint speed (over .2 s) under .3 of
    `reference_m_s`.
    """
    joints = np.concatenate([t.joints for t in takes]).astype(np.float64)
    speed = np.concatenate([joint_speed(t.joints, FRAME_RATE) for t in takes])
    apart = joints[:, _ANKLES[0]] - joints[:, _ANKLES[1]]
    reach = np.linalg.norm(joints[:, _WRISTS] - joints[:, _SHOULDERS], axis=-1)
    turns = np.concatenate([np.abs(np.diff(heading_of(t.joints))) for t in takes])
    still = np.concatenate([still_frames(t.joints, reference_m_s) for t in takes])
    return {
        "wrist_up": float((joints[:, _WRISTS, 1].max(axis=1) > joints[:, JOINT["head"], 1]).mean()),
        "ankle_p99": float(np.percentile(joints[:, _ANKLES, 1], 99)),
        "foot_speed_p95": float(np.percentile(speed[:, _ANKLES], 95)),
        "hand_speed_p95": float(np.percentile(speed[:, _WRISTS], 95)),
        "stance_p95": float(np.percentile(np.hypot(apart[:, 0], apart[:, 2]), 95)),
        "pelvis_p1": float(np.percentile(joints[:, 0, 1], 1)),
        "turn_rate": float(turns.mean() * FRAME_RATE),
        "travel": _travel(takes),
        "straight_arms": float((reach > _STRAIGHT * _ARM_M).mean()),
        "stillness": float(still.mean()),
    }


def _travel(takes: Sequence[Take]) -> float:
    frames = round(_TRAVEL_S * FRAME_RATE)
    steps = [t.joints[frames:, 0] - t.joints[:-frames, 0] for t in takes]
    moved = np.concatenate(steps)
    return float(np.hypot(moved[:, 0], moved[:, 2]).mean()) if len(moved) else 0.0
