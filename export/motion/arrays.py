"""Arrays of NumPy (.npz): a take at the frame rate asked for, with bones besides joints.

`posejockey render` reads it as any take. Added to a take's arrays: rotations float32 [T, N, 21, 4],
unit quaternions xyzw relative to the parent bone, from the T-pose; hips [T, N, 3], metres;
bone_names and bone_parents [21]. Frames in which a dancer is not on stage are NaN.
"""

from pathlib import Path

import numpy as np

from export.motion.motion import Motion, held
from live.body.humanoid import BONES, global_rotations, local_rotations, quaternions
from live.body.skeleton import JOINT, JOINT_NAMES


def write(motion: Motion, skeleton: str, path: Path) -> None:
    """All dancers; `skeleton` does not count."""
    joints = motion.joints
    away = ~np.isfinite(joints).all(axis=(2, 3))
    turns = [local_rotations(global_rotations(held(own))) for own in np.swapaxes(joints, 0, 1)]
    rotations = quaternions(np.stack(turns, axis=1)).astype(np.float32)
    rotations[away] = np.nan
    arrays = motion.music | {
        "time_s": motion.times_s,
        "joints": joints,
        "joint_names": np.array(JOINT_NAMES),
        "dancers": np.array(motion.dancers),
        "rotations": rotations,
        "hips": joints[:, :, JOINT["pelvis"]],
        "bone_names": np.array([bone.name for bone in BONES]),
        "bone_parents": np.array([bone.parent for bone in BONES]),
    }
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
