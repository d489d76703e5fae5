"""Inputs for a network in torch, and stepping through them."""

import numpy as np
import torch

from live.audio.features import FEATURE_DIM
from live.body.pose import FRAME_RATE
from live.dance.contract import CONTROL_DIM, clock_vector

BPM = 120.0  # 15 frames a beat


def dance_inputs(network, frames=60, dancers=1, seed=0, bpm=BPM):
    """Inputs of `DanceNetwork.dance`; every dancer starts at another place in the bar."""
    rng = np.random.default_rng(seed)
    beats = (np.arange(frames)[:, None] + 0.5) * bpm / 60 / FRAME_RATE + 0.37 * np.arange(dancers)
    values = {
        "features": rng.uniform(-0.5, 0.5, (frames, FEATURE_DIM)),
        "clock": clock_vector(beats, bpm, 0.9),
        "style": rng.dirichlet(np.ones(len(network.config.styles)), dancers),
        "control": rng.normal(size=(frames, dancers, CONTROL_DIM)),
        "noise": rng.normal(size=(frames, dancers, network.config.decoder.latent_dim)),
    }
    return {k: torch.as_tensor(np.asarray(v), dtype=torch.float32) for k, v in values.items()}


def step_through(network, inputs, state=None):
    """Poses [T, N, 60], logits [T, S] and the states after every frame."""
    state = state or network.initial_state(inputs["clock"].shape[1])
    poses, logits, states = [], [], []
    for t in range(len(inputs["features"])):
        pose, heard, state = network.step(
            inputs["features"][t : t + 1],
            inputs["clock"][t],
            inputs["style"],
            inputs["control"][t],
            inputs["noise"][t],
            state,
        )
        poses.append(pose)
        logits.append(heard[0])
        states.append(state)
    return torch.stack(poses), torch.stack(logits), states


def changed(inputs, **changes):
    return {**inputs, **changes}


def difference(a, b):
    return float((a - b).abs().max())
