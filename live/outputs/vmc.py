"""The `vmc` profile: Virtual Motion Capture protocol, for VSeeFace, Warudo, VNyan, EVMC4U.

One avatar a port, as the protocol wants it. Two bundles a frame: all 21 bones in one would be
longer than the 1 500 bytes that an Ethernet packet carries. The stage's origin is the root; the
hips carry where the dancer is.

A quaternion and its negative are the same rotation. Which of the two is sent never changes between
two emissions, so that receivers that blend numbers do not spin a bone the long way round.

Enters: emissions. Leaves: OSC packets of one dancer. Runs in the engine's thread.
"""

import math

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.body import unity
from live.body.humanoid import BONES
from live.errors import ConfigError
from live.osc.encoding import HealthReport, Template
from live.outputs.emission import Emission, standing

_TRUNK_AND_LEFT_ARM = 9  # bones of the first bundle
_OFFSETS = unity.positions(np.array([bone.offset for bone in BONES]))
_SHOWN_M = 2.6  # of height at the dancer: a body, and arms above it
_EYES_M = 1.1  # height of the camera
_TURNED_ROUND = (0.0, 1.0, 0.0, 0.0)  # xyzw: from the audience to the stage
_FOLLOW_S = 1.0  # how slowly the camera goes after the dancer


class Vmc:
    """chosen: the one dancer to send, the first by default.

    vrm: 1 for receivers that turn a VRM 1 avatar's back to us, for they take every stream for one
    of VRM 0, whose models face the other way: everything is turned half round. fov: degrees, sends
    a camera with this vertical angle, too, which faces the dancer and frames it.
    """

    def __init__(self, chosen: tuple[int, ...] = (), vrm: int = 0, fov: float | None = None):
        self._dancer = only_one(chosen)
        self._last: Emission | None = None
        self._turns: np.ndarray | None = None  # sent last
        self._is_turned = vrm == 1
        offsets = unity.half_turned_positions(_OFFSETS) if vrm == 1 else _OFFSETS
        self._offsets = offsets.tolist()[1:]
        self._camera = None if fov is None else _Camera(fov)
        camera = [] if fov is None else [("/VMC/Ext/Cam", "ffffffff", "Camera")]
        bones = [("/VMC/Ext/Bone/Pos", "fffffff", bone.name) for bone in BONES]
        self._first = Template(
            [
                ("/VMC/Ext/OK", "i"),
                ("/VMC/Ext/T", "f"),
                ("/VMC/Ext/Root/Pos", "fffffff", "root"),
                *camera,
                *bones[:_TRUNK_AND_LEFT_ARM],
            ]
        )
        self._second = Template(bones[_TRUNK_AND_LEFT_ARM:])

    def encode(self, emission: Emission, health: HealthReport | None) -> list[bytes]:
        if self._dancer > len(emission.frame.joints):
            return self.goodbye()
        self._last = emission
        return self._packets(emission, self._dancer - 1, 1)

    def goodbye(self) -> list[bytes]:
        """The avatar stands where it danced, and is said to have left; nothing the second time."""
        last, self._last = self._last, None
        return [] if last is None else self._packets(standing(last, self._dancer - 1), 0, 0)

    def _packets(self, emission: Emission, row: int, is_there: int) -> list[bytes]:
        turns = self._steady(unity.quaternions(emission.local_quaternions[row]))
        hips = unity.positions(emission.hips[row])
        if self._is_turned:
            turns = unity.half_turned_quaternions(turns)
            hips = unity.half_turned_positions(hips)
        bones = [
            value
            for place, turn in zip([hips.tolist(), *self._offsets], turns.tolist(), strict=True)
            for value in (*place, *turn)
        ]
        cut = 7 * _TRUNK_AND_LEFT_ARM
        head = (is_there, emission.frame.sample / SAMPLE_RATE, 0, 0, 0, 0, 0, 0, 1)
        camera = self._camera.look(hips, emission.frame.sample) if self._camera else ()
        return [self._first.fill((*head, *camera, *bones[:cut])), self._second.fill(bones[cut:])]

    def _steady(self, turns: np.ndarray) -> np.ndarray:
        """The same rotations [21, 4], each with the sign that is nearer to what was sent last."""
        if self._turns is not None:
            near = np.einsum("bk,bk->b", turns, self._turns) >= 0
            turns = np.where(near[:, None], turns, -turns)
        self._turns = turns
        return turns


class _Camera:
    """Stands where the audience is, in Unity's space, and goes after the dancer slowly."""

    def __init__(self, fov: float):
        self._fov = fov
        self._away_m = _SHOWN_M / 2 / math.tan(math.radians(fov) / 2)
        self._place: np.ndarray | None = None
        self._sample = 0

    def look(self, hips: np.ndarray, sample: int) -> tuple[float, ...]:
        """Position, rotation (xyzw) and angle of /VMC/Ext/Cam."""
        passed_s = max(sample - self._sample, 0) / SAMPLE_RATE
        self._sample = sample
        if self._place is None:
            self._place = hips
        self._place = self._place + (hips - self._place) * (1 - math.exp(-passed_s / _FOLLOW_S))
        x, _, z = self._place.tolist()
        return (x, _EYES_M, z + self._away_m, *_TURNED_ROUND, self._fov)


def only_one(chosen: tuple[int, ...]) -> int:
    """The dancer of a profile that sends one. ConfigError where more are chosen."""
    if len(chosen) > 1:
        raise ConfigError(f"dancers is {chosen}; this profile sends one dancer a target")
    return chosen[0] if chosen else 1
