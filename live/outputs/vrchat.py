"""The `vrchat` profile: VRChat's OSC trackers, the head and eight more, for full-body tracking.

Positions are those of a person as tall as `height`; rotations are Unity's Euler angles in degrees.
Single messages, no bundle, as VRChat's own examples have it.

Enters: emissions. Leaves: OSC packets of one dancer. Runs in the engine's thread.
"""

import struct

import numpy as np

from live.body import unity
from live.body.humanoid import BONE
from live.body.skeleton import BODY_HEIGHT_M, JOINT
from live.osc.encoding import HealthReport, check_finite, encode_message
from live.outputs.emission import Emission, standing
from live.outputs.vmc import only_one

DEFAULT_HEIGHT_M = 1.7
# VRChat finds out by itself, when calibrated, which tracker is where.
TRACKERS = (
    ("1", "pelvis", "Hips"), ("2", "chest", "Chest"),
    ("3", "l_ankle", "LeftFoot"), ("4", "r_ankle", "RightFoot"),
    ("5", "l_knee", "LeftLowerLeg"), ("6", "r_knee", "RightLowerLeg"),
    ("7", "l_elbow", "LeftLowerArm"), ("8", "r_elbow", "RightLowerArm"),
    ("head", "head", "Head"),
)  # fmt: skip
"""Name, our joint where it sits, the bone it turns with."""

_JOINTS = [JOINT[joint] for _, joint, _ in TRACKERS]
_BONES = [BONE[bone] for _, _, bone in TRACKERS]
_THREE = struct.Struct(">fff")


class VrChat:
    """chosen: the one dancer to send, the first by default. height: metres, of the person to be."""

    def __init__(self, chosen: tuple[int, ...] = (), height: float = DEFAULT_HEIGHT_M):
        self._dancer = only_one(chosen)
        self._last: Emission | None = None
        self._scale = height / BODY_HEIGHT_M
        self._heads = [
            encode_message(f"/tracking/trackers/{name}/{what}", "fff", (0.0, 0.0, 0.0))[:-12]
            for what in ("position", "rotation")
            for name, _, _ in TRACKERS
        ]

    def encode(self, emission: Emission, health: HealthReport | None) -> list[bytes]:
        if self._dancer > len(emission.frame.joints):
            return self.goodbye()
        self._last = emission
        return self._packets(emission, self._dancer - 1)

    def goodbye(self) -> list[bytes]:
        """The dancer stands where it was; nothing the second time."""
        last, self._last = self._last, None
        return [] if last is None else self._packets(standing(last, self._dancer - 1), 0)

    def _packets(self, emission: Emission, row: int) -> list[bytes]:
        places = unity.positions(self._scale * emission.frame.joints[row, _JOINTS])
        angles = unity.euler_degrees(emission.rotations[row, _BONES])
        values = np.concatenate([places, angles])
        check_finite(values.ravel().tolist())
        return [
            head + _THREE.pack(*three)
            for head, three in zip(self._heads, values.tolist(), strict=True)
        ]
