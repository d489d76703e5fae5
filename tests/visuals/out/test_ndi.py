"""NDI from the window's side to NDI's own receiver, in a network of loopback alone."""

import json
import os
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("cyndilib", reason="cyndilib (the extra ndi) is missing")
_ALONE = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$0" "$@"']
_CAN_BE_ALONE = (
    shutil.which("unshare") is not None
    and shutil.which("ip") is not None
    and subprocess.run([*_ALONE, "true"], capture_output=True, check=False).returncode == 0
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not _CAN_BE_ALONE, reason="no network namespace can be had"),
]

_BOTH_ENDS = """
import sys, threading, time
import numpy as np
from cyndilib.finder import Finder
from cyndilib.receiver import Receiver, ReceiveFrameType
from cyndilib.video_frame import VideoRecvFrame
from cyndilib.wrapper.ndi_recv import RecvBandwidth, RecvColorFormat
from visuals.draw import matte
from visuals.out.outs import PictureOuts
from visuals.out.senders import parse_outs

outs = PictureOuts(parse_outs(["ndi:Test"]), alpha=True, rate_hz=60.0)
canvas = matte.transparent((160, 90))
matte.memory(canvas)[:45] = (40, 0, 100, 128)
matte.memory(canvas)[45:] = (0, 200, 0, 255)
over = threading.Event()

def draw():
    while not over.wait(1 / 60):
        outs.offer(canvas)

drawing = threading.Thread(target=draw)
drawing.start()
finder, limit = Finder(), time.perf_counter() + 20
finder.open()
while not finder.get_source_names() and time.perf_counter() < limit:
    finder.wait_for_sources(1)
receiver = Receiver(color_format=RecvColorFormat.BGRX_BGRA, bandwidth=RecvBandwidth.highest)
frame = VideoRecvFrame()
receiver.set_video_frame(frame)
receiver.set_source(finder.get_source(finder.get_source_names()[0]))
got = 0
while got < 5 and time.perf_counter() < limit:
    if receiver.receive(ReceiveFrameType.recv_video, 500) & ReceiveFrameType.recv_video:
        pixels = np.empty(frame.get_buffer_size(), np.uint8)
        frame.fill_p_data(pixels)
        got += 1
pixels = pixels.reshape(frame.yres, -1, 4)
over.set()
drawing.join()
print(got, frame.xres, frame.yres, *pixels[20, 80], *pixels[70, 80], outs.all[0].failures)
outs.close()
"""


def test_frames_arrive_with_their_alpha(tmp_path):
    # Without a daemon for mDNS, NDI looks where its settings say.
    settings = {"ndi": {"networks": {"ips": "127.0.0.1,"}}}
    (tmp_path / "ndi-config.v1.json").write_text(json.dumps(settings))
    told = subprocess.run(
        [*_ALONE, sys.executable, "-c", _BOTH_ENDS],
        env=os.environ | {"NDI_CONFIG_DIR": str(tmp_path)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    got, width, height, *colors, failures = map(int, told.stdout.split())
    assert (got, width, height, failures) == (5, 160, 90, 0)
    wanted = [80, 0, 199, 128, 0, 200, 0, 255]  # not multiplied by alpha
    assert colors == pytest.approx(wanted, abs=10)  # NDI compresses
    assert (colors[3], colors[7]) == (128, 255)
