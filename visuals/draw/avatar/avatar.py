"""An avatar: a skin over bones, and how dancers' joints move it.

Enters: a file, then joints. Leaves: for every bone how it moves the skin of the rest pose, as
matrices; the card and the software painter apply them. Any proportions: bones turn as the dancer's
do, the hips go where the dancer's go, at the avatar's own size.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from live.body.humanoid import (
    BONE,
    BONES,
    global_rotations,
    rest_direction,
    shortest_turn,
)
from live.body.skeleton import JOINT
from live.glb_file import GlbFile
from visuals.draw.avatar.bones import bones_of
from visuals.draw.avatar.mesh_file import Skin, rest_of, skin_of

_ALIGNED = [f"{s}{part}" for s in ("Left", "Right") for part in (
    "UpperArm", "LowerArm", "UpperLeg", "LowerLeg")]  # fmt: skip
_END = {
    "UpperArm": "LowerArm", "LowerArm": "Hand", "UpperLeg": "LowerLeg", "LowerLeg": "Foot",
}  # fmt: skip
_THIGHS = (("LeftUpperLeg", "l_hip"), ("RightUpperLeg", "r_hip"))
_OUR_LEG_M = 0.84
_TALLEST_M, _SHORTEST_M = 50.0, 0.05


@dataclass(frozen=True)
class Avatar:
    """skin: in the rest pose, metres, facing +z, feet on the floor. rest: [21, 3], where BONES
    begin; there: which of them it has. corrections: [21, 3, 3], to the T-pose from its own one."""

    skin: Skin
    rest: np.ndarray
    there: tuple[bool, ...]
    corrections: np.ndarray

    @classmethod
    def read(cls, path: Path) -> "Avatar":
        """From a GLB or VRM file. ArtifactError, in one sentence, if it is no figure."""
        file = GlbFile(path)
        bones = bones_of(file)
        world, parents = rest_of(file)
        skin = skin_of(file, bones, world, parents)
        rest = np.zeros((len(BONES), 3))
        for name, node in bones.items():
            rest[BONE[name]] = world[node, :3, 3]
        turn, size = _upright(file, skin, rest)
        bodily = (skin.vertices, rest[[BONE[name] for name in bones]])  # soles, or feet without
        lowest = min(float((points @ turn.T)[:, 1].min()) for points in bodily)
        floor = np.array([0.0, lowest, 0.0])
        skin = Skin(
            (skin.vertices @ turn.T - floor) * size, skin.normals @ turn.T, skin.colors,
            skin.bones, skin.weights, skin.triangles,
        )  # fmt: skip
        rest = (rest @ turn.T - floor) * size
        there = tuple(bone.name in bones for bone in BONES)
        return cls(skin, rest, there, _corrections(rest))

    def pose(self, joints: np.ndarray) -> np.ndarray:
        """float32 [N, 21, 3, 4] for joints [N, 19, 3]: x to R x + t moves the skin of a bone."""
        joints = np.asarray(joints, np.float64)
        turns = global_rotations(joints) @ self.corrections
        places = self._places(joints, turns)
        out = np.empty((*turns.shape[:2], 3, 4), np.float32)
        out[..., :3] = turns
        out[..., 3] = places - np.einsum("nbij,bj->nbi", turns, self.rest)
        return out

    def _places(self, joints: np.ndarray, turns: np.ndarray) -> np.ndarray:
        """Where the bones begin, [N, 21, 3]."""
        leg_m = np.linalg.norm(
            np.diff(
                self.rest[[BONE[f"Left{p}"] for p in ("UpperLeg", "LowerLeg", "Foot")]], axis=0
            ),
            axis=1,
        ).sum()
        share = leg_m / _OUR_LEG_M
        sole_m = self.rest[BONE["LeftFoot"], 1]
        places = np.zeros((*turns.shape[:2], 3))
        pelvis = joints[:, JOINT["pelvis"]]
        places[:, 0] = pelvis
        # Legs of another length: the hips go up and down with them, and soles stay on the floor.
        places[:, 0, 1] = (pelvis[:, 1] - _OUR_SOLE_M) * share + sole_m
        places[:, 0, 1] += self.rest[0, 1] - self.rest[BONE["LeftUpperLeg"], 1]
        for i, bone in enumerate(BONES):
            parent = bone.parent
            while parent > 0 and not self.there[parent]:
                parent = BONES[parent].parent
            if i == 0:
                continue
            offset = turns[:, parent] @ (self.rest[i] - self.rest[parent])
            places[:, i] = places[:, parent] + offset
        for thigh, joint in _THIGHS:  # a dancer's hips move against the pelvis
            beside = joints[:, JOINT[joint]] - pelvis
            stiff = turns[:, 0] @ np.array(BONES[BONE[thigh]].offset)
            below = _below(thigh)
            places[:, below] += (beside - stiff)[:, None] * share
        return places


_OUR_SOLE_M = 0.0675  # of our ankle in the T-pose


def _below(name: str) -> list[int]:
    """A bone and all that hang on it."""
    found = [BONE[name]]
    for i, bone in enumerate(BONES):
        if bone.parent in found:
            found.append(i)
    return found


def _upright(file: GlbFile, skin: Skin, rest: np.ndarray) -> tuple[np.ndarray, float]:
    """The turn [3, 3] that has the avatar face +z, and the factor that makes its units metres."""
    up = rest[BONE["Head"]] - (rest[BONE["LeftFoot"]] + rest[BONE["RightFoot"]]) / 2
    across = rest[BONE["LeftUpperArm"]] - rest[BONE["RightUpperArm"]]
    height = float(np.linalg.norm(up))
    if not height > 1e-6 or np.linalg.norm(np.cross(up, across)) < 1e-9:
        raise file.error("its bones lie in one place")
    up = up / height
    across = across - (across @ up) * up
    across /= np.linalg.norm(across)
    axes = np.stack([across, up, np.cross(across, up)])
    axes = np.round(axes) if np.abs(axes - np.round(axes)).max() < 0.2 else axes
    size = 1.0 if _SHORTEST_M * 10 < height < _TALLEST_M / 10 else 1.45 / height
    return axes, size


def _corrections(rest: np.ndarray) -> np.ndarray:
    """[21, 3, 3]: each limb's turn from where it points at rest to where it does in the T-pose."""
    found = np.tile(np.eye(3), (len(BONES), 1, 1))
    for name in _ALIGNED:
        side = "Left" if name.startswith("Left") else "Right"
        end = side + _END[name[len(side) :]]
        points = rest[BONE[end]] - rest[BONE[name]]
        length = np.linalg.norm(points)
        if length > 1e-6:
            found[BONE[name]] = shortest_turn(points / length, rest_direction(end))
    return found
