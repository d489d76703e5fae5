"""The wire: encoding, sending to real and missing receivers, and hostile control packets."""

import math
import select
import shutil
import socket
import struct
import time
from contextlib import ExitStack

import numpy as np
import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from benchmarks import control_fuzz
from live.body.skeleton import JOINT_NAMES
from live.control.osc_in import ControlIn
from live.errors import ConfigError, DeviceError
from live.osc import encoding
from live.osc import schema as osc
from live.outputs.udp import OscOut, format_target, parse_target
from tests.helpers.oscdump import oscdump

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
    )


def decoded(bundles):
    return [(address, values) for bundle in bundles for address, values in encoding.decode(bundle)]


def messages_of(frame, dancer):
    """What bundle `dancer` (from 0) must hold, in order."""
    joints = frame.joints[dancer]
    yield "/pj/frame", "ii", [frame.frame, frame.sample]
    if dancer == 0:
        yield "/pj/beat", "ffff", frame.beat
        yield "/pj/onset", "fff", frame.onset
        yield "/pj/level", "f", [frame.level]
        yield "/pj/style", "f" * len(frame.style), frame.style
    yield f"/pj/{dancer + 1}/root", "ffff", [*joints[0], frame.heading[dancer]]
    for name, position in zip(JOINT_NAMES, joints, strict=True):
        yield f"/pj/{dancer + 1}/{name}", "fff", position


# Encoding -------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_dancers", [1, 3, 16])
def test_what_is_encoded_is_decoded(n_dancers):
    frame = stage_frame(n_dancers)
    bundles = encoding.FrameEncoder(n_dancers, 8).encode(frame)
    assert len(bundles) == n_dancers
    for dancer, bundle in enumerate(bundles):
        expected = list(messages_of(frame, dancer))
        got = list(encoding.decode(bundle))
        assert [a for a, _ in got] == [a for a, _, _ in expected]
        for (_, values), (_, _, sent) in zip(got, expected, strict=True):
            np.testing.assert_array_equal(np.float32(values), np.float32(sent))


def test_health_rides_in_the_first_bundle():
    bundles = encoding.FrameEncoder(2, 8).encode(stage_frame(2), HEALTH)
    address, values = list(encoding.decode(bundles[0]))[-1]
    assert address == "/pj/health"
    assert values == [59.5, 1.25, 3.5, 2, 7, 60.0, osc.STATE["holding"]]
    assert "/pj/health" not in dict(encoding.decode(bundles[1]))


def test_a_template_carries_nothing_over():
    encoder = encoding.FrameEncoder(2, 8)
    first = encoder.encode(stage_frame(2, seed=1))
    encoder.encode(stage_frame(2, seed=2), HEALTH)
    assert encoder.encode(stage_frame(2, seed=1)) == first


@pytest.mark.parametrize("n_dancers", range(1, osc.MAX_DANCERS + 1))
def test_every_bundle_fits_one_ethernet_packet(n_dancers):
    bundles = encoding.FrameEncoder(n_dancers, 24).encode(stage_frame(n_dancers, 24), HEALTH)
    assert max(map(len, bundles)) <= osc.MAX_BUNDLE_BYTES


def test_the_bytes_are_those_of_python_osc():
    frame = stage_frame(3)
    for dancer, bundle in enumerate(encoding.FrameEncoder(3, 8).encode(frame)):
        builder = OscBundleBuilder(IMMEDIATELY)
        for address, types, values in messages_of(frame, dancer):
            message = OscMessageBuilder(address)
            for tag, value in zip(types, values, strict=True):
                message.add_arg(int(value) if tag == "i" else float(value), tag)
            builder.add_content(message.build())
        assert bundle == builder.build().dgram


def test_the_sample_wraps_within_an_int32():
    encoder = encoding.FrameEncoder(1, 8)
    for sample, sent in [
        (osc.SAMPLE_WRAP - 1, osc.SAMPLE_WRAP - 1),
        (osc.SAMPLE_WRAP, 0),
        (3 * osc.SAMPLE_WRAP + 5, 5),
    ]:
        messages = decoded(encoder.encode(stage_frame(sample=sample)))
        assert messages[0] == ("/pj/frame", [42, sent])


