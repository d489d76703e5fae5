"""A small prepared folder and runs on it, for the tests of data and training."""

import numpy as np
import torch

from live.audio.features import SAMPLE_RATE
from live.body.pose import FRAME_RATE, POSE_DIM, ROOT, encode
from live.body.skeleton import JOINT, N_JOINTS, REST_POSE
from model.data.music.render import render_song
from model.data.music.song import SongConfig
from model.data.prepare import (
    Clip,
)
from model.network.config import DecoderConfig, EncoderConfig, TrainConfig
from model.training.trainer import Trainer

TINY = TrainConfig(
    iterations=18,
    units_iterations=3,
    prior_iterations=3,
    batch=8,
    dancers=2,
    window=24,
    context=12,
    warmup=2,
    learning_rate=4e-3,
    units_rate=4e-3,
    forced_frames=4,
    free_max=16,
    curriculum_iterations=8,
    critic_from=6,
    free_dancers=1,
    critic_skip=4,
)
TINY_ENCODER = EncoderConfig(width=16, layers=1, heads=2, window=12)
TINY_DECODER = DecoderConfig(
    hidden=32, latent_dim=4, style_width=4, unit_dim=6, unit_width=16, units=3, codes=24,
    prior_width=16,
)  # fmt: skip
NOD, SWAY = 3 * JOINT["head"] + 1, 3 * JOINT["neck"] + 2  # the same in a mirror
NOD_M = 0.1
TEMPO_A_METRE = 100.0
CLIPS = {  # name: style, tempo, beats at frame 0
    "a": ("street", 101.3, 0.4),
    "b": ("street", 128.7, 2.9),
    "c": ("salsa", 93.1, -1.3),
    "d": ("salsa", 112.9, 3.7),
}


def nodding(name, seconds=14.0):
    """A clip that nods once a beat and sways once a bar, walking 1 m/s to its left.

    Its velocity to the front, in m/s, is its tempo / 100, so that a window tells its clip.
    """
    style, tempo_bpm, phase = CLIPS[name]
    beats = phase + np.arange(int(seconds * FRAME_RATE)) * tempo_bpm / 60 / FRAME_RATE
    pose = np.zeros((len(beats), POSE_DIM), np.float32)
    pose[:, : N_JOINTS * 3] = REST_POSE.ravel()
    pose[:, NOD] += NOD_M * np.cos(2 * np.pi * beats)
    pose[:, SWAY] += NOD_M * np.cos(2 * np.pi * beats / 4)
    pose[:, ROOT] = [1.0, tempo_bpm / TEMPO_A_METRE, 0.0]
    return Clip(name, style, pose, np.zeros((len(beats), 4), np.float32), tempo_bpm, phase)


def songs():
    """One at a dancer's tempo, one that is danced at half time."""
    for genre, tempo_bpm in (("house", 118.0), ("salsa", 186.0)):
        song = render_song(
            SongConfig(genre, tempo_bpm, duration_s=7.0, lead_in_s=0.3, seed=3), SAMPLE_RATE
        )
        yield song, song.audio


def batches(windows, count=12, seed=0):
    rng = np.random.default_rng(seed)
    return [windows.batch(rng) for _ in range(count)]


def shaky_child(frames=60, seed=2):
    """Joints of a body three quarters as tall with unequal bones, that floats and trembles."""
    rng = np.random.default_rng(seed)
    joints = 0.75 * REST_POSE + rng.normal(0, 0.01, (frames, N_JOINTS, 3))
    joints[..., 1] += 0.3
    return joints


def stepping(tempo_bpm, phase, seconds=20.0):
    """Arms that stop dead on every beat, and swing in between."""
    beats = phase + np.arange(int(seconds * FRAME_RATE)) * tempo_bpm / 60 / FRAME_RATE
    swing = np.floor(beats) + 0.5 - 0.5 * np.cos(np.pi * (beats % 1) ** 0.5)
    joints = np.repeat(REST_POSE[None], len(beats), axis=0)
    for side in ("l_wrist", "r_wrist"):
        joints[:, JOINT[side], 2] += 0.3 * np.sin(np.pi * swing)
    return joints


def pose_of(joints):
    return torch.as_tensor(encode(joints))[None]


def trainer(prepared, folder, config=TINY, decoder=TINY_DECODER):
    return Trainer(prepared, folder, config, TINY_ENCODER, decoder)


def ignore(_row):
    pass


def state_of(run):
    return {
        "network": run.network.state_dict(),
        "average": run.average.state_dict(),
        "critic": run.critic.state_dict(),
        "reader": run.reader.state_dict(),
        "reader optimiser": run.reader_optimiser.state_dict()["state"],
        "critic optimiser": run.critic_optimiser.state_dict()["state"],
        "optimiser": run.optimiser.state_dict()["state"],
        "schedule": run.schedule.get_last_lr(),
        "numpy": run.rng.bit_generator.state,
        "torch": torch.get_rng_state(),
    }


def assert_same(a, b, path="run"):
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            assert_same(a[key], b[key], f"{path}.{key}")
    elif isinstance(a, torch.Tensor):
        assert torch.equal(a, b), path
    else:
        assert a == b, path
