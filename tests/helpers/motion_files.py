"""A body that moves, and files of it as the programs of others write them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial.transform import Rotation

from live.body.humanoid import BONE, BONES
from live.body.skeleton import JOINT, JOINT_NAMES

_SWINGS = {
    "LeftUpperArm": 50, "RightUpperArm": 50, "LeftLowerArm": 40, "RightLowerArm": 40,
    "LeftUpperLeg": 25, "RightUpperLeg": 25, "LeftLowerLeg": 20, "RightLowerLeg": 20,
    "Spine": 12, "Chest": 12, "Neck": 15, "Head": 15, "LeftFoot": 15, "RightFoot": 15,
}  # fmt: skip


@dataclass(frozen=True)
class Body:
    """turns: float64 [T, 21, 3, 3], local, from the T-pose. hips: float64 [T, 3], metres, y up."""

    turns: np.ndarray
    hips: np.ndarray
    fps: float = 30.0

    @cached_property
    def globals(self):
        """(rotations [T, 21, 3, 3], positions [T, 21, 3])."""
        turned, at = np.empty_like(self.turns), np.empty((len(self.hips), len(BONES), 3))
        for i, bone in enumerate(BONES):
            if bone.parent < 0:
                turned[:, i], at[:, i] = self.turns[:, i], self.hips
            else:
                turned[:, i] = turned[:, bone.parent] @ self.turns[:, i]
                at[:, i] = at[:, bone.parent] + turned[:, bone.parent] @ np.array(bone.offset)
        return turned, at

    @property
    def joints(self):
        """float64 [T, 19, 3], in our order."""
        at = self.globals[1]
        out = np.empty((len(at), len(JOINT_NAMES), 3))
        for name, i in BONE.items():
            if name not in ("LeftShoulder", "RightShoulder"):
                out[:, JOINT[BONES[i].joint]] = at[:, i]
        return out


def moving_body(frames=180, seed=0, fps=30.0, heading=0.0):
    """Every joint swings, slowly, about axes of its own; the hips sway and travel."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames) / fps
    turns = np.tile(np.eye(3), (frames, len(BONES), 1, 1))
    for name, degrees in _SWINGS.items():
        hertz, phase = rng.uniform(0.3, 1.1, 3), rng.uniform(0, 6, 3)
        angles = np.sin(2 * np.pi * hertz * time[:, None] + phase) * degrees
        if name.endswith("LowerLeg"):  # a knee bends backwards only
            angles = np.abs(angles) * [1, 0, 0]
        if name.endswith("UpperArm"):  # arms hang
            angles = angles * [1, 0.2, 0.3] + [0, 0, -70 if name[0] == "L" else 70]
        turns[:, BONE[name]] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    turn = heading + 20 * np.sin(2 * np.pi * 0.2 * time)
    turns[:, 0] = Rotation.from_euler("y", turn[:, None], degrees=True).as_matrix()
    hips = np.stack(
        [0.3 * np.sin(0.9 * time), 0.95 + 0.03 * np.sin(5 * time), 0.2 * np.cos(0.7 * time)], axis=1
    )
    return Body(turns, hips, fps)


# Name in the file, and the humanoid bone that it is; "" for a joint that only stands between.
_LIMBS = ("UpLeg", "Leg", "Foot", "ToeBase"), ("Shoulder", "Arm", "ForeArm", "Hand")
_UNITY = ("UpperLeg", "LowerLeg", "Foot", "Toes"), ("Shoulder", "UpperArm", "LowerArm", "Hand")


def _tree(middle, legs, arms, sides=("Left", "Right"), pattern="{side}{limb}"):
    """[(name, parent's name, bone)] of a whole body; middle: names of hips .. head by bone."""
    rows, last = [], ""
    for name, bone in middle:
        rows.append((name, last, bone))
        last = name
    by_bone = {bone: name for name, _, bone in rows}
    for side, unity in zip(sides, ("Left", "Right"), strict=True):
        for names, bones, root in ((legs, _UNITY[0], "Hips"), (arms, _UNITY[1], "Chest")):
            last = by_bone[root]
            for limb, bone in zip(names, bones, strict=True):
                name = pattern.format(side=side, limb=limb)
                rows.append((name, last, f"{unity}{bone}"))
                last = name
    return rows


def _middle(*names):
    return tuple(zip(names, ("Hips", "Spine", "Chest", "Neck", "Head"), strict=True))


