"""What tests dance and draw: bodies, packets, views, pixels."""

import math
import socket
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from live.body.skeleton import JOINT, REST_POSE, with_bone_lengths
from live.osc import encoding
from visuals.draw import looks
from visuals.draw.renderer import Renderer
from visuals.draw.surfaces import pygame
from visuals.feed.timeline import Timeline
from visuals.feed.view import View

FPS = 60
SIZE = (640, 360)
WIDE = (1280, 720)
SMALL = (480, 270)
EVERY_LOOK = pytest.mark.parametrize("look", list(looks.LOOKS))
HEALTH = encoding.HealthReport(60.0, 1.0, 2.0, 0, 0, 60.0, "dancing")


def waving(time_s: float, x: float = 0.0, z: float = 0.0) -> np.ndarray:
    """Joints [19, 3] of a body that swings its arms twice a second at (x, z), metres."""
    pose = REST_POSE.copy()
    swing = 1.2 * math.sin(4 * math.pi * time_s)
    for side, joints in ((1, ("l_elbow", "l_wrist")), (-1, ("r_elbow", "r_wrist"))):
        for joint in joints:
            pose[JOINT[joint]] += [0.3 * side, 0.3 + 0.4 * swing, 0.2 * swing]
    return with_bone_lengths(pose) + np.array([x, 0, z], np.float32)


def stage_frame(k: int, n_dancers: int = 1, bpm: float = 120.0, sample: int | None = None):
    """Emission k of 60 a second; dancer d stands at x = d and everyone drifts at 1 m/s."""
    time_s = k / FPS
    beats = time_s * bpm / 60
    return encoding.StageFrame(
        frame=k,
        sample=round(24_000 * time_s) if sample is None else sample,
        joints=np.stack([waving(time_s, d + time_s) for d in range(n_dancers)]),
        heading=np.zeros(n_dancers, np.float32),
        beat=(beats % 1, (beats / 4) % 1, bpm, 0.9),
        onset=np.array([0.75, 0.5, 0.25], np.float32),
        level=0.5,
        style=np.array([0.75, 0.25], np.float32),
    )


def packets(k: int, n_dancers: int = 1, **options) -> list[bytes]:
    health = HEALTH if k % FPS == 0 else None
    encoder = encoding.FrameEncoder(n_dancers, n_styles=2)
    return encoder.encode(stage_frame(k, n_dancers, **options), health)


def timeline_after(frames, n_dancers: int = 1) -> Timeline:
    """A timeline that got these emissions exactly on time."""
    timeline = Timeline()
    for k in frames:
        for packet in packets(k, n_dancers):
            timeline.receive(packet, k / FPS)
    return timeline


def still(**changes) -> View:
    """A view of one standing dancer on a sure beat."""
    view = View(
        dancers=(1,), joints=REST_POSE[None], bpm=120.0, confidence=1.0, level=0.5, age_s=0.0
    )
    return replace(view, **changes)


def stage_view(time_s: float, n: int = 1, bpm: float = 120.0, **changes) -> View:
    """n dancers on a sure beat, a metre and a half apart; changes may take them away again."""
    beats = time_s * bpm / 60
    xs = 1.5 * (np.arange(n) - (n - 1) / 2)
    view = View(
        dancers=tuple(range(1, n + 1)),
        joints=np.stack([waving(time_s + 0.1 * d, x) for d, x in enumerate(xs)]),
        beat_phase=beats % 1,
        bar_phase=(beats / 4) % 1,
        bpm=bpm,
        confidence=1.0,
        onset=(0.5, 0.5, 0.5),
        level=0.5,
        age_s=0.0,
    )
    return replace(view, **changes)


def pixels(surface) -> np.ndarray:
    """int [width, height, 3]"""
    return pygame.surfarray.array3d(surface).astype(int)


def played(renderer: Renderer, canvas, frames: int, n: int = 1, start: int = 0, **changes):
    """Draw so many 60ths of a second of n dancers; returns the last scene."""
    scene = None
    for k in range(start, start + frames):
        view = stage_view(k / FPS, n, **changes)
        scene = renderer.draw(canvas, view, 1 / FPS, hud=False)
    assert scene is not None
    return scene


def flashes(light: np.ndarray) -> int:
    """The most rises by a tenth (after falls as large) in any second and tile; light [T, 9]."""
    worst = 0
    for series in light.T:
        bright, extreme, rises = False, series[0], []
        for k, value in enumerate(series.tolist()):
            extreme = max(extreme, value) if bright else min(extreme, value)
            if abs(value - extreme) >= 0.1:
                bright, extreme = not bright, value
                if bright:
                    rises.append(k)
        for k in rises:
            worst = max(worst, sum(k - FPS < other <= k for other in rises))
    return worst


def crowd(n: int) -> np.ndarray:
    return np.stack([waving(0.1 * d, d) for d in range(n)])


def wait_until(condition, timeout_s: float = 5.0) -> None:
    end_s = time.perf_counter() + timeout_s
    tick = threading.Event()
    while not condition():
        assert time.perf_counter() < end_s, "nothing happened"
        tick.wait(0.002)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
