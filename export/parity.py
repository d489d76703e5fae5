"""Proof that the file on stage computes what was trained.

torch over the whole sequence = torch stepped = ONNX stepped, over a sequence longer than the
attention window, so that the cache of keys and values has let go of its first.
"""

from dataclasses import dataclass

import numpy as np
import onnxruntime
import torch

from live.body.pose import FRAME_RATE
from live.dance.contract import CONTROL_DIM, STATE_PREFIX, STATE_SUFFIX, clock_vector
from model.network.dance_network import DanceNetwork

_DANCERS = 2
_TEMPO_BPM = 123.0


@dataclass(frozen=True)
class Parity:
    """Largest absolute differences of poses, in metres and units of the pose vector."""

    stepped: float  # torch whole sequence against torch stepped
    onnx: float  # torch stepped against ONNX stepped

    @property
    def worst(self) -> float:
        return max(self.stepped, self.onnx)


@torch.no_grad()
def measure(network: DanceNetwork, onnx_bytes: bytes, seed: int = 0) -> Parity:
    """Compare the three over 1.5 windows of random music, danced freely by two."""
    sequence = random_sequence(network, int(1.5 * network.config.encoder.window), seed)
    whole = network.dance(
        sequence["features"],
        sequence["clock"],
        sequence["style"],
        sequence["control"],
        sequence["noise"],
    ).numpy()
    stepped = _step_torch(network, sequence)
    onnx_poses = _step_onnx(onnx_bytes, sequence, network)
    return Parity(
        stepped=float(np.abs(whole - stepped).max()),
        onnx=float(np.abs(stepped - onnx_poses).max()),
    )


def random_sequence(network: DanceNetwork, length: int, seed: int) -> dict[str, torch.Tensor]:
    """Inputs of `DanceNetwork.dance` for T frames of random music at a steady tempo."""
    rng = np.random.default_rng(seed)
    c = network.config
    beats = np.arange(length)[:, None] * _TEMPO_BPM / 60 / FRAME_RATE + np.array([0.0, 0.3])
    style = rng.dirichlet(np.ones(len(c.styles)), _DANCERS)
    values = {
        "features": rng.normal(size=(length, c.encoder.feature_dim)),
        "clock": clock_vector(beats, _TEMPO_BPM, 0.9),
        "style": style,
        "control": rng.normal(size=(length, _DANCERS, CONTROL_DIM)),
        "noise": rng.normal(size=(length, _DANCERS, c.decoder.latent_dim)),
    }
    return {k: torch.as_tensor(np.asarray(v), dtype=torch.float32) for k, v in values.items()}


def _step_torch(network: DanceNetwork, sequence: dict[str, torch.Tensor]) -> np.ndarray:
    state = network.initial_state(_DANCERS)
    poses = []
    for inputs in _frames(sequence):
        pose, _, state = network.step(**inputs, state=state)
        poses.append(pose.numpy())
    return np.stack(poses)


def _step_onnx(
    onnx_bytes: bytes, sequence: dict[str, torch.Tensor], network: DanceNetwork
) -> np.ndarray:
    session = onnxruntime.InferenceSession(onnx_bytes, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    state = {
        STATE_PREFIX + name: value.numpy()
        for name, value in network.initial_state(_DANCERS).items()
    }
    poses = []
    for inputs in _frames(sequence):
        feed = {name: value.numpy() for name, value in inputs.items()} | state
        out = dict(zip(names, session.run(None, feed), strict=True))
        state = {name: out[name + STATE_SUFFIX] for name in state}
        poses.append(out["pose"])
    return np.stack(poses)


def _frames(sequence: dict[str, torch.Tensor]):
    for t in range(len(sequence["features"])):
        yield {
            "features": sequence["features"][t : t + 1],
            "clock": sequence["clock"][t],
            "style": sequence["style"],
            "control": sequence["control"][t],
            "noise": sequence["noise"][t],
        }
