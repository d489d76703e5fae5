"""Targets of their own profile, rate and dancers; the flat and lights profiles."""

import shutil
import socket
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest

from live.body.skeleton import JOINT_NAMES, REST_POSE
from live.errors import ConfigError
from live.osc import encoding
from live.osc import schema as osc
from live.outputs.feeds import PROFILES, FeedConfig, Feeds, parse_feed
from live.outputs.levels import LEVELS
from live.outputs.udp import OscOut
from live.outputs.vmc import Vmc
from live.show.config import ShowConfig, load
from tests.helpers.frames import HEALTH, stage_frame, wait_for
from tests.helpers.oscdump import oscdump

STEP = 400  # 24 kHz samples from emission to emission at 60 a second


def standing(number=0, n_dancers=1, **changes):
    frame = stage_frame(n_dancers, n_styles=4, sample=STEP * number)
    rest = np.repeat(REST_POSE[None], n_dancers, axis=0)
    calm = replace(frame, frame=number, joints=rest, heading=np.zeros(n_dancers, np.float32))
    return replace(calm, **changes)


def received(sock):
    packets = []
    while True:
        try:
            packets.append(sock.recv(4096))
        except BlockingIOError:  # on loopback what was sent is there
            return packets


def target(sock, rest=""):
    return f"127.0.0.1:{sock.getsockname()[1]}{rest}"


def sent(sock, frames, rest="", health=None):
    """The packets that reach one target for each frame."""
    with Feeds([parse_feed(target(sock, rest))]) as feeds:
        result = []
        for frame in frames:
            feeds.send(frame, health)
            result.append(received(sock))
        assert feeds.errors == 0
        assert feeds.sent == sum(map(len, result))
    return result


# Targets --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "config"),
    [
        ("a:1", FeedConfig("a", 1)),
        ("[::1]:2/flat", FeedConfig("::1", 2, "flat")),
        (
            "a:1/native/rate=30/dancers=3,1-2",
            FeedConfig("a", 1, rate=30, dancers=(1, 2, 3)),
        ),
        ("a:1/lights/eos", FeedConfig("a", 1, "lights", options={"preset": "eos"})),
        (
            "a:1/lights/full=100",
            FeedConfig("a", 1, "lights", options={"full": 100.0}),
        ),
        (
            {"target": "a:1", "profile": "lights", "dancers": 2, "addresses": {"beat": "/b"}},
            FeedConfig("a", 1, "lights", dancers=(2,), options={"addresses": {"beat": "/b"}}),
        ),
        ({"target": "a:1/flat", "dancers": [4, 2]}, FeedConfig("a", 1, "flat", 0, (2, 4))),
    ],
)
def test_targets_are_read(given, config):
    assert parse_feed(given) == config


@pytest.mark.parametrize(
    ("given", "mistake"),
    [
        ("a:1/midi", "no profile 'midi'; there are native, visuals, flat"),
        ("a:1/lights/moon", "no preset 'moon'"),
        ("a:1/lights/eos/extra", "'extra' is not name=value"),
        ("a:1/flat/preset=eos", "flat has no option 'preset'"),
        ("a:1/native/rate=121", "rate is 121.0; it must be a number from 0 to 120"),
        ("a:1/native/rate=often", "rate is 'often'"),
        ("a:1/native/dancers=0", "count from 1 to 16"),
        ("a:1/native/dancers=1-17", "count from 1 to 16"),
        ("a:1/native/dancers=3-1", "count from 1 to 16"),
        ("a:1/native/dancers=all", "dancers is 'all'"),
        ("a:1/lights/full=nan", "full is nan"),
        ("a/flat", "no port"),
        ({"profile": "flat"}, "no port"),
        ({"target": 7}, "target must be a text"),
        ({"target": "a:1", "rate": True}, "rate is True"),
        ({"target": "a:1", "profile": ["flat"]}, "no profile"),
        ({"target": "a:1", "profile": "lights", "addresses": "/b"}, "must be a table"),
        ({"target": "a:1", "profile": "lights", "addresses": {"b": "/b"}}, "no level 'b'"),
        ({"target": "a:1", "profile": "lights", "addresses": {"beat": "b"}}, "not an OSC path"),
        ({"target": "a:1", "profile": "lights", "addresses": {"beat": "/b*"}}, "not an OSC path"),
        ({"target": "a:1", "profile": "lights", "addresses": {"beat": 3}}, "not an OSC path"),
    ],
)
def test_a_mistaken_target_is_named(given, mistake):
    with pytest.raises(ConfigError, match="OSC target") as caught:
        parse_feed(given)
    assert mistake in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(ConfigError):
        ShowConfig(osc=(given,))


