"""Arrays of numpy (.npz): takes of `posejockey perform`, SMPL poses, or joints in our order.

Enters: a file. Leaves: `Captured`, by which arrays it holds.
"""

from pathlib import Path

import numpy as np

from live.body.skeleton import JOINT_NAMES, N_JOINTS
from live.errors import ArtifactError
from live.safe_read import read_arrays
from live.session.take import check_take
from model.data.capture import smpl
from model.data.capture.captured import Captured, KnownBeats, regular
from model.data.capture.dance_beats import beats_of_phases

_HINT = "give a take, SMPL poses, or an array 'joints' [frames, 19, 3]"
_MOST_BYTES = 1 << 30


def read(path: Path) -> list[Captured]:
    """The motions of an NPZ file. ArtifactError names what it holds instead."""
    arrays = read_arrays(path, _HINT, _MOST_BYTES, lenient=True)
    joints = arrays.get("joints")
    if joints is not None and joints.ndim == 4 and "time_s" in arrays:
        check_take(arrays)
        return _take(arrays)
    if joints is not None and joints.ndim == 3 and joints.shape[1:] == (N_JOINTS, 3):
        fps = arrays.get("fps", np.array(0))
        told = fps.size == 1 and fps.dtype.kind in "fiu" and 1 <= float(fps.reshape(())) <= 1000
        time_s = regular(len(joints), float(fps.reshape(()))) if told else None
        return [Captured("joints of PoseJockey", JOINT_NAMES, _numbers(joints), time_s)]
    if smpl.is_smpl(arrays):
        return [smpl.captured(arrays, "SMPL poses")]
    has = ", ".join(sorted(arrays)[:12]) or "no array of numbers"
    raise ArtifactError(
        f"{path.name} holds neither a take, nor SMPL's poses, nor joints, but {has}"
    )


def _take(arrays: dict[str, np.ndarray]) -> list[Captured]:
    """A body for each dancer."""
    joints, time_s = arrays["joints"], arrays["time_s"]
    kept = np.concatenate([[True], np.diff(time_s) > 1e-6])
    beats = _beats(arrays)
    dancers = joints.shape[1]
    return [
        Captured(
            "a take", JOINT_NAMES, joints[kept, d].astype(np.float64), time_s[kept] - time_s[0],
            part=f"dancer{d + 1}" if dancers > 1 else "", is_settled=True, beats=beats,
        )
        for d in range(dancers)
        if np.isfinite(joints[:, d]).any()
    ]  # fmt: skip


def _beats(arrays: dict[str, np.ndarray]) -> KnownBeats | None:
    return beats_of_phases(
        arrays["time_s"] - arrays["time_s"][0], arrays["beat_phase"], arrays.get("bar_phase"),
        arrays["beat_confidence"],
    )  # fmt: skip


def _numbers(joints: np.ndarray) -> np.ndarray:
    if joints.dtype.kind not in "fiu":
        raise ArtifactError(f"its joints are {joints.dtype}, not numbers")
    return joints.astype(np.float64)
