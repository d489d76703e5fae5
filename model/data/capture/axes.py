"""Which way is up, how long is a metre, where are left and front: found by what bodies look like.

Enters: joints in a file's own axes and units. Leaves: joints in metres, y up, right-handed, the own
left on the left, mostly facing +z, in the middle of a floor at y = 0; and a sentence for each thing
that was found. Everything can be told instead.
"""

from dataclasses import dataclass

import numpy as np

from live.body.pose import rotate_y
from live.body.skeleton import JOINT
from live.errors import ArtifactError
from model.data.capture.assemble import with_toes

UPS = ("x", "y", "z", "-x", "-y", "-z")
UNITS = {
    "m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254, "ft": 0.3048,
    "asf": 0.0254 / 0.45,  # CMU's
}  # fmt: skip
_LEG_M = 0.85  # from hip to ankle, of a usual body
_LEGS_M = (0.5, 1.3)  # of children and giants
_SAID = {"m": "metres", "cm": "centimetres", "mm": "millimetres", "in": "inches", "ft": "feet",
         "asf": "units of 5.64 cm, as CMU's"}  # fmt: skip
_STRAIGHT = np.cos(np.radians(25))  # an axis this near to the body's is the file's up
_FACES = 0.2  # of all frames alike; less, and the beginning is what faces the front
_LEGS = (("l_hip", "l_knee"), ("l_knee", "l_ankle"), ("r_hip", "r_knee"), ("r_knee", "r_ankle"))
_SWAPPED = -0.1


@dataclass(frozen=True)
class AxesTold:
    """What is not to be found out. up: one of `UPS`; unit: one of `UNITS`, or metres; mirror:
    whether the file's space is mirrored; turn_deg: to the dancer's left; floor_m: where the floor
    is along up, metres."""

    up: str | None = None
    unit: str | float | None = None
    mirror: bool | None = None
    turn_deg: float | None = None
    floor_m: float | None = None


def upright(joints: np.ndarray, told: AxesTold) -> tuple[np.ndarray, list[str]]:
    """Joints [T, 19, 3] in metres with y up and the own left on the left; and what was found.

    ArtifactError where there is no body to look at.
    """
    said = []
    scale, sentence = _scale(joints, told.unit)
    said.append(sentence)
    turn, sentence = _turn_up(joints, told.up)
    said.append(sentence)
    out = joints * scale @ turn.T
    mirrored, sentence = _mirror(out, told.mirror)
    said.append(sentence)
    if mirrored:
        out[..., 0] *= -1
    return with_toes(out, fronts(out)), said