def test_a_settings_file_has_a_table_a_target(tmp_path):
    path = tmp_path / "show.toml"
    path.write_text(
        'visuals = false\n[[osc]]\ntarget = "a:1"\n'
        '[[osc]]\ntarget = "b:2"\nprofile = "lights"\npreset = "grandma3"\nrate = 30\n'
    )
    config = load(path, {})
    assert config.targets == [("a", 1)]
    assert [str(feed) for feed in config.feeds] == ["b:2 (lights, 30 a second)"]


def test_a_target_of_its_own_leaves_the_visualizer_its_stream():
    config = ShowConfig(osc=("a:1/flat",))
    assert config.targets == [("127.0.0.1", osc.DEFAULT_PORT)]
    assert ShowConfig(osc=("a:1/flat",), visuals=False).targets == []


# Rate and dancers -----------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "count"), [(0, 60), (60, 60), (120, 60), (40, 40), (25, 25)])
def test_a_rate_is_kept_to_the_frame(receiver, rate, count):
    frames = [standing(number) for number in range(60)]
    packets = sent(receiver, frames, f"/native/rate={rate}/dancers=1")
    assert sum(map(len, packets)) == count
    gaps = np.diff([i for i, p in enumerate(packets) if p])
    assert gaps.max() - gaps.min() <= 1


def test_the_chosen_dancers_keep_their_numbers(receiver):
    frame = stage_frame(4)
    (packets,) = sent(receiver, [frame], "/native/dancers=2,4,9")
    whole = encoding.FrameEncoder(4, 8).encode(frame)
    first, second = ([m for m in encoding.decode(p)] for p in packets)
    assert [m for m in first if "/2/" in m[0]] == [
        m for m in encoding.decode(whole[1]) if "/2/" in m[0]
    ]
    assert second == list(encoding.decode(whole[3]))
    assert dict(first)["/pj/beat"] == dict(encoding.decode(whole[0]))["/pj/beat"]


def test_dancers_who_are_not_there_are_not_sent(receiver):
    frames = [stage_frame(1), stage_frame(3), stage_frame(1)]
    assert list(map(len, sent(receiver, frames, "/native/dancers=3", HEALTH))) == [0, 1, 0]


def test_health_waits_for_the_target_s_turn(receiver):
    with Feeds([parse_feed(target(receiver, "/flat/rate=30"))]) as feeds:
        for number in range(4):
            feeds.send(standing(number), HEALTH if number == 1 else None)
    packets = received(receiver)
    assert ["/pj/health" in dict(encoding.decode(p)) for p in packets] == [False, True]


def test_targets_of_one_kind_are_encoded_once(receiver):
    with ExitStack() as stack:
        others = [
            stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(3)
        ]
        for sock in others:
            sock.bind(("127.0.0.1", 0))
            sock.setblocking(False)
        rest = ("/flat", "/lights", "/flat")
        configs = [parse_feed(target(s, r)) for s, r in zip(others, rest, strict=True)]
        feeds = stack.enter_context(Feeds([parse_feed(target(receiver, "/flat")), *configs]))
        feeds.send(stage_frame(), None)
        first, lights, second = map(received, others)
        assert received(receiver) == first == second
        assert len(lights) == len(LEVELS)
        assert feeds.sent == 3 + len(LEVELS)


