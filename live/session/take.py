"""A take: the arrays of a dance in one NPZ file."""

from pathlib import Path

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.body.skeleton import JOINT_NAMES
from live.errors import ArtifactError
from live.osc.encoding import StageFrame
from live.safe_write import whole_file


def take_of(frames: list[StageFrame], styles: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The arrays of OUT.npz, see `perform`. Dancers who are not on stage are NaN."""
    if not frames:
        raise ArtifactError("the audio is shorter than one frame; nothing to dance to")
    beat = np.array([f.beat for f in frames], np.float32)
    dancers = max(len(f.joints) for f in frames)
    joints = np.full((len(frames), dancers, *frames[0].joints.shape[1:]), np.nan, np.float32)
    for row, frame in zip(joints, frames, strict=True):
        row[: len(frame.joints)] = frame.joints
    return {
        "time_s": np.array([f.sample for f in frames]) / SAMPLE_RATE,
        "joints": joints,
        "joint_names": np.array(JOINT_NAMES),
        "beat_phase": beat[:, 0],
        "bar_phase": beat[:, 1],
        "tempo_bpm": beat[:, 2],
        "beat_confidence": beat[:, 3],
        "style": np.stack([f.style for f in frames]),
        "style_names": np.array(styles),
        "onset": np.stack([f.onset for f in frames]),
        "level": np.array([f.level for f in frames], np.float32),
    }


def write_take(take: dict[str, np.ndarray], out: Path) -> None:
    """Write OUT.npz, whole or not at all; an older one stays until then."""
    with whole_file(out) as partial, partial.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **take)
