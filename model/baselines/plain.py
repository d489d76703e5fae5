"""Dancers that learn nothing: where the scales of the table begin, and where they could end.

Enters: prepared data, and pieces of music. Leaves: dances. Each is told the style and, but for the
motion graph, does not hear.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from live.body.skeleton import with_bone_lengths
from live.errors import ArtifactError
from model.baselines import motion_graph
from model.baselines.motion_graph import motion_graphs
from model.baselines.pose_space import danced
from model.evaluation.piece import Piece
from model.evaluation.take import Take, at_octave_of, real_takes


class MeanPose:
    """The mean body of a style, standing still in the middle of the stage."""

    name = "mean pose"

    def __init__(self, real: Sequence[Take]):
        self._real = real

    def dance(self, piece: Piece, seed: int) -> Take:
        own = np.concatenate([_centred(t.joints) for t in _of_style(self._real, piece.style)])
        mean = with_bone_lengths(own.mean(axis=0)[None].astype(np.float32))
        return danced(np.repeat(mean, len(piece.features), axis=0), piece, f"{self.name} #{seed}")


class ShuffledReal:
    """A real dance of the style to music it has nothing to do with, from anywhere in the clip,
    again and again where it is too short."""

    name = "shuffled real"

    def __init__(self, real: Sequence[Take]):
        self._real = real

    def dance(self, piece: Piece, seed: int) -> Take:
        rng = np.random.default_rng([seed, 0x5F])
        own = _of_style(self._real, piece.style)
        joints = own[int(rng.integers(len(own)))].joints
        start = int(rng.integers(len(joints)))
        at = (start + np.arange(len(piece.features))) % len(joints)
        return danced(_centred(joints[at]), piece, f"{self.name} #{seed}")


class Graph:
    """`motion_graph`, told the beat as well."""

    name = motion_graph.NAME

    def __init__(self, data: Path):
        self._graphs = motion_graphs(data)

    def dance(self, piece: Piece, seed: int) -> Take:
        graph = self._graphs[piece.style]
        blank = danced(
            np.zeros((len(piece.beats), 0, 3), np.float32), piece, f"{self.name} #{seed}"
        )
        counted = at_octave_of(blank, graph.tempo_bpm).beats
        return replace(blank, joints=graph.dance(counted, seed))


def plain(data: Path) -> list:
    """All of them, for prepared data."""
    real = real_takes(data)
    return [MeanPose(real), ShuffledReal(real), Graph(data)]


def _of_style(real: Sequence[Take], style: str) -> list[Take]:
    own = [t for t in real if t.style == style]
    if not own:
        raise ArtifactError(f"the data holds no dance of {style}")
    return own


def _centred(joints: np.ndarray) -> np.ndarray:
    """The dance in the middle of the stage on the whole."""
    floor = joints[:, 0].mean(axis=0) * np.array([1.0, 0.0, 1.0])
    return (joints - floor).astype(np.float32)
