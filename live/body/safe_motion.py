"""What the network says, made safe for a stage: whole bones, feet above the floor, in bounds.

Enters: pose vectors [N, 60], one frame of 1/30 s at a time. Leaves: a Body a frame (joints in each
dancer's heading frame, and where the dancer stands). Runs in the engine's thread.
"""

from dataclasses import dataclass, fields

import numpy as np

from live.body.footing import locked, sliding, standing_foot, with_feet_shifted
from live.body.homeward import bounded, drifting, homeward_turn
from live.body.pose import FRAME_RATE, POSE_DIM, split
from live.body.skeleton import FEET, JOINT, REST_POSE, mirrored, with_bone_lengths
from live.body.staging import Staging, free_place, kept_apart

_DT = 1.0 / FRAME_RATE
# No joint is 3 m from its own pelvis' floor point; no dancer walks 8 m/s, or turns 12 rad/s.
_ABSURD = np.array([*[3.0] * (POSE_DIM - 3), 8.0, 8.0, 12.0], np.float32)
_BLEND_S = 0.5  # from the last good pose back to the dance
_IDLE_BLEND_S = 1.5
_FACE_PULL_S = 4.0  # time constant of the turn back to the audience
_FREE_TURN_RAD = 0.9
_SPACING_M = 1.5
_TOGETHER_S = 1.5  # time constant with which all keep to the first, in unison
_LIKE_ITS_MIRROR_M = 0.15  # mean over the joints: a pose that may be turned into its mirror image
_MIRROR_WITHIN_S = 1.0
_MIRRORED_ROOT = np.array([-1.0, 1.0, -1.0], np.float32)  # of x and z velocity and of the turn
_SWAY_HZ, _BREATH_HZ = 0.16, 0.25
_SOLE_M = np.array([0.05, 0.0, 0.05, 0.0], np.float32)  # lowest height of ankle, toe
_FEET = np.array(FEET)


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
        joints = np.empty(self.local.shape, np.float32)
        x, z = _rotated(self.local[..., 0], self.local[..., 2], self.heading[:, None])
        joints[..., 0] = x + self.position[:, 0, None]
        joints[..., 1] = self.local[..., 1]
        joints[..., 2] = z + self.position[:, 1, None]
        return joints


