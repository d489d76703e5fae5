"""Checkpoint to ONNX: one frame per call, every state an input and an output, manifest inside.

Enters: checkpoints, and prepared data if the file shall make up for what they lack. Leaves: the
file for the stage and its manifest, once `export.parity` has shown that it computes what was
trained.
"""

import base64
import hashlib
import io
import json
import logging
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor

from export.parity import Parity, frames_of, measure, random_sequence
from export.quantise import quantised, rounding
from live.dance.contract import (
    CLOCK_DIM,
    CONTROL_DIM,
    CONTROL_NAMES,
    MANIFEST_KEY,
    REQUIRED,
    STATE_PREFIX,
    STATE_SUFFIX,
)
from live.dance.manifest import Manifest
from live.errors import ArtifactError, ConfigError
from live.safe_write import check_output, check_output_folder, whole_file, write_text
from model.data.prepared import read_motion
from model.evaluation.offsets import accent_delays, stage_energy_offsets
from model.network.checkpoint import load_checkpoint, mean_of, music_lag, network_of
from model.network.dance_network import DanceNetwork
from model.network.weights import REST_KEY

TOLERANCE = 1e-4  # DESIGN §6; errors measured so far are below 1e-5
# How far eight-bit weights may move a pose, in its own units (m, m/s, rad/s): a tenth of what a
# dancer moves within a frame. Measured: 3e-4.
ROUNDING_TOLERANCE = 2e-3
_ROUNDING_FRAMES, _ROUNDING_DANCERS = 120, 3
_OPSET = 18
# Says five times that there is no torchvision, which nothing here needs.
logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)


def example_inputs(network: DanceNetwork, dancers: int) -> tuple[dict[str, Tensor], dict]:
    """Inputs of one step by name, seeded, and the initial state."""
    generator = torch.Generator().manual_seed(0)
    c = network.config
    shapes = {
        "features": (1, c.encoder.feature_dim),
        "clock": (dancers, CLOCK_DIM),
        "style": (dancers, len(c.styles)),
        "control": (dancers, CONTROL_DIM),
        "noise": (dancers, c.decoder.latent_dim),
    }
    inputs = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    return inputs, network.initial_state(dancers)