# Sending --------------------------------------------------------------------------------------


@pytest.fixture
def receiver():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        yield sock


def port_of(sock):
    return sock.getsockname()[1]


def test_every_target_gets_every_packet(receiver):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second:
        second.bind(("127.0.0.1", 0))
        second.settimeout(5)
        targets = [("localhost", port_of(receiver)), ("127.0.0.1", port_of(second))]
        with OscOut(targets) as out:
            out.send([b"one", b"two"])
            for sock in (receiver, second):
                assert [sock.recv(100), sock.recv(100)] == [b"one", b"two"]
            assert (out.sent, out.errors) == (4, 0)


def test_ipv6_targets():
    try:
        receiver = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        receiver.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 loopback here")
    with receiver, OscOut([parse_target(f"[::1]:{port_of(receiver)}")]) as out:
        receiver.settimeout(5)
        out.send([b"six"])
        assert receiver.recv(100) == b"six"


def test_a_receiver_that_is_gone_stops_nobody(receiver):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        gone = port_of(closed)
    with OscOut([("127.0.0.1", gone), ("127.0.0.1", port_of(receiver))]) as out:
        for _ in range(50):
            out.send([b"x"])
        for _ in range(50):
            assert receiver.recv(10) == b"x"


def test_errors_are_counted_by_target(receiver):
    with OscOut([("127.0.0.1", port_of(receiver)), ("127.0.0.1", port_of(receiver))]) as out:
        out.send([b"x" * 70_000])  # longer than UDP carries
        assert [t.errors for t in out.targets] == [1, 1]
        out.send([b"y"])
        assert (out.errors, out.sent) == (2, 2)
        out.close()
        out.send([b"z"])
        assert out.errors == 4


def test_no_targets_is_fine():
    with OscOut([]) as out:
        out.send([b"x"])
    assert (out.sent, out.errors) == (0, 0)


def test_a_name_that_does_not_resolve_is_a_config_error(monkeypatch):
    def fail(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(ConfigError, match=r"stage\.local:7401.*IP address"):
        OscOut([("stage.local", 7401)])


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("127.0.0.1:7401", ("127.0.0.1", 7401)),
        (" laptop.local:1 ", ("laptop.local", 1)),
        ("[::1]:65535", ("::1", 65535)),
        ("[fe80::1%eth0]:7401", ("fe80::1%eth0", 7401)),
    ],
)
def test_targets_are_parsed(text, target):
    assert parse_target(text) == target
    assert parse_target(format_target(*target)) == target


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "no port"),
        ("localhost", "no port"),
        ("[::1]", "no port"),
        ("localhost:", "port ''"),
        ("localhost:osc", "port 'osc'"),
        ("localhost:0", "port '0'"),
        ("localhost:65536", "port '65536'"),
        ("localhost:-1", "port '-1'"),
        ("localhost:٣", "port"),
        (":7401", "'' is not a host"),
        ("::1:7401", "brackets"),
        ("http://host:80", "brackets"),
        ("a b:80", "'a b' is not a host"),
    ],
)
def test_a_mistaken_target_is_named(text, mistake):
    with pytest.raises(ConfigError, match="OSC target") as error:
        parse_target(text)
    assert mistake in str(error.value)


# A foreign receiver ---------------------------------------------------------------------------


def wait_for(condition, what, seconds=10):
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        if (value := condition()) is not None:
            return value
        time.sleep(0.01)
    raise AssertionError(f"no {what} within {seconds} s")


