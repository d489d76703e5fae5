"""What a reader of motion files hands on: one body's points in time, as the file has them.

Leaves: `Captured`, which `model.data.capture.settle` turns into clips. A reader finds out no axes,
units or sides: that is done in one place, for all formats alike. Runs in the caller's thread.
"""

from dataclasses import dataclass, field

import numpy as np

from live.body.skeleton import BODY_HEIGHT_M


@dataclass(frozen=True)
class Sound:
    """The sound that belongs to a motion. samples: float32 [n], mono; start_s: of the motion's
    first moment (time 0) in it."""

    samples: np.ndarray
    rate: int
    start_s: float = 0.0


@dataclass(frozen=True)
class KnownBeats:
    """Beats that a file tells itself. time_s: float64 [n] of them, rising, on the motion's times;
    metre: beats a bar; first: which of them opens a bar (-1: nobody knows)."""

    time_s: np.ndarray
    metre: int = 4
    first: int = -1


@dataclass(frozen=True)
class Filmed:
    """What is told of a film. person: 1 is the one most to the left, None the most central;
    height_m: theirs; view_deg: what the camera sees along the picture's long side."""

    person: int | None = None
    height_m: float = BODY_HEIGHT_M
    view_deg: float = 65.0


@dataclass(frozen=True)
class Captured:
    """One body's motion.

    format: what kind of file it was, for people. names: of the points, as in the file. points:
    float [T, K, 3], NaN where nobody knows; any axes and units. time_s: float64 [T], rising, from 0
    on; None where the file tells no times. parents: of each point's joint, -1 for a root, where
    there is a tree. part: which of several bodies of the file, "" for the only one. is_settled:
    points are joints in the order of `live.body.skeleton`, metres, y up, left on the left. flat:
    points are a picture's, x right, y down, the third is how sure (0..1). every: the reader kept
    every so many-th frame; time_s has those kept. tier: what is known of the terms of such files,
    "" for nothing. notes: sentences for who asked.
    """

    format: str
    names: tuple[str, ...]
    points: np.ndarray
    time_s: np.ndarray | None
    parents: tuple[int, ...] | None = None
    part: str = ""
    is_settled: bool = False
    flat: bool = False
    every: int = 1
    sound: Sound | None = None
    beats: KnownBeats | None = None
    tier: str = ""
    notes: tuple[str, ...] = field(default=())


def regular(frames: int, fps: float) -> np.ndarray:
    """Times of frames at a steady rate, float64 [frames]."""
    return np.arange(frames) / fps
