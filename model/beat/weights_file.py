"""The small networks of the beat as the stage reads them: numpy's npz, whole or not at all."""

from pathlib import Path

import numpy as np

from live.errors import ArtifactError
from live.safe_write import whole_file


def write_weights(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write over what is there. ArtifactError, and nothing written, where a number is not finite:
    the training broke down."""
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ArtifactError(f"nothing written to {path}: its training broke down, not finite")
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial, partial.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