@pytest.mark.skipif(shutil.which("oscdump") is None, reason="oscdump is missing (liblo-tools)")
def test_a_foreign_receiver_prints_what_was_sent(tmp_path):
    frame = stage_frame(2)
    encoder = encoding.FrameEncoder(2, 8)
    with oscdump(tmp_path) as (port, lines), OscOut([("127.0.0.1", port)]) as out:

        def first_lines():
            out.send([encoding.encode_message("/ready", "", ())])
            return lines() or None

        wait_for(first_lines, "oscdump")
        out.send(encoder.encode(frame, HEALTH))
        expected = [m for d in (0, 1) for m in messages_of(frame, d)]
        printed = wait_for(lambda: _printed(lines(), len(expected) + 1), "printed bundles")
    health = printed.pop(len(list(messages_of(frame, 0))))
    assert health[:2] == ("/pj/health", "fffiifi")
    for (address, types, values), (sent_address, sent_types, sent) in zip(
        printed, expected, strict=True
    ):
        assert (address, types) == (sent_address, sent_types)
        np.testing.assert_allclose(values, np.float32(sent), atol=2e-6)  # six decimals


def _printed(lines, count):
    """(address, types, values) of the bundles' lines once all are there."""
    found = []
    for line in lines:
        fields = line.split()
        at = next((k for k, field in enumerate(fields) if field.startswith("/pj/")), None)
        if at is not None:
            found.append((fields[at], fields[at + 1], [float(v) for v in fields[at + 2 :]]))
    return found if len(found) >= count else None


# Control --------------------------------------------------------------------------------------


@pytest.fixture
def control():
    with ControlIn(port=0) as control:
        yield control


