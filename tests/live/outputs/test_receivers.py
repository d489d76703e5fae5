"""Receivers that nobody here wrote decode every profile: Pd, and the npm packages osc and node-osc.

Each is skipped where its program is missing (puredata-core; node with the packages in NODE_PATH).
"""

import json
import shutil
import socket
import subprocess
from contextlib import contextmanager

import numpy as np
import pytest

from live.osc import encoding
from live.outputs.feeds import PROFILES
from live.outputs.udp import OscOut
from tests.helpers.frames import HEALTH, wait_for
from tests.live.outputs.test_feeds import sent, standing

READY = encoding.encode_message("/ready", "f", (1.0,))


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@contextmanager
def running(command, log):
    with open(log, "w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield lambda: log.read_text().splitlines()
        finally:
            process.terminate()
            process.wait(10)


def exchange(port, lines, packets, parse):
    """What the receiver prints for the packets: [(address, values)]."""
    wanted = sum(len(list(encoding.decode(p))) for p in packets)
    with OscOut([("127.0.0.1", port)]) as out:

        def ready():
            out.send([READY])
            return [m for m in map(parse, lines()) if m] or None

        wait_for(ready, "receiver", 30)
        out.send(packets)

        def all_messages():
            got = [m for m in map(parse, lines()) if m and m[0] != "/ready"]
            return got if len(got) == wanted else None

        return wait_for(all_messages, f"{wanted} messages")


def compare(got, packets, atol):
    want = [m for p in packets for m in encoding.decode(p)]
    assert [address for address, _ in got] == [address for address, _ in want]
    for (address, values), (_, expected) in zip(got, want, strict=True):
        texts = [v for v in expected if isinstance(v, str)]
        assert list(values[: len(texts)]) == texts, address
        numbers = np.float64(values[len(texts) :])
        np.testing.assert_allclose(
            numbers, np.float32(expected[len(texts) :]), atol=atol, rtol=1e-5, err_msg=address
        )


# Pd -------------------------------------------------------------------------------------------

_PATCH = """#N canvas 0 0 400 300 10;
#X obj 10 10 netreceive -u -b {port};
#X obj 10 40 oscparse;
#X obj 10 70 print OSC;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
"""


def pd_message(addresses):
    """Pd prints the address in its parts, then the values; how many parts only the sender knows."""

    def parse(line):
        words = line.removeprefix("OSC: ").split()
        if not line.startswith("OSC: "):
            return None
        words = words[1:] if words[0] == "list" else words
        for parts in range(len(words), 0, -1):
            address = "/" + "/".join(words[:parts])
            if address in addresses:
                return address, words[parts:]
        return "/".join(words), []

    return parse


@pytest.mark.skipif(shutil.which("pd") is None, reason="Pd is missing (puredata-core)")
@pytest.mark.parametrize("profile", PROFILES)
def test_pd_decodes_every_profile(tmp_path, receiver, profile):
    packets = sent(receiver, [standing()], f"/{profile}/dancers=1", HEALTH)[0]
    port, patch = free_port(), tmp_path / "receive.pd"
    patch.write_text(_PATCH.format(port=port))
    command = ["pd", "-nogui", "-noaudio", "-nomidi", "-stderr", "-open", str(patch)]
    addresses = {"/ready"} | {a for p in packets for a, _ in encoding.decode(p)}
    with running(command, tmp_path / "pd.txt") as lines:
        got = exchange(port, lines, packets, pd_message(addresses))
        assert not [line for line in lines() if "error" in line.lower()]
    compare(got, packets, atol=1e-5)  # Pd prints six digits


# npm ------------------------------------------------------------------------------------------

_NODE = {
    "osc": """
        const osc = require("osc");
        const port = new osc.UDPPort({localAddress: "127.0.0.1", localPort: PORT});
        port.on("message", (m) => console.log(JSON.stringify([m.address, m.args])));
        port.on("error", (e) => console.log("error " + e));
        port.open();
    """,
    "node-osc": """
        const { Server } = require("node-osc");
        const server = new Server(PORT, "127.0.0.1");
        const show = ([address, ...values]) => console.log(JSON.stringify([address, values]));
        server.on("message", show);
        server.on("bundle", (b) => b.elements.forEach((e) => show(e)));
        server.on("error", (e) => console.log("error " + e));
    """,
}


def has_package(name):
    if shutil.which("node") is None:
        return False
    command = ["node", "-e", f"require({name!r})"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("package", _NODE)
@pytest.mark.parametrize("profile", PROFILES)
def test_node_decodes_every_profile(tmp_path, receiver, package, profile):
    if not has_package(package):
        pytest.skip(f"node or its package {package} is missing (NODE_PATH)")
    packets = sent(receiver, [standing()], f"/{profile}/dancers=1", HEALTH)[0]
    port = free_port()
    command = ["node", "-e", _NODE[package].replace("PORT", str(port))]

    def parse(line):
        assert not line.startswith("error"), line
        return tuple(json.loads(line)) if line.startswith("[") else None

    with running(command, tmp_path / "node.txt") as lines:
        got = exchange(port, lines, packets, parse)
    compare(got, packets, atol=1e-7)
