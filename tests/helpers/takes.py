"""Takes of known movement, as files and as motions."""

import numpy as np

from export.motion.motion import Motion, sampled
from live.body.pose import rotate_y
from live.body.skeleton import REST_POSE, with_bone_lengths
from live.session.take import write_take
from visuals.feed.recorded import RecordedTake


def dance(frames=90, dancers=1, seed=3):
    """Joints float32 [T, N, 19, 3]: everybody turns about themselves, walks, and bends every joint
    as far as dancers do and farther, hips against the pelvis included."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames)[:, None, None, None] / 60
    rate = rng.uniform(0.3, 1.5, (1, dancers, 19, 3))
    sway = 0.09 * np.sin(2 * np.pi * (rate * t + rng.uniform(0, 1, rate.shape)))
    sway[:, :, 0] = 0  # the pelvis carries all others along
    joints = with_bone_lengths(REST_POSE + sway)
    headings = 2 * np.pi * 0.8 * t[:, :, 0, 0] + np.arange(dancers)
    joints = rotate_y(joints, np.broadcast_to(headings[..., None], joints.shape[:-1]))
    return (joints + np.concatenate([0.7 * t, 0 * t, -0.2 * t], axis=-1)).astype(np.float32)


def take(joints):
    """The arrays of a take at 60 frames a second, 120 BPM."""
    time_s = np.arange(len(joints)) / 60
    ones = np.ones(len(joints), np.float32)
    return {
        "time_s": time_s, "joints": joints, "beat_phase": (2 * time_s % 1).astype(np.float32),
        "bar_phase": (time_s / 2 % 1).astype(np.float32), "tempo_bpm": 120 * ones,
        "beat_confidence": ones, "level": ones / 2,
        "onset": np.zeros((len(joints), 3), np.float32), "style": ones[:, None],
    }  # fmt: skip


def motion(joints, fps=60) -> Motion:
    return sampled(RecordedTake(take(joints)), fps)


def take_file(path, joints):
    """A take written as `posejockey perform` does."""
    write_take(take(joints), path)
    return path
