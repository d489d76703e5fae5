"""What a target may ask for besides its profile: later, no bundles, another avatar, a camera."""

import math
from itertools import pairwise

import numpy as np
import pytest

from live.body.skeleton import REST_POSE
from live.errors import ConfigError
from live.osc import bundles, encoding, schema
from live.outputs.feeds import Feeds, parse_feed
from live.outputs.lights import Lights
from tests.helpers.frames import HEALTH, stage_frame
from tests.live.outputs.test_avatars import matrix
from tests.live.outputs.test_feeds import received, sent, standing, target


def messages(packets):
    return [m for p in packets for m in encoding.decode(p)]


# Later ----------------------------------------------------------------------------------------


def test_a_delayed_target_gets_the_same_later(receiver):
    now = [10.0]
    feed = parse_feed(target(receiver, "/native/delay=40"))
    with Feeds([feed], clock=lambda: now[0]) as feeds:
        at_once = encoding.FrameEncoder(1, 4)
        wanted, got = [], []
        for number in range(12):
            wanted.append(at_once.encode(standing(number)))
            feeds.send(standing(number), None)
            for _ in range(8):  # the show looks more often than it emits
                feeds.release()
                got += [(now[0], packet) for packet in received(receiver)]
                now[0] += 1 / 480
        due = [10.0 + n / 60 + 0.04 for n in range(len(got))]
    assert [[packet] for _, packet in got] == wanted[: len(got)]
    assert len(got) == 10
    late = [t - d for (t, _), d in zip(got, due, strict=True)]
    assert 0 <= min(late) <= max(late) <= 1 / 480 + 1e-9


def test_at_the_end_nothing_old_is_sent_after_the_last_word(receiver):
    now = [0.0]
    feed = parse_feed(target(receiver, "/vmc/delay=100"))
    with Feeds([feed], clock=lambda: now[0]) as feeds:
        for number in range(12):
            feeds.send(standing(number), None)
            now[0] += 1 / 60
            feeds.release()
        assert received(receiver)
    oks = [values for address, values in messages(received(receiver)) if address.endswith("OK")]
    assert oks == [[0]] * 3


@pytest.mark.parametrize("rest", ["/native/delay=5", "/native/bundle=0", "/visuals/delay=5"])
def test_who_wants_it_otherwise_is_not_sent_the_stream_of_all(rest):
    assert not parse_feed(f"a:1{rest}").is_whole


# Bundles --------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["native", "flat", "vmc"])
def test_without_bundles_the_same_messages_come_one_by_one(receiver, profile):
    (bundled,) = sent(receiver, [standing()], f"/{profile}", HEALTH)
    received(receiver)  # an avatar's last words
    (single,) = sent(receiver, [standing()], f"/{profile}/bundle=0", HEALTH)
    assert all(packet.startswith(b"#bundle\0") for packet in bundled)
    assert not any(packet.startswith(b"#bundle") for packet in single)
    assert messages(single) == messages(bundled)
    assert len(single) == len(messages(bundled))


def test_faders_may_come_in_bundles(receiver):
    (single,) = sent(receiver, [standing()], "/lights", HEALTH)
    received(receiver)
    (bundled,) = sent(receiver, [standing()], "/lights/bundle=1", HEALTH)
    assert len(bundled) == 1 < len(single)
    assert messages(bundled) == messages(single)


def test_bundles_keep_to_their_size():
    frame = stage_frame(4, 4)
    packets = encoding.FrameEncoder(4, 4).encode(frame, HEALTH)
    again = bundles.join(packets)
    assert messages(again) == messages(packets)
    assert max(map(len, again)) <= schema.MAX_BUNDLE_BYTES
    assert len(again) <= len(packets) + 1
    long = encoding.encode_message("/a", "b", (bytes(schema.MAX_BUNDLE_BYTES),))
    short = encoding.encode_message("/b", "f", (1.0,))
    assert bundles.join([short, long, short])[1] == long
    assert messages(bundles.join([short, long, short])) == messages([short, long, short])


# Avatars --------------------------------------------------------------------------------------