def on_stage(joints: np.ndarray, told: AxesTold) -> tuple[np.ndarray, list[str]]:
    """Joints [T, 19, 3], metres and y up, turned to the front and put on the floor's middle."""
    front = fronts(joints)
    angles = np.arctan2(front[:, 0], front[:, 2])
    known = angles[np.isfinite(angles)]
    mean = np.exp(1j * known).mean() if len(known) else 0j
    if abs(mean) < _FACES and len(known):
        mean = np.exp(1j * known[: max(len(known) // 20, 1)]).mean()
    turn = -float(np.angle(mean)) if told.turn_deg is None else np.radians(told.turn_deg)
    out = rotate_y(joints, np.full(joints.shape[:2], turn))
    low = np.nanmin(out[..., 1], axis=1)
    floor = float(np.nanpercentile(low, 5))
    out[..., 1] -= floor if told.floor_m is None else told.floor_m
    middle = np.nanmedian(out[:, JOINT["pelvis"]], axis=0)
    out[..., [0, 2]] -= middle[[0, 2]]
    side = "told" if told.turn_deg is not None else "mostly to the front"
    level = f"{floor:+.2f} m" if told.floor_m is None else f"{told.floor_m:+.2f} m, as told"
    return out, [f"facing {side} (turned by {np.degrees(turn):+.0f} degrees), floor at {level}"]


def fronts(joints: np.ndarray) -> np.ndarray:
    """Where the body faces, unit vectors [T, 3] on the floor, from hips and shoulders; y is up."""
    left = np.zeros((len(joints), 3))
    for joint in ("hip", "shoulder"):
        left += joints[:, JOINT[f"l_{joint}"]] - joints[:, JOINT[f"r_{joint}"]]
    front = np.stack([-left[:, 2], np.zeros(len(left)), left[:, 0]], axis=1)
    return front / np.maximum(np.linalg.norm(front, axis=1, keepdims=True), 1e-9)


def leg_length(joints: np.ndarray) -> float:
    """From hip to ankle along the bones, in the file's units; NaN if there is no frame of it."""
    bones = [np.linalg.norm(joints[:, JOINT[b]] - joints[:, JOINT[a]], axis=-1) for a, b in _LEGS]
    known = np.stack(bones)[:, np.isfinite(bones).all(axis=0)]
    return float(np.median(known.sum(axis=0)) / 2) if known.size else float("nan")


def _scale(joints: np.ndarray, told: str | float | None) -> tuple[float, str]:
    """Metres a unit."""
    leg = leg_length(joints)
    if not np.isfinite(leg) or leg <= 0:
        raise ArtifactError("it has no frame in which both legs are known")
    if told is not None:
        scale = UNITS[told] if isinstance(told, str) else told
        return scale, f"units as told: a leg of {leg * scale:.2f} m"
    off = {name: abs(np.log(leg * scale / _LEG_M)) for name, scale in UNITS.items()}
    best = min(off, key=lambda name: off[name])
    low, high = _LEGS_M
    if low <= leg * UNITS[best] <= high:
        return UNITS[best], f"in {_SAID[best]}: a leg of {leg * UNITS[best]:.2f} m"
    return _LEG_M / leg, f"in no unit of ours: scaled so that a leg has {_LEG_M:g} m (--unit)"


def _turn_up(joints: np.ndarray, told: str | None) -> tuple[np.ndarray, str]:
    """The rotation [3, 3] that brings the body's up to y."""
    ankles = (joints[:, JOINT["l_ankle"]] + joints[:, JOINT["r_ankle"]]) / 2
    up = np.nanmedian(joints[:, JOINT["head"]] - ankles, axis=0)
    norm = np.linalg.norm(up)
    if told is not None:
        axis = np.zeros(3)
        axis["xyz".index(told[-1])] = -1.0 if told[0] == "-" else 1.0
        return _rotation(axis), f"{told} up, as told"
    if not norm > 0:
        raise ArtifactError("its head is where its feet are; it shows no body that stands")
    up = up / norm
    k = int(np.abs(up).argmax())
    axis = np.zeros(3)
    axis[k] = np.sign(up[k])
    name = f"{'-' if axis[k] < 0 else ''}{'xyz'[k]}"
    if abs(up[k]) >= _STRAIGHT:
        return _rotation(axis), f"{name} up"
    degrees = np.degrees(np.arccos(abs(up[k])))
    return _rotation(up), f"up is {degrees:.0f} degrees off {name}: set straight (--up)"


def _rotation(up: np.ndarray) -> np.ndarray:
    """The shortest turn of `up` to y; of an axis, one that keeps axes axes."""
    y = np.array([0.0, 1.0, 0.0])
    cosine = float(up @ y)
    if cosine < -1 + 1e-9:
        return np.diag([1.0, -1.0, -1.0])
    cross = np.cross(up, y)
    k = np.array([[0, -cross[2], cross[1]], [cross[2], 0, -cross[0]], [-cross[1], cross[0], 0]])
    return np.eye(3) + k + k @ k / (1 + cosine)


def _mirror(joints: np.ndarray, told: bool | None) -> tuple[bool, str]:
    """Whether space is mirrored: then the toes point backwards, or the knees bend so."""
    if told is not None:
        return told, "mirrored, as told" if told else "not mirrored, as told"
    front = fronts(joints)
    ahead = np.zeros(len(joints))
    for side in "lr":
        hip, knee, ankle, toe = (joints[:, JOINT[f"{side}_{j}"]]
                                 for j in ("hip", "knee", "ankle", "toe"))  # fmt: skip
        bent = knee - (hip + ankle) / 2
        foot = np.where(np.isnan(toe).all(), bent, toe - ankle)
        ahead += (foot * front).sum(axis=-1) / np.maximum(np.linalg.norm(foot, axis=-1), 1e-9)
    cosine = float(np.nanmedian(ahead / 2))
    if cosine < _SWAPPED:
        return True, "left and right exchanged: space was mirrored (--no-mirror keeps it)"
    return False, "left on the left"
