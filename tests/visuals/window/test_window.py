"""The visualizer's window on a real X server: what arrives on the screen, not on a surface."""

import os
import shutil
import socket
import struct
import subprocess
import sys
import time

import numpy as np
import pytest

from live.body.skeleton import REST_POSE
from live.osc import encoding

pytestmark = pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is missing")

_SCREEN = "1280x720"
_WAIT_S = 90.0


@pytest.fixture
def screen(tmp_path, request):
    """(display name, function that reads the screen as uint8 [H, W, 3])."""
    read, write = os.pipe()
    size = getattr(request, "param", _SCREEN) + "x24"
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-fbdir", str(tmp_path)]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as pipe:
        display = f":{pipe.readline().strip()}"

    def look() -> np.ndarray:
        dump = (tmp_path / "Xvfb_screen0").read_bytes()  # the format of xwd, big-endian
        header = struct.unpack(">25I", dump[:100])
        width, height, line, colours = header[4], header[5], header[12], header[19]
        pixels = np.frombuffer(dump, np.uint8, line * height, header[0] + 12 * colours)
        return pixels.reshape(height, line // 4, 4)[:, :width, 2::-1]

    yield display, look
    server.terminate()
    server.wait()


@pytest.mark.parametrize(
    ("look", "renderer"),
    [
        ("neon", "auto"), ("chalk", "auto"), ("wireframe", "auto"),
        ("neon", "gl"), ("wireframe", "gl"),  # computed by the processor; drawn here or uploaded
    ],
)  # fmt: skip
def test_a_figure_is_seen_on_the_screen_and_nothing_in_its_corners(screen, look, renderer):
    display, read = screen
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.bind(("127.0.0.1", 0))
        port = out.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if k != "SDL_VIDEODRIVER"}
    window = subprocess.Popen(
        [
            *(sys.executable, "-m", "visuals", "--port", str(port), "--look", look),
            *("--renderer", renderer, "--fullscreen"),
        ],
        stderr=subprocess.PIPE,
        text=True,
        env=environment | {"DISPLAY": display, "SDL_VIDEODRIVER": "x11"},
    )
    try:
        picture = _dance_until_seen(read, port, window)
    finally:
        window.terminate()
        _, said = window.communicate()
    assert said == ""  # nothing was given up, nothing warned
    height, width, _ = picture.shape
    corners = picture[:: height - 1, :: width - 1]
    assert corners.max() < 40
    bright = np.argwhere(picture.max(axis=2) > 150)
    assert abs(bright[:, 1].mean() / width - 0.5) < 0.1  # the dancer stands in the middle
    assert np.ptp(bright[:, 0]) > 0.3 * height  # and is seen from head to foot


_GREEN_WINDOW = """
import sys
from visuals.draw.surfaces import pygame
from visuals.window.window import Window
window = Window("full" in sys.argv, renderer=sys.argv[1])
for _ in range(sys.argv.count("toggle")):
    pygame.event.pump()
    window.toggle_fullscreen()
while True:
    pygame.event.pump()
    pygame.time.wait(20)
    window.begin_frame()
    pygame.display.get_surface().fill((0, 200, 0))
    pygame.display.flip()
"""


@pytest.mark.parametrize("screen", ["1600x900", "900x1600"], indirect=True)
@pytest.mark.parametrize("steps", [("full",), ("toggle",), ("full", "toggle", "toggle")])
def test_full_screen_needs_no_window_manager(screen, steps):
    """None runs here: nobody makes the window large, nobody moves it to the corner."""
    display, read = screen
    environment = os.environ | {"DISPLAY": display, "SDL_VIDEODRIVER": "x11"}
    command = [sys.executable, "-c", _GREEN_WINDOW, "software", *steps]
    window = subprocess.Popen(command, env=environment)
    try:
        limit = time.perf_counter() + _WAIT_S
        while not (read()[..., 1] > 150).all():
            assert window.poll() is None, "the window is gone"
            assert time.perf_counter() < limit, "part of the screen shows no window"
            time.sleep(0.05)
    finally:
        window.kill()  # SDL takes a polite signal for an event
        window.wait()


def _dance_until_seen(read, port: int, window: subprocess.Popen) -> np.ndarray:
    """Send a standing dancer until the screen shows one."""
    encoder, frame = encoding.FrameEncoder(1, n_styles=1), 0
    limit = time.perf_counter() + _WAIT_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        while time.perf_counter() < limit:
            assert window.poll() is None, "the window is gone"
            for packet in encoder.encode(_standing(frame), None):
                out.sendto(packet, ("127.0.0.1", port))
            frame += 1
            picture = read()
            bright = np.argwhere(picture.max(axis=2) > 150)
            if frame > 120 and len(bright) > 1500 and np.ptp(bright[:, 0]) > 0.3 * len(picture):
                return picture
    raise AssertionError("nobody was seen")


def _standing(frame: int) -> encoding.StageFrame:
    return encoding.StageFrame(
        frame=frame,
        sample=400 * frame,
        joints=REST_POSE[None],
        heading=np.zeros(1, np.float32),
        beat=(frame / 30 % 1, frame / 120 % 1, 120.0, 0.9),
        onset=np.zeros(3, np.float32),
        level=0.5,
        style=np.ones(1, np.float32),
    )
