"""Being found: a real Zeroconf browser and HTTP client on the loopback, and the schema beside."""

import contextlib
import http.client
import json
import queue
import socket
import sys
import threading
from functools import partial

import numpy as np
import pytest
import soundfile

from live.control import oscquery
from live.control.discovery import OS2L_TYPE, OSC_TYPE, QUERY_TYPE, Discovery
from live.control.oscquery import OscQueryServer, namespace
from live.dance.performer import Performer
from live.monotonic import monotonic_s
from live.osc.schema import CONTROLS, LOOKS, PICTURE, REQUESTS
from live.show.controls import Controls
from live.show.engine import Engine, EngineConfig
from live.show.timing import lead_samples
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
        EngineConfig(48_000, lead_samples(60)), performer, Controls(energy=0.5, latency_ms=60.0)
    )


@pytest.fixture
def server(engine):
    with OscQueryServer(LOOPBACK, 0, (), engine.value_of) as server:
        yield server


def test_the_namespace_is_the_schema(server):
    status, root = get(server, "/")
    assert status == 200
    leaves = root["CONTENTS"]["pj"]["CONTENTS"]["control"]["CONTENTS"]
    controls = CONTROLS | REQUESTS
    assert list(leaves) == list(controls)
    picture = root["CONTENTS"]["pj"]["CONTENTS"]["visuals"]["CONTENTS"]
    assert list(picture) == [control.last for control in PICTURE.values()]
    for control in (*controls.values(), *PICTURE.values()):
        leaf = (leaves if control.name in controls else picture)[control.last]
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


def test_phrases_of_the_bank_are_buttons(engine):
    names = {"phrase": ("hook", "turn")}
    namespace_of = partial(namespace, engine.value_of)
    plain = namespace_of()["CONTENTS"]["pj"]["CONTENTS"]["control"]["CONTENTS"]["phrase"]
    assert plain["VALUE"] == ["8"]
    assert "CONTENTS" not in plain
    tree = namespace_of(lambda name: names.get(name, ()))
    found = tree["CONTENTS"]["pj"]["CONTENTS"]["control"]["CONTENTS"]["phrase"]["CONTENTS"]
    assert list(found) == ["hook", "turn"]
    assert found["hook"]["FULL_PATH"] == "/pj/control/phrase/hook"
    assert found["hook"]["TYPE"] == "f"


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


def dripping(server, count):
    """Connections that have begun a request, and go on without an end, a byte now and then."""
    connections = [socket.create_connection((LOOPBACK, server.port)) for _ in range(count)]
    for connection in connections:
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
    return connections


def drip(connections, over):
    while not over.wait(0.05):
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.send(b"x")


@pytest.fixture
def slow_clients(server):
    """Forty clients that drip for as long as the test lasts."""
    connections, over = dripping(server, 40), threading.Event()
    thread = threading.Thread(target=drip, args=(connections, over))
    thread.start()
    yield connections
    over.set()
    thread.join()
    for connection in connections:
        connection.close()


def test_slow_clients_hold_nobody_up(server, slow_clients):
    began_s = monotonic_s()
    assert get(server, "/?HOST_INFO")[0] == 200
    assert monotonic_s() - began_s < 4.0  # alone such a client would be served for ever


def test_slow_clients_do_not_hold_up_the_end(engine):
    server = OscQueryServer(LOOPBACK, 0, (), engine.value_of)
    connections = dripping(server, 8)
    assert get(server, "/?HOST_INFO")[0] == 200  # so all of them have been taken
    began_s = monotonic_s()
    server.close()
    assert monotonic_s() - began_s < 1.0
    for connection in connections:
        connection.settimeout(10)
        with contextlib.suppress(ConnectionError):
            assert connection.recv(100) == b""  # hung up
        connection.close()


def test_a_slow_client_s_time_runs_out(server, monkeypatch):
    monkeypatch.setattr(oscquery, "_LONGEST_S", 0.2)
    (connection,) = dripping(server, 1)
    over = threading.Event()
    thread = threading.Thread(target=drip, args=([connection], over))
    thread.start()
    connection.settimeout(10)
    try:
        assert connection.recv(100) == b""
    except ConnectionError:
        pass  # hung up in the middle of a byte
    finally:
        over.set()
        thread.join()
        connection.close()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200), ("LOCALHOST:7402", 200), ("127.0.0.1", 200), ("[::1]:7402", 200),
        ("127.0.0.1:1", 200), ("posejockey-7402.local", 200), ("posejockey-7402.local.:7402", 200),
        ("evil.example", 403), ("127.0.0.1.evil.example", 403), ("localhost.evil.example", 403),
        ("posejockey-7403.local", 403), ("192.0.2.7", 403), ("", 403), ("[::1", 403),
        ("127.0.0.1@evil.example", 403), ("evil.example@localhost", 403),
        ("localhost/.evil.example", 403), ("localhost#.evil.example", 403),
    ],
)  # fmt: skip
def test_only_our_own_names_are_answered(engine, host, status):
    """A page in a browser may have its own name lead here; the request still says that name."""
    with OscQueryServer(LOOPBACK, 7402, (), engine.value_of) as server:
        connection = http.client.HTTPConnection(LOOPBACK, server.port, timeout=10)
        connection.putrequest("GET", "/pj/control/energy", skip_host=True)
        connection.putheader("Host", host)
        connection.endheaders()
        response = connection.getresponse()
        body = response.read()
        connection.close()
    assert response.status == status
    assert bool(body) == (status == 200)


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


def test_a_browser_finds_all_services_and_loses_them():
    zeroconf = pytest.importorskip("zeroconf")
    try:
        browsing = zeroconf.Zeroconf(interfaces=[LOOPBACK])
    except OSError as error:
        pytest.skip(f"no multicast on the loopback here: {error}")
    listener = Listener()
    try:
        with Discovery(LOOPBACK, 7402, (), lambda name: None, os2l_port=9996) as discovery:
            if discovery.error:
                pytest.skip(f"no multicast on the loopback here: {discovery.error}")
            assert discovery.server is not None
            zeroconf.ServiceBrowser(browsing, [OSC_TYPE, QUERY_TYPE, OS2L_TYPE], listener)
            try:
                found = dict(listener.found.get(timeout=15) for _ in range(3))
            except queue.Empty:
                pytest.skip("multicast does not come back on the loopback here")
            assert set(found) == {OSC_TYPE, QUERY_TYPE, OS2L_TYPE}
            ports = {OSC_TYPE: 7402, QUERY_TYPE: discovery.server.port, OS2L_TYPE: 9996}
            for kind, port in ports.items():
                info = browsing.get_service_info(kind, found[kind], timeout=10_000)
                assert info.port == port
                assert info.parsed_addresses() == [LOOPBACK]
                assert info.name.startswith("PoseJockey")
            assert get(discovery.server, "/?HOST_INFO")[1]["OSC_PORT"] == 7402
        assert {listener.lost.get(timeout=15)[0] for _ in range(3)} == set(found)
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
