"""Stage frames and health for the tests of what leaves, and waiting for what comes."""

import time

import numpy as np

from live.body.skeleton import JOINT_NAMES
from live.osc import encoding

HEALTH = encoding.HealthReport(59.5, 1.25, 3.5, 2, 7, 60.0, "holding")


def stage_frame(n_dancers=1, n_styles=8, sample=123_456, seed=0):
    rng = np.random.default_rng(seed)
    return encoding.StageFrame(
        frame=42,
        sample=sample,
        joints=rng.normal(size=(n_dancers, len(JOINT_NAMES), 3)).astype(np.float32),
        heading=rng.normal(size=n_dancers).astype(np.float32),
        beat=(0.25, 0.5625, 128.0, 0.75),
        onset=np.array([0.125, 0.25, 0.5], np.float32),
        level=0.625,
        style=rng.dirichlet(np.ones(n_styles)).astype(np.float32),
        section=(7, 3, 4, 12.5, 0.25),
        phrase=(0.375, 32),
    )


def messages_of(frame, dancer):
    """What bundle `dancer` (from 0) must hold, in order."""
    joints = frame.joints[dancer]
    yield "/pj/frame", "ii", [frame.frame, frame.sample]
    if dancer == 0:
        yield "/pj/beat", "ffff", frame.beat
        yield "/pj/onset", "fff", frame.onset
        yield "/pj/level", "f", [frame.level]
        yield "/pj/style", "f" * len(frame.style), frame.style
        yield "/pj/section", "iiiff", frame.section
        yield "/pj/phrase", "fi", frame.phrase
    yield f"/pj/{dancer + 1}/root", "ffff", [*joints[0], frame.heading[dancer]]
    for name, position in zip(JOINT_NAMES, joints, strict=True):
        yield f"/pj/{dancer + 1}/{name}", "fff", position


def wait_for(condition, what, seconds=10):
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        if (value := condition()) is not None:
            return value
        time.sleep(0.01)
    raise AssertionError(f"no {what} within {seconds} s")
