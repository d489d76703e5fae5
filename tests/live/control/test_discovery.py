"""Being found: a real Zeroconf browser and HTTP client on the loopback, and the schema beside."""

import http.client
import json
import queue
import socket
import sys
import threading

import numpy as np
import pytest
import soundfile

from live.control.discovery import OSC_TYPE, QUERY_TYPE, Discovery
from live.control.oscquery import OscQueryServer
from live.dance.performer import Performer
from live.osc.schema import ACK_REQUEST, CONTROLS, LOOKS, PICTURE
from live.show.controls import Controls
from live.show.engine import Engine, EngineConfig, horizon_samples
from posejockey import main

LOOPBACK = "127.0.0.1"


def get(server, target, host=LOOPBACK):
    """Status and content, None for none."""
    connection = http.client.HTTPConnection(host, server.port, timeout=10)
    connection.request("GET", target)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, json.loads(body) if body else None


@pytest.fixture(scope="module")
def engine(tiny_model):
    performer = Performer(str(tiny_model), "cpu", 2, 0)
    return Engine(
        EngineConfig(48_000, horizon_samples(60)), performer, Controls(energy=0.5, latency_ms=60.0)
    )


@pytest.fixture
def server(engine):
    with OscQueryServer(LOOPBACK, 0, (), engine.stand) as server:
        yield server


def test_the_namespace_is_the_schema(server):
    status, root = get(server, "/")
    assert status == 200
    leaves = root["CONTENTS"]["pj"]["CONTENTS"]["control"]["CONTENTS"]
    controls = {**CONTROLS, ACK_REQUEST.name: ACK_REQUEST}
    assert list(leaves) == list(controls)
    picture = root["CONTENTS"]["pj"]["CONTENTS"]["visuals"]["CONTENTS"]
    assert list(picture) == list(PICTURE)
    for name, control in (controls | PICTURE).items():
        leaf = (leaves | picture)[name]
        assert leaf["FULL_PATH"] == control.address
        assert leaf["DESCRIPTION"] == control.meaning
        if leaf["TYPE"] == "f":
            assert leaf["RANGE"] == [{"MIN": control.low, "MAX": control.high}]
        else:
            assert leaf["TYPE"] == ("T" if control.is_switch else "s")
        assert ("VALUE" in leaf) == bool(leaf["ACCESS"] & 1)
        assert get(server, leaf["FULL_PATH"]) == (200, leaf)
    assert picture["look"]["RANGE"] == [{"VALS": list(LOOKS)}]


def test_values_are_those_in_force(server, engine):
    def value(name):
        return get(server, f"/pj/control/{name}?VALUE")

    assert value("energy") == (200, {"VALUE": [0.5]})
    assert value("latency") == (200, {"VALUE": [60.0]})
    assert value("dancers") == (200, {"VALUE": [2.0]})
    assert value("freeze") == (200, {"VALUE": [False]})
    engine.control("freeze", None, 0)
    assert value("freeze") == (200, {"VALUE": [True]})
    engine.control("freeze", 0.0, 0)
    assert value("tap") == (204, None)


def test_what_is_asked_wrongly(server):
    assert get(server, "/pj/control/volume") == (404, None)
    assert get(server, "/pj/control/energy/more") == (404, None)
    assert get(server, "/pj/control/energy?LISTEN") == (400, None)
    assert get(server, "/pj?RANGE") == (204, None)
    assert get(server, "/" + "x" * 5000) == (414, None)
    connection = http.client.HTTPConnection(LOOPBACK, server.port, timeout=10)
    connection.request("POST", "/pj/control/energy", b"1")
    assert connection.getresponse().status == 501
    connection.close()


def test_host_info_names_the_port_of_the_controls():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        control_port = taken.getsockname()[1]
        with OscQueryServer(LOOPBACK, control_port, (), lambda name: None) as server:
            assert server.port != control_port
            status, info = get(server, "/?HOST_INFO")
    assert status == 200
    assert (info["NAME"], info["OSC_PORT"], info["OSC_TRANSPORT"]) == (
        "PoseJockey", control_port, "UDP",
    )  # fmt: skip
    assert info["EXTENSIONS"]["VALUE"] is True
    assert info["EXTENSIONS"]["LISTEN"] is False


def test_strangers_are_hung_up_on(server):
    class Nobody:
        def __contains__(self, host):
            return False

    server._server.allow = Nobody()  # every address of this machine is allowed otherwise
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        get(server, "/")


def test_a_client_that_says_nothing_holds_nobody_up(server):
    with socket.create_connection((LOOPBACK, server.port)):
        assert get(server, "/?HOST_INFO")[0] == 200


# On the network -------------------------------------------------------------------------------


class Listener:
    def __init__(self):
        self.found, self.lost = queue.Queue(), queue.Queue()

    def add_service(self, zc, kind, name):
        self.found.put((kind, name))

    def update_service(self, zc, kind, name):
        pass

    def remove_service(self, zc, kind, name):
        self.lost.put((kind, name))


def test_a_browser_finds_both_services_and_loses_them():
    zeroconf = pytest.importorskip("zeroconf")
    try:
        browsing = zeroconf.Zeroconf(interfaces=[LOOPBACK])
    except OSError as error:
        pytest.skip(f"no multicast on the loopback here: {error}")
    listener = Listener()
    try:
        with Discovery(LOOPBACK, 7402, (), lambda name: None) as discovery:
            if discovery.error:
                pytest.skip(f"no multicast on the loopback here: {discovery.error}")
            assert discovery.server is not None
            zeroconf.ServiceBrowser(browsing, [OSC_TYPE, QUERY_TYPE], listener)
            try:
                found = dict(listener.found.get(timeout=15) for _ in range(2))
            except queue.Empty:
                pytest.skip("multicast does not come back on the loopback here")
            assert set(found) == {OSC_TYPE, QUERY_TYPE}
            for kind, port in ((OSC_TYPE, 7402), (QUERY_TYPE, discovery.server.port)):
                info = browsing.get_service_info(kind, found[kind], timeout=10_000)
                assert info.port == port
                assert info.parsed_addresses() == [LOOPBACK]
                assert info.name.startswith("PoseJockey")
            assert get(discovery.server, "/?HOST_INFO")[1]["OSC_PORT"] == 7402
        assert {listener.lost.get(timeout=15)[0] for _ in range(2)} == {OSC_TYPE, QUERY_TYPE}
        assert "oscquery" not in {thread.name for thread in threading.enumerate()}
    finally:
        browsing.close()


def test_a_network_that_refuses_is_one_line(monkeypatch, capsys):
    zeroconf = pytest.importorskip("zeroconf")

    def refuse(**_):
        raise OSError("Network is unreachable")

    monkeypatch.setattr(zeroconf, "Zeroconf", refuse)
    with Discovery(LOOPBACK, 0, (), lambda name: None) as discovery:
        assert discovery.server is not None
        assert get(discovery.server, "/")[0] == 200
    assert capsys.readouterr().err == "not announced on the network: Network is unreachable\n"


def test_without_the_package_the_extra_is_named(monkeypatch, tiny_model, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "zeroconf", None)
    soundfile.write(tmp_path / "song.wav", np.zeros(24_000), 24_000)
    argv = [
        "live",
        "--input",
        str(tmp_path / "song.wav"),
        "--no-play",
        "--no-visuals",
        "--control-port",
        "0",
    ]
    assert main([*argv, "--model", str(tiny_model), "--seconds", "1", "--announce"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert "-e .[control]" in told[0]
