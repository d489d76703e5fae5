"""A motion graph: the real clips cut into beats and put together anew (Kovar et al., 2002).

Enters: the clips of prepared data, and the beats of a song. Leaves: a dance. Nodes are the beats of
the clips. After a beat comes the one that followed it in the clip, or else one of the six that
begin most like it, blended in over a third of a beat. It hears nothing and invents nothing, so it
has the range of the real dances: what it reaches, a network that has learned them should reach.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from live.body.pose import FRAME_RATE, decode, split
from live.body.skeleton import N_JOINTS, with_bone_lengths
from live.errors import ArtifactError
from model.data.prepared import read_motion
from model.data.windows import warp

NAME = "motion graph"
_STAY = 0.75  # the beat that followed in the clip
_NEAREST = 6
_BLEND_BEATS = 1 / 3
_VELOCITY_S = 0.2  # a difference of 1 m/s counts like one of 20 cm
_WARM_UP = 2  # frames at the ends of a clip whose velocities are no motion


@dataclass(frozen=True)
class _Node:
    """A beat of a clip. start, frames: float, in the clip's frames; follows: the next node, -1
    where the clip ends."""

    clip: int
    start: float
    frames: float
    follows: int


@dataclass(frozen=True)
class MotionGraph:
    """The beats of a style's clips. tempo_bpm: the median of its clips."""

    style: str
    tempo_bpm: float
    clips: list[np.ndarray] = field(repr=False)
    nodes: list[_Node] = field(repr=False)
    nearest: np.ndarray = field(repr=False)  # int [nodes, 6]: instead of what follows each

    def dance(self, beats: np.ndarray, seed: int) -> np.ndarray:
        """Joints float32 [T, 19, 3] on a stage at 30 fps, for beat positions float64 [T] that rise
        by one a beat of the dancer. Equal beats and seed give the same dance."""
        rng = np.random.default_rng([seed, 0x6A])
        whole, step = np.floor(beats).astype(int), float(np.median(np.diff(beats)))
        node, before = int(rng.integers(len(self.nodes))), -1
        poses = np.zeros((len(beats), self.clips[0].shape[1]), np.float32)
        for beat in range(whole[0], whole[-1] + 1):
            frames = np.flatnonzero(whole == beat)
            poses[frames] = self._beat(node, before, beats[frames] - beat, step)
            before, node = self._next(node, rng)
        return _on_one_body(poses)

    def _next(self, node: int, rng: np.random.Generator) -> tuple[int, int]:
        """(node to blend from, -1 where the clip goes on; the next node)."""
        follows = self.nodes[node].follows
        if follows >= 0 and rng.random() < _STAY:
            return -1, follows
        return node, int(rng.choice(self.nearest[node]))

    def _beat(self, node: int, before: int, phase: np.ndarray, step: float) -> np.ndarray:
        """Poses [n, 60] at the phases 0..1 of a beat; before: the node that is left, or -1; step:
        beats a frame."""
        own = self._poses(node, phase, step)
        if before < 0:
            return own
        share = np.clip(phase / _BLEND_BEATS, 0.0, 1.0)[:, None]
        share = share**2 * (3 - 2 * share)
        return (1 - share) * self._poses(before, 1 + phase, step) + share * own

    def _poses(self, node: int, phase: np.ndarray, step: float) -> np.ndarray:
        """Beyond the end of its clip a node holds its last pose."""
        at = self.nodes[node]
        frames = at.start + at.frames * np.append(phase, phase[-1] + step)
        return warp(self.clips[at.clip], frames, mirror=False)[:-1]


def motion_graphs(data: Path) -> dict[str, MotionGraph]:
    """A graph of every style, of those parts of its clips that networks learn from.

    data: what `posejockey prepare` wrote. ArtifactError where a style has too few beats.
    """
    motion = read_motion(data)
    return {str(style): _graph(motion, i, str(style)) for i, style in enumerate(motion["styles"])}


def _graph(motion: dict[str, np.ndarray], number: int, style: str) -> MotionGraph:
    clips, nodes, tempi = [], [], []
    for i in np.flatnonzero(motion["style"] == number):
        pose = motion["pose"][motion["start"][i] : motion["split"][i]]
        tempo, phase = float(motion["tempo_bpm"][i]), float(motion["phase"][i])
        beat = 60 * FRAME_RATE / tempo
        first = (np.ceil(phase + _WARM_UP / beat) - phase) * beat
        starts = np.arange(first, len(pose) - _WARM_UP - beat, beat)
        for n, start in enumerate(starts):
            follows = len(nodes) + 1 if n + 1 < len(starts) else -1
            nodes.append(_Node(len(clips), float(start), beat, follows))
        clips.append(pose)
        tempi.append(tempo)
    if len(nodes) <= _NEAREST:
        raise ArtifactError(f"the clips of {style} have too few beats for a motion graph")
    return MotionGraph(style, float(np.median(tempi)), clips, nodes, _nearest(clips, nodes))


def _nearest(clips: list[np.ndarray], nodes: list[_Node]) -> np.ndarray:
    """For every node the six whose starts are most like its end, without those next to it."""
    starts = np.stack([_moment(clips[n.clip], n.start) for n in nodes])
    ends = np.stack([_moment(clips[n.clip], n.start + n.frames) for n in nodes])
    apart = (ends**2).sum(axis=1)[:, None] - 2 * ends @ starts.T + (starts**2).sum(axis=1)
    for i, node in enumerate(nodes):
        apart[i, i] = np.inf
        if node.follows >= 0:
            apart[i, node.follows] = np.inf
    return np.argsort(apart, axis=1, kind="stable")[:, :_NEAREST]


def _moment(clip: np.ndarray, frame: float) -> np.ndarray:
    """Where the joints are, and how they move, float64 [117], all in metres."""
    at = min(round(frame), len(clip) - 1)
    joints = split(clip)[0].reshape(len(clip), -1).astype(np.float64)
    velocity = (joints[at] - joints[max(at - 1, 0)]) * FRAME_RATE
    root = clip[at, -3:].astype(np.float64)
    return np.concatenate([joints[at], _VELOCITY_S * velocity, _VELOCITY_S * root])


def _on_one_body(poses: np.ndarray) -> np.ndarray:
    joints = decode(poses).reshape(len(poses), N_JOINTS, 3)
    return with_bone_lengths(joints)  # blends of two poses have shorter bones
