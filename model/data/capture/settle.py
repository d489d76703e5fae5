"""From what a reader found to whole clips: the one way for all formats.

Enters: `Captured`, and what was told on the command line. Leaves: `Settled`: pieces of joints
float32 [T, 19, 3], metres, y up, 30 a second, floor at 0, and sentences about what was found.
ArtifactError in one sentence where there is nothing to learn from.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from live.body.skeleton import JOINT_NAMES
from live.errors import ArtifactError
from model.data.capture import axes, naming, timing
from model.data.capture.assemble import assembled
from model.data.capture.captured import Captured, regular
from model.data.capture.lift import lifted

_MOST_FRAMES = 1 << 23
_FLAT = (
    "points of a picture: their depth is guessed by how short limbs look; turns are rough, and "
    "there is no way towards the camera"
)


@dataclass(frozen=True)
class Told:
    """What is told instead of found. joints: our joint -> the file's names (naming.guess)."""

    joints: Mapping[str, str] = field(default_factory=dict)
    fps: float | None = None
    space: axes.AxesTold = field(default_factory=axes.AxesTold)


@dataclass(frozen=True)
class Settled:
    """pieces: in order of time; said: sentences, in order of the work."""

    pieces: list[timing.Piece]
    said: list[str]


def settle(captured: Captured, told: Told) -> Settled:
    """The whole pieces of a motion, on stage."""
    said: list[str] = []
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # frames where nothing is known
        joints = _joints(captured, told, said)
        time_s = _times(captured, joints, told, said)
        joints, leaps = timing.without_leaps(joints, time_s)
        if np.isnan(joints).any(axis=(1, 2)).all():
            raise ArtifactError(f"it has no frame of a whole body: {_most_missing(joints)}")
        found, filled, lost_s = timing.pieces(joints, time_s)
        if not found:
            raise ArtifactError(
                f"nothing of it is whole for {timing.MIN_S:g} s without a gap of more than "
                f"{timing.GAP_S:g} s"
            )
        staged = _staged(found, captured, told, said)
    if leaps:
        said.append(f"{leaps} frames with a leap or a stretched bone, taken as unknown")
    if filled:
        said.append(f"{filled} frames filled in over gaps of up to {timing.GAP_S:g} s")
    if lost_s >= 0.05:
        said.append(f"{lost_s:.1f} s left out: unknown for longer, or pieces under 2 s")
    said += captured.notes
    return Settled(staged, said)


def _joints(captured: Captured, told: Told, said: list[str]) -> np.ndarray:
    """[T, 19, 3], metres, y up."""
    points = np.asarray(captured.points, np.float64)
    if captured.flat and len(points) > 1:
        points = lifted(points)
        said.append(_FLAT)
    if not 1 < len(points) <= _MOST_FRAMES:
        raise ArtifactError(f"it has {len(points)} frames of motion")
    if captured.is_settled:
        return points
    mapping = naming.guess(captured.names, captured.parents, told.joints)
    by = "by its names" if mapping.scheme == "unknown" else f"{mapping.scheme}'s names"
    said.append(f"joints {by}: {naming.shown(mapping, captured.names)}")
    joints, made = assembled(captured.names, points, mapping)
    if made:
        said.append(f"no point of its own, put where a body has it: {', '.join(made)}")
    joints, found = axes.upright(joints, told.space)
    said.append(", ".join(found))
    return joints


def _times(captured: Captured, joints: np.ndarray, told: Told, said: list[str]) -> np.ndarray:
    if told.fps is not None:
        said.append(f"{told.fps:g} frames a second, as told")
        return regular(len(joints), told.fps / captured.every)
    if captured.time_s is None:
        fps = timing.guessed_fps(joints)
        said.append(f"no frame rate in the file: taken as {fps:g} by its speed (--fps)")
        return regular(len(joints), fps)
    steps = np.diff(captured.time_s)
    if not (steps > 0).all():
        raise ArtifactError("its times do not rise; give it with --fps")
    fps = 1 / float(np.median(steps))
    if np.allclose(steps, 1 / fps, rtol=1e-3):
        fps = timing.usual(fps)
        said.append(f"{fps * captured.every:g} frames a second")
        return regular(len(joints), fps)
    said.append(f"about {fps:.1f} frames a second, at times of their own")
    return captured.time_s - captured.time_s[0]


def _staged(
    found: list[timing.Piece], captured: Captured, told: Told, said: list[str]
) -> list[timing.Piece]:
    """All pieces moved alike, as float32."""
    if captured.is_settled:
        whole = np.concatenate([piece.joints for piece in found])
    else:
        whole, sentences = axes.on_stage(
            np.concatenate([piece.joints for piece in found]), told.space
        )
        said += sentences
    ends = np.cumsum([len(piece.joints) for piece in found])
    parts = np.split(whole.astype(np.float32), ends[:-1])
    return [timing.Piece(part, piece.start_s) for part, piece in zip(parts, found, strict=True)]


def _most_missing(joints: np.ndarray) -> str:
    share = np.isnan(joints).any(axis=-1).mean(axis=0)
    worst = int(share.argmax())
    return f"{JOINT_NAMES[worst]} is unknown in {share[worst]:.0%} of them"
