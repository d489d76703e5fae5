"""What several test files need: a tiny network, its file for the stage, a small prepared folder,
and click tracks."""

import json
import os
import signal
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from filelock import FileLock
from torch.optim.swa_utils import AveragedModel

from export.to_onnx import export
from live.audio.features import FEATURE_DIM, SAMPLE_RATE
from live.body.pose import POSE_DIM
from live.body.skeleton import REST_POSE
from model.data.prepare import write_motion, write_music
from model.network.checkpoint import CHECKPOINT
from model.network.config import DecoderConfig, EncoderConfig, NetworkConfig
from model.network.dance_network import DanceNetwork
from tests.helpers.training import CLIPS, nodding, songs

# On a busy machine two threads wait for each other in products this small: minutes, not seconds.
torch.set_num_threads(1)

_CLICK_S = 0.02
_POSE_STD = 0.06


# A script's `&` and nohup have these ignored, and so would every process that a test starts.
for _name in ("SIGINT", "SIGHUP"):
    _number = getattr(signal, _name, None)
    if _number is not None and signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _name == "SIGINT" else signal.SIG_DFL)


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items):
    """A real show or a real sound server runs against real time: slow, one by one."""
    for item in items:
        if {"live", "sound_server"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def click_track():
    """A function (bpm, seconds, rate) -> float32 [n]: clicks from 0 s on, silence between."""

    def make(bpm: float = 120.0, seconds: float = 4.0, rate: int = 24_000) -> np.ndarray:
        t = np.arange(int(_CLICK_S * rate)) / rate
        click = 0.6 * np.sin(2 * np.pi * 1000.0 * t) * np.exp(-t / 0.004)
        track = np.zeros(int(seconds * rate) + len(click), np.float32)
        for beat_s in np.arange(0.0, seconds, 60.0 / bpm):
            start = round(beat_s * rate)
            track[start : start + len(click)] += click
        return track[: int(seconds * rate)]

    return make


@pytest.fixture(scope="session")
def write_recording():
    """A function (path, audio float32 [T] at 24 kHz) that writes an .ogg."""

    def write(path: Path, audio: np.ndarray) -> None:
        samples = np.round(audio * 32767).astype(np.int16)[None]
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libopus", rate=SAMPLE_RATE, layout="mono")
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate = SAMPLE_RATE
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))

    return write


@pytest.fixture(scope="session")
def tiny_network() -> DanceNetwork:
    """A body on springs: random weights, but for those that pull every pose back to rest.

    It moves with music, clock, style, control and noise, and stays on its feet for hours; a
    network of random weights alone has left the stage within a minute.
    """
    config = NetworkConfig(
        styles=("street", "salsa"),
        encoder=EncoderConfig(width=16, layers=2, heads=2, window=8),
        decoder=DecoderConfig(
            hidden=2 * POSE_DIM,
            latent_dim=4,
            unit_dim=6,
            style_width=4,
            unit_width=32,
            units=3,
            codes=24,
            prior_width=32,
            prior_rank=16,
        ),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(20)
        network = DanceNetwork(config).eval()
        for name, weight in network.named_parameters():
            if name.endswith("distance_bias"):  # zeros at first: all distances would be alike
                torch.nn.init.normal_(weight)
    rest = torch.cat([torch.as_tensor(REST_POSE).flatten(), torch.zeros(3)])
    network.set_normalisation(
        feature_mean=torch.linspace(-0.4, 0.6, FEATURE_DIM),
        feature_std=torch.linspace(0.3, 0.9, FEATURE_DIM),
        pose_mean=rest,
        pose_std=torch.full((POSE_DIM,), _POSE_STD),
    )
    _tie_to_springs(network)
    return network.requires_grad_(False)


@torch.no_grad()
def _tie_to_springs(network: DanceNetwork) -> None:
    """Let every number of the pose pass a pair of units: silu(u) - silu(-u) is u itself."""
    decoder, eye = network.decoder, torch.eye(POSE_DIM)
    pair = torch.cat([eye, -eye])
    decoder.condition.weight.mul_(2.0)
    decoder.pose_in.weight.copy_(pair)
    decoder.pose_out[0].weight[:, : 2 * POSE_DIM].copy_(0.5 * pair @ pair.T)
    decoder.pose_out[2].weight.copy_(-0.5 * pair.T)
    decoder.pose_out[2].bias.zero_()


@pytest.fixture(scope="session")
def tiny_checkpoint(tiny_network, tmp_path_factory):
    """Path of what a training run of no iterations would have saved of `tiny_network`."""
    path = tmp_path_factory.mktemp("run") / CHECKPOINT
    state = {
        "network": tiny_network.state_dict(),
        "average": AveragedModel(tiny_network).state_dict(),
        "network_config": tiny_network.config.to_dict(),
        "train_config": {"iterations": 0, "seed": 20, "lag_max": 3},
        "prepared": {"tiers": ["open"], "styles": list(tiny_network.config.styles)},
        "progress": {"iteration": 0, "seconds": 0.0},
        "machine": "none",
    }
    torch.save(state, path)
    return path


@pytest.fixture(scope="session")
def tiny_model(tiny_checkpoint, tmp_path_factory):
    """Path of `tiny_network` as ONNX, its manifest beside it; once a run, as it takes seconds: the
    first worker that needs it makes it for all."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "tiny-model"
    path = folder / "tiny.onnx"
    with FileLock(f"{folder}.lock"):
        if not path.exists():
            folder.mkdir()
            export([tiny_checkpoint], path)
    return path


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """What `posejockey prepare` would have written: four clips of two styles, two songs."""
    folder = tmp_path_factory.mktemp("prepared")
    write_motion([nodding(name) for name in CLIPS], folder / "motion.npz")
    assert write_music(songs(), folder / "music.npz") == 2
    (folder / "prepared.json").write_text(json.dumps({"tiers": ["open"]}), encoding="utf-8")
    return folder
