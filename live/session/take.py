"""A take: the arrays of a dance in one NPZ file."""

from pathlib import Path

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.body.skeleton import JOINT_NAMES
from live.errors import ArtifactError
from live.osc.encoding import StageFrame


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


def check_out(out: Path) -> None:
    """ArtifactError if OUT.npz surely cannot be written: better now than after the dance."""
    if not out.parent.is_dir():
        raise ArtifactError(f"cannot write {out}: there is no folder {out.parent}")
    if out.is_dir():
        raise ArtifactError(f"cannot write {out}: it is a folder; name a file in it")


def write_take(take: dict[str, np.ndarray], out: Path) -> None:
    """Write OUT.npz beside its name first, then swap, so that an older take is never half gone."""
    check_out(out)
    partial = out.with_name(out.name + ".partial")
    try:
        with partial.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **take)
        partial.replace(out)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ArtifactError(f"cannot write {out}: {error.strerror}") from error