def bone_rows(packets):
    return {v[0]: v[1:] for address, v in messages(packets) if address == "/VMC/Ext/Bone/Pos"}


def spinning(count, axis):
    """Frames of a dancer who turns once about an axis of the stage, through two turns."""
    frames = []
    for n in range(count):
        angle = 4 * math.pi * n / count
        c, s = math.cos(angle), math.sin(angle)
        turn = {
            "upright": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
            "wheel": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
            "somersault": [[1, 0, 0], [0, c, -s], [0, s, c]],
        }[axis]
        joints = (REST_POSE @ np.array(turn).T)[None].astype(np.float32)
        frames.append(standing(n, joints=joints, heading=np.float32([0])))
    return frames


@pytest.mark.parametrize("axis", ["upright", "wheel", "somersault"])
def test_a_quaternion_does_not_change_its_sign_within_a_full_turn(receiver, axis):
    count = 240
    rows = [bone_rows(p)["Hips"][3:] for p in sent(receiver, spinning(count, axis), "/vmc")]
    steps = [np.linalg.norm(np.subtract(b, a)) for a, b in pairwise(rows)]
    assert max(steps) < 1.2 * 2 * math.pi / count  # half the angle of a step
    assert np.dot(rows[0], rows[count // 2 - 1]) < -0.99  # a full turn on, it is the other one


def test_a_vrm_1_avatar_is_the_same_dancer_turned_half_round(receiver):
    frames = spinning(9, "wheel")
    plain = [bone_rows(p) for p in sent(receiver, frames, "/vmc")]
    received(receiver)
    turned = [bone_rows(p) for p in sent(receiver, frames, "/vmc/vrm=1")]
    half = np.diag([-1.0, 1.0, -1.0])
    for a, b in zip(plain, turned, strict=True):
        for bone in a:
            np.testing.assert_allclose(half @ a[bone][:3], b[bone][:3], atol=1e-6)
            again = half @ matrix(a[bone][3:]) @ half
            np.testing.assert_allclose(again, matrix(b[bone][3:]), atol=1e-5)


def test_a_camera_faces_the_dancer_and_frames_it(receiver):
    fov = 40.0
    frames = [
        standing(n, joints=REST_POSE[None] + np.float32([1.0 if n else 0.0, 0, 0.5]))
        for n in range(300)
    ]
    cameras = [
        values
        for packets in sent(receiver, frames, f"/vmc/fov={fov:g}")
        for address, values in messages(packets)
        if address == "/VMC/Ext/Cam"
    ]
    assert len(cameras) == len(frames)
    assert cameras[0][0] == "Camera"
    assert cameras[0][8] == fov
    place, turn = np.array(cameras[-1][1:4]), matrix(cameras[-1][4:8])
    np.testing.assert_allclose(turn @ [0, 0, 1], [0, 0, -1], atol=1e-6)  # Unity looks along +z
    assert place[0] == pytest.approx(-1.0, abs=0.02)  # behind the dancer, by now
    assert abs(cameras[10][1]) < 0.3  # but not at once
    up = 1.7 - place[1]
    down = place[1]
    away = place[2] - 0.5
    assert max(up, down) / away < math.tan(math.radians(fov) / 2)
    assert (up + down) / away > math.tan(math.radians(fov) / 2)


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("/vmc/vrm=2", "vrm is 2"),
        ("/vmc/fov=0", "fov is 0"),
        ("/native/fov=60", "native has no option 'fov'"),
        ("/native/delay=-1", "delay is -1"),
        ("/native/delay=nan", "delay is nan"),
        ("/native/bundle=2", "bundle is '2'"),
    ],
)
def test_mistakes_are_named(rest, said):
    with pytest.raises(ConfigError, match=said):
        parse_feed(f"a:1{rest}")


def test_options_may_stand_in_a_settings_file():
    feed = parse_feed({"target": "a:1/lights", "bundle": True, "delay": 30})
    assert (feed.bundle, feed.delay_ms) == (True, 30.0)
    assert isinstance(feed.make(), Lights)
    assert str(feed) == "a:1 (lights, 30 ms later)"