SCHEMES = {
    "CMU": [
        *_tree(_middle("Hips", "LowerBack", "Spine", "Neck", "Head"), *_LIMBS),
        ("LHipJoint", "Hips", ""),
    ],
    "Mixamo": _tree(
        _middle(*(f"mixamorig:{n}" for n in ("Hips", "Spine", "Spine1", "Neck", "Head"))),
        *_LIMBS, pattern="mixamorig:{side}{limb}",
    ),
    "Rokoko": _tree(
        _middle("Hips", "Spine1", "Spine2", "Neck", "Head"),
        ("Thigh", "Shin", "Foot", "Toe"), ("Shoulder", "Arm", "ForeArm", "Hand"),
    ),
    "3ds Max Biped": _tree(
        _middle(*(f"Bip01 {n}" for n in ("Pelvis", "Spine", "Spine1", "Neck", "Head"))),
        ("Thigh", "Calf", "Foot", "Toe0"), ("Clavicle", "UpperArm", "Forearm", "Hand"),
        ("L", "R"), "Bip01 {side} {limb}",
    ),
    "VRM": _tree(
        _middle("hips", "spine", "chest", "neck", "head"), *_UNITY, ("left", "right"),
    ),
    "Motive or Xsens": _tree(
        _middle("Hips", "Chest", "Chest2", "Neck", "Head"),
        ("Hip", "Knee", "Ankle", "Toe"), ("Collar", "Shoulder", "Elbow", "Wrist"),
    ),
}  # fmt: skip


def bvh_text(body, scheme="CMU", order="ZXY", unit_m=0.01, axes=None, fps=None):
    """A BVH file of a body. axes: rotation [3, 3] of the whole space, y up without it."""
    axes = np.eye(3) if axes is None else axes
    rows = SCHEMES[scheme]
    lines, width = ["HIERARCHY"], []
    _joint(rows, rows[0][0], 0, order, axes / unit_m, lines, width)
    numbers = []
    turns = axes @ body.turns @ axes.T
    for bone in width:
        if bone == BONES[0].name:
            numbers.append(body.hips @ axes.T / unit_m)
        turned = turns[:, BONE[bone]] if bone else np.tile(np.eye(3), (len(turns), 1, 1))
        numbers.append(Rotation.from_matrix(turned).as_euler(order, degrees=True))
    frames = np.concatenate(numbers, axis=1)
    lines += ["MOTION", f"Frames: {len(frames)}", f"Frame Time: {1 / (fps or body.fps):.7f}"]
    lines += [" ".join(f"{value:.6f}" for value in row) for row in frames]
    return "\n".join(lines) + "\n"


def _joint(rows, name, depth, order, axes, lines, width):
    bone = next(bone for own, _, bone in rows if own == name)
    pad = "  " * depth
    offset = axes @ np.array(BONES[BONE[bone]].offset if bone and depth else (0.0, 0.0, 0.0))
    channels = [f"{axis}rotation" for axis in order]
    if not depth:
        channels = ["Xposition", "Yposition", "Zposition", *channels]
    lines += [
        f"{pad}{'JOINT' if depth else 'ROOT'} {name}", f"{pad}{{",
        f"{pad}  OFFSET {offset[0]:.6f} {offset[1]:.6f} {offset[2]:.6f}",
        f"{pad}  CHANNELS {len(channels)} {' '.join(channels)}",
    ]  # fmt: skip
    width.append(bone)
    children = [own for own, parent, _ in rows if parent == name]
    for child in children:
        _joint(rows, child, depth + 1, order, axes, lines, width)
    if not children:
        x, y, z = axes @ np.array([0.0, 0.05, 0.0])
        lines += [f"{pad}  End Site", f"{pad}  {{", f"{pad}    OFFSET {x:.6f} {y:.6f} {z:.6f}"]
        lines.append(f"{pad}  }}")
    lines.append(f"{pad}}}")


def apart_mm(joints, truth):
    """Largest distance of any joint, once both stand in the same place and face the same way."""
    joints, truth = (np.asarray(a, float) - np.mean(a[:, :1], axis=0) for a in (joints, truth))
    flat, flat_truth = (a[..., [0, 2]].reshape(-1, 2) for a in (joints, truth))
    u, _, v = np.linalg.svd(flat_truth.T @ flat)
    turn = u @ np.diag([1.0, np.sign(np.linalg.det(u @ v))]) @ v
    turned = truth.copy()
    turned[..., [0, 2]] = (flat_truth @ turn).reshape(*truth.shape[:2], 2)
    return float(np.linalg.norm(joints - turned, axis=-1).max() * 1000)
