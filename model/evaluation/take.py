"""A dance to be measured: joints with the beat they were danced to.

Enters: prepared data, for the real dances. Leaves: `Take`s, as rollouts and the stage make them
too, and `FlatTake`s, as a camera sees them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from live.body.pose import FRAME_RATE, decode
from model.data import body25
from model.data.prepared import read_motion
from model.evaluation import metrics


@dataclass(frozen=True)
class Take:
    """One dance. joints: float32 [T, 19, 3] at 30 fps; beats: float64 [T], the true position in
    the dancer's beats at each frame; music: which piece, the same for dances to the same one."""

    label: str
    style: str
    tempo_bpm: float
    joints: np.ndarray
    beats: np.ndarray
    music: str = ""

    def after(self, seconds: float) -> "Take":
        skip = round(seconds * FRAME_RATE)
        return replace(self, joints=self.joints[skip:], beats=self.beats[skip:])


@dataclass(frozen=True)
class FlatTake:
    """One dance in a picture. points: float32 [T, 25, 2] of `model.data.body25` at 15 fps; beats:
    float64 [T], as a `Take`'s; the rest as there."""

    label: str
    style: str
    tempo_bpm: float
    points: np.ndarray
    beats: np.ndarray
    music: str = ""

    def after(self, seconds: float) -> "FlatTake":
        skip = round(seconds * body25.FRAME_RATE)
        return replace(self, points=self.points[skip:], beats=self.beats[skip:])


AnyTake = TypeVar("AnyTake", Take, FlatTake)


def filmed(take: Take) -> FlatTake:
    """The take as a camera in front of the dancer sees it."""
    return FlatTake(
        take.label,
        take.style,
        take.tempo_bpm,
        body25.project(take.joints),
        take.beats[:: body25.EVERY],
        take.music,
    )


def real_takes(data: Path) -> list[Take]:
    """Every clip of `motion.npz` with its own beat grid, at its own tempo."""
    motion = read_motion(data)
    takes = []
    for i, (start, stop) in enumerate(zip(motion["start"], motion["start"][1:], strict=False)):
        tempo = float(motion["tempo_bpm"][i])
        name = str(motion["names"][i])
        beats = motion["phase"][i] + tempo / 60 / FRAME_RATE * np.arange(stop - start)
        style = str(motion["styles"][motion["style"][i]])
        takes.append(Take(name, style, tempo, decode(motion["pose"][start:stop]), beats, name))
    return takes


def at_octave_of(take: AnyTake, tempo_bpm: float) -> AnyTake:
    """The take counted at half, whole or double the music's beat, whichever is nearest to a tempo:
    a style stepped at 165 does two steps to a beat of 90, and is measured by the step."""
    octave = 2.0 ** float(np.clip(np.rint(np.log2(tempo_bpm / take.tempo_bpm)), -1, 1))
    return replace(take, tempo_bpm=take.tempo_bpm * octave, beats=take.beats * octave)


def mean_speed(takes: Sequence[Take]) -> float:
    """Mean joint speed over all frames of all takes, m/s."""
    speeds = [metrics.mean_speed(t.joints, FRAME_RATE) for t in takes]
    return float(np.average(speeds, weights=[len(t.joints) for t in takes]))