@pytest.fixture
def send(control):
    """Sends packets to the control port; on loopback they are there when the call returns."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        yield lambda *packets: [sock.sendto(p, ("127.0.0.1", control.port)) for p in packets]


def message(name, types="", *values):
    return encoding.encode_message(f"/pj/control/{name}", types, values)


def picture(name, types="", *values):
    return encoding.encode_message(f"/pj/visuals/{name}", types, values)


def bundle(*messages):
    parts = [struct.pack(">i", len(m)) + m for m in messages]
    return b"#bundle\0" + struct.pack(">q", 1) + b"".join(parts)


def test_controls_arrive_in_order(control, send):
    send(
        message("energy", "f", 0.5),
        message("style", "s", "street=2,salsa=1"),
        message("tap"),
        bundle(message("mirror", "i", 1), bundle(message("half")), message("seed", "i", 2**31 - 1)),
        message("freeze", "T", True),
    )
    assert control.poll() == [
        ("energy", 0.5),
        ("style", "street=2,salsa=1"),
        ("tap", None),
        ("mirror", 1.0),
        ("half", None),
        ("seed", 2.0**31 - 1),
        ("freeze", 1.0),
    ]
    assert control.rejected == 0
    assert control.poll() == []


@pytest.mark.parametrize("name", [c.name for c in osc.PLAYED.values() if c.types == "f"])
def test_numbers_are_clamped_to_their_range(control, send, name):
    schema = osc.PLAYED[name]
    said = (("f", -1e30), ("f", math.inf), ("i", 10**6))
    send(*(encoding.encode_message(schema.address, types, (value,)) for types, value in said))
    low, high, number = (value for _, value in control.poll())
    assert (low, high) == (schema.low, schema.high)
    assert schema.low <= number <= schema.high


@pytest.mark.parametrize(
    "packet",
    [
        message("energy", "f", math.nan),
        message("energy", "s", "much"),
        message("energy"),
        message("energy", "ff", 1.0, 2.0),
        message("style", "f", 1.0),
        message("style", "s", "x" * 300),
        message("style", "s", "a\nb"),
        message("tap", "s", "now"),
        message("tap", "ff", 1.0, 1.0),
        message("unknown", "f", 1.0),
        message("look", "s", "ribbons"),
        picture("energy", "f", 1.0),
        picture("look", "s", "oil"),
        picture("look", "s", "Ribbons"),
        picture("look", "s", ""),
        picture("look", "f", math.nan),
        picture("look"),
        picture("look", "ss", "neon", "chalk"),
        picture("palette", "s", "neon"),
        picture("cast", "s", "five"),
        picture("cast"),
        picture("canon", "f", math.nan),
        picture("dark", "s", "on"),
        bundle(picture("look", "s", "oil")),
        encoding.encode_message("/pj/beat", "f", (1.0,)),
        encoding.encode_message("/energy", "f", (1.0,)),
        message("energy", "f", 1.0)[:-2],
        bundle(),
        bundle(message("tap"))[:-1],
        bundle(message("energy", "f", math.nan)),
        b"",
        b"\xff" * 40,
        b"#bundle\0" + b"\0" * 2000,
        message("energy", "f", 1.0) + b"\0" * 2000,
    ],
)
def test_what_is_not_in_the_schema_is_ignored_and_counted(control, send, packet):
    send(packet, message("tap"))
    assert control.poll() == [("tap", None)]
    assert control.rejected == 1


def test_a_button_acts_when_pressed_only(control, send):
    send(message("tap", "f", 1.0), message("tap", "f", 0.0), message("tap", "i", 1))
    assert control.poll() == [("tap", None), ("tap", None)]
    assert control.rejected == 0


def test_a_switch_without_a_value_is_left_to_the_engine(control, send):
    send(message("freeze"), message("mirror"), message("energy"))
    assert control.poll() == [("freeze", None), ("mirror", None)]
    assert control.rejected == 1


def test_a_cue_is_a_name_or_a_number_and_a_button(control, send):
    send(message("cue", "s", "drop"), message("cue", "i", 3), message("cue", "f", 0.0))
    send(message("cue", "f", math.nan), message("cue", "s", "x" * 300), message("cue"))
    assert control.poll() == [("cue", "drop"), ("cue", 3.0)]
    assert control.rejected == 3


def test_the_picture_is_played_by_names_numbers_and_neighbours(control, send):
    send(
        bundle(picture("look", "s", "ribbons"), picture("palette", "i", 2), message("tap")),
        picture("camera", "s", "next"),
        picture("lineup", "s", "previous"),
        picture("look", "f", 99.0),
        picture("look", "f", 0.0),  # a button let go
        picture("cast", "f", 5.0),
        picture("canon", "f", 0.5),
        picture("pairs"),
        picture("dark", "T", True),
    )
    assert control.poll() == [
        ("look", "ribbons"), ("palette", 2.0), ("tap", None), ("camera", "next"),
        ("lineup", "previous"), ("look", float(len(osc.LOOKS))), ("cast", 5.0), ("canon", 0.5),
        ("pairs", None), ("dark", 1.0),
    ]  # fmt: skip
    assert control.rejected == 0


def test_no_control_of_the_picture_is_called_like_one_of_the_engine():
    assert len(osc.PLAYED) == len(osc.CONTROLS) + len(osc.PICTURE)


def test_as_many_style_names_are_told_as_fit_a_packet():
    told = dict(encoding.decode(encoding.encode_styles("street=2,salsa=1", ("street", "salsa"))))
    assert told == {"/pj/styles": ["street=2,salsa=1", "street", "salsa"]}
    names = [f"style number {n}" for n in range(200)]
    packet = encoding.encode_styles("auto", names)
    told = dict(encoding.decode(packet))["/pj/styles"]
    assert len(packet) <= osc.MAX_BUNDLE_BYTES
    assert 50 < len(told) < 200
    assert told[1:] == names[: len(told) - 1]


def acks(sock):
    """The answers that have come, as (name, obeyed, value, text)."""
    found = []
    while select.select([sock], [], [], 0)[0]:
        ((address, arguments),) = encoding.decode(sock.recv(2048))
        assert address == osc.ACK.address
        found.append(tuple(arguments))
    return found


@pytest.fixture
def desks(control):
    """Sockets that speak to the control port, and a function that sends from one of them."""
    with ExitStack() as stack:

        def make():
            return stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))

        def say(desk, *packets):
            for packet in packets:
                desk.sendto(packet, ("127.0.0.1", control.port))

        yield make, say


def test_only_those_who_ask_are_answered(control, desks):
    make, say = desks
    asking, silent = make(), make()
    say(silent, message("tap"))
    say(asking, message("ack", "i", 1))
    assert control.poll() == [("tap", None)]
    assert acks(asking) == [("ack", 1, 1.0, "")]
    control.answer("energy", True, 0.5)
    control.answer("style", False, "polka")
    control.answer("tap", True, None)
    say(asking, message("energy", "s", "x"), message("tap"), b"\0\0\0\0")
    say(silent, b"\0\0\0\0")
    assert control.poll() == [("tap", None)]
    assert acks(asking) == [
        ("energy", 1, 0.5, ""), ("style", 0, 0.0, "polka"), ("tap", 1, 0.0, ""),
        ("", 0, 1.0, ""), ("", 0, 1.0, ""),
    ]  # fmt: skip
    say(asking, message("ack", "i", 0))
    assert control.poll() == []
    control.answer("energy", True, 0.5)
    assert acks(asking) == []
    assert control.rejected == 3


def test_answers_go_to_another_port_where_it_is_named(control, desks):
    make, say = desks
    asking, listening = make(), make()
    listening.bind(("127.0.0.1", 0))
    say(asking, message("ack", "i", listening.getsockname()[1]))
    control.poll()
    control.answer("mirror", True, 1.0)
    assert acks(listening)[1:] == [("mirror", 1, 1.0, "")]
    listening.close()
    control.answer("mirror", True, 0.0)  # nobody there any more
    say(asking, message("tap"))
    assert control.poll() == [("tap", None)]


def test_a_ninth_who_asks_takes_the_place_of_the_first(control, desks):
    make, say = desks
    asking = [make() for _ in range(9)]
    for desk in asking:
        say(desk, message("ack", "i", 1))
        control.poll()
        acks(desk)
    control.answer("tap", True, None)
    assert [len(acks(desk)) for desk in asking] == [0] + 8 * [1]


def test_a_flood_costs_a_bounded_time(control, send):
    send(*[message("tap")] * 100)
    assert len(control.poll(limit=64)) == 64
    assert len(control.poll(limit=64)) == 36
    send(bundle(*[message("tap")] * 40))
    assert len(control.poll(limit=10)) == 10
    assert control.rejected == 30
    assert control.poll() == []


def test_unknown_types_are_not_logged(control, send, caplog):
    send(b"/pj/control/tap\0" + b",XYZ" * 50 + b"\0\0\0\0")
    send(b"/pj/control/energy\0\0\0,f\0c" + b"\0" * 7)  # the tag is one byte out of place
    assert control.poll() == []
    assert not caplog.records


def test_a_port_that_is_taken_says_so(control):
    with pytest.raises(DeviceError, match=rf"port {control.port} .*another control port"):
        ControlIn(port=control.port)


def test_an_address_of_another_machine_says_so():
    with pytest.raises(DeviceError, match=r"192\.0\.2\.1"):
        ControlIn("192.0.2.1", 0)


def test_hostile_packets_never_raise(caplog):
    """A million of them: `python -m benchmarks.control_fuzz`."""
    rng, valid = np.random.default_rng(7), control_fuzz.valid_packets()
    for _ in range(2000):
        list(encoding.decode(control_fuzz.hostile(rng, valid)))
    figures = control_fuzz.run(3000, seed=7)
    assert figures["accepted"] > 500  # not everything was mutated beyond recognition
    assert figures["rejected"] > 1000


def test_every_valid_packet_of_the_fuzz_is_accepted(control, send):
    send(*control_fuzz.valid_packets()[:-2])
    assert {name for name, _ in control.poll()} == set(osc.PLAYED)
    assert control.rejected == 0


def test_closing_gives_the_port_back(control):
    port = control.port
    control.close()
    with ControlIn(port=port) as again:
        assert again.port == port
