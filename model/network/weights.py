"""ONNX back to weights: training can begin with a file that dances on stage (`train --init`).

Enters: a file that `export` wrote. Leaves: its network's configuration and weights.
"""

import base64
import io
import json
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from onnx.numpy_helper import to_array

from live.dance.contract import MANIFEST_KEY
from live.errors import ArtifactError
from model.network.checkpoint import check_finite
from model.network.config import NetworkConfig
from model.network.dance_network import DanceNetwork

_OLDER_PREFIX = "network."  # of the weights' names in files of before, the shipped ones included
# What older files have of another kind or shape. The dancer can do without: it is learned anew.
RENEWED = ("decoder.prior.", "decoder.unit", "decoder.pull", "posterior.")
REST_KEY = "posejockey_weights"  # of the file's metadata: those that its graph lacks
# Of matrices that `export.quantise` has rounded: bits, elements that share a scale, the value that
# stands for zero, and what follows a weight's name for its values and its scales.
BITS, BLOCK, ZERO = 8, 64, 128
ROUNDED, SCALES = ".int8", ".scales"


def load_weights(path: Path) -> dict:
    """What a file for the stage (`export`) holds of the run that made it: its network_config, its
    manifest, and under "weights" the weights by name, of large ones as much as eight bits hold,
    without prior and posterior where they were of an older kind. Raises ArtifactError for any other
    file."""
    try:
        model = onnx.load(path, load_external_data=False)
        said = {p.key: p.value for p in model.metadata_props}
        manifest = json.loads(said[MANIFEST_KEY])
        config = NetworkConfig.from_dict(manifest["recipe"]["network"])
        weights = {
            tensor.name.removeprefix(_OLDER_PREFIX): torch.from_numpy(to_array(tensor).copy())
            for tensor in model.graph.initializer
        }
        if REST_KEY in said:
            with np.load(io.BytesIO(base64.b64decode(said[REST_KEY]))) as rest:
                weights |= {name: _whole(rest[name], weights) for name in rest.files}
        expected = DanceNetwork(config).state_dict()
        weights |= _restored(weights, expected)
    except (OSError, DecodeError, KeyError, TypeError, ValueError, BadZipFile) as error:
        raise ArtifactError(f"{path} is not a file of this program: {error!r}") from error
    for name, value in expected.items():
        fits = name in weights and weights[name].shape == value.shape
        if not fits and name.startswith(RENEWED):
            weights.pop(name, None)
        elif not fits:
            raise ArtifactError(
                f"{path} was exported by an older version, without {name}; it can dance, but no "
                "training can begin with it"
            )
    check_finite(weights, f"what {path} was exported from")
    return {
        "network_config": config.to_dict(),
        "manifest": manifest,
        "weights": {name: weights[name] for name in expected if name in weights},
    }


def _whole(rounded: np.ndarray, weights: dict[str, torch.Tensor]) -> torch.Tensor:
    """What was kept in half precision as the graph has it, under a name of the exporter's: with
    units that are not quite its own, an old style would not dance as it did."""
    found = torch.from_numpy(rounded)
    if found.dtype == torch.float16 and found.dim() == 2:
        for value in weights.values():
            for whole in (value, value.T) if value.dim() == 2 else ():
                if whole.shape == found.shape and torch.equal(whole.half(), found):
                    return whole.contiguous()
    return found.float()


def _restored(weights: dict[str, torch.Tensor], expected: dict) -> dict[str, torch.Tensor]:
    """What was rounded to eight bits, by the names of the network and in its shapes."""
    found = {}
    for name in (n.removesuffix(ROUNDED) for n in weights if n.endswith(ROUNDED)):
        values, scales = weights[name + ROUNDED], weights[name + SCALES]
        matrix = ((values.float() - ZERO) * scales[..., None]).flatten(1)
        if name in expected:
            found[name] = matrix[:, : expected[name].shape[1]]
    return found
