"""Controls over a real port: what is obeyed, what is counted, who is answered; hostile packets."""

import math
import select
import socket
import struct
from contextlib import ExitStack

import numpy as np
import pytest

from benchmarks import control_fuzz
from live.control.allow_list import AllowList
from live.control.osc_in import ControlIn
from live.errors import DeviceError
from live.osc import encoding
from live.osc import schema as osc


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
        ("lineup", "previous"), ("look", float(len(osc.LOOKS))), ("cast", 5.0),
        ("picture_canon", 0.5),
        ("pairs", None), ("dark", 1.0),
    ]  # fmt: skip
    assert control.rejected == 0


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


def test_a_phrase_is_played_by_its_address(control, send):
    address = "/pj/control/phrase"
    send(
        encoding.encode_message(f"{address}/Hook-2", "", ()),
        encoding.encode_message(f"{address}/hook", "f", (1.0,)),
        encoding.encode_message(f"{address}/hook", "f", (0.0,)),  # let go
        encoding.encode_message(address, "s", ("hook",)),
        encoding.encode_message(address, "i", (16,)),
        encoding.encode_message("/pj/control/keep", "", ()),
        encoding.encode_message("/pj/control/keep", "s", ("hook",)),
    )
    assert control.poll() == [
        ("phrase", "Hook-2"), ("phrase", "hook"), ("phrase", "hook"), ("phrase", 16.0),
        ("keep", None), ("keep", "hook"),
    ]  # fmt: skip
    assert control.rejected == 0
    send(
        encoding.encode_message(f"{address}/hook", "s", ("now",)),
        encoding.encode_message(f"{address}/../hook", "", ()),
        encoding.encode_message(f"{address}/a/b", "", ()),
        encoding.encode_message(f"{address}/", "", ()),
        encoding.encode_message(f"{address}/{'x' * 41}", "", ()),
        encoding.encode_message("/pj/control/energy/hook", "", ()),
    )
    assert control.poll() == []
    assert control.rejected == 6


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
    assert {name for name, _ in control.poll() + control.poll()} == set(osc.PLAYED)
    assert control.rejected == 0


def test_strangers_are_named_once_and_not_for_each_packet(caplog):
    class Nobody(AllowList):
        def __contains__(self, host):
            return False

    with ControlIn(port=0, allow=Nobody()) as control:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for _ in range(50):
                for _ in range(20):
                    sock.sendto(message("tap"), ("127.0.0.1", control.port))
                assert control.poll() == []
        assert control.rejected == 1000
    (told,) = [record.getMessage() for record in caplog.records]
    assert "127.0.0.1" in told
    assert "--control-allow" in told


@pytest.mark.parametrize("size", [1473, 9000, 65_507])
def test_huge_packets_are_counted_once_each(control, send, size):
    packet = message("energy", "f", 1.0).ljust(size, b"\0")
    send(packet, packet, message("tap"))
    assert control.poll() == [("tap", None)]
    assert control.rejected == 2


def test_bundles_in_bundles_to_the_packet_s_end(control, send):
    nested = message("tap")
    while len(nested) + 20 <= osc.MAX_BUNDLE_BYTES:
        nested = bundle(nested)
    send(nested)
    assert control.poll() == [("tap", None)]


def test_a_socket_that_fails_costs_one_look_a_poll(control, monkeypatch):
    class Broken:
        def recvfrom(self, size):
            raise OSError(9, "Bad file descriptor")

        def close(self):
            pass

    real = control._socket
    monkeypatch.setattr(control, "_socket", Broken())
    assert [control.poll() for _ in range(3)] == [[], [], []]
    assert control.rejected == 3
    real.close()


def test_closing_gives_the_port_back(control):
    port = control.port
    control.close()
    with ControlIn(port=port) as again:
        assert again.port == port
