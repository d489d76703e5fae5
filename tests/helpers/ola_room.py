"""Run by test_ola.py in a network of its own: OLA listens, our DMX output sends, both are compared.

Prints one JSON object. `python -m tests.helpers.ola_room FOLDER`
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from live.flashes import UNLIMITED
from live.outputs.board import Board
from live.outputs.dmx import DmxOut
from live.outputs.fixture import Channel, Fixture
from live.outputs.levels import BEFORE_THE_FIRST, LEVELS, Levels
from live.outputs.patch import CHANNELS, Patch, Universe
from live.outputs.signals import Signal
from tests.helpers.own_network import ADDRESS, make_network

SACN_MULTICAST, SACN_UNICAST, ARTNET = 11, 12, 3
OTHERS = (
    "dummy", "espnet", "ftdidmx", "gpio", "karate", "kinet", "milinst", "nanoleaf", "opendmx",
    "openpixelcontrol", "osc", "pathport", "renard", "sandnet", "shownet", "spi", "stageprofi",
    "uartdmx", "usbdmx", "usbpro", "usbserial",
)  # fmt: skip


def main(folder: Path) -> None:
    make_network()
    patch = Patch(
        (
            Universe("sacn", SACN_MULTICAST, "", ADDRESS, 100, channels(1)),
            Universe("sacn", SACN_UNICAST, ADDRESS, "", 100, channels(2)),
            Universe("artnet", ARTNET, ADDRESS, "", 100, channels(3)),
        ),
        flashes=UNLIMITED,
    )
    with_ola = start_ola(folder)
    try:
        wait_for(lambda: "E1.31" in run("ola_dev_info", check=False))
        connect()
        looks, heard = record(folder, patch)
    finally:
        with_ola.terminate()
        with_ola.wait(10)
    result = {}
    for universe in patch.universes:
        sent = [Board(universe, UNLIMITED).step(look, 0.0) for look in looks]
        before = Board(universe, UNLIMITED).step(BEFORE_THE_FIRST, 0.0)  # until the first look
        got = heard.get(universe.number, [])
        result[universe.number] = {
            "frames": len(got),
            "foreign": sum(frame not in {*sent, before, bytes(CHANNELS)} for frame in got),
            "looks": len(set(sent) & set(got)),
            "dark_at_the_end": bool(got) and got[-1] == bytes(CHANNELS),
        }
    print(json.dumps(result))


def channels(seed: int) -> tuple[Fixture, ...]:
    """One lamp of all 512, each with its own level and range."""
    rng = np.random.default_rng(seed)
    signals = [None, *(Signal(name) for name in LEVELS)]
    found = []
    for at in range(CHANNELS):
        signal = signals[rng.integers(len(signals))]
        low, high = map(int, rng.integers(0, 256, 2))
        found.append(Channel((at,), signal, low, high))
    return (Fixture("lamp", tuple(found)),)


def record(folder: Path, patch: Patch) -> tuple[list[Levels], dict[int, list[bytes]]]:
    """Ten looks, a fifth of a second each, and what OLA's recorder wrote down of them."""
    rng = np.random.default_rng(0)
    looks = [Levels(rng.random(6), rng.random((1, 6)), *rng.random(2).tolist()) for _ in range(10)]
    numbers = ",".join(str(u.number) for u in patch.universes)
    show = folder / "show.txt"
    recorder = subprocess.Popen(
        ["ola_recorder", "-r", str(show), "-u", numbers], stdout=subprocess.DEVNULL
    )
    with DmxOut(patch) as out:
        out.update(looks[0])
        wait_for(lambda: show.exists() and show.stat().st_size > 2000)
        for look in looks:
            out.update(look)
            time.sleep(0.2)
    time.sleep(0.3)
    recorder.send_signal(2)
    recorder.wait(10)
    heard: dict[int, list[bytes]] = {}
    for line in show.read_text().splitlines():
        number, _, slots = line.partition(" ")
        if "," in slots:
            heard.setdefault(int(number), []).append(bytes(map(int, slots.split(","))))
    return looks, heard


def start_ola(folder: Path) -> subprocess.Popen:
    conf = folder / "conf"
    conf.mkdir()
    for plugin in OTHERS:
        (conf / f"ola-{plugin}.conf").write_text("enabled = false\n")
    (conf / "ola-artnet.conf").write_text(f"enabled = true\nip = {ADDRESS}\ninput_ports = 4\n")
    (conf / "ola-e131.conf").write_text(f"enabled = true\nip = {ADDRESS}\ninput_ports = 4\n")
    command = ["olad", "-c", str(conf), "--no-http", "-l", "1"]
    if os.geteuid() == 0:  # olad refuses to be root
        for path in (folder, conf, *conf.iterdir()):
            os.chown(path, 65534, 65534)
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
    return subprocess.Popen(command, stdout=sys.stderr)


def connect() -> None:
    """OLA's universes get the numbers of ours; an Art-Net port's address is set by its universe."""
    devices = run("ola_dev_info")
    numbers = {}
    for line in devices.splitlines():
        if line.startswith("Device"):
            head, _, name = line.partition(":")
            numbers["sacn" if "E1.31" in name else "artnet"] = head.split()[1]
    for device, port, universe in (
        (numbers["sacn"], 0, SACN_MULTICAST),
        (numbers["sacn"], 1, SACN_UNICAST),
        (numbers["artnet"], 0, ARTNET),
    ):
        run("ola_patch", "-d", device, "-p", str(port), "-u", str(universe), "-i")


def run(*command: str, check: bool = True) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=check, timeout=20)
    return done.stdout


def wait_for(condition, seconds: float = 20) -> None:
    end = time.perf_counter() + seconds
    while not condition():
        if time.perf_counter() > end:
            raise SystemExit("OLA is not ready")
        time.sleep(0.05)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
