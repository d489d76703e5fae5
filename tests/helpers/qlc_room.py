"""Run by test_qlcplus.py in a network of its own: QLC+ turns our lights profile into Art-Net.

A slider a level, each on the input channel that QLC+ makes of its path, drives one dimmer. What
QLC+ then sends is compared with what it was sent. Prints one JSON object.
`python -m tests.helpers.qlc_room FOLDER`
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

from live.flashes import UNLIMITED
from live.outputs.emission import Emission
from live.outputs.levels import LEVELS, Levels
from live.outputs.lights import PRESETS, Lights
from live.outputs.udp import OscOut
from tests.helpers.own_network import ADDRESS, make_network
from tests.live.outputs.test_feeds import standing

LOOKS = 60
SETTLED_S = 2.0  # how long QLC+ may take on a busy machine
_ALL_PACKETS = 3  # ETH_P_ALL
_LOOK = (
    "<Appearance><FrameStyle>None</FrameStyle><ForegroundColor>Default</ForegroundColor>"
    "<BackgroundColor>Default</BackgroundColor><BackgroundImage>None</BackgroundImage>"
    "<Font>Default</Font></Appearance>"
)
_SLIDER = (
    '<Slider Caption="{level}" ID="{id}" WidgetStyle="Slider" InvertedAppearance="false">'
    '<WindowState Visible="True" X="0" Y="0" Width="60" Height="200"/>{look}'
    '<SliderMode ValueDisplayStyle="Exact" ClickAndGoType="None" Monitor="false">Level</SliderMode>'
    '<Level LowLimit="0" HighLimit="255" Value="0"><Channel Fixture="0">{at}</Channel></Level>'
    "<Playback><Function>4294967295</Function></Playback>"
    '<Input Universe="0" Channel="{channel}"/></Slider>'
)
_SHOW = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE Workspace>
<Workspace xmlns="http://www.qlcplus.org/Workspace" CurrentWindow="VirtualConsole">
<Creator><Name>Q Light Controller Plus</Name><Version>4.12.6</Version><Author>-</Author></Creator>
<Engine><InputOutputMap><Universe Name="1" ID="0">
<Input Plugin="OSC" UID="127.0.0.1" Line="0"/>
<Output Plugin="ArtNet" UID="{address}" Line="1">
<PluginParameters outputIP="{address}" transmitMode="Full"/></Output></Universe></InputOutputMap>
<Fixture><Manufacturer>Generic</Manufacturer><Model>Generic</Model><Mode>Dimmers</Mode><ID>0</ID>
<Name>Dimmers</Name><Universe>0</Universe><Address>0</Address><Channels>{count}</Channels></Fixture>
</Engine>
<VirtualConsole><Frame Caption="">{look}{sliders}</Frame><Properties>
<Size Width="1920" Height="1080"/><GrandMaster Visible="1" ChannelMode="Intensity"
ValueMode="Reduce" SliderMode="Normal"/></Properties></VirtualConsole></Workspace>
"""


def main(folder: Path) -> None:
    make_network()
    show = folder / "show.qxw"
    show.write_text(workspace())
    environment = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    qlcplus = subprocess.Popen(
        ["qlcplus", "-p", "-o", str(show)],
        env=os.environ | environment | {"QT_QPA_PLATFORM": "offscreen"},
        cwd=folder,
        stdout=sys.stderr,
    )
    try:
        wanted, shown = follow(Monitor())
    finally:
        qlcplus.terminate()
        qlcplus.wait(10)
    pairs = {level: np.corrcoef(wanted[:, i], shown[:, i])[0, 1] for i, level in enumerate(LEVELS)}
    off = np.abs(wanted - shown)
    print(json.dumps({"correlation": pairs, "off_mean": off.mean(), "off_max": off.max()}))


def workspace() -> str:
    addresses = PRESETS["qlcplus"].addresses
    sliders = [
        _SLIDER.format(
            level=level, id=i + 1, at=i, look=_LOOK, channel=channel_of(addresses[level])
        )
        for i, level in enumerate(LEVELS)
    ]
    return _SHOW.format(address=ADDRESS, count=len(LEVELS), look=_LOOK, sliders="".join(sliders))


def channel_of(path: str) -> int:
    """The input channel QLC+ makes of an OSC path: CRC-16/X.25."""
    rest = 0xFFFF
    for byte in path.encode():
        rest ^= byte
        for _ in range(8):
            rest = (rest >> 1) ^ 0x8408 if rest & 1 else rest >> 1
    return rest ^ 0xFFFF


class Monitor:
    """The newest Art-Net levels on any interface; QLC+ itself holds Art-Net's port."""

    def __init__(self):
        self.levels = np.full(len(LEVELS), -1.0)
        kind = socket.SOCK_DGRAM
        self._socket = socket.socket(socket.AF_PACKET, kind, socket.htons(_ALL_PACKETS))
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            packet = self._socket.recv(2048)
            at = packet.find(b"Art-Net\0\x00\x50")
            if at >= 0:
                levels = packet[at + 18 : at + 18 + len(LEVELS)]
                self.levels = np.frombuffer(levels, np.uint8) / 255


def follow(monitor: Monitor) -> tuple[np.ndarray, np.ndarray]:
    """Looks wander; each is held until QLC+ shows it. [LOOKS, levels] sent, and what was shown."""
    rng = np.random.default_rng(0)
    look = rng.random(len(LEVELS))
    profile, wanted, shown = Lights(preset="qlcplus", flashes=UNLIMITED), [], []
    with OscOut([("127.0.0.1", PRESETS["qlcplus"].port)]) as out:
        for number in range(-1, LOOKS):
            look = np.clip(look + 0.15 * rng.normal(size=len(LEVELS)), 0, 1)
            levels = Levels(look[:6], look[None, 6:12], *look[12:].tolist())
            # The first look is sent until QLC+, still starting, has it; the others once.
            end = time.perf_counter() + (30.0 if number < 0 else SETTLED_S)
            send = True
            while np.abs(monitor.levels - look).max() > 1.01 / 255 and time.perf_counter() < end:
                if send:
                    out.send(profile.encode(Emission(standing(max(number, 0)), levels), None))
                send = number < 0
                time.sleep(0.2 if send else 0.01)
            if number >= 0:
                wanted.append(look)
                shown.append(monitor.levels)
    return np.array(wanted), np.array(shown)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