def to_onnx(network: DanceNetwork, manifest: dict) -> onnx.ModelProto:
    """The one-step graph with the manifest in its metadata; the number of dancers is free."""
    inputs, state = example_inputs(network, dancers=2)
    states = [STATE_PREFIX + name for name in state]
    of_dancers = {0: torch.export.Dim("dancers", min=1, max=64)}
    of_music = network.encoder.initial_state()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's exporter warns about its own internals
        program = torch.onnx.export(
            network.eval(),
            tuple(inputs.values()),
            kwargs={"state": state},
            input_names=[*inputs, *states],
            output_names=["pose", "style_logits", *(name + STATE_SUFFIX for name in states)],
            dynamic_shapes={
                **{name: None if name == "features" else of_dancers for name in inputs},
                "state": {name: None if name in of_music else of_dancers for name in state},
            },
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # only torch's older exporter returns nothing
    model = program.model_proto
    _forget_origins(model)
    onnx.helper.set_model_props(
        model, {MANIFEST_KEY: as_json(manifest), REST_KEY: _not_in_graph(model, network)}
    )
    return model


def _forget_origins(model: onnx.ModelProto) -> None:
    """Drop the exporter's notes on nodes and values: source lines and paths of this machine."""
    functions = [f.node for f in model.functions]
    for nodes in (model.graph.node, *functions):
        for node in nodes:
            del node.metadata_props[:]
            node.doc_string = ""
    graph = model.graph
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del value.metadata_props[:]
    del graph.metadata_props[:]


def _not_in_graph(model: onnx.ModelProto, network: DanceNetwork) -> str:
    """The weights that the graph has not under their names, as base64 of an .npz: the posterior's,
    which only training needs, and what the exporter folded into constants. With them a file is
    enough to go on from (`train --init`, `learn`). What no dance needs is float16, to keep the file
    small."""
    there = {tensor.name for tensor in model.graph.initializer}
    content = io.BytesIO()
    np.savez(
        content,
        **{
            k: v.numpy().astype(np.float16 if k.startswith("posterior.") else v.numpy().dtype)
            for k, v in network.state_dict().items()
            if k not in there
        },
    )
    return base64.b64encode(content.getvalue()).decode("ascii")


def manifest_of(network: DanceNetwork, checkpoint: dict) -> dict:
    """What a stage, a user and a historian need to know of the file."""
    c = network.config
    of_music = network.encoder.initial_state()
    kept = checkpoint.get("kept", {})  # of the file whose styles these were before
    return {
        **REQUIRED,
        "styles": list(c.styles),
        "controls": [*CONTROL_NAMES[:-1], CONTROL_NAMES[-1] if c.decoder.forgets else "reserved"],
        "latent_dim": c.decoder.latent_dim,
        "receptive_field": network.encoder.receptive_field,
        "music_lag": music_lag(checkpoint),
        "states": [
            {
                "name": STATE_PREFIX + name,
                "shape": list(value.shape),
                "per_dancer": name not in of_music,
            }
            for name, value in network.initial_state(1).items()
        ],
        "tiers": checkpoint["prepared"]["tiers"],
        "licence": licence(checkpoint["prepared"]["tiers"]),
        "recipe": {
            "network": c.to_dict(),
            "training": checkpoint["train_config"],
            "data": checkpoint["prepared"],
            "iterations": checkpoint["progress"]["iteration"],
            "wall_minutes": round(checkpoint["progress"]["seconds"] / 60, 1),
            "machine": checkpoint["machine"],
        },
        "energy_offset": dict.fromkeys(c.styles, 0.0) | kept.get("energy_offset", {}),
        "accent_delay_ms": dict.fromkeys(c.styles, 0.0) | kept.get("accent_delay_ms", {}),
        **({"metre": dict(zip(c.styles, c.metres, strict=True))} if c.metres else {}),
        "metrics": {},
    }


def licence(tiers: list[str]) -> str:
    """Terms of weights trained on these tiers of data."""
    if tiers == ["open"]:
        return "GPL-3.0-or-later; credits in the model card"
    return "non-commercial use only; credits in the model card"


def export(
    checkpoints: Sequence[Path],
    out: Path,
    data: Path | None = None,
    eight_bits: bool = True,
    recurrence: float = 1.0,
) -> Parity:
    """Write `out` (and its manifest beside it as JSON) if, and only if, parity holds.

    checkpoints: one, or several whose mean is exported (`model.network.checkpoint.mean_of`); data:
    what `prepare` wrote; with it the energy of every style and the place of its accents in the beat
    are set to those of its real dances; eight_bits: keep large matrices so (`export.quantise`);
    recurrence: share, 0 to 1, of what it adds to the units that is kept (`PoseDecoder.lessen`);
    ConfigError for another. Raises ArtifactError with the error measured where parity does not
    hold, where the weights or what they dance are not finite, and where the stage would refuse the
    manifest; an older file stays.
    """
    if not 0 <= recurrence <= 1:
        raise ConfigError(f"--recurrence is a share from 0 to 1, not {recurrence}")
    check_output_folder(out.parent)
    out.parent.mkdir(parents=True, exist_ok=True)
    check_output(out, (".onnx",), checkpoints)
    check_output(out.with_suffix(".json"), (), [data / "prepared.json" if data else None])
    loaded = [load_checkpoint(path) for path in checkpoints]
    checkpoint = mean_of(loaded)
    network = network_of(checkpoint)
    network.decoder.lessen(recurrence)
    manifest = manifest_of(network, checkpoint)
    manifest["recipe"]["recurrence"] = recurrence
    manifest["recipe"]["mean_of_iterations"] = [c["progress"]["iteration"] for c in loaded]
    Manifest.parse(as_json(manifest), out)  # what the stage would refuse is refused here
    model = to_onnx(network, manifest)
    parity = measure(network, model.SerializeToString())
    if not parity.worst <= TOLERANCE:
        raise ArtifactError(
            f"not exported: ONNX and PyTorch differ by {parity.worst:.1e} (at most {TOLERANCE:.0e})"
        )
    manifest["metrics"] = {"parity_max_abs_error": parity.worst}
    if eight_bits:
        model, parity = _rounded(model, network, parity)
        manifest["metrics"]["rounding_error"] = parity.rounding
    if data is not None:
        # Beside styles that were kept, the data holds what is new alone.
        there = set(read_motion(data)["styles"].tolist()) if "kept" in checkpoint else None
        styles = [s for s in network.config.styles if there is None or s in there]
        _tune(manifest, model, network, data, styles)
        Manifest.parse(as_json(manifest), out)
    content = _with_manifest(model, manifest)
    manifest["sha256"] = hashlib.sha256(content).hexdigest()
    with whole_file(out) as partial:
        partial.write_bytes(content)
    write_text(out.with_suffix(".json"), as_json(manifest, indent=2) + "\n")
    return parity


def _with_manifest(model: onnx.ModelProto, manifest: dict) -> bytes:
    """The graph as a file's content, with this manifest in it."""
    rest = {p.key: p.value for p in model.metadata_props} | {MANIFEST_KEY: as_json(manifest)}
    onnx.helper.set_model_props(model, rest)
    return model.SerializeToString()


def _tune(
    manifest: dict, model: onnx.ModelProto, network: DanceNetwork, data: Path, styles: list[str]
) -> None:
    """Put into the manifest what the stage has to make up for in these styles."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "untuned.onnx")
        file.write_bytes(_with_manifest(model, manifest))
        manifest["energy_offset"] |= stage_energy_offsets(file, data, styles)
    energy, lag = manifest["energy_offset"], manifest["music_lag"]
    manifest["accent_delay_ms"] |= accent_delays(network, data, energy, lag=lag, styles=styles)


def _rounded(
    model: onnx.ModelProto, network: DanceNetwork, parity: Parity
) -> tuple[onnx.ModelProto, Parity]:
    """The graph with its weights in eight bits. ArtifactError where that is seen in the dance."""
    sequence = random_sequence(network, _ROUNDING_FRAMES, 0, _ROUNDING_DANCERS)
    frames = [{k: v.numpy() for k, v in frame.items()} for frame in frames_of(sequence)]
    small = quantised(model)
    off = rounding(model, small, frames)
    if not off <= ROUNDING_TOLERANCE:
        raise ArtifactError(
            f"not exported: eight bits move a pose by {off:.1e} (at most "
            f"{ROUNDING_TOLERANCE:.0e}); keep the weights whole with --float32"
        )
    return small, replace(parity, rounding=off)


def as_json(manifest: dict, indent: int | None = None) -> str:
    """ArtifactError for a number that JSON cannot hold: other readers would refuse the file."""
    try:
        return json.dumps(manifest, indent=indent, allow_nan=False)
    except ValueError as error:
        raise ArtifactError("not exported: its manifest holds a number that is none") from error
