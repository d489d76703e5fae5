"""OS2L: beats of a DJ program over a real socket; what must not be believed; several at once."""

import json
import socket
import time

import numpy as np
import pytest

from live.beat.os2l import Os2lBeat, Os2lBeats, Os2lMessages, Os2lSource, parse_beat
from live.errors import DeviceError
from tests.helpers.beats import apart
from tests.helpers.sound_server import wait_until

HERE = frozenset({"127.0.0.1"})
BEAT = {"evt": "beat", "change": False, "pos": 7, "bpm": 128.35, "strength": 4.5}


def said(**fields):
    """A beat as VirtualDJ says it: no spaces, nothing behind it."""
    return json.dumps({**BEAT, **fields}, separators=(",", ":")).encode()


# The words ------------------------------------------------------------------------------------


def test_the_example_of_the_standard():
    (message,) = Os2lMessages().push(
        b'{"evt":"beat","change":false,"pos":7,"bpm":128.35,"strength":4.5}'
    )
    assert parse_beat(message) == Os2lBeat(7, 128.35, False)


def test_messages_are_found_whatever_stands_between_and_however_they_are_cut():
    name = 'a "quoted {brace} \\ and }'
    words = [said(pos=k) for k in range(50)] + [json.dumps({"evt": "btn", "name": name}).encode()]
    for between in (b"", b"\n", b"\r\n", b"\0", b" , "):
        stream = between.join(words)
        rng, messages, found, at = np.random.default_rng(1), Os2lMessages(), [], 0
        while at < len(stream):
            size = int(rng.integers(1, 90))
            found += messages.push(stream[at : at + size])
            at += size
        assert found == [json.loads(word) for word in words]
        assert messages.rejected == 0


def test_after_garbage_the_next_beat_is_heard_and_memory_stays_bounded():
    rng = np.random.default_rng(6)
    messages = Os2lMessages()
    for garbage in (
        b"}" * 1000, b"{" * 100_000, b'{"evt":"' + b"x" * 100_000, b"[" * 5000, b'{"a":nope}',
        b'{"a":' * 50 + b"1" + b"}" * 50, b"GET / HTTP/1.1\r\n\r\n", b"\xff\xfe{\xff}",
        *(rng.integers(0, 256, 3000, np.uint8).tobytes() for _ in range(50)),
    ):  # fmt: skip
        messages.push(garbage)
        assert len(messages._message) <= 4097
    messages = Os2lMessages()
    messages.push(b'{"evt":"' + b"x" * 5000)
    found = messages.push(b'"}' + said())
    assert parse_beat(found[-1]) is not None
    assert messages.rejected >= 1


@pytest.mark.parametrize(
    "fields",
    [
        {"bpm": 0}, {"bpm": -120}, {"bpm": 1e9}, {"evt": "btn"}, {"evt": None},
        {"evt": ["beat"]}, {"bpm": "1e3"},
    ],
)  # fmt: skip
def test_no_beat(fields):
    assert parse_beat({**BEAT, **fields}) is None


def test_what_a_beat_may_leave_out():
    assert parse_beat({"evt": "beat"}) == Os2lBeat(None, None, False)
    odd = {"evt": "beat", "pos": 1e300, "bpm": 10**400, "change": "yes"}
    assert parse_beat(odd) == Os2lBeat(None, None, False)
    assert parse_beat({"evt": "beat", "pos": "8", "bpm": "120"}) == Os2lBeat(8, 120.0, False)


# The beat -------------------------------------------------------------------------------------


def errors_of(beats, events, bpm, first_s, pos):
    """Beats by which the estimate is ahead, between the events, from the third on."""
    found = []
    for k, (beat, time_s) in enumerate(events):
        beats.hear(beat, time_s)
        for later_s in (0.0, 0.2):
            estimate = beats.estimate(0.0, time_s + later_s)
            if k >= 3 and estimate is not None:
                true = pos + (time_s + later_s - first_s) * bpm / 60
                found.append(apart(estimate.bar_beat, true % 4, 4.0))
    return np.array(found)


def test_beats_with_jitter_are_followed_within_milliseconds():
    rng = np.random.default_rng(4)
    late_s = rng.uniform(0, 0.012, 64)
    events = [(Os2lBeat(6 + k, 126.0, False), 30 + k * 60 / 126 + late_s[k]) for k in range(64)]
    errors_s = errors_of(Os2lBeats(), events, 126.0, 30.0, 6) * 60 / 126
    assert np.abs(errors_s + 0.006).max() < 0.008  # late by the mean of what all are


