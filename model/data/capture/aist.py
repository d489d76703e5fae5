"""AIST++ (.pkl): 17 keypoints in space, or SMPL motions; also what dance generators write so.

Enters: a pickle, read by `pickled` without running it. Leaves: `Captured`, 60 frames a second as
AIST++ has them. The dances of AIST++ are for research: so is the tier.
"""

from pathlib import Path

import numpy as np

from live.errors import ArtifactError
from model.data.capture import smpl
from model.data.capture.captured import Captured, regular
from model.data.capture.pickled import read_pickle

_FPS = 60.0
_COCO = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip",
    "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
_KEYPOINTS = ("keypoints3d_optim", "keypoints3d")


def read(path: Path) -> list[Captured]:
    """The motion of a pickle. ArtifactError if it holds none, or anything but numbers."""
    arrays = read_pickle(path)
    for name in _KEYPOINTS:
        points = arrays.get(name)
        if points is not None and points.ndim == 3 and points.shape[1:] == (len(_COCO), 3):
            points = np.where(np.abs(points) < 1e6, points, np.nan)
            return [
                Captured(
                    "AIST++ keypoints", _COCO, points, regular(len(points), _FPS), tier="research"
                )
            ]
    if smpl.is_smpl(arrays):
        return [smpl.captured(arrays, "SMPL motion")]
    has = ", ".join(sorted(arrays)[:12]) or "no array"
    raise ArtifactError(f"{path.name} holds neither keypoints3d nor smpl_poses, but {has}")
