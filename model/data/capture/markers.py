"""Markers on a suit to joints: those of the usual sets (Plug-in Gait, CMU's, Helen Hayes).

Enters: markers by label, which lie on the skin. Leaves: points inside the body, by names that
`naming` knows; or nothing where they are no such set. Hips are put by Bell's shares of the width of
the pelvis (1989); knees, ankles, elbows and wrists between their two markers, or beside their one.
"""

from collections.abc import Callable

import numpy as np

_PELVES = (("LASI", "RASI", "LPSI", "RPSI"), ("LFWT", "RFWT", "LBWT", "RBWT"))
_HEAD = ("LFHD", "RFHD", "LBHD", "RBHD")
_NECK = ("C7", "CLAV")
_CHEST = ("T10", "STRN")
# Of the width of the front of the pelvis: inwards from its marker, backwards, downwards.
_HIP = (0.14, 0.19, 0.30)
_KNEE, _ANKLE, _SHOULDER = 0.2, 0.14, 0.17  # of it, from the skin to the middle of the joint
_PAIRED = {
    "knee": ("KNE", ("KNM", "MKNE", "KNI"), _KNEE),
    "ankle": ("ANK", ("ANM", "MANK", "ANI"), _ANKLE),
    "elbow": ("ELB", ("ELBM", "MELB", "ELM"), 0.0),
}  # fmt: skip
_WRIST, _TOES = (("WRA", "WRB"), ("WRI", "FIN")), (("TOE",), ("MT1", "MT5"), ("MT5",))

Find = Callable[[str], np.ndarray | None]


def joints_of_markers(
    labels: tuple[str, ...], points: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray] | None:
    """Names and points [T, K, 3] of a body by markers [T, M, 3]; None for no known set."""
    own = {label.split(":")[-1].strip().upper(): i for i, label in enumerate(labels)}

    def find(label: str) -> np.ndarray | None:
        return points[:, own[label]] if label in own else None

    pelvis = next((p for p in _PELVES if all(name in own for name in p[:2])), None)
    back = [name for name in (*(pelvis or ())[2:], "SACR") if name in own]
    if pelvis is None or not back or not {"LSHO", "RSHO", "LKNE", "RKNE"} <= own.keys():
        return None
    found = _trunk(find, pelvis, back)
    width = float(np.nanmedian(np.linalg.norm(points[:, own[pelvis[0]]] - points[:, own[pelvis[1]]],
                                              axis=-1)))  # fmt: skip
    inward = found["left_hip"] - found["right_hip"]
    inward = inward / np.maximum(np.linalg.norm(inward, axis=-1, keepdims=True), 1e-9)
    for side, away in (("L", inward), ("R", -inward)):
        _limbs(side, find, away, width, found)
    return tuple(found), np.stack(list(found.values()), axis=1)


def _trunk(find: Find, pelvis: tuple[str, ...], back: list[str]) -> dict[str, np.ndarray]:
    left, right = (_known(find(name)) for name in pelvis[:2])
    behind = _mean([find(name) for name in back])
    front = (left + right) / 2
    across = left - right
    width = np.linalg.norm(across, axis=-1, keepdims=True)
    side = across / np.maximum(width, 1e-9)
    ahead = front - behind
    ahead -= (ahead * side).sum(axis=-1, keepdims=True) * side
    ahead /= np.maximum(np.linalg.norm(ahead, axis=-1, keepdims=True), 1e-9)
    # Up by the right hand: left x front points down, for left, up, front are x, y, z.
    up = np.cross(ahead, side)
    inward, backward, down = _HIP
    into = -backward * width * ahead - down * width * up
    found: dict[str, np.ndarray] = {
        "pelvis": (front + behind) / 2 - 0.1 * width * up,
        "left_hip": left - inward * width * side + into,
        "right_hip": right + inward * width * side + into,
    }
    for name, labels in (("neck", _NECK), ("head", _HEAD), ("chest", _CHEST)):
        markers = [find(label) for label in labels if find(label) is not None]
        if len(markers) >= 2:
            found[name] = _mean(markers)
    return found


def _limbs(
    side: str, find: Find, away: np.ndarray, width: float, found: dict[str, np.ndarray]
) -> None:
    name = "left" if side == "L" else "right"
    for joint, (outer, inners, skin) in _PAIRED.items():
        marker = find(side + outer)
        inner = next((m for i in inners if (m := find(side + i)) is not None), None)
        if marker is not None:
            found[f"{name}_{joint}"] = (
                marker - skin * width * away if inner is None else (marker + inner) / 2
            )
    shoulder = find(f"{side}SHO")
    if shoulder is not None:
        trunk = shoulder - found["pelvis"]
        down = trunk / np.maximum(np.linalg.norm(trunk, axis=-1, keepdims=True), 1e-9)
        found[f"{name}_shoulder"] = shoulder - _SHOULDER * width * down
    for joint, sets in (("wrist", _WRIST), ("toe", _TOES)):
        for labels in sets:
            markers = [find(side + label) for label in labels]
            if all(marker is not None for marker in markers):
                found[f"{name}_{joint}"] = _mean(markers)
                break


def _mean(markers: list[np.ndarray | None]) -> np.ndarray:
    """Of those that are seen."""
    known = np.stack([_known(marker) for marker in markers])
    seen = np.isfinite(known)
    count = seen.sum(axis=0)
    total = np.where(seen, known, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _known(marker: np.ndarray | None) -> np.ndarray:
    assert marker is not None
    return marker
