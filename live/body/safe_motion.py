"""What the network says, made safe for a stage: whole bones, feet above the floor, in bounds.

Enters: pose vectors [N, 60], one frame of 1/30 s at a time. Leaves: a Body a frame (joints in each
dancer's heading frame, and where the dancer stands). Runs in the engine's thread.
"""

from dataclasses import dataclass

import numpy as np

from live.body.pose import FRAME_RATE, rotate_y, split
from live.body.skeleton import FEET, JOINT, REST_POSE, mirrored, with_bone_lengths

_DT = 1.0 / FRAME_RATE
_ABSURD_M = 3.0  # no joint is this far from its own pelvis' floor point
_ABSURD_M_S = 8.0
_ABSURD_RAD_S = 12.0
_BLEND_S = 0.5  # from a held pose back to the dance
_IDLE_BLEND_S = 1.5
_HOME_PULL_S = 3.0  # time constant back towards the dancer's place, beyond the free radius
_FREE_RADIUS_M = 0.6
_WALK_M_S = 1.5
_FARTHEST_M = 1.5  # from the dancer's place, however fast the network walks
_FACE_PULL_S = 4.0  # time constant of the turn back to the audience
_FREE_TURN_RAD = 0.9
_SPACING_M = 1.5
_MIRRORED_ROOT = np.array([-1.0, 1.0, -1.0], np.float32)  # of x and z velocity and of the turn
_SWAY_HZ, _BREATH_HZ = 0.16, 0.25
_SOLE_M = np.array([0.05, 0.0, 0.05, 0.0], np.float32)  # lowest height of ankle, toe


@dataclass(frozen=True)
class Body:
    """N dancers at one moment.

    local: float32 [N, 19, 3], metres, in the heading frame about the pelvis' floor point;
    position: float64 [N, 2], metres (x, z); heading: float64 [N], radians.
    """

    local: np.ndarray
    position: np.ndarray
    heading: np.ndarray

    def on_stage(self) -> np.ndarray:
        """Joints in stage space, float32 [N, 19, 3]."""
        joints = rotate_y(self.local, self.heading[:, None])
        joints[..., 0] += self.position[:, None, 0]
        joints[..., 2] += self.position[:, None, 1]
        return joints.astype(np.float32)


def interpolate(a: Body, b: Body, share: float) -> Body:
    """The body between a (share 0) and b (share 1), bones kept whole; those in both dance."""
    n = min(len(a.local), len(b.local))
    local = with_bone_lengths(a.local[:n] + share * (b.local[:n] - a.local[:n]))
    local = _above_floor(local)  # a bone that turns reaches lower between its two ends
    position = a.position[:n] + share * (b.position[:n] - a.position[:n])
    heading = a.heading[:n] + share * (b.heading[:n] - a.heading[:n])
    return Body(local, position, heading)


def line_up(dancers: int) -> np.ndarray:
    """Places (x, z) in metres, float64 [N, 2]: rows of up to six, each row staggered behind."""
    places = []
    for d in range(dancers):
        row, column = divmod(d, 6)
        width = min(dancers - row * 6, 6)
        stagger = 0.5 * (row % 2)
        places.append(((column - (width - 1) / 2 + stagger) * _SPACING_M, -row * _SPACING_M))
    return np.array(places, np.float64).reshape(dancers, 2)


