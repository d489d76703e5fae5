"""A file's points to our nineteen joints, still in the file's axes and units.

Enters: points by name with their mapping. Leaves: joints [T, 19, 3], NaN where nobody knows. What
a file has no point for is put where a body has it: spine and chest on the line of the file's own
spine, a neck between the shoulders, a head between the ears, toes in front of the ankles.
"""

import numpy as np

from live.body.skeleton import BONE_LENGTHS, JOINT, JOINT_NAMES, N_JOINTS
from model.data.capture.naming import JointMapping
from model.data.capture.rig import END

_TRUNK = BONE_LENGTHS[[JOINT["spine"], JOINT["chest"], JOINT["neck"]]].cumsum()
_NECK_ABOVE = 0.12  # of the trunk, above the middle of the shoulders
_SKULL = 0.27  # of the trunk, above the neck: our head is at .31, a skull's joint at .2
_FOOT = float(BONE_LENGTHS[JOINT["l_toe"]] / BONE_LENGTHS[JOINT["l_ankle"]])
_DIRECT = tuple(n for n in JOINT_NAMES if n not in ("spine", "chest", "neck", "head", "pelvis"))


def assembled(
    names: tuple[str, ...], points: np.ndarray, mapping: JointMapping
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Joints float64 [T, 19, 3] of points [T, K, 3]; and those that were put where a body has them.
    Toes without any point are NaN: `with_toes` knows the front."""
    at = {part: _mean(points, sources) for part, sources in mapping.sources.items()}
    joints = np.full((len(points), N_JOINTS, 3), np.nan)
    made: list[str] = []
    for name in _DIRECT:
        if name in at:
            joints[:, JOINT[name]] = at[name]
    for side in "lr":
        _put_toe(side, names, points, mapping, at, joints)
    hips, shoulders = ((at[f"l_{j}"] + at[f"r_{j}"]) / 2 for j in ("hip", "shoulder"))
    pelvis = at.get("pelvis", hips)
    made += [] if "pelvis" in at else ["pelvis"]
    neck = at.get("neck")
    if neck is None:
        neck = shoulders + _NECK_ABOVE * (shoulders - pelvis)
        made.append("neck")
    joints[:, JOINT["pelvis"]], joints[:, JOINT["neck"]] = pelvis, neck
    joints[:, JOINT["head"]] = _head(names, points, mapping, at, neck, pelvis)
    _put_spine(joints, points, mapping, made)
    return joints, tuple(made)


def with_toes(joints: np.ndarray, front: np.ndarray) -> np.ndarray:
    """Joints [T, 19, 3] with toes ahead of ankles where there are none. front: [T, 3]."""
    out = joints.copy()
    for side in "lr":
        toe, ankle, knee = (JOINT[f"{side}_{j}"] for j in ("toe", "ankle", "knee"))
        if np.isnan(out[:, toe]).all():
            shin = out[:, ankle] - out[:, knee]
            length = np.linalg.norm(shin, axis=-1, keepdims=True)
            down = shin / np.maximum(length, 1e-9)
            ahead = front - (front * down).sum(axis=-1, keepdims=True) * down
            ahead = ahead / np.maximum(np.linalg.norm(ahead, axis=-1, keepdims=True), 1e-9)
            out[:, toe] = out[:, ankle] + _FOOT * length * (0.9 * ahead + 0.43 * down)
    return out


def _mean(points: np.ndarray, sources: tuple[int, ...]) -> np.ndarray:
    return points[:, list(sources)].mean(axis=1)


def _put_toe(
    side: str, names: tuple[str, ...], points: np.ndarray, mapping: JointMapping,
    at: dict[str, np.ndarray], joints: np.ndarray,
) -> None:  # fmt: skip
    if f"{side}_toe" in at:
        return
    beyond = names[mapping.sources[f"{side}_ankle"][0]] + END
    if f"{side}_toe_end" in at:
        joints[:, JOINT[f"{side}_toe"]] = at[f"{side}_toe_end"]
    elif beyond in names:
        joints[:, JOINT[f"{side}_toe"]] = points[:, names.index(beyond)]


def _head(
    names: tuple[str, ...], points: np.ndarray, mapping: JointMapping, at: dict[str, np.ndarray],
    neck: np.ndarray, pelvis: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """The middle of the head: between the skull's joint and its top, or between the ears."""
    if "head" in at and "head" not in mapping.told:
        beyond = names[mapping.sources["head"][0]] + END
        top = at.get("head_end")
        if top is None and beyond in names:
            top = points[:, names.index(beyond)]
        return at["head"] if top is None else _middle_of_head(at["head"], top, neck, pelvis)
    if "head" in at:
        return at["head"]
    ears = [at[ear] for ear in ("l_ear", "r_ear") if ear in at]
    if len(ears) == 2:
        both = (ears[0] + ears[1]) / 2
        one = np.where(np.isnan(ears[0]), ears[1], ears[0])
        middle = np.where(np.isnan(both), one, both)
        return np.where(np.isnan(middle), at.get("nose", middle), middle)
    if "nose" in at:
        return at["nose"]
    return neck + 0.31 * (neck - pelvis)


def _middle_of_head(
    head: np.ndarray, top: np.ndarray, neck: np.ndarray, pelvis: np.ndarray
) -> np.ndarray:
    """A head's joint low at the skull is half of the way; one in its middle is there already."""
    trunk = np.nanmedian(np.linalg.norm(neck - pelvis, axis=-1))
    is_low = np.nanmedian(np.linalg.norm(head - neck, axis=-1)) < _SKULL * trunk
    return (head + top) / 2 if is_low else head


def _put_spine(
    joints: np.ndarray, points: np.ndarray, mapping: JointMapping, made: list[str]
) -> None:
    """Spine and chest at their share of the way along pelvis, the file's spine, neck."""
    knots = [joints[:, JOINT["pelvis"]], *(points[:, i] for i in mapping.chain),
             joints[:, JOINT["neck"]]]  # fmt: skip
    way = np.stack(knots, axis=1)
    lengths = np.nanmedian(np.linalg.norm(np.diff(way, axis=1), axis=-1), axis=0)
    along = np.concatenate([[0], lengths.cumsum()])
    for name, share in zip(("spine", "chest"), _TRUNK[:2] / _TRUNK[2], strict=True):
        if name in mapping.sources:
            joints[:, JOINT[name]] = _mean(points, mapping.sources[name])
            continue
        if not mapping.chain:
            made.append(name)
        wanted = share * along[-1]
        k = int(np.clip(np.searchsorted(along, wanted) - 1, 0, len(lengths) - 1))
        part = (wanted - along[k]) / max(lengths[k], 1e-9)
        joints[:, JOINT[name]] = way[:, k] + part * (way[:, k + 1] - way[:, k])