def test_what_cannot_be_encoded_is_counted_and_the_others_go_on(receiver, caplog):
    configs = [parse_feed(target(receiver, rest)) for rest in ("/flat", "/lights")]
    with Feeds(configs) as feeds:
        broken = replace(stage_frame(), heading=np.zeros(0, np.float32))
        for _ in range(3):
            feeds.send(broken, None)
        assert feeds.errors == 6  # the levels and the flat profile; the lights hold
        assert len(received(receiver)) == 3 * len(LEVELS)
        feeds.send(stage_frame(), None)
        assert len(received(receiver)) == len(LEVELS) + 1
    assert len(caplog.records) == 2  # a flood of reports helps nobody


# Profiles -------------------------------------------------------------------------------------


def test_flat_is_the_native_stream_with_one_message_of_joints(receiver):
    frame = stage_frame(2)
    (packets,) = sent(receiver, [frame], "/flat", HEALTH)
    native = encoding.FrameEncoder(2, 8).encode(frame, HEALTH)
    assert max(map(len, packets)) <= osc.MAX_BUNDLE_BYTES
    for dancer, (flat, whole) in enumerate(zip(packets, native, strict=True)):
        got, want = dict(encoding.decode(flat)), dict(encoding.decode(whole))
        pose = got.pop(f"/pj/{dancer + 1}/pose")
        np.testing.assert_array_equal(np.float32(pose), frame.joints[dancer].ravel())
        joints = {f"/pj/{dancer + 1}/{name}" for name in JOINT_NAMES}
        assert got == {a: v for a, v in want.items() if a not in joints}


# Foreign receivers ----------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("oscdump") is None, reason="oscdump is missing (liblo-tools)")
@pytest.mark.parametrize("profile", PROFILES)
def test_oscdump_decodes_every_profile(tmp_path, receiver, profile):
    packets = sent(receiver, [standing()], f"/{profile}/dancers=1", HEALTH)[0]
    want = [m for p in packets for m in encoding.decode(p)]
    with oscdump(tmp_path) as (port, lines), OscOut([("127.0.0.1", port)]) as out:

        def ready():
            out.send([encoding.encode_message("/ready", "", ())])
            return lines() or None

        wait_for(ready, "oscdump")
        out.send(packets)

        def all_lines():
            got = [line for line in _printed(lines()) if line[0] != "/ready"]
            return got if len(got) == len(want) else None

        got = wait_for(all_lines, "all messages")
    assert [address for address, _ in got] == [address for address, _ in want]
    for (_, values), (_, expected) in zip(got, want, strict=True):
        texts = [f'"{v}"' for v in expected if isinstance(v, str)]
        assert values[: len(texts)] == texts
        numbers = np.float64(values[len(texts) :])
        np.testing.assert_allclose(numbers, np.float32(expected[len(texts) :]), atol=2e-6)


def _printed(lines):
    """(address, values as texts) of each line of oscdump's."""
    found = []
    for line in lines:
        fields = line.split()
        at = next((k for k, field in enumerate(fields) if field.startswith("/")), None)
        if at is not None:
            found.append((fields[at], fields[at + 2 :]))
    return found


def test_a_target_that_trips_over_its_goodbye_leaves_no_other_alight(receiver, monkeypatch):
    def trips(self):
        raise ValueError

    monkeypatch.setattr(Vmc, "goodbye", trips)
    with Feeds(
        [parse_feed(target(receiver, "/vmc")), parse_feed(target(receiver, "/lights"))]
    ) as f:
        f.send(standing(0), None)
    *_, last = received(receiver)
    assert list(encoding.decode(last)) == [("/pj/lights/phrase", [0.0])]  # the last of the levels
