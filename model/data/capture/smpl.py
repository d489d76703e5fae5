"""SMPL poses to joints: rotations of 22 joints on a body of our own proportions.

Enters: axis-angle rotations and translations, as AMASS (.npz) and AIST++ (.pkl) publish them.
Leaves: `Captured`. No body model is needed or read: a dance is carried over to one body anyway, so
only directions count. SMPL and its data have terms of their own: such clips are of tier research.
"""

from collections.abc import Mapping

import numpy as np
from scipy.spatial.transform import Rotation

from live.errors import ArtifactError
from model.data.capture.captured import Captured, regular
from model.data.capture.rig import Rig, positions

NAMES = (
    "Pelvis", "L_Hip", "R_Hip", "Spine1", "L_Knee", "R_Knee", "Spine2", "L_Ankle", "R_Ankle",
    "Spine3", "L_Foot", "R_Foot", "Neck", "L_Collar", "R_Collar", "Head", "L_Shoulder",
    "R_Shoulder", "L_Elbow", "R_Elbow", "L_Wrist", "R_Wrist", "L_Hand", "R_Hand",
)  # fmt: skip
_PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)
# Metres from the parent in the T-pose of a body of 1.70 m: y up, own left +x, front +z.
_OFFSETS = np.array([
    (0, 0, 0), (0.09, -0.05, 0), (-0.09, -0.05, 0), (0, 0.12, 0), (0, -0.42, 0), (0, -0.42, 0),
    (0, 0.13, 0), (0, -0.42, 0), (0, -0.42, 0), (0, 0.06, 0), (0.02, -0.06, 0.13),
    (-0.02, -0.06, 0.13), (0, 0.22, 0), (0.08, 0.12, 0), (-0.08, 0.12, 0), (0, 0.09, 0.03),
    (0.1, 0.03, 0), (-0.1, 0.03, 0), (0.28, 0, 0), (-0.28, 0, 0), (0.25, 0, 0), (-0.25, 0, 0),
])  # fmt: skip
_JOINTS = len(_PARENTS)
_ENDS = {15: np.array([0, 0.18, 0.0])}
_RATES = ("mocap_framerate", "mocap_frame_rate", "fps", "frame_rate", "framerate")
_AIST_FPS = 60.0
_MOST_FRAMES = 1 << 21


def is_smpl(arrays: Mapping[str, np.ndarray]) -> bool:
    """Whether these arrays are a motion of SMPL's kind."""
    return _poses(arrays) is not None or "full_pose" in arrays


def captured(arrays: Mapping[str, np.ndarray], source: str) -> Captured:
    """The motion of arrays for which `is_smpl` holds. ArtifactError if their sizes do not fit."""
    rate = _rate(arrays)
    full = arrays.get("full_pose")
    if full is not None and full.ndim == 3 and full.shape[1:] == (len(NAMES), 3):
        time_s = regular(len(full), rate) if rate else None
        return Captured(source, NAMES, full, time_s, tier="research")
    poses = _poses(arrays)
    if poses is None or not 1 < len(poses) <= _MOST_FRAMES:
        raise ArtifactError("its poses are no rotations of 22 joints or more, three numbers each")
    moves = _translations(arrays, len(poses))
    turns = poses[:, : 3 * _JOINTS].reshape(-1, _JOINTS, 3)
    rest = np.tile(np.eye(4), (_JOINTS, 1, 1))
    rest[:, :3, 3] = _OFFSETS
    rig = Rig(NAMES[:_JOINTS], _PARENTS, rest, _ENDS)

    def local(piece: slice) -> tuple[np.ndarray, np.ndarray]:
        part = turns[piece]
        good = np.asarray((np.abs(part) < 1e4).all(axis=(1, 2)))  # false for NaN
        whole = np.where(good[:, None, None], part, 0.0).reshape(-1, 3)
        matrices = Rotation.from_rotvec(whole).as_matrix().reshape(len(part), _JOINTS, 3, 3)
        at = np.tile(_OFFSETS, (len(part), 1, 1))
        at[:, 0] = moves[piece]
        at[~good] = np.nan
        return matrices, at

    names, parents, _ = rig.with_ends()
    points = positions(rig, len(poses), local)
    time_s = regular(len(poses), rate) if rate else None
    return Captured(source, names, points, time_s, parents, tier="research")


def _poses(arrays: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Axis-angle rotations float64 [T, 66 or more]; None where there are none."""
    for root, body in (("root_orient", "pose_body"), ("global_orient", "body_pose")):
        if root in arrays and body in arrays:
            parts = [_flat(arrays[name]) for name in (root, body)]
            if (
                all(p is not None for p in parts)
                and len({len(p) for p in parts if p is not None}) == 1
            ):
                return _flat(np.concatenate([p for p in parts if p is not None], axis=1), 66)
    for name in ("poses", "smpl_poses", "pose"):
        if name in arrays:
            return _flat(arrays[name], 66)
    return None


def _flat(array: np.ndarray, least: int = 1) -> np.ndarray | None:
    if array.ndim not in (2, 3) or array.dtype.kind != "f" or not len(array):
        return None
    flat = array.reshape(len(array), -1).astype(np.float64)
    return flat if flat.shape[1] >= least else None


def _translations(arrays: Mapping[str, np.ndarray], frames: int) -> np.ndarray:
    """Metres, float64 [T, 3]; zeros where there are none: then the dancer stays in place."""
    for name in ("trans", "smpl_trans", "transl"):
        moves = arrays.get(name)
        if moves is not None and moves.shape == (frames, 3) and moves.dtype.kind == "f":
            scale = float(np.ravel(arrays.get("smpl_scaling", np.ones(1)))[0])
            return moves.astype(np.float64) / (scale if 1e-3 < scale < 1e4 else 1.0)
    return np.zeros((frames, 3))


def _rate(arrays: Mapping[str, np.ndarray]) -> float | None:
    for name in _RATES:
        value = arrays.get(name)
        if value is not None and value.size == 1 and value.dtype.kind in "fiu":
            rate = float(value.reshape(()))
            return rate if 1.0 <= rate <= 1000.0 else None
    return _AIST_FPS if "smpl_scaling" in arrays else None