class SafeMotion:
    """Owns where the dancers stand, and the last good pose of each."""

    def __init__(self, dancers: int):
        self.reset(dancers)

    def reset(self, dancers: int) -> None:
        self._home = line_up(dancers)
        rest = np.repeat(REST_POSE[None], dancers, axis=0)
        self._body = Body(rest, self._home.copy(), np.zeros(dancers))
        self._since_bad = np.full(dancers, np.inf)  # seconds
        self._danced = rest.copy()  # the dance before it is mixed with the sway
        self._held = rest.copy()
        self._idle = np.ones(dancers)  # a show begins standing
        self._time_s = 0.0
        self.bad_frames = np.zeros(dancers, int)  # in a row

    @property
    def body(self) -> Body:
        return self._body

    def set_dancers(self, dancers: int) -> None:
        """Those who stay keep dancing and walk to their new places; new ones start there."""
        old, kept = self._body, min(dancers, len(self._home))
        since, held, idle, bad = self._since_bad, self._held, self._idle, self.bad_frames
        time_s, danced = self._time_s, self._danced
        self.reset(dancers)
        self._time_s = time_s
        self._since_bad[:kept], self._held[:kept] = since[:kept], held[:kept]
        self._idle[:kept], self.bad_frames[:kept] = idle[:kept], bad[:kept]
        self._danced[:kept] = danced[:kept]
        self._body.local[:kept] = old.local[:kept]
        self._body.position[:kept] = old.position[:kept]
        self._body.heading[:kept] = old.heading[:kept]

    def step(self, pose: np.ndarray, idle: bool, mirror: bool, freeze: bool) -> Body:
        """Place one frame of pose vectors [N, 60]. A bad row holds that dancer's pose.

        idle: settle to a quiet sway (no music). mirror: swap left and right. freeze: hold still.
        """
        local, root = split(pose)
        bad = _absurd(local, root)
        self.bad_frames = np.where(bad, self.bad_frames + 1, 0)
        held = bad | freeze
        self._since_bad = np.where(held, 0.0, self._since_bad + _DT)
        self._held = np.where(held[:, None, None], self._danced, self._held)
        if freeze:
            return self._body
        self._time_s += _DT
        if mirror:
            local, root = mirrored(local), root * _MIRRORED_ROOT
        local = np.where(bad[:, None, None], self._held, local)
        root = np.where(bad[:, None], 0.0, root)
        self._danced = self._blend_in(local)
        local, root = self._settle(self._danced, root, idle)
        local = _above_floor(with_bone_lengths(local))
        self._body = self._placed(local, root.astype(np.float64))
        return self._body

    def _blend_in(self, local: np.ndarray) -> np.ndarray:
        """From the held pose back to the dance within half a second."""
        if (self._since_bad >= _BLEND_S).all():
            return local
        share = np.clip(self._since_bad / _BLEND_S, 0.0, 1.0).astype(np.float32)[:, None, None]
        # Not a bit of a dancer may depend on whether another one is held.
        return np.where(share < 1, self._held + share * (local - self._held), local)

    def _settle(self, local, root, idle: bool):
        step = _DT / _IDLE_BLEND_S
        self._idle = np.clip(self._idle + (step if idle else -step), 0.0, 1.0)
        if not self._idle.any():
            return local, root
        weight = self._idle * self._idle * (3 - 2 * self._idle)
        sway = idle_sway(self._time_s + 1.7 * np.arange(len(local)))
        local = local + weight[:, None, None] * (sway - local)
        return local, root * (1 - weight[:, None])

    def _placed(self, local: np.ndarray, root: np.ndarray) -> Body:
        before = self._body
        heading = before.heading + root[:, 2] * _DT
        heading -= _beyond(heading, _FREE_TURN_RAD) * min(1.0, _DT / _FACE_PULL_S)
        velocity = rotate_y(np.stack([root[:, 0], 0 * root[:, 0], root[:, 1]], axis=1), heading)
        position = before.position + velocity[:, [0, 2]] * _DT
        offset = _bounded(position - self._home, before.position - self._home)
        return Body(local, self._home + offset, heading)


def idle_sway(time_s: np.ndarray) -> np.ndarray:
    """Standing, breathing, shifting weight: joints float32 [N, 19, 3] at times [N] in seconds."""
    pose = np.repeat(REST_POSE[None], len(time_s), axis=0)
    sway = np.sin(2 * np.pi * _SWAY_HZ * time_s)[:, None]
    breath = np.sin(2 * np.pi * _BREATH_HZ * time_s)[:, None]
    height = pose[..., 1] / REST_POSE[:, 1].max()
    pose[..., 0] += 0.035 * sway * height
    pose[..., 2] += 0.012 * breath * height
    arms = [JOINT[n] for n in ("l_elbow", "l_wrist", "r_elbow", "r_wrist")]
    pose[:, arms, 2] += 0.02 * breath
    pose[:, 0, 1] -= 0.008 * (1 + np.abs(sway[:, 0]))
    return with_bone_lengths(pose)


def _absurd(local: np.ndarray, root: np.ndarray) -> np.ndarray:
    """bool [N]: rows with a number that no body could have."""
    with np.errstate(invalid="ignore"):
        fine = (np.abs(local) < _ABSURD_M).all(axis=(1, 2))
        fine &= (np.abs(root[:, :2]) < _ABSURD_M_S).all(axis=1)
        fine &= np.abs(root[:, 2]) < _ABSURD_RAD_S
    return ~fine


def _above_floor(local: np.ndarray) -> np.ndarray:
    """Lift a body whose lowest foot would be under the floor."""
    depth = (local[:, list(FEET), 1] - _SOLE_M).min(axis=1)
    local = local.copy()
    local[..., 1] -= np.minimum(depth, 0.0)[:, None]
    return local


def _beyond(angle: np.ndarray, free: float) -> np.ndarray:
    """How far an angle lies outside +-free, after full turns are taken off."""
    wrapped = (angle + np.pi) % (2 * np.pi) - np.pi
    return np.sign(wrapped) * np.maximum(np.abs(wrapped) - free, 0.0)


def _bounded(offset: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Offsets from home [N, 2], pulled back: softly at first, at a brisk walk far outside.

    before: those of the last frame. Who is farther than allowed, because places have changed, only
    comes nearer.
    """
    distance = np.linalg.norm(offset, axis=1, keepdims=True)
    excess = np.maximum(distance - _FREE_RADIUS_M, 0.0)
    speed = np.minimum(excess / _HOME_PULL_S + 2.0 * excess**3, _WALK_M_S)
    farthest = np.maximum(np.linalg.norm(before, axis=1, keepdims=True), _FARTHEST_M)
    return offset * (np.minimum(distance - speed * _DT, farthest) / np.maximum(distance, 1e-9))
