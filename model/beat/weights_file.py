"""The small networks of the beat as the stage reads them: numpy's npz, whole or not at all."""

from pathlib import Path

import numpy as np
from torch import Tensor, nn

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


def named_weights(embed: nn.Linear, gru: nn.GRU, out: nn.Linear) -> dict[str, Tensor]:
    """The weights of an embedding, a GRU and what it says, by their names in the file."""
    return {
        "embed": embed.weight,
        "embed_bias": embed.bias,
        "input": gru.get_parameter("weight_ih_l0"),
        "input_bias": gru.get_parameter("bias_ih_l0"),
        "hidden": gru.get_parameter("weight_hh_l0"),
        "hidden_bias": gru.get_parameter("bias_hh_l0"),
        "output": out.weight,
        "output_bias": out.bias,
    }


def half_precision(weights: dict[str, Tensor]) -> dict[str, np.ndarray]:
    """The same as float16 arrays."""
    return {name: w.detach().numpy().astype(np.float16) for name, w in weights.items()}
