"""The lights profile: a desk's own paths and range, and what is dark when."""

import struct
from dataclasses import replace

import numpy as np
import pytest

from live.body.skeleton import JOINT
from live.errors import ConfigError
from live.osc import encoding
from live.outputs.feeds import Feeds, parse_feed
from live.outputs.levels import LEVELS, PLACES
from live.outputs.lights import PRESETS
from tests.helpers.frames import HEALTH, stage_frame
from tests.live.outputs.test_feeds import received, sent, standing, target


def faders(packets):
    """Unbundled messages of one float each, as {address: value}."""
    assert not any(p.startswith(b"#bundle") for p in packets)
    messages = dict(m for p in packets for m in encoding.decode(p))
    assert len(messages) == len(packets)
    assert all(len(values) == 1 for values in messages.values())
    return {address: values[0] for address, values in messages.items()}


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_fits_what_desks_take(receiver, preset):
    (packets,) = sent(receiver, [standing()], f"/lights/{preset}", HEALTH)
    values = faders(packets)
    assert len(values) == len(LEVELS) <= 16  # QLC+ hashes a path to a channel: more would collide
    assert max(map(len, packets)) <= 64
    assert all(0 <= v <= PRESETS[preset].full for v in values.values())
    assert values[PRESETS[preset].addresses["lean"]] == PRESETS[preset].full / 2  # upright


def test_addresses_and_range_are_the_operator_s(receiver):
    table = {
        "target": target(receiver),
        "profile": "lights",
        "full": 255,
        "addresses": {"lean": "/wash/1/pan", "style": ""},
    }
    with Feeds([parse_feed(table)]) as feeds:
        feeds.send(standing(), None)
        values = faders(received(receiver))
    assert values["/wash/1/pan"] == 127.5
    assert "/pj/lights/style" not in values
    assert "/pj/lights/lean" not in values
    assert len(values) == len(LEVELS) - 1


@pytest.mark.parametrize("seed", range(20))
def test_lights_stay_in_their_range_whatever_comes(receiver, seed):
    rng = np.random.default_rng(seed)

    def absurd(*shape):
        values = rng.normal(size=shape) * 10.0 ** rng.integers(-3, 30)
        bad = rng.random(shape) < 0.1
        return np.where(bad, rng.choice([np.nan, np.inf, -np.inf], shape), values)

    with np.errstate(all="ignore"):
        frames = [
            replace(
                stage_frame(2, 4, sample=int(rng.integers(0, 10**6))),
                joints=absurd(2, len(JOINT), 3).astype(np.float32),
                heading=absurd(2).astype(np.float32),
                beat=tuple(absurd(4).tolist()),
                onset=absurd(3),
                level=float(absurd(1)[0]),
                style=absurd(4),
            )
            for _ in range(10)
        ]
        for packets in sent(receiver, frames, "/lights/grandma3"):
            assert len(packets) == len(LEVELS)
            assert all(0 <= v <= 100 for v in faders(packets).values())


def test_a_float_is_packed_big_endian(receiver):
    (packets,) = sent(receiver, [standing()], "/lights")
    lean = next(p for p in packets if p.startswith(b"/pj/lights/lean"))
    assert lean == b"/pj/lights/lean\0,f\0\0" + struct.pack(">f", 0.5)


# At rest --------------------------------------------------------------------------------------

LOUD = {"level": 0.89, "onset": np.ones(3, np.float32), "beat": (0.0, 0.75, 120.0, 1.0)}
DARK = replace(HEALTH, state="blackout")


def ends(sock, options="", frames=None):
    """The faders of the last emission, and after the end."""
    with Feeds([parse_feed(target(sock, f"/lights/{options}"))]) as feeds:
        for frame in frames or [standing(**LOUD)]:
            feeds.send(frame, HEALTH)
        shown = faders(received(sock)[-len(LEVELS) :])
    packets = received(sock)
    return shown, faders(packets[-len(LEVELS) :]) if packets else {}, len(packets)


@pytest.mark.parametrize("preset", PRESETS)
def test_at_the_end_everything_that_lights_is_dark(receiver, preset):
    shown, last, count = ends(receiver, preset)
    paths = PRESETS[preset].addresses
    assert shown[paths["level"]] == pytest.approx(0.89 * PRESETS[preset].full)
    assert count == 3 * len(LEVELS)  # a packet may be lost
    stays = () if PRESETS[preset].is_light else PLACES
    assert {paths[n]: last[paths[n]] for n in stays} == {paths[n]: shown[paths[n]] for n in stays}
    assert {last[paths[n]] for n in LEVELS if n not in stays} == {0}


