"""One emission as every profile sees it, with what several of them share computed once.

Enters: a StageFrame and its levels. Leaves: the same, and on demand the rotations of avatars'
bones. In the engine's thread.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from live.body import humanoid
from live.body.pose import rotate_y
from live.body.skeleton import REST_POSE
from live.osc.encoding import HealthReport, StageFrame
from live.outputs.levels import Levels


@dataclass(frozen=True)
class Emission:
    frame: StageFrame
    levels: Levels

    @cached_property
    def rotations(self) -> np.ndarray:
        """float64 [N, 21, 3, 3], each bone's from the T-pose; see `live.body.humanoid`."""
        return humanoid.global_rotations(self.frame.joints)

    @cached_property
    def local_quaternions(self) -> np.ndarray:
        """float64 [N, 21, 4], xyzw, relative to the parent bone."""
        return humanoid.quaternions(humanoid.local_rotations(self.rotations))

    @cached_property
    def hips(self) -> np.ndarray:
        """float64 [N, 3], metres: where the avatar's hips belong on the stage."""
        return humanoid.hips_positions(self.frame.joints)


class Profile(Protocol):
    """What a target is sent. Owned by the engine's thread."""

    def encode(self, emission: Emission, health: HealthReport | None) -> list[bytes]:
        """The packets of one emission, in order. health: when the native stream carries it."""
        ...

    def goodbye(self) -> list[bytes]:
        """What leaves at the end of the show, after at least one emission."""
        ...


def standing(emission: Emission, row: int) -> Emission:
    """The same with one dancer alone, who stands upright where dancer `row` is."""
    frame = emission.frame
    heading = frame.heading[row : row + 1]
    joints = rotate_y(REST_POSE[None].astype(np.float64), heading)
    joints[..., ::2] += frame.joints[row, 0, ::2] - joints[:, :1, ::2]
    still = replace(frame, joints=joints.astype(np.float32), heading=heading)
    return Emission(still, emission.levels)
