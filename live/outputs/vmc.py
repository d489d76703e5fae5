"""The `vmc` profile: Virtual Motion Capture protocol, for VSeeFace, Warudo, VNyan, EVMC4U.

One avatar a port, as the protocol wants it. Two bundles a frame: all 21 bones in one would be
longer than the 1 500 bytes that an Ethernet packet carries. The stage's origin is the root; the
hips carry where the dancer is.

Enters: emissions. Leaves: OSC packets of one dancer. Runs in the engine's thread.
"""

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.body import unity
from live.body.humanoid import BONES
from live.errors import ConfigError
from live.osc.encoding import HealthReport, Template
from live.outputs.emission import Emission, standing

_TRUNK_AND_LEFT_ARM = 9  # bones of the first bundle
_OFFSETS = unity.positions(np.array([bone.offset for bone in BONES])).tolist()


class Vmc:
    """chosen: the one dancer to send, the first by default."""

    def __init__(self, chosen: tuple[int, ...] = ()):
        self._dancer = only_one(chosen)
        self._last: Emission | None = None
        bones = [("/VMC/Ext/Bone/Pos", "fffffff", bone.name) for bone in BONES]
        self._first = Template(
            [
                ("/VMC/Ext/OK", "i"),
                ("/VMC/Ext/T", "f"),
                ("/VMC/Ext/Root/Pos", "fffffff", "root"),
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
        turns = unity.quaternions(emission.local_quaternions[row]).tolist()
        hips = unity.positions(emission.hips[row]).tolist()
        bones = [
            value
            for place, turn in zip([hips, *_OFFSETS[1:]], turns, strict=True)
            for value in (*place, *turn)
        ]
        cut = 7 * _TRUNK_AND_LEFT_ARM
        head = (is_there, emission.frame.sample / SAMPLE_RATE, 0, 0, 0, 0, 0, 0, 1)
        return [self._first.fill((*head, *bones[:cut])), self._second.fill(bones[cut:])]


def only_one(chosen: tuple[int, ...]) -> int:
    """The dancer of a profile that sends one. ConfigError where more are chosen."""
    if len(chosen) > 1:
        raise ConfigError(f"dancers is {chosen}; this profile sends one dancer a target")
    return chosen[0] if chosen else 1
