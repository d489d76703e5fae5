"""A take: the arrays of a dance in one NPZ file, written by `perform` and read by `render`.

Enters when written: stage frames. Leaves when read: the same arrays, checked; a take may come from
anybody. Runs in the caller's thread.
"""

import itertools
from pathlib import Path

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.body.skeleton import JOINT_NAMES, N_JOINTS
from live.errors import ArtifactError
from live.osc.encoding import StageFrame
from live.safe_write import whole_file

# What reading insists on: dimensions after the first, which counts frames; None for any size.
_PER_FRAME: dict[str, tuple[int | None, ...]] = {
    "time_s": (), "joints": (None, N_JOINTS, 3), "beat_phase": (), "tempo_bpm": (),
    "beat_confidence": (), "level": (), "onset": (3,), "style": (None,),
}  # fmt: skip


def take_of(frames: list[StageFrame], styles: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The arrays of a take, see `run_offline`. Dancers who are not on stage are NaN."""
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


def read_take(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a take, see `run_offline`. ArtifactError if it is none."""
    try:
        # Opened here: of what is no NPZ, numpy would leave the file open.
        with path.open("rb") as bytes_, np.load(bytes_, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except FileNotFoundError as error:
        raise ArtifactError(f"no file {str(path)!r}") from error
    except (OSError, ValueError, EOFError, KeyError, AttributeError) as error:
        raise ArtifactError(f"{path} is no take of `posejockey perform`: {error}") from error
    except Exception as error:  # zipfile and zlib have errors of their own for a damaged file
        if type(error).__module__ not in ("zipfile", "zlib"):
            raise
        raise ArtifactError(f"{path} is damaged: {error}; perform it anew") from error
    check_take(arrays)
    return arrays


def check_take(arrays: dict[str, np.ndarray]) -> None:
    """ArtifactError names the array that does not fit."""
    frames = len(arrays.get("time_s", ()))
    for name, shape in _PER_FRAME.items():
        if name not in arrays:
            raise ArtifactError(f"the take has no {name!r}; it is not one of `posejockey perform`")
        found = arrays[name].shape
        pairs = itertools.zip_longest(shape, found[1:])
        wanted = (frames, *(have if want is None else want for want, have in pairs))
        if frames == 0 or found != wanted:
            raise ArtifactError(f"the take's {name!r} has the shape {found}; perform it anew")
        if arrays[name].dtype.kind != "f" or not np.isfinite(arrays[name]).all():
            raise ArtifactError(f"the take's {name!r} holds what is no number; perform it anew")