def _rotated(x: np.ndarray, z: np.ndarray, heading: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`live.body.pose.rotate_y` of what has no height."""
    c, s = np.cos(heading), np.sin(heading)
    return c * x + s * z, c * z - s * x


def interpolate(a: Body, b: Body, share: float) -> Body:
    """The body between a (share 0) and b (share 1), bones kept whole; those in both dance."""
    n = min(len(a.local), len(b.local))
    # Every other emission of a file is on a key frame, and who is frozen has the same twice.
    if n == len(b.local) and (share == 1.0 or a.local is b.local):
        return b
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


@dataclass
class DancerStates:
    """Everything that is carried from frame to frame for a dancer: one row each, in every array.

    local, position, heading: of the frame shown, as in `Body`; slide: float64 [N, 2], metres a
    frame, see `footing.sliding`; feet: float64 [N, 4, 2], where the joints of `FEET` are danced,
    metres on the stage's floor from the position; shift: float64 [N, 2, 2], how far local's feet
    are kept from there, see `footing.locked`; drift: float64 [N, 2], m/s, see
    `homeward.drifting`; danced: float32 [N, 19, 3], the dance before it is mixed with the sway;
    last_good: float32 [N, 19, 3], what a bad or frozen dancer shows, and blends back from;
    since_good_s: seconds since then; idle: share of the sway, 0..1; bad_frames: int, in a row;
    mirrored: bool; unmirrored_s: seconds since the other side was asked for.
    """

    local: np.ndarray
    position: np.ndarray
    heading: np.ndarray
    slide: np.ndarray
    feet: np.ndarray
    shift: np.ndarray
    drift: np.ndarray
    danced: np.ndarray
    last_good: np.ndarray
    since_good_s: np.ndarray
    idle: np.ndarray
    bad_frames: np.ndarray
    mirrored: np.ndarray
    unmirrored_s: np.ndarray

    @classmethod
    def standing(cls, places: np.ndarray) -> "DancerStates":
        """New dancers, at rest at their places (x, z), metres [N, 2]: a show begins standing."""
        dancers = len(places)
        rest = np.repeat(REST_POSE[None], dancers, axis=0)
        return cls(
            local=rest,
            position=places.copy(),
            heading=np.zeros(dancers),
            slide=np.zeros((dancers, 2)),
            feet=_feet(rest, np.zeros(dancers), np.zeros((dancers, 2))),
            shift=np.zeros((dancers, 2, 2)),
            drift=np.zeros((dancers, 2)),
            danced=rest.copy(),
            last_good=rest.copy(),
            since_good_s=np.full(dancers, np.inf),
            idle=np.ones(dancers),
            bad_frames=np.zeros(dancers, int),
            mirrored=np.zeros(dancers, bool),
            unmirrored_s=np.zeros(dancers),
        )

    def resized(self, places: np.ndarray) -> "DancerStates":
        """As many dancers as there are places: those who stay as they are, new ones standing."""
        resized = DancerStates.standing(places)
        stay = min(len(places), len(self.position))
        for field in fields(self):
            getattr(resized, field.name)[:stay] = getattr(self, field.name)[:stay]
        for new in range(stay, len(places)):
            resized.position[new] = free_place(places[new], resized.position[:new])
        return resized


class SafeMotion:
    """Owns where the dancers stand, and the last good pose of each."""

    def __init__(self, dancers: int, places: np.ndarray | None = None):
        self._home = line_up(dancers) if places is None else places
        self._states = DancerStates.standing(self._home)
        self._time_s = 0.0

    @property
    def body(self) -> Body:
        return Body(self._states.local, self._states.position, self._states.heading)

    @property
    def bad_frames(self) -> np.ndarray:
        """int [N]: bad frames in a row."""
        return self._states.bad_frames

    def set_dancers(self, dancers: int, places: np.ndarray | None = None) -> None:
        """Those who stay keep dancing and walk to their new places; new ones start there."""
        self._home = line_up(dancers) if places is None else places
        self._states = self._states.resized(self._home)

    def step(
        self,
        pose: np.ndarray,
        idle: float,
        mirror: bool,
        freeze: bool,
        staging: Staging | None = None,
    ) -> Body:
        """Place one frame of pose vectors [N, 60]. After a bad row the last good pose stays.

        idle: share of a quiet sway to blend to, 0..1 (1: no music). mirror: swap left and right.
        freeze: all keep their pose. staging: for whom else to do so, and where everybody's place is
        now; none: as before.
        """
        local, root = split(pose)
        bad = _absurd(pose)
        self._remember_good(bad, freeze)
        if freeze:
            return self.body
        self._time_s += _DT
        asked = np.full(len(local), mirror) if staging is None else staging.mirrored ^ mirror
        local, root = self._mirrored(local, root, asked)
        if bad.any():
            local = np.where(bad[:, None, None], self._states.last_good, local)
            root = np.where(bad[:, None], 0.0, root)
            self._states.slide = np.where(bad[:, None], 0.0, self._states.slide)
        self._states.danced = self._blend_from_last_good(local)
        local, root = self._blend_to_idle(self._states.danced, root, idle)
        self._place(_above_floor(with_bone_lengths(local)), root.astype(np.float64), staging)
        return self.body

    def _mirrored(
        self, local: np.ndarray, root: np.ndarray, asked: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The poses, mirrored for whom it is asked: from a pose that hardly differs from its mirror
        image, or after a second from any, blended to as from a pose that was held."""
        states = self._states
        now = states.mirrored
        if not (asked.any() or now.any()):
            return local, root
        other = mirrored(local)
        changing = asked != now
        states.unmirrored_s = np.where(changing, states.unmirrored_s + _DT, 0.0)
        if changing.any():
            with np.errstate(invalid="ignore", over="ignore"):  # of a bad pose
                unlike = np.sqrt(((other - local) ** 2).sum(axis=2)).mean(axis=1)
            ready = (unlike < _LIKE_ITS_MIRROR_M) | (states.unmirrored_s > _MIRROR_WITHIN_S)
            unseen = states.idle >= 1.0
            turned = changing & (ready | unseen)
            states.mirrored = now = np.where(turned, asked, now)
            blends = turned & ~unseen
            states.last_good = np.where(blends[:, None, None], states.danced, states.last_good)
            states.since_good_s = np.where(blends, 0.0, states.since_good_s)
        local = np.where(now[:, None, None], other, local)
        return local, np.where(now[:, None], root * _MIRRORED_ROOT, root)

    def _remember_good(self, bad: np.ndarray, freeze: bool) -> None:
        states = self._states
        states.bad_frames = (states.bad_frames + 1) * bad
        stopped = bad | freeze
        if not stopped.any():
            states.since_good_s = states.since_good_s + _DT
            return
        states.since_good_s = np.where(stopped, 0.0, states.since_good_s + _DT)
        states.last_good = np.where(stopped[:, None, None], states.danced, states.last_good)

    def _blend_from_last_good(self, local: np.ndarray) -> np.ndarray:
        """From the last good pose back to the dance within half a second."""
        since_s, start = self._states.since_good_s, self._states.last_good
        if (since_s >= _BLEND_S).all():
            return local
        share = np.clip(since_s / _BLEND_S, 0.0, 1.0).astype(np.float32)[:, None, None]
        # Not a bit of a dancer may depend on whether another one blends.
        return np.where(share < 1, start + share * (local - start), local)

    def _blend_to_idle(
        self, local: np.ndarray, root: np.ndarray, idle: float
    ) -> tuple[np.ndarray, np.ndarray]:
        step = _DT / _IDLE_BLEND_S
        share = np.minimum(np.maximum(idle, self._states.idle - step), self._states.idle + step)
        self._states.idle = share
        if not share.any():
            return local, root
        weight = share * share * (3 - 2 * share)
        sway = idle_sway(self._time_s + 1.7 * np.arange(len(local)))
        local = local + weight[:, None, None] * (sway - local)
        return local, root * (1 - weight[:, None])

    def _place(self, local: np.ndarray, root: np.ndarray, staging: Staging | None) -> None:
        """Walk and turn by one frame. root: float64 [N, 3], velocities as in `live.body.pose`."""
        states = self._states
        start = states.position
        if staging is not None and staging.places is not self._home:
            start = start + (staging.places - self._home)  # they go with their places
            self._home = staging.places
        heading = states.heading + root[:, 2] * _DT
        heading -= _beyond(heading, _FREE_TURN_RAD) * min(1.0, _DT / _FACE_PULL_S)
        walk = np.array(_rotated(root[:, 0], root[:, 1], heading)).T * _DT
        before = states.feet + start[:, None]
        feet = _feet(local, heading, start + walk)
        raised = local[:, _FEET, 1] - _SOLE_M
        states.slide = sliding(states.slide, feet - before, raised)
        walk, feet = walk - states.slide, feet - states.slide[:, None]
        states.drift = drifting(states.drift, walk / _DT)
        position = start + walk
        turn = homeward_turn(start - self._home, states.drift)
        if staging is not None and staging.together > 0:
            turn += staging.together * (turn[0] * _side(states.mirrored) - turn)
        if turn.any():
            foot = standing_foot(feet - before, raised)
            heading = heading + turn
            turned = _feet(local, heading, position)
            each = np.arange(len(foot))
            stays = (feet - turned)[each, foot]  # where it stood
            position, feet = position + stays, turned + stays[:, None]
        offset = bounded(position - self._home, start - self._home)
        if staging is not None and staging.together > 0:
            offset, heading = _together(offset, heading, states.mirrored, staging.together)
            feet = _feet(local, heading, position)
        states.position = kept_apart(states.position, self._home + offset)
        feet = feet + (states.position - position)[:, None]
        states.feet = feet - states.position[:, None]
        shift = locked(states.shift, feet - before, raised)
        x, z = _rotated(shift[..., 0], shift[..., 1], -heading[:, None])
        states.local, share = with_feet_shifted(local, np.stack([x, z], axis=2))
        states.shift, states.heading = share * shift, heading


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


def _feet(local: np.ndarray, heading: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Foot joints on the stage's floor, metres (x, z): float64 [N, F, 2]."""
    x, z = _rotated(local[:, _FEET, 0], local[:, _FEET, 2], heading[:, None])
    return np.stack([x, z], axis=2) + position[:, None]


def _absurd(pose: np.ndarray) -> np.ndarray:
    """bool [N]: rows with a number that no body could have."""
    with np.errstate(invalid="ignore"):
        return np.logical_not((np.abs(pose) < _ABSURD).all(axis=1))


def _above_floor(local: np.ndarray) -> np.ndarray:
    """Lift a body whose lowest foot would be under the floor; joints that nobody else has."""
    depth = (local[:, _FEET, 1] - _SOLE_M).min(axis=1)
    local[..., 1] -= np.minimum(depth, 0.0)[:, None]
    return local


def _together(
    offset: np.ndarray, heading: np.ndarray, mirrored: np.ndarray, share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Offsets from the places [N, 2] and headings [N], pulled to the first dancer's: the same steps
    from places a little apart stay so for ever."""
    pull = share * _DT / _TOGETHER_S
    side = _side(mirrored)
    ahead = offset[0] * np.stack([side, np.ones_like(side)], axis=1)
    turn = (heading[0] * side - heading + np.pi) % (2 * np.pi) - np.pi
    return offset + pull * (ahead - offset), heading + pull * turn


def _side(mirrored: np.ndarray) -> np.ndarray:
    """-1 for who dances the first dancer's mirror image, else 1: float64 [N]."""
    return np.where(mirrored != mirrored[0], -1.0, 1.0)


def _beyond(angle: np.ndarray, free: float) -> np.ndarray:
    """How far an angle lies outside +-free, after full turns are taken off."""
    wrapped = (angle + np.pi) % (2 * np.pi) - np.pi
    return np.sign(wrapped) * np.maximum(np.abs(wrapped) - free, 0.0)