def test_the_end_is_as_asked_for(receiver):
    shown, last, count = ends(receiver, "plain/blackout_on_exit=false")
    assert (shown["/pj/lights/level"], last, count) == (pytest.approx(0.89), {}, 0)
    table = {
        "target": target(receiver), "profile": "lights", "preset": "eos",
        "rest": {"lean": 0.5, "level": "hold", "height": 1},
    }  # fmt: skip
    with Feeds([parse_feed(table)]) as feeds:
        feeds.send(standing(**LOUD), HEALTH)
    last = faders(received(receiver)[-len(LEVELS) :])
    by_name = {name: last[path] for name, path in PRESETS["eos"].paths(0).items()}
    assert by_name["level"] == pytest.approx(0.89)
    assert (by_name["lean"], by_name["height"], by_name["low"]) == (0.5, 1.0, 0.0)


def test_a_show_that_said_nothing_says_no_goodbye(receiver):
    with Feeds([parse_feed(target(receiver, "/lights"))]):
        pass
    assert received(receiver) == []


def test_a_blackout_is_dark_and_places_stay(receiver):
    with Feeds([parse_feed(target(receiver, "/lights"))]) as feeds:
        feeds.send(standing(0, **LOUD), HEALTH)
        shown = faders(received(receiver))
        feeds.send(standing(1, **LOUD), DARK)
        dark = faders(received(receiver))
        feeds.send(standing(2, **LOUD), HEALTH)
        again = faders(received(receiver))
    stays = {f"/pj/lights/{name}" for name in PLACES}
    assert {path: dark[path] for path in stays} == {path: shown[path] for path in stays}
    assert dark["/pj/lights/state"] == 1
    assert {v for path, v in dark.items() if path not in {*stays, "/pj/lights/state"}} == {0}
    assert again["/pj/lights/level"] == pytest.approx(0.89, abs=1e-3)


@pytest.mark.parametrize("preset", ["grandma3", "eos"])
def test_a_blackout_leaves_no_fader_of_light_up(receiver, preset):
    with Feeds([parse_feed(target(receiver, f"/lights/{preset}"))]) as feeds:
        feeds.send(standing(0, **LOUD), HEALTH)
        assert any(faders(received(receiver)).values())
        feeds.send(standing(1, **LOUD), DARK)
        assert set(faders(received(receiver)).values()) == {0}


def test_the_faders_of_a_dancer_who_is_not_there(receiver):
    with Feeds([parse_feed(target(receiver, "/lights/dancers=2"))]) as feeds:
        feeds.send(standing(0, **LOUD), HEALTH)
        before = faders(received(receiver))
        feeds.send(standing(1, 2, **LOUD), HEALTH)
        there = faders(received(receiver))
        feeds.send(standing(2, 1, **LOUD), HEALTH)
        gone = faders(received(receiver))
    names = [f"/pj/lights/{n}" for n in ("height", "lean", "openness", "level")]
    assert [before[n] for n in names] == [0.5, 0.5, 0.0, pytest.approx(0.89)]
    assert [gone[n] for n in names] == [
        there[names[0]],
        there[names[1]],
        0.0,
        pytest.approx(0.89, abs=1e-3),
    ]


@pytest.mark.parametrize(("flashes", "most"), [("", 3), ("/flashes=2", 2), ("/flashes=30", 7)])
def test_lights_flash_as_often_as_allowed(receiver, flashes, most):
    frames = [
        standing(n, onset=np.float32([float(n % 9 == 0), 0, 0]), beat=(0.5, 0.5, 120.0, 0.1))
        for n in range(120)
    ]
    low = [faders(p)["/pj/lights/low"] for p in sent(receiver, frames, f"/lights/plain{flashes}")]
    rises = np.flatnonzero(np.diff(low, prepend=0) > 0.1) / 60
    assert max(int(((rises >= a) & (rises < a + 1)).sum()) for a in rises) == most


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rest": {"blink": 0}}, "no level 'blink'"),
        ({"rest": {"low": 2}}, "rest of low is 2; it must be a number from 0 to 1"),
        ({"rest": 0}, "rest is 0; it must be a table"),
        ({"flashes": 31}, "flashes is 31"),
        ({"flashes": "often"}, "flashes is 'often'"),
        ({"blackout_on_exit": "never"}, "'never'; it must be true or false"),
        ({"blackout_on_exit": []}, "it must be true or false"),
    ],
)
def test_mistakes_about_rest_are_named(options, said):
    with pytest.raises(ConfigError, match="OSC target") as caught:
        parse_feed({"target": "a:1", "profile": "lights", **options})
    assert said in str(caught.value)
