"""Proof that the file on stage computes what was trained.

Enters: a network and the ONNX file made of it. Leaves: how far they are apart: torch over the whole
sequence = torch stepped = ONNX stepped, in every output and every state that is fed back, for one,
two and five dancers, over a sequence longer than the attention window, so that the cache of keys
and values has let go of its first.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from live.body.pose import FRAME_RATE
from live.dance.contract import CONTROL_DIM, STATE_PREFIX, STATE_SUFFIX, clock_vector
from model.network.dance_network import DanceNetwork

Outputs = dict[str, np.ndarray]  # of one frame, by their names in the file

_DANCERS = (1, 2, 5)
_TEMPO_BPM = 123.0


@dataclass(frozen=True)
class Parity:
    """Largest absolute differences; infinite where a number is not finite. Of poses in their own
    units (m, m/s, rad/s); of logits and states, which know no metres, over their largest number
    where that is more than one."""

    stepped: float  # torch over the whole sequence against torch stepped: poses and style logits
    onnx: float  # torch stepped against ONNX stepped: every output and every state
    rounding: float = 0.0  # how far eight-bit weights move a pose (`export.quantise.rounding`)

    @property
    def worst(self) -> float:
        return max(self.stepped, self.onnx)


@torch.no_grad()
def measure(network: DanceNetwork, onnx_bytes: bytes, seed: int = 0) -> Parity:
    """Compare the three over 1.5 windows of random music, danced freely by one, two and five."""
    session = onnxruntime.InferenceSession(onnx_bytes, providers=["CPUExecutionProvider"])
    found = [_measure(network, session, dancers, seed) for dancers in _DANCERS]
    return Parity(max(p.stepped for p in found), max(p.onnx for p in found))


def _measure(
    network: DanceNetwork, session: onnxruntime.InferenceSession, dancers: int, seed: int
) -> Parity:
    length = int(1.5 * network.config.encoder.window) + 3
    sequence = random_sequence(network, length, seed, dancers)
    stepped = list(_step_torch(network, sequence))
    poses = np.stack([frame["pose"] for frame in stepped])
    logits = np.concatenate([frame["style_logits"] for frame in stepped])
    _, heard = network.hear(sequence["features"][None])
    whole = difference(network.dance(**sequence).numpy(), poses)
    return Parity(
        stepped=max(whole, difference(heard[0].numpy(), logits)),
        onnx=apart(stepped, _step_onnx(session, network, sequence)),
    )


def apart(frames: Iterable[Outputs], others: Iterable[Outputs]) -> float:
    """Largest difference of any output of any frame; infinite if one has outputs that the other
    lacks."""
    worst = 0.0
    for frame, other in zip(frames, others, strict=True):
        if frame.keys() != other.keys():
            return math.inf
        worst = max(worst, *(_scaled(name, frame[name], other[name]) for name in frame))
    return worst


def _scaled(name: str, one: np.ndarray, other: np.ndarray) -> float:
    off = difference(one, other)
    if name == "pose" or off == math.inf:
        return off
    return off / max(1.0, float(np.abs(one).max(initial=0.0)))


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Largest absolute difference; infinite where shapes differ or a number is not finite, so that
    no comparison with it can pass by accident."""
    if one.shape != other.shape or not (np.isfinite(one).all() and np.isfinite(other).all()):
        return math.inf
    return float(np.abs(one - other).max(initial=0.0))


def random_sequence(
    network: DanceNetwork, length: int, seed: int, dancers: int = 2
) -> dict[str, Tensor]:
    """Inputs of `DanceNetwork.dance` for T frames of random music at a steady tempo."""
    rng = np.random.default_rng(seed)
    c = network.config
    beats = np.arange(length)[:, None] * _TEMPO_BPM / 60 / FRAME_RATE + 0.3 * np.arange(dancers)
    values = {
        "features": rng.normal(size=(length, c.encoder.feature_dim)),
        "clock": clock_vector(beats, _TEMPO_BPM, 0.9),
        "style": rng.dirichlet(np.ones(len(c.styles)), dancers),
        "control": rng.normal(size=(length, dancers, CONTROL_DIM)),
        "noise": rng.normal(size=(length, dancers, c.decoder.latent_dim)),
    }
    return {k: torch.as_tensor(np.asarray(v), dtype=torch.float32) for k, v in values.items()}


def _step_torch(network: DanceNetwork, sequence: dict[str, Tensor]) -> Iterator[Outputs]:
    state = network.initial_state(sequence["clock"].shape[1])
    for inputs in frames_of(sequence):
        pose, logits, state = network.step(**inputs, state=state)
        named = {STATE_PREFIX + name + STATE_SUFFIX: value for name, value in state.items()}
        outputs = {"pose": pose, "style_logits": logits} | named
        yield {name: value.numpy() for name, value in outputs.items()}


def _step_onnx(
    session: onnxruntime.InferenceSession, network: DanceNetwork, sequence: dict[str, Tensor]
) -> Iterator[Outputs]:
    names = [o.name for o in session.get_outputs()]
    first = network.initial_state(sequence["clock"].shape[1])
    state = {STATE_PREFIX + name: value.numpy() for name, value in first.items()}
    for inputs in frames_of(sequence):
        feed = {name: value.numpy() for name, value in inputs.items()} | state
        found = (np.asarray(value) for value in session.run(None, feed))
        outputs = dict(zip(names, found, strict=True))
        state = {name: outputs[name + STATE_SUFFIX] for name in state}
        yield outputs


def frames_of(sequence: dict[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    """The inputs of one step, frame by frame."""
    for t in range(len(sequence["features"])):
        yield {
            "features": sequence["features"][t : t + 1],
            "clock": sequence["clock"][t],
            "style": sequence["style"],
            "control": sequence["control"][t],
            "noise": sequence["noise"][t],
        }
