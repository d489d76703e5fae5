"""Moving heads that follow a dancer: from a place on the stage to pan and tilt.

A head is level: it hangs or stands upright. Then where it is and how it is turned follows from two
corners of the stage and the pan and tilt at which its beam met each of them. Enters: metres, stage
space. Leaves: pan and tilt, 0 to 1 of their channels. Pure; an `Aim` belongs to one thread.

In degrees pan and tilt are 0 in the middle of their channels; at tilt 0 the beam goes along the
axis about which the head pans, down where it hangs.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from live.errors import ConfigError

_SIDES = {"front": (1.0, 0.0), "back": (-1.0, 0.0), "left": (0.0, 1.0), "right": (0.0, -1.0)}
SIDES = tuple(_SIDES)
"""Where a head is, seen from the line between its corners: front is where the audience is, left
the dancer's own left."""

_LEAST_APART_M = 0.3
_FARTHEST_M = 100.0
_TILT_WEIGHT = 2.0  # a flip of the head costs more than a turn


@dataclass(frozen=True)
class Corner:
    """A point of the floor, metres, and where the beam met it: pan and tilt 0 to 1."""

    x: float
    z: float
    pan: float
    tilt: float


@dataclass(frozen=True)
class Head:
    """position: metres, stage space. yaw: radians, where pan 0 and a positive tilt point, 0 to the
    audience, positive to +x. sense: 1 where more pan turns towards +x from there, else -1.
    pan_range, tilt_range: degrees of the whole channel."""

    position: tuple[float, float, float]
    yaw: float
    sense: float
    hangs: bool
    pan_range: float = 540.0
    tilt_range: float = 270.0

    def angles_to(self, place: np.ndarray) -> Iterator[tuple[float, float]]:
        """Every pan and tilt, 0 to 1, at which the beam meets the place; those in range alone."""
        x, y, z = (float(p) - h for p, h in zip(place, self.position, strict=True))
        along = -y if self.hangs else y
        tilt = math.degrees(math.atan2(math.hypot(x, z), along))
        pan = math.degrees(_wrapped(self.sense * (math.atan2(x, z) - self.yaw)))
        for turned, bent in ((pan, tilt), (pan + 180.0, -tilt)):
            for whole in (-720.0, -360.0, 0.0, 360.0, 720.0):
                asked = (turned + whole) / self.pan_range + 0.5, bent / self.tilt_range + 0.5
                if all(-1e-9 <= share <= 1.0 + 1e-9 for share in asked):
                    yield asked


def calibrated(
    first: Corner, second: Corner, *, hangs: bool, side: str, pan_range: float, tilt_range: float
) -> Head:
    """The head whose beam met both corners. ConfigError where no head's could."""
    across = np.array([second.x - first.x, second.z - first.z])
    apart = float(np.hypot(*across))
    if apart < _LEAST_APART_M:
        raise ConfigError(f"the corners are {apart:.2f} m apart; take two that are farther apart")
    found = [
        head
        for sense in (1.0, -1.0)
        if (head := _solved(first, second, across, sense, hangs, pan_range, tilt_range))
    ]
    if not found:
        raise ConfigError(
            "no head meets its corners at these pans and tilts; look whether it hangs, and measure "
            "them again"
        )
    to_front, to_left = _SIDES[side]
    return max(found, key=lambda head: to_front * head.position[2] + to_left * head.position[0])


def _solved(
    first: Corner, second: Corner, across: np.ndarray, sense: float, hangs: bool,
    pan_range: float, tilt_range: float,
) -> Head | None:  # fmt: skip
    """With pan turning in this sense: both corners lie at height * tan(tilt) from below the head,
    which gives its height by their distance, and its turn by the direction between them."""

    def away(corner: Corner) -> tuple[float, float]:
        pan = sense * math.radians((corner.pan - 0.5) * pan_range)
        tilt = math.radians((corner.tilt - 0.5) * tilt_range)
        if abs(math.cos(tilt)) < 0.02:  # level: it meets the floor nowhere
            return math.nan, pan
        return math.tan(tilt), pan

    (t1, a1), (t2, a2) = away(first), away(second)
    between = t2 * _direction(a2) - t1 * _direction(a1)
    size = float(np.hypot(*between))
    if not size > 1e-3:
        return None
    along = float(np.hypot(*across)) / size
    if not hangs:  # on a stand: the floor is below, and its axis points up
        along = -along
        between = -between
    yaw = math.atan2(across[0], across[1]) - math.atan2(between[0], between[1])
    x, z = np.array([first.x, first.z]) - along * t1 * _direction(a1 + yaw)
    height = abs(along)
    if max(abs(x), abs(z), height) > _FARTHEST_M:
        return None
    return Head(
        (float(x), height, float(z)), _wrapped(yaw), sense, hangs, pan_range, tilt_range
    )  # fmt: skip


class Aim:
    """Where a head points; owns where it stands, so that it goes the short way."""

    def __init__(self, head: Head):
        self._head = head
        self._now = (0.5, 0.5)

    def at(self, place: np.ndarray | None) -> tuple[float, float] | None:
        """Pan and tilt, 0 to 1; None where there is nothing to point at, or no way to."""
        if place is None or not np.isfinite(place).all():
            return None
        pan, tilt = self._now
        ways = list(self._head.angles_to(place))
        if not ways:
            return None
        ranges = self._head.pan_range, _TILT_WEIGHT * self._head.tilt_range
        self._now = min(
            ways, key=lambda way: ranges[0] * abs(way[0] - pan) + ranges[1] * abs(way[1] - tilt)
        )
        return self._now


def _direction(azimuth: float) -> np.ndarray:
    """x and z of a unit vector; 0 is the audience."""
    return np.array([math.sin(azimuth), math.cos(azimuth)])


def _wrapped(angle: float) -> float:
    return (angle + math.pi) % (2 * math.pi) - math.pi
