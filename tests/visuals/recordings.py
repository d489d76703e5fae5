"""What was danced before: a session file of known movement."""

import math

import numpy as np

from live.body.skeleton import REST_POSE
from live.osc import encoding
from live.session.writer import SessionWriter

RATE = 16_000


def walk(time_s: float, dancers: int = 1) -> np.ndarray:
    """Joints [N, 19, 3]: everybody moves along x at 0.5 m/s, two metres apart."""
    shift = [[2.0 * d + 0.5 * time_s, 0, 0] for d in range(dancers)]
    return (REST_POSE[None] + np.array(shift)[:, None]).astype(np.float32)


def record(path, seconds=2.0, latency_ms=0.0, silent_s=(9.0, 9.0), from_s=0.0, played=()):
    """A session with one walking dancer, nothing sent between silent_s; a tone as in `tone`."""
    settings = {"sample_rate": RATE, "show": {"latency_ms": latency_ms}}
    writer = SessionWriter(path, settings)
    time_s = np.arange(round(seconds * RATE)) / RATE
    wave = 0.5 * np.sin(2 * math.pi * 440 * time_s) * ((time_s >= 0.5) & (time_s < 1.0))
    writer.audio(0, wave[: RATE // 4].astype(np.float32))
    writer.audio(RATE // 2, wave[RATE // 2 :].astype(np.float32))  # a block is missing between
    encoder = encoding.FrameEncoder(1, 1)
    health = encoding.HealthReport(60.0, 1.0, 2.0, 0, 0, 60.0, "dancing")
    for k in range(round(from_s * 60), round(seconds * 60)):
        t = k / 60
        if silent_s[0] <= t < silent_s[1]:
            continue
        frame = encoding.StageFrame(
            frame=k, sample=400 * k, joints=walk(t), heading=np.zeros(1, np.float32),
            beat=(2 * t % 1, t / 2 % 1, 120.0, 1.0), onset=np.zeros(3, np.float32), level=0.5,
            style=np.ones(1, np.float32),
        )  # fmt: skip
        for packet in encoder.encode(frame, health if k % 60 == 0 else None):
            writer.osc(frame.sample, packet)
    for time_s, name, value in played:
        writer.control(round(24_000 * time_s), name, value)
    writer.close()
    return path
