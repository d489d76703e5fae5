"""The fixture patch: the file and its mistakes, and what each channel is at work and at rest."""

from pathlib import Path

import pytest

from live.errors import ConfigError
from live.outputs.board import Board
from live.outputs.fixture import Channel
from live.outputs.patch import load_patch
from live.outputs.signals import Signal
from tests.helpers.patches import BOTH, levels, universe_of

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "lights.toml"


def slots_of(universe, now):
    return Board(universe, 30).step(now, 0.0)


def test_the_example_is_a_patch():
    patch = load_patch(EXAMPLE)
    assert [u.protocol for u in patch.universes] == ["sacn", "artnet"]
    assert (patch.rate, patch.blackout_on_exit) == (40, True)


def test_levels_reach_their_channels(patch_file):
    sacn, artnet = load_patch(patch_file(BOTH.format(blackout="true"))).universes
    now = levels(level=1.0, beat=0.5, lean=0.5, height=0.25)
    assert list(slots_of(sacn, now)[:4]) == [255, 128, 200, 0]
    assert int.from_bytes(slots_of(artnet, now)[509:511], "big") == 257 * 128
    assert slots_of(artnet, now)[511] == 64
    assert sum(slots_of(artnet, now)[:509]) == 0


def test_levels_reach_both_ends():
    whole, turned, fine = (
        Channel((0,), Signal("beat"), 0, 255),
        Channel((1,), Signal("beat"), 255, 0),
        Channel((2, 3), Signal("beat"), 0, 255),
    )
    universe = universe_of(whole, turned, fine)
    assert list(slots_of(universe, levels(beat=0.0))[:4]) == [0, 255, 0, 0]
    assert list(slots_of(universe, levels(beat=1.0))[:4]) == [255, 0, 255, 255]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "no [[universe]]"),
        ("universe = 1", "written as [[universe]]"),
        ("fps = 40\n[[universe]]", "unknown setting 'fps'"),
        ("rate = 45\n[[universe]]", "rate is 45; it must be a whole number from 1 to 44"),
        ("blackout_on_exit = 1\n[[universe]]", "true or false"),
        ('[[universe]]\nprotocol = "dmx"', "one of sacn, artnet"),
        ('[[universe]]\nprotocol = "artnet"', "needs a host"),
        ("[[universe]]\nuniverse = 0", "from 1 to 63999"),
        ("[[universe]]\nuniverse = true", "from 1 to 63999"),
        ("[[universe]]\n[[universe]]", "sacn universe 1 is there twice"),
        ("[[universe]]\nhost = 3", "host is 3; it must be a text"),
        ("[[universe]]\n[[universe.fixture]]", "channels must be a list"),
        ("[[universe]]\n[[universe.fixture]]\nchannels = ['blink']", "no level 'blink'"),
        ("[[universe]]\n[[universe.fixture]]\nchannels = [256]", "256 is no level"),
        (
            "[[universe]]\n[[universe.fixture]]\nchannels = [{level = 'beat', to = 300}]",
            "to is 300",
        ),
        ("[[universe]]\n[[universe.fixture]]\nchannels = [{level = ['x']}]", "no level ['x']"),
        ("[[universe]]\n[[universe.fixture]]\nchannels = [{cue = 'x'}]", "no level 'x'"),
        (
            "[[universe]]\n[[universe.fixture]]\nchannels = [{level = 'beat', rest = 256}]",
            "rest is 256; it must be 'hold', 'dark' or from 0 to 255",
        ),
        ("[[universe]]\n[[universe.fixture]]\nchannels = [{value = 1, to = 2}]", "setting 'to'"),
        ("flashes = 31\n[[universe]]", "flashes is 31; it must be a whole number from 0 to 30"),
        (
            "[[universe]]\n[[universe.fixture]]\naddress = 512\nchannels = ['low', 'mid']",
            "reaches channel 513",
        ),
        (
            "[[universe]]\n[[universe.fixture]]\nname = 'a'\nchannels = ['low', 'mid']\n"
            "[[universe.fixture]]\nname = 'b'\naddress = 2\nchannels = ['low']",
            "universe 1, b: channel 2 belongs to 'a' already",
        ),
        ("[[universe]]\n[[universe.fixture]]\nchannels = ['low']\ndancers = [0]", "dancers is [0]"),
        ("[[universe", "not valid TOML"),
    ],
)
def test_mistakes_in_the_patch_are_named(patch_file, text, mistake):
    path = patch_file(text)
    with pytest.raises(ConfigError) as caught:
        load_patch(path)
    assert mistake in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_patch_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="cannot read the DMX patch"):
        load_patch(tmp_path / "none.toml")


def channel(patch_file, entry):
    text = f"[[universe]]\n[[universe.fixture]]\nchannels = [{entry}]"
    return load_patch(patch_file(text)).universes[0].channels[0]


@pytest.mark.parametrize(
    ("entry", "rest"),
    [
        ('"level"', 0.0),
        ('{ level = "beat", from = 255, to = 0 }', 0.0),
        ('{ cue = "lean" }', None),
        ('"height"', None),
        ('{ level = "travel", fine = true }', None),
        ('{ level = "lean", rest = "dark" }', 0.0),
        ('{ level = "low", rest = "hold" }', None),
        ('{ level = "low", rest = 12 }', 12.0),
        ("77", 0.0),
        ("{ value = 77, rest = 5 }", 5.0),
    ],
)
def test_light_rests_in_the_dark_and_places_where_they_are(patch_file, entry, rest):
    assert channel(patch_file, entry).rest == rest


def test_a_patch_of_before_reads_the_same(patch_file):
    texts = ['{ cue = "low", from = 9 }', '{ level = "low", from = 9 }']
    assert len({channel(patch_file, text) for text in texts}) == 1
