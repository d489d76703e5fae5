"""JSON (.json): joints and bones in one object, for web pages and scripts.

    {"format": "posejockey-motion", "version": 1, "fps": 60, "start_s": 0.0,
     "joint_names": [19], "joint_parents": [19], "bone_names": [21], "bone_parents": [21],
     "beat_phase": [T], "bar_phase": [T], "tempo_bpm": [T], "level": [T],
     "dancers": [{"dancer": 1, "joints": [T][57], "rotations": [T][84]}]}

Joints are x y z in metres, y up, right-handed; rotations quaternions x y z w relative to the parent
bone, from the T-pose, facing +z. A frame in which a dancer is not on stage is null.
"""

import json
from pathlib import Path

import numpy as np

from export.motion.motion import Motion, held
from live.body.humanoid import BONES, global_rotations, local_rotations, quaternions
from live.body.skeleton import JOINT_NAMES, PARENTS

_MUSIC = ("beat_phase", "bar_phase", "tempo_bpm", "level")


def write(motion: Motion, skeleton: str, path: Path) -> None:
    """All dancers; `skeleton` does not count."""
    whole = {
        "format": "posejockey-motion",
        "version": 1,
        "fps": motion.fps,
        "start_s": round(motion.start_s, 5),
        "joint_names": JOINT_NAMES,
        "joint_parents": PARENTS,
        "bone_names": [bone.name for bone in BONES],
        "bone_parents": [bone.parent for bone in BONES],
        **{name: _rounded(motion.music[name], 4) for name in _MUSIC},
        "dancers": [_dancer(motion.only(k)) for k in range(len(motion.dancers))],
    }
    path.write_text(json.dumps(whole, separators=(",", ":"), allow_nan=False), encoding="utf-8")


def _dancer(motion: Motion) -> dict:
    joints = motion.joints[:, 0]
    there = [bool(np.isfinite(pose).all()) for pose in joints]
    whole = held(joints)
    turns = quaternions(local_rotations(global_rotations(whole)))
    return {
        "dancer": motion.dancers[0],
        "joints": _present(whole, there, 5),
        "rotations": _present(turns, there, 6),
    }


def _present(values: np.ndarray, there: list[bool], digits: int) -> list:
    rows = _rounded(values.reshape(len(values), -1), digits)
    return [row if seen else None for row, seen in zip(rows, there, strict=True)]


def _rounded(values: np.ndarray, digits: int) -> list:
    return np.round(values.astype(np.float64), digits).tolist()
