"""A take: the arrays of a dance in one NPZ file, written by `perform` and read by `render`.

Enters when written: stage frames. Leaves when read: the same arrays, checked; a take may come from
anybody. Runs in the caller's thread.
"""

import itertools
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from live.audio.features import SAMPLE_RATE
from live.body.skeleton import JOINT_NAMES, N_JOINTS
from live.errors import ArtifactError
from live.osc.encoding import StageFrame
from live.osc.schema import MAX_DANCERS
from live.safe_read import read_arrays
from live.safe_write import whole_file

# What reading insists on: dimensions after the first, which counts frames; None for any size.
_PER_FRAME: dict[str, tuple[int | None, ...]] = {
    "time_s": (), "joints": (None, N_JOINTS, 3), "beat_phase": (), "tempo_bpm": (),
    "beat_confidence": (), "level": (), "onset": (3,), "style": (None,), "bar_phase": (),
    "section": (5,), "phrase": (2,),
}  # fmt: skip
_NEWER = ("bar_phase", "section", "phrase")  # takes made before these were kept have none
_MOST = 1e4  # no metre, beat or level is more than this
_MAX_S = 1e7  # four months
_CHUNK = 1800  # frames; 30 s


def take_of(frames: Iterable[StageFrame], styles: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The arrays of a take, see `run_offline`. Dancers who are not on stage are NaN.

    Frames become arrays as they come: as objects, an hour of them would take 300 MB.
    """
    emissions = iter(frames)
    chunks = []
    while chunk := list(itertools.islice(emissions, _CHUNK)):
        chunks.append(_arrays_of(chunk))
    if not chunks:
        raise ArtifactError("the audio is shorter than one frame; nothing to dance to")
    dancers = max(chunk["joints"].shape[1] for chunk in chunks)
    for chunk in chunks:
        chunk["joints"] = _with_dancers(chunk["joints"], dancers)
    take = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}
    return take | {"joint_names": np.array(JOINT_NAMES), "style_names": np.array(styles)}


def _arrays_of(frames: list[StageFrame]) -> dict[str, np.ndarray]:
    beat = np.array([f.beat for f in frames], np.float32)
    dancers = max(len(f.joints) for f in frames)
    return {
        "time_s": np.array([f.sample for f in frames]) / SAMPLE_RATE,
        "joints": np.concatenate([_with_dancers(f.joints[None], dancers) for f in frames]),
        "beat_phase": beat[:, 0],
        "bar_phase": beat[:, 1],
        "tempo_bpm": beat[:, 2],
        "beat_confidence": beat[:, 3],
        "style": np.stack([f.style for f in frames]),
        "onset": np.stack([f.onset for f in frames]),
        "level": np.array([f.level for f in frames], np.float32),
        "section": np.array([f.section for f in frames], np.float32),
        "phrase": np.array([f.phrase for f in frames], np.float32),
    }


def _with_dancers(joints: np.ndarray, dancers: int) -> np.ndarray:
    """float32 [T, N, 19, 3] filled up with NaN to [T, dancers, 19, 3]."""
    missing = ((0, 0), (0, dancers - joints.shape[1]), (0, 0), (0, 0))
    return np.pad(joints.astype(np.float32), missing, constant_values=np.nan)


def write_take(take: dict[str, np.ndarray], out: Path) -> None:
    """Write OUT.npz, whole or not at all; an older one stays until then."""
    with whole_file(out) as partial, partial.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **take)


def read_take(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a take, see `run_offline`. ArtifactError if it is none."""
    arrays = read_arrays(path, "give a take of `posejockey perform`")
    check_take(arrays)
    return arrays


def check_take(arrays: dict[str, np.ndarray]) -> None:
    """ArtifactError names the array that does not fit. Only joints may be NaN, all of a dancer's:
    who is not on stage."""
    frames = len(np.atleast_1d(arrays.get("time_s", ())))
    for name, shape in _PER_FRAME.items():
        if name in arrays:
            _check_array(name, arrays[name], (frames, *shape))
        elif name not in _NEWER:
            raise ArtifactError(f"the take has no {name!r}; it is not one of `posejockey perform`")
    time_s, dancers = arrays["time_s"], arrays["joints"].shape[1]
    if (np.diff(time_s) < 0).any() or not 0 <= time_s[0] <= time_s[-1] < _MAX_S:
        raise ArtifactError("the take's 'time_s' does not run forward; perform it anew")
    if dancers > MAX_DANCERS:
        raise ArtifactError(f"the take has {dancers} dancers; there is room for {MAX_DANCERS}")


def _check_array(name: str, array: np.ndarray, shape: tuple[int | None, ...]) -> None:
    pairs = itertools.zip_longest(shape, array.shape)
    if array.size == 0 or array.shape != tuple(n if want is None else want for want, n in pairs):
        raise ArtifactError(f"the take's {name!r} has the shape {array.shape}; perform it anew")
    if array.dtype.kind != "f":
        raise ArtifactError(f"the take's {name!r} holds {array.dtype}; perform it anew")
    seen = array[~np.isnan(array).all(axis=(2, 3))] if name == "joints" else array
    if not seen.size or not (np.abs(seen) < _MOST).all():
        raise ArtifactError(f"the take's {name!r} holds what is no number; perform it anew")