@pytest.mark.parametrize("change", [True, False])
def test_another_track_is_followed_at_once(change):
    beats = Os2lBeats()
    for k in range(8):
        beats.hear(Os2lBeat(k, 126.0, False), 10 + k * 60 / 126)
    beats.hear(Os2lBeat(64, 140.0, change), 13.6)
    estimate = beats.estimate(0.0, 13.6)
    assert (estimate.bar_beat, estimate.tempo_bpm) == (pytest.approx(0.0), 140.0)


def test_a_program_that_stops_is_silent_after_two_and_a_half_beats():
    beats = Os2lBeats()
    assert beats.estimate(0.0, 0.0) is None
    beats.hear(Os2lBeat(0, 120.0, False), 10.0)
    assert beats.estimate(0.0, 11.2) is not None
    assert beats.estimate(0.0, 11.3) is None


def test_beats_without_numbers_or_tempo_tell_both():
    beats = Os2lBeats()
    for k in range(6):
        beats.hear(Os2lBeat(None, None, False), 10 + 0.5 * k)
    estimate = beats.estimate(0.0, 12.75)
    assert estimate.bar_beat is None
    assert estimate.phase == pytest.approx(0.5)
    assert estimate.tempo_bpm == pytest.approx(120.0)


# The port -------------------------------------------------------------------------------------


class Clock:
    """Arrival times as a test sets them, whatever the machine does meanwhile."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def source():
    clock = Clock()
    source = Os2lSource("127.0.0.1", 0, HERE, clock)
    source.clock = clock
    yield source
    source.close()


def connect(source, stack=None):
    client = socket.create_connection(("127.0.0.1", source.port), timeout=5.0)
    client.settimeout(5.0)
    return client


def heard(source, count):
    wait_until(lambda: len(source._arrived) >= count, f"{count} beats")
    return source.poll(0.0, source.clock.now)


def test_a_program_that_connects_leads_the_beat(source):
    assert source.poll(0.0, 100.0) is None
    with connect(source) as client:
        client.sendall(said(pos=9, bpm=120.0))
        estimate = heard(source, 1)
        assert (estimate.bar_beat, estimate.tempo_bpm) == (1.0, 120.0)
        source.clock.now = 100.25
        assert source.poll(0.0, 100.25).bar_beat == pytest.approx(1.5)
    wait_until(lambda: source.clients == 0, "the end of the connection")


def test_of_two_the_first_is_followed_until_it_is_silent(source):
    with connect(source) as one, connect(source) as other:
        one.sendall(said(pos=1, bpm=120.0))
        assert heard(source, 1).tempo_bpm == 120.0
        other.sendall(said(pos=2, bpm=90.0))
        assert heard(source, 1).tempo_bpm == 120.0
        source.clock.now = 102.0
        other.sendall(said(pos=3, bpm=90.0))
        assert heard(source, 1).tempo_bpm == 90.0


def test_garbage_ends_no_connection_and_is_counted(source):
    with connect(source) as client:
        client.sendall(b'{"evt":"beat","bpm":-3}{nonsense}' + b"{" * 40 + b"\n" + said(bpm=99.0))
        assert heard(source, 1).tempo_bpm == 99.0
    assert source.rejected >= 3


def test_a_flood_and_a_crowd_leave_room_for_the_beat(source):
    crowd = [connect(source) for _ in range(12)]
    wait_until(lambda: source.clients == 8, "eight of them")
    rng = np.random.default_rng(8)
    for client in crowd[:6]:
        client.sendall(rng.integers(0, 256, 20_000, np.uint8).tobytes())
    crowd[7].sendall(said(bpm=111.0))
    wait_until(lambda: source._arrived, "the beat behind the flood")
    found = source.poll(0.0, source.clock.now)
    assert found is not None
    assert found.tempo_bpm == 111.0
    for client in crowd:
        client.close()
    wait_until(lambda: source.clients == 0, "the end of all")


def test_strangers_are_refused():
    source = Os2lSource("127.0.0.1", 0, frozenset())
    try:
        with connect(source) as client:
            client.settimeout(5.0)
            assert client.recv(1) == b""
        assert source.clients == 0
    finally:
        source.close()


def test_a_taken_port_is_said_before_the_show(source):
    with pytest.raises(DeviceError, match="--os2l-port"):
        Os2lSource("127.0.0.1", source.port, HERE)
    with pytest.raises(DeviceError, match="cannot be"):
        Os2lSource("no.such.host.invalid", 0, HERE)


def test_closing_takes_no_time_and_ends_every_connection(source):
    with connect(source) as client:
        client.sendall(said())
        heard(source, 1)
        began = time.perf_counter()
        source.close()
        assert time.perf_counter() - began < 2.0
        assert client.recv(1) == b""
